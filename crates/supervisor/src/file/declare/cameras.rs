//! `cameras:` and `mics:` name sources: in short or long form, by name or as a list, here or in a file of their own.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Tree, Value};

use super::defaults::Defaults;
use super::{Declared, Noun, Reading, address, camera};
use crate::file::problem::{Spot, meant};
use crate::file::settings::keys;
use crate::file::{FileProblem, read_text, yaml};

/// What a first file may have under a noun.
fn example(noun: Noun) -> String {
    let what = match noun {
        Noun::Mic => "mics: {bed: mic:default}",
        _ => "cameras: {front: scene}",
    };
    format!("for example `{what}`")
}

/// What a first list may be.
fn example_of_list(noun: Noun) -> String {
    let (name, url) = match noun {
        Noun::Mic => ("bed", "mic:default"),
        _ => ("door", "rtsp://10.0.0.7/stream"),
    };
    format!("for example `[{{\"name\": \"{name}\", \"url\": \"{url}\"}}]`")
}

/// Reads what stands under `cameras:` or `mics:`.
pub(crate) fn read<'a>(
    noun: Noun,
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    match &tree.value {
        Value::Scalar(name) => in_other_file(noun, &name.text, &Spot::new(file, tree.place), defaults, reading),
        Value::List(items) => list(noun, items, &Spot::new(file, tree.place), defaults, reading),
        _ => named(noun, tree, file, defaults, reading),
    }
}

fn named<'a>(
    noun: Noun,
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    let Some(entries) = tree.as_map().filter(|entries| !entries.is_empty()) else {
        let message = format!("there is no {} in `{}:`", noun.word(), noun.key());
        let problem = FileProblem::at(&Spot::new(file, tree.place), message);
        lose(problem.hint(example(noun)), reading);
        return Vec::new();
    };
    let named = entries
        .iter()
        .map(|entry| (&entry.key, Spot::new(file, entry.key_place), &entry.value));
    named
        .map(|(name, spot, value)| camera::read(noun, name, None, spot, value, defaults, reading))
        .collect()
}

/// Reads a list, also one that is a whole file.
pub(crate) fn list<'a>(
    noun: Noun,
    items: &[Tree],
    spot: &Spot,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    if items.is_empty() {
        let problem = FileProblem::at(spot, format!("the list is empty, wanted at least one {}", noun.word()));
        lose(problem.hint(example_of_list(noun)), reading);
    }
    (1..)
        .zip(items)
        .filter_map(|(number, item)| from_list(noun, number, item, &spot.file, defaults, reading))
        .collect()
}

fn from_list<'a>(
    noun: Noun,
    number: usize,
    item: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let at = |place, message: &str| FileProblem::at(&Spot::new(file, place), format!("entry {number}: {message}"));
    let mut item = item.clone();
    let Value::Map(entries) = &mut item.value else {
        let message = format!("got {}, wanted an object with `name` and `url`", item.describe());
        lose(at(item.place, &message), reading);
        return None;
    };
    let Some(name) = keys::take_one(entries, "name").map(|entry| entry.value) else {
        let near = entries.iter().find(|entry| meant(&entry.key, ["name"]).is_some());
        let place = near.map_or(item.place, |near| near.key_place);
        let hint = near.map(|_| "did you mean `name`?".to_owned());
        lose(at(place, &nameless(entries)).hint(hint), reading);
        return None;
    };
    match name.as_text() {
        Some(text) => Some(camera::read(
            noun,
            text,
            Some(number),
            Spot::new(file, name.place),
            &item,
            defaults,
            reading,
        )),
        None => {
            lose(
                at(name.place, &format!("`name` got {}, wanted text", name.describe())),
                reading,
            );
            None
        }
    }
}

fn nameless(entries: &[Entry]) -> String {
    let keys: Vec<String> = entries.iter().map(|entry| format!("`{}`", entry.key)).collect();
    match keys.as_slice() {
        [] => "it is empty, wanted `name` and `url`".to_owned(),
        keys => format!("it has {} and no `name`", keys.join(", ")),
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
                    return of_file(noun, name, &tree, &file, defaults, reading);
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

/// Reads what a file holds that `cameras:` or `mics:` names.
fn of_file<'a>(
    noun: Noun,
    name: &str,
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    let spot = Spot::new(file, tree.place);
    let (key, what) = (noun.key(), noun.word());
    match &tree.value {
        Value::List(items) => list(noun, items, &spot, defaults, reading),
        Value::Map(_) => match tree.get(key) {
            // A source may be called so.
            Some(sources) if matches!(sources.value, Value::Map(_) | Value::List(_)) => {
                let problem = FileProblem::at(&spot, format!("this is a pipeline file, wanted a list of {what}s"));
                let hint = format!("run it itself: `bushbaby run {name}`, or keep only what stands under its `{key}`");
                lose(problem.hint(hint), reading);
                Vec::new()
            }
            _ => named(noun, tree, file, defaults, reading),
        },
        _ => {
            let message = format!("got {}, wanted a list of {what}s", tree.describe());
            lose(FileProblem::at(&spot, message).hint(example_of_list(noun)), reading);
            Vec::new()
        }
    }
}
