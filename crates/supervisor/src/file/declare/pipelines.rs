//! `pipelines:` names several settings of one stage, of which one is in force at a time; `pipeline:` is the one to begin with.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::pipelines::number;
use bushbaby_node::settings::{Entry, Tree, Value};

use crate::file::FileProblem;
use crate::file::node_kind::NodeKind;
use crate::file::problem::{Spot, did_you_mean};
use crate::file::settings::keys;

/// The keys.
pub(crate) const PIPELINES: &str = "pipelines";
pub(crate) const PIPELINE: &str = "pipeline";

/// The pipelines of a stage, in the order of their numbers; none is the usual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pipelines {
    pub(crate) all: Vec<Variant>,
    /// The number of the one to begin with.
    pub(crate) first: usize,
}

/// What one of them has of its own.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) spot: Spot,
    pub(crate) entries: Vec<Entry>,
}

impl Variant {
    /// The stage's settings with its own instead of theirs. Keys are taken whole.
    pub(crate) fn over(&self, common: &Tree) -> Tree {
        let mut entries = common.as_map().unwrap_or_default().to_vec();
        entries.retain(|entry| !self.entries.iter().any(|own| own.key == entry.key));
        entries.extend(self.entries.iter().cloned());
        keys::map(self.spot.place, entries)
    }
}

/// Takes both keys out of a stage's entries.
pub(crate) fn take(
    entries: &mut Vec<Entry>,
    file: &Arc<Path>,
    kind: Option<&NodeKind<'_>>,
) -> (Pipelines, Vec<FileProblem>) {
    let (all, first) = (keys::take_one(entries, PIPELINES), keys::take_one(entries, PIPELINE));
    let mut problems = Vec::new();
    let mut pipelines = Pipelines::default();
    let at = |tree: &Tree, message: String| FileProblem::at(&Spot::new(file, tree.place), message);
    let Some(all) = all else {
        if let Some(first) = first {
            let hint = "`pipelines: {near: {…}, far: {…}}` names them".to_owned();
            let spot = Spot::new(file, first.key_place);
            problems.push(FileProblem::at(&spot, "`pipeline` without `pipelines`").hint(hint));
        }
        return (pipelines, problems);
    };
    if matches!(kind, Some(NodeKind::Python(_))) {
        let message = "a stage of your own has no `pipelines`: it is started again when its settings change";
        problems.push(FileProblem::at(&Spot::new(file, all.key_place), message));
        return (pipelines, problems);
    }
    let named = all.value.as_map().filter(|named| !named.is_empty());
    let Some(named) = named else {
        let message = format!("`pipelines` got {}, wanted settings by name", all.value.describe());
        problems.push(at(&all.value, message).hint(EXAMPLE.to_owned()));
        return (pipelines, problems);
    };
    for entry in named {
        match variant(entry, file) {
            Ok(variant) => pipelines.all.push(variant),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(first) = first {
        let wanted = first.value.as_text().unwrap_or_default();
        match number(pipelines.all.iter().map(|variant| variant.name.as_str()), wanted) {
            Some(number) => pipelines.first = number,
            None => {
                let message = format!("`pipeline` got {}, wanted one of `pipelines`", first.value.describe());
                let names = pipelines.all.iter().map(|variant| variant.name.as_str());
                problems.push(at(&first.value, message).hint(did_you_mean(wanted, names)));
            }
        }
    }
    (pipelines, problems)
}

const EXAMPLE: &str = "for example `pipelines: {near: {decimate: 2}, far: {decimate: 1}}`";

fn variant(entry: &Entry, file: &Arc<Path>) -> Result<Variant, FileProblem> {
    let spot = Spot::new(file, entry.key_place);
    if entry.key.is_empty() || entry.key.parse::<i64>().is_ok() {
        let message = format!("`pipelines`: `{}` is no name: numbers count them from 0", entry.key);
        return Err(FileProblem::at(&spot, message).hint(EXAMPLE.to_owned()));
    }
    let entries = match &entry.value.value {
        Value::Null => Vec::new(),
        Value::Map(entries) => entries.clone(),
        _ => {
            let message = format!(
                "pipeline `{}` got {}, wanted settings",
                entry.key,
                entry.value.describe()
            );
            return Err(FileProblem::at(&spot, message).hint(EXAMPLE.to_owned()));
        }
    };
    Ok(Variant {
        name: entry.key.clone(),
        spot,
        entries,
    })
}
