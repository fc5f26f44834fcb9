//! A node as the file declares it, before anything is looked up.

use std::collections::BTreeMap;

use bushbaby_node::Kind;
use bushbaby_node::settings::{Entry, Tree};

use super::keys;
use super::problem::{Findings, Spot};
use super::secrets::Environment;
use super::wires::Reads;

/// What all readers of the file need, and where they put what they find.
pub(super) struct Reading<'a> {
    pub(super) kinds: &'a [Kind],
    pub(super) environment: Environment<'a>,
    /// The folder of the pipeline file, to which paths are relative.
    pub(super) base_dir: &'a std::path::Path,
    /// Whether cameras are missing from the nodes because of mistakes: what reads them is then no mistake of its own.
    pub(super) lost_cameras: bool,
    pub(super) findings: Findings,
}

impl<'a> Reading<'a> {
    pub(super) fn kind(&self, name: &str) -> Option<&'a Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Names of all kinds of a role.
    pub(super) fn names(&self, role: bushbaby_node::Role) -> Vec<&'static str> {
        self.kinds
            .iter()
            .filter(|kind| kind.role == role)
            .map(|kind| kind.name)
            .collect()
    }
}

/// Under which noun a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    Camera,
    Stage,
    Web,
}

/// A node of the file. All trees still have `$NAME` in them.
#[derive(Debug)]
pub(super) struct Declared<'k> {
    pub(super) noun: Noun,
    pub(super) name: String,
    /// Where its name stands.
    pub(super) spot: Spot,
    /// Absent when the file does not tell it, which was reported.
    pub(super) kind: Option<&'k Kind>,
    /// The keys of its kind.
    pub(super) settings: Tree,
    /// The keys of any node.
    pub(super) any_node: Tree,
    /// Which of these keys come from `defaults:`, and what messages call the place where they stand there.
    pub(super) inherited: BTreeMap<String, String>,
    pub(super) reads: Reads,
}

impl Declared<'_> {
    /// The node as messages call it.
    pub(super) fn called(&self) -> String {
        called(self.noun, &self.name)
    }
}

/// A node as messages call it, ``stage `tags` ``.
pub(super) fn called(noun: Noun, name: &str) -> String {
    match noun {
        Noun::Camera => format!("camera `{name}`"),
        Noun::Stage => format!("stage `{name}`"),
        Noun::Web => "`web`".to_owned(),
    }
}

/// Splits what stands in a node into the keys of any node and those of its kind.
pub(super) fn split(place: bushbaby_node::settings::Place, mut entries: Vec<Entry>) -> (Tree, Tree) {
    let any_node = keys::take(&mut entries, &super::any_node::KEYS);
    (keys::map(place, any_node), keys::map(place, entries))
}
