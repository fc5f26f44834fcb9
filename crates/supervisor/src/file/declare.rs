//! The nodes as the file declares them, before anything is looked up.

pub(crate) mod address;
pub(crate) mod alerts;
mod camera;
mod cameras;
pub(crate) mod defaults;
mod evidence;
pub(crate) mod names;
mod networktables;
mod not_yet;
pub(crate) mod pipelines;
pub(crate) mod python;
pub(crate) mod record;
mod stages;
pub(crate) mod top;
pub(crate) mod web;
pub(crate) mod wires;

use std::collections::BTreeMap;

use bushbaby_node::settings::{Entry, Place, Tree};
use bushbaby_node::{Kind, OutputSpec};

use crate::file::check::Replay;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::pipelines::Pipelines;
use crate::file::declare::wires::Reads;
use crate::file::node_kind::NodeKind;
use crate::file::problem::{Findings, Spot};
use crate::file::settings::keys;
use crate::file::settings::secrets::{Environment, fill};
use crate::python::Surroundings;

/// What all readers of the file need, and where they put what they find.
pub(crate) struct Reading<'a> {
    pub(crate) kinds: &'a [Kind],
    pub(crate) environment: Environment<'a>,
    /// The folder of the pipeline file, to which paths are relative.
    pub(crate) base_dir: &'a std::path::Path,
    /// Where interpreters are looked for.
    pub(crate) python: &'a Surroundings,
    /// The recording that cameras are played from instead.
    pub(crate) replay: Option<&'a Replay>,
    /// Whether cameras or microphones are missing from the nodes because of mistakes: what reads them is no mistake of its own.
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
    Mic,
    Stage,
    Record,
    Alerts,
    Evidence,
    NetworkTables,
    Web,
}

impl Noun {
    /// The key at the top of the file under which it stands.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Camera => "cameras",
            Self::Mic => "mics",
            Self::Stage => "stages",
            Self::Record => "record",
            Self::Alerts => "alerts",
            Self::Evidence => "evidence",
            Self::NetworkTables => "networktables",
            Self::Web => "web",
        }
    }

    /// What one of them is called.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Mic => "microphone",
            Self::Stage => "stage",
            Self::Record => "record",
            Self::Alerts => "alerts",
            Self::Evidence => "evidence",
            Self::NetworkTables => "networktables",
            Self::Web => "web",
        }
    }

    /// Whether only sources stand there.
    pub(crate) fn is_source(self) -> bool {
        matches!(self, Self::Camera | Self::Mic)
    }
}

/// A node of the file. All trees still have `$NAME` in them.
#[derive(Debug)]
pub(crate) struct Declared<'k> {
    pub(crate) noun: Noun,
    pub(crate) name: String,
    /// Where its name stands.
    pub(crate) spot: Spot,
    /// Which entry of a list it is, from 1; absent where cameras are named by keys.
    pub(crate) entry: Option<usize>,
    /// Absent when the file does not tell it, which was reported.
    pub(crate) kind: Option<NodeKind<'k>>,
    /// What it writes; absent when its kind is not known.
    pub(crate) outputs: Option<Vec<OutputSpec>>,
    /// The keys of its kind.
    pub(crate) settings: Tree,
    /// The keys of any node.
    pub(crate) any_node: Tree,
    /// Which of these keys come from `defaults:`, and what messages call the place where they stand there.
    pub(crate) inherited: BTreeMap<String, String>,
    pub(crate) reads: Reads,
    pub(crate) pipelines: Pipelines,
}

impl<'k> Declared<'k> {
    /// A node of which only this is known.
    pub(crate) fn new(noun: Noun, name: &str, spot: Spot, kind: Option<NodeKind<'k>>) -> Self {
        let nothing = || keys::map(spot.place, Vec::new());
        Self {
            noun,
            name: name.to_owned(),
            kind,
            outputs: None,
            settings: nothing(),
            any_node: nothing(),
            inherited: BTreeMap::new(),
            reads: Reads::Nothing,
            pipelines: Pipelines::default(),
            entry: None,
            spot,
        }
    }

    /// The same node with these entries, and what `defaults:` add to them.
    pub(crate) fn with(mut self, place: Place, mut entries: Vec<Entry>, defaults: &Defaults) -> Self {
        self.inherited = defaults.add_to(&mut entries, self.kind.as_ref().map_or("", NodeKind::name));
        (self.any_node, self.settings) = split(place, entries);
        self
    }

    /// Finds out what it writes with its settings.
    pub(crate) fn find_outputs(&mut self, reading: &Reading<'_>) {
        let settings = || fill(&self.settings, reading.environment).tree;
        self.outputs = self
            .kind
            .as_ref()
            .map(|kind| kind.outputs(&settings(), reading.base_dir));
    }

    /// The node as messages call it.
    pub(crate) fn called(&self) -> String {
        self.entry.map_or_else(
            || called(self.noun, &self.name),
            |entry| called_in_list(entry, &self.name),
        )
    }
}

/// A node as messages call it, ``stage `tags` ``.
pub(crate) fn called(noun: Noun, name: &str) -> String {
    match noun {
        Noun::Camera | Noun::Mic => format!("{} `{name}`", noun.word()),
        Noun::Stage => format!("stage `{name}`"),
        Noun::Record => "`record`".to_owned(),
        Noun::Alerts => "`alerts`".to_owned(),
        Noun::Evidence => "`evidence`".to_owned(),
        Noun::NetworkTables => "`networktables`".to_owned(),
        Noun::Web => "`web`".to_owned(),
    }
}

/// An entry of a list as messages call it, ``entry 3 (`door`)``. Lists are often made by programs: people count, they look for no name.
pub(crate) fn called_in_list(entry: usize, name: &str) -> String {
    format!("entry {entry} (`{name}`)")
}

/// Splits what stands in a node into the keys of any node and those of its kind.
fn split(place: Place, mut entries: Vec<Entry>) -> (Tree, Tree) {
    let any_node = keys::take(&mut entries, &crate::file::settings::any_node::KEYS);
    (keys::map(place, any_node), keys::map(place, entries))
}
