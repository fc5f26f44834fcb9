//! `cameras:` and `mics:` name sources: in short or long form, by name or as a list, here or in a file of their own.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Tree, Value};

use super::defaults::Defaults;
use super::{Declared, Noun, Reading, address, camera};
use crate::file::problem::Spot;
use crate::file::settings::keys;
use crate::file::{FileProblem, read_text, yaml};

/// What a first file may have under a noun.
fn example(noun: Noun) -> &'static str {
    match noun {
        Noun::Mic => "for example `mics: {bed: mic:default}`",
        _ => "for example `cameras: {front: scene}`",
    }
}

/// Reads what stands under `cameras:` (or a list that is the whole file) or under `mics:`.
pub(crate) fn read<'a>(
    noun: Noun,
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    match &tree.value {
        Value::Scalar(name) => in_other_file(noun, &name.text, &Spot::new(file, tree.place), defaults, reading),
        _ => here(noun, tree, file, defaults, reading),
    }
}

fn here<'a>(
    noun: Noun,
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    let what = noun.word();
    match &tree.value {
        Value::Map(entries) if !entries.is_empty() => {
            let named = entries
                .iter()
                .map(|entry| (&entry.key, Spot::new(file, entry.key_place), &entry.value));
            named
                .map(|(name, spot, value)| camera::read(noun, name, spot, value, defaults, reading))
                .collect()
        }
        Value::List(items) if !items.is_empty() => items
            .iter()
            .filter_map(|item| from_list(noun, item, file, defaults, reading))
            .collect(),
        Value::Scalar(_) => {
            let message = format!("got {}, wanted a list of {what}s", tree.describe());
            let hint = "each with `name` and `url`".to_owned();
            lose(
                FileProblem::at(&Spot::new(file, tree.place), message).hint(hint),
                reading,
            );
            Vec::new()
        }
        _ => {
            let message = format!("there is no {what} in `{}:`", noun.key());
            let problem = FileProblem::at(&Spot::new(file, tree.place), message);
            lose(problem.hint(example(noun).to_owned()), reading);
            Vec::new()
        }
    }
}

fn from_list<'a>(
    noun: Noun,
    item: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let at = |place, message: &str| FileProblem::at(&Spot::new(file, place), message);
    let what = noun.word();
    let mut item = item.clone();
    let Value::Map(entries) = &mut item.value else {
        let message = format!(
            "a {what} of a list got {}, wanted an object with `name` and `url`",
            item.describe()
        );
        lose(at(item.place, &message), reading);
        return None;
    };
    let Some(name) = keys::take_one(entries, "name").map(|entry| entry.value) else {
        lose(at(item.place, &format!("a {what} of a list has no `name`")), reading);
        return None;
    };
    match name.as_text() {
        Some(text) => Some(camera::read(
            noun,
            text,
            Spot::new(file, name.place),
            &item,
            defaults,
            reading,
        )),
        None => {
            lose(
                at(
                    name.place,
                    &format!("`name` of a {what} got {}, wanted text", name.describe()),
                ),
                reading,
            );
            None
        }
    }
}

/// Reports a mistake that leaves one source out, or all.
fn lose(problem: FileProblem, reading: &mut Reading<'_>) {
    reading.lost_cameras = true;
    reading.findings.push(problem);
}

/// Reads the sources of a file that is named relative to the pipeline file.
fn in_other_file<'a>(
    noun: Noun,
    name: &str,
    spot: &Spot,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    let path = spot.file.parent().unwrap_or(Path::new("")).join(name);
    let problem = match read_text(&path) {
        Ok(text) => {
            let file: Arc<Path> = path.into();
            match yaml::read(&text, &file) {
                Ok((tree, doubled)) => {
                    reading.findings.extend(doubled);
                    return here(noun, &tree, &file, defaults, reading);
                }
                Err(problem) => {
                    lose(problem, reading);
                    return Vec::new();
                }
            }
        }
        Err(problem) => problem,
    };
    let sources = reading.names(Role::Source);
    let is_address =
        !path.exists() && address::read(name, noun, &sources, |_| false).is_ok_and(|address| !address.is_file());
    let hint = if is_address {
        let called = if noun == Noun::Mic { "bed" } else { "front" };
        Some(format!(
            "a {} has a name: `{}: {{{called}: {name}}}`",
            noun.word(),
            noun.key()
        ))
    } else {
        problem.hint
    };
    let message = format!("`{}:` names the file `{name}`: {}", noun.key(), problem.message);
    lose(FileProblem::at(spot, message).hint(hint), reading);
    Vec::new()
}
