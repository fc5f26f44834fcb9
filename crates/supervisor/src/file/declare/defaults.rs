//! `defaults:` holds keys of any node, for all of them, and under a kind's name what every node of that kind has unless it says otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use bushbaby_node::settings::{Entry, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::Reading;
use crate::file::problem::{Spot, did_you_mean};
use crate::file::settings::{any_node, keys};

/// What nodes have unless they say otherwise.
#[derive(Debug)]
pub(crate) struct Defaults {
    /// The file that they stand in.
    pub(crate) file: Arc<std::path::Path>,
    all: Vec<Entry>,
    by_kind: Vec<(String, Vec<Entry>)>,
}

impl Defaults {
    pub(crate) fn none(file: &Arc<std::path::Path>) -> Self {
        Self {
            file: Arc::clone(file),
            all: Vec::new(),
            by_kind: Vec::new(),
        }
    }

    /// Reads what stands under `defaults:`.
    pub(crate) fn read(tree: &Tree, file: &Arc<std::path::Path>, reading: &mut Reading<'_>) -> Self {
        let mut defaults = Self::none(file);
        let entries = match &tree.value {
            Value::Null => &[],
            Value::Map(entries) => entries.as_slice(),
            _ => {
                let message = format!("`defaults:` got {}, wanted an object", tree.describe());
                reading
                    .findings
                    .push(FileProblem::at(&Spot::new(file, tree.place), message));
                &[]
            }
        };
        for entry in entries {
            if any_node::KEYS.contains(&entry.key.as_str()) {
                defaults.all.push(entry.clone());
            } else if let Some(own) = of_kind(entry, file, reading) {
                defaults.by_kind.push((entry.key.clone(), own));
            }
        }
        defaults
    }

    /// Adds to a node of a kind what it does not say itself; returns the keys that were added, each with where it comes from in words.
    ///
    /// Keys are taken whole: a node with its own `restart: {max: 5s}` takes nothing from a `restart:` here.
    pub(crate) fn add_to(&self, entries: &mut Vec<Entry>, kind: &str) -> BTreeMap<String, String> {
        let of_kind = self.by_kind.iter().filter(|(name, _)| name == kind);
        let of_kind = of_kind.flat_map(|(name, entries)| entries.iter().map(move |entry| (for_kind(name), entry)));
        let mut added = BTreeMap::new();
        for (called, default) in of_kind.chain(self.all.iter().map(|entry| (ALL.to_owned(), entry))) {
            if !entries.iter().any(|own| own.key == default.key) {
                added.insert(default.key.clone(), called);
                entries.push(default.clone());
            }
        }
        added
    }
}

const ALL: &str = "`defaults:`";

fn for_kind(kind: &str) -> String {
    format!("{ALL} for `{kind}`")
}

/// What stands under a kind's name.
fn of_kind(entry: &Entry, file: &Arc<std::path::Path>, reading: &mut Reading<'_>) -> Option<Vec<Entry>> {
    let key_spot = Spot::new(file, entry.key_place);
    let Some(kind) = reading.kind(&entry.key) else {
        reading.findings.push(unknown(&entry.key, &key_spot, reading));
        return None;
    };
    let Value::Map(entries) = &entry.value.value else {
        let message = format!(
            "{} got {}, wanted an object",
            for_kind(kind.name),
            entry.value.describe()
        );
        reading
            .findings
            .push(FileProblem::at(&Spot::new(file, entry.value.place), message));
        return None;
    };
    // A default that no node uses is read by no node's check.
    let mut own = entries.clone();
    let any_node = keys::take(&mut own, &any_node::KEYS);
    let unknown = keys::take_unknown(&mut own, kind);
    for entry in unknown {
        let message = format!("{}: unknown key `{}`", for_kind(kind.name), entry.key);
        let hint = keys::hint_for(&entry.key, kind);
        reading
            .findings
            .push(FileProblem::at(&Spot::new(file, entry.key_place), message).hint(hint));
    }
    own.extend(any_node);
    Some(own)
}

fn unknown(key: &str, spot: &Spot, reading: &Reading<'_>) -> FileProblem {
    let known = reading.kinds.iter().map(|kind| kind.name).chain(any_node::KEYS);
    FileProblem::at(spot, format!("`defaults:`: `{key}` is no kind and no key of any node"))
        .hint(did_you_mean(key, known))
}
