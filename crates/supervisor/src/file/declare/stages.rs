//! `stages:` names what reads and writes.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::python::DescribedRole;
use bushbaby_node::settings::{Entry, Tree, Value, read};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::python::{self, RUN};
use crate::file::declare::{Declared, Noun, Reading, address, called, pipelines, wires};
use crate::file::node_kind::NodeKind;
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
            let message = format!("got {}, wanted an object with `kind` or `run`", entry.value.describe());
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
    let (pipelines, problems) = pipelines::take(&mut entries, file, kind.as_ref());
    reading.findings.extend(problems.into_iter().map(named));
    Declared {
        reads,
        pipelines,
        ..Declared::new(Noun::Stage, &entry.key, spot, kind)
    }
    .with(entry.value.place, entries, defaults)
}

/// Takes `kind:` or `run:` out of a stage's entries and finds what it is.
fn find_kind<'a>(
    entries: &mut Vec<Entry>,
    spot: &Spot,
    file: &Arc<Path>,
    reading: &Reading<'a>,
) -> Result<NodeKind<'a>, FileProblem> {
    let stages = reading.names(Role::Stage);
    let entry = match (keys::take_one(entries, "kind"), keys::take_one(entries, RUN)) {
        (Some(kind), None) => kind,
        (None, Some(run)) => return python::read_node(&run, RUN, entries, file, DescribedRole::Stage, reading),
        (Some(_), Some(run)) => {
            let message = "`kind` and `run` both say what it is, wanted one of them";
            return Err(FileProblem::at(&Spot::new(file, run.key_place), message));
        }
        (None, None) => {
            let hint = format!(
                "known kinds: {}; `run: detector.py` runs your own code",
                in_backticks(stages.iter().copied())
            );
            return Err(FileProblem::at(spot, "it does not say which `kind` it is").hint(hint));
        }
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
        Some(kind) if kind.role == Role::Stage => Ok(NodeKind::BuiltIn(kind)),
        Some(kind) => {
            let (what, noun) = if kind.role == Role::Source {
                ("source", address::noun_of(kind.name).key())
            } else {
                ("sink", kind.name)
            };
            Err(at(format!("kind `{name}` is a {what}, wanted a stage")).hint(format!("it belongs under `{noun}:`")))
        }
        None => Err(at(format!("there is no kind `{name}`")).hint(did_you_mean(&name, stages))),
    }
}
