//! The nodes as the file declares them, before anything is looked up.

pub(crate) mod address;
mod camera;
mod cameras;
pub(crate) mod defaults;
pub(crate) mod names;
mod not_yet;
mod stages;
pub(crate) mod top;
pub(crate) mod web;
pub(crate) mod wires;

use std::collections::BTreeMap;

use bushbaby_node::Kind;
use bushbaby_node::settings::{Entry, Tree};

use crate::file::declare::wires::Reads;
use crate::file::problem::{Findings, Spot};
use crate::file::settings::keys;
use crate::file::settings::secrets::Environment;

/// What all readers of the file need, and where they put what they find.
pub(crate) struct Reading<'a> {
    pub(crate) kinds: &'a [Kind],
    pub(crate) environment: Environment<'a>,
    /// The folder of the pipeline file, to which paths are relative.
    pub(crate) base_dir: &'a std::path::Path,
    /// Whether cameras are missing from the nodes because of mistakes: what reads them is then no mistake of its own.
    pub(crate) lost_cameras: bool,
    pub(crate) findings: Findings,
}

impl<'a> Reading<'a> {
    pub(crate) fn kind(&self, name: &str) -> Option<&'a Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Names of all kinds of a role.
    pub(crate) fn names(&self, role: bushbaby_node::Role) -> Vec<&'static str> {
        self.kinds
            .iter()
            .filter(|kind| kind.role == role)
            .map(|kind| kind.name)
            .collect()
    }
}

/// Under which noun a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Camera,
    Stage,
    Web,
}

/// A node of the file. All trees still have `$NAME` in them.
#[derive(Debug)]
pub(crate) struct Declared<'k> {
    pub(crate) noun: Noun,
    pub(crate) name: String,
    /// Where its name stands.
    pub(crate) spot: Spot,
    /// Absent when the file does not tell it, which was reported.
    pub(crate) kind: Option<&'k Kind>,
    /// The keys of its kind.
    pub(crate) settings: Tree,
    /// The keys of any node.
    pub(crate) any_node: Tree,
    /// Which of these keys come from `defaults:`, and what messages call the place where they stand there.
    pub(crate) inherited: BTreeMap<String, String>,
    pub(crate) reads: Reads,
}

impl Declared<'_> {
    /// The node as messages call it.
    pub(crate) fn called(&self) -> String {
        called(self.noun, &self.name)
    }
}

/// A node as messages call it, ``stage `tags` ``.
pub(crate) fn called(noun: Noun, name: &str) -> String {
    match noun {
        Noun::Camera => format!("camera `{name}`"),
        Noun::Stage => format!("stage `{name}`"),
        Noun::Web => "`web`".to_owned(),
    }
}

/// Splits what stands in a node into the keys of any node and those of its kind.
pub(crate) fn split(place: bushbaby_node::settings::Place, mut entries: Vec<Entry>) -> (Tree, Tree) {
    let any_node = keys::take(&mut entries, &crate::file::settings::any_node::KEYS);
    (keys::map(place, any_node), keys::map(place, entries))
}
