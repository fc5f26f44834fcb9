//! `stages:` names what reads and writes.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::settings::{Entry, Tree, Value, read};
use bushbaby_node::{Kind, Role};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::{Declared, Noun, Reading, called, not_yet, split, wires};
use crate::file::problem::{Spot, did_you_mean, in_backticks};
use crate::file::settings::keys;
use crate::file::settings::secrets::fill;

/// Reads what stands under `stages:`.
pub(crate) fn read_all<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    match &tree.value {
        Value::Null => Vec::new(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| one(entry, file, defaults, reading))
            .collect(),
        _ => {
            let message = format!("`stages:` got {}, wanted an object of named stages", tree.describe());
            let hint = "for example `stages: {tags: {kind: apriltag, in: front}}`".to_owned();
            reading
                .findings
                .push(FileProblem::at(&Spot::new(file, tree.place), message).hint(hint));
            Vec::new()
        }
    }
}

fn one<'a>(entry: &Entry, file: &Arc<Path>, defaults: &Defaults, reading: &mut Reading<'a>) -> Declared<'a> {
    let who = called(Noun::Stage, &entry.key);
    let spot = Spot::new(file, entry.key_place);
    let named = |problem: FileProblem| FileProblem {
        message: format!("{who}: {}", problem.message),
        ..problem
    };
    let mut entries = match &entry.value.value {
        Value::Map(entries) => entries.clone(),
        _ => {
            let message = format!("got {}, wanted an object with `kind`", entry.value.describe());
            reading
                .findings
                .push(named(FileProblem::at(&Spot::new(file, entry.value.place), message)));
            Vec::new()
        }
    };
    let mut kind = None;
    if entry.value.as_map().is_some() {
        match find_kind(&mut entries, &spot, file, reading) {
            Ok(found) => kind = Some(found),
            Err(problem) => reading.findings.push(named(problem)),
        }
    }
    let (reads, problems) = wires::take(&mut entries, file, reading.environment);
    reading.findings.extend(problems.into_iter().map(named));
    let inherited = defaults.add_to(&mut entries, kind.map_or("", |kind| kind.name));
    let (any_node, settings) = split(entry.value.place, entries);
    Declared {
        noun: Noun::Stage,
        name: entry.key.clone(),
        spot,
        kind,
        settings,
        any_node,
        inherited,
        reads,
    }
}

/// Takes `kind:` out of a stage's entries and finds it.
fn find_kind<'a>(
    entries: &mut Vec<Entry>,
    spot: &Spot,
    file: &Arc<Path>,
    reading: &Reading<'a>,
) -> Result<&'a Kind, FileProblem> {
    let entry = keys::take_one(entries, "kind");
    if let Some(later) = keys::take(entries, &not_yet::STAGE_KEYS).first() {
        return Err(FileProblem::at(
            &Spot::new(file, later.key_place),
            not_yet::message(&format!("{}:", later.key)),
        ));
    }
    let stages = reading.names(Role::Stage);
    let Some(entry) = entry else {
        let hint = format!("known kinds: {}", in_backticks(stages.iter().copied()));
        return Err(FileProblem::at(spot, "it does not say which `kind` it is").hint(hint));
    };
    let at = |message: String| FileProblem::at(&Spot::new(file, entry.value.place), message);
    let filled = fill(&entry.value, reading.environment);
    if let Some(missing) = filled.missing.into_iter().next() {
        return Err(at(missing.message).hint(missing.hint));
    }
    let name: String = read(&filled.tree).map_err(|_| {
        at(format!(
            "`kind` got {}, wanted the name of a kind",
            entry.value.describe()
        ))
    })?;
    match reading.kind(&name) {
        Some(kind) if kind.role == Role::Stage => Ok(kind),
        Some(kind) => {
            let (what, noun) = if kind.role == Role::Source {
                ("source", "cameras")
            } else {
                ("sink", kind.name)
            };
            Err(at(format!("kind `{name}` is a {what}, wanted a stage")).hint(format!("it belongs under `{noun}:`")))
        }
        None if not_yet::STAGES.contains(&name.as_str()) => Err(at(not_yet::message(&format!("kind: {name}")))),
        None => Err(at(format!("there is no kind `{name}`")).hint(did_you_mean(&name, stages))),
    }
}
