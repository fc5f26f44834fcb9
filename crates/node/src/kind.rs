//! A kind of node: its name, its settings, what it reads and writes, and how it is run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::settings::{Problem, Settings, Tree};
use crate::{NodeContext, NodeError, Sink, Source, Stage};

/// Whether a node writes, reads, or does both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Only writes streams: a camera, a file.
    Source,
    /// Reads and writes.
    Stage,
    /// Reads, and writes at most what it is told back: the web page, a robot.
    Sink,
}

/// What the frames of a stream hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// A picture, as the camera gives it.
    Image,
    /// Tags with their poses, as JSON in the body.
    Detections,
    /// What a made scene really shows, in the form of detections.
    Truth,
    /// What the supervisor tells of a node.
    Health,
    /// One moment of a depth camera: a picture with its depth, and whatever else it captured with it.
    Rgbd,
    /// Points in space with their colours.
    Points,
    /// What a stage of somebody's own found: boxes, tags, poses, text, masks.
    Results,
    /// Which pixels of a picture count to a stage, for whoever tunes it.
    Mask,
    /// Sound, in short pieces.
    Audio,
    /// What is heard: when it began and when it ended.
    Events,
    /// How sure a model is of each sound, window by window.
    Scores,
    /// How loud it is.
    Level,
    /// Arrays whose meaning only their writer and their readers know.
    Arrays,
}

impl Carries {
    /// Whether a reader of pictures can read it: it has an array in a pixel format.
    pub const fn has_picture(self) -> bool {
        matches!(self, Self::Image | Self::Rgbd)
    }

    /// Whether it is JSON in the body that says what was found: seen in a picture, or heard.
    pub const fn is_result(self) -> bool {
        matches!(self, Self::Detections | Self::Truth | Self::Results | Self::Events)
    }
}

/// One output of a kind: the stream `NODE/name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSpec {
    /// The part of the stream's name behind the slash.
    pub name: &'static str,
    /// What its frames hold.
    pub carries: Carries,
    /// Whether silence on it is a fault (`stalled`) once its first frame was sent. An output that is only made when somebody
    /// wants it owes nothing.
    pub owes_frames: bool,
}

impl OutputSpec {
    /// An output whose name is only known from a file: what a Python stage declares, what a recording holds.
    ///
    /// The name is kept for the life of the process, once for each name there is.
    pub fn named(name: &str, carries: Carries, owes_frames: bool) -> Self {
        Self {
            name: kept(name),
            carries,
            owes_frames,
        }
    }
}

fn kept(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}

/// What a node must be wired to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputNeed {
    /// It reads nothing that the file names.
    None,
    /// It reads pictures, from one stream or several, one frame at a time.
    Images,
    /// It reads sound, from one stream or several, one piece at a time.
    Sound,
    /// It reads pictures from the first stream that it is wired to, and whatever the others carry.
    ImageFirst,
    /// It reads whatever stream it is wired to.
    Anything,
}

type RunNode = fn(NodeContext, Value) -> Result<(), NodeError>;

/// A kind of node, as `kind:` or a camera's address names it.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name in the file.
    pub name: &'static str,
    /// One sentence for lists and for the reference.
    pub summary: &'static str,
    /// Source, stage or sink.
    pub role: Role,
    /// Its usual outputs; the first is what the node's name alone means. A node's settings may give it others:
    /// [`Kind::outputs_for`].
    pub outputs: &'static [OutputSpec],
    /// What it reads.
    pub inputs: InputNeed,
    check: fn(&Tree, &Path) -> Result<Value, Vec<Problem>>,
    outputs_for: fn(&Tree, &Path) -> Option<Vec<OutputSpec>>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    run: RunNode,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Kind {
    /// A kind made of a [`Source`].
    pub const fn source<S: Source>(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            role: Role::Source,
            outputs: S::OUTPUTS,
            inputs: InputNeed::None,
            check: check::<S::Settings>,
            outputs_for: |tree, base_dir| outputs_for(tree, |settings| S::outputs(settings, base_dir)),
            schema: schema::<S::Settings>,
            run: crate::source::run::<S>,
        }
    }

    /// A kind made of a [`Stage`].
    pub const fn stage<S: Stage>(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            role: Role::Stage,
            outputs: S::OUTPUTS,
            inputs: S::INPUTS,
            check: check::<S::Settings>,
            outputs_for: |tree, base_dir| outputs_for(tree, |settings| S::outputs(settings, base_dir)),
            schema: schema::<S::Settings>,
            run: crate::stage::run::<S>,
        }
    }

    /// A kind made of a [`Sink`].
    pub const fn sink<S: Sink>(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            role: Role::Sink,
            outputs: S::OUTPUTS,
            inputs: S::INPUTS,
            check: check::<S::Settings>,
            outputs_for: |tree, base_dir| outputs_for(tree, |settings| S::outputs(settings, base_dir)),
            schema: schema::<S::Settings>,
            run: crate::sink::run::<S>,
        }
    }

    /// Reads settings from the file's tree and checks them. Returns them in long form, with every default, as the node will be
    /// handed them.
    ///
    /// # Errors
    /// Every mistake that was found, each with the path of the key it concerns.
    pub fn check(&self, settings: &Tree, base_dir: &Path) -> Result<Value, Vec<Problem>> {
        (self.check)(settings, base_dir)
    }

    /// The outputs of a node with these settings. Settings that cannot be read give it the usual ones: [`Kind::check`] says what
    /// is wrong with them.
    pub fn outputs_for(&self, settings: &Tree, base_dir: &Path) -> Vec<OutputSpec> {
        (self.outputs_for)(settings, base_dir).unwrap_or_else(|| self.outputs.to_vec())
    }

    /// The JSON Schema of its settings.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// Runs one node of this kind until it is told to stop.
    ///
    /// # Errors
    /// What the node could not go on with.
    pub fn run(&self, context: NodeContext, settings: Value) -> Result<(), NodeError> {
        (self.run)(context, settings)
    }
}

fn check<S: Settings>(tree: &Tree, base_dir: &Path) -> Result<Value, Vec<Problem>> {
    let settings: S = crate::settings::read(tree)?;
    let problems = settings.check(base_dir);
    if !problems.is_empty() {
        return Err(problems);
    }
    serde_json::to_value(&settings).map_err(|error| {
        vec![Problem::new(
            "",
            format!("these settings cannot be written back: {error}"),
        )]
    })
}

fn outputs_for<S: Settings>(tree: &Tree, outputs: impl Fn(&S) -> Vec<OutputSpec>) -> Option<Vec<OutputSpec>> {
    crate::settings::read(tree).ok().map(|settings| outputs(&settings))
}

fn schema<S: Settings>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<S>()
}

/// Reads settings back that [`Kind::check`] wrote.
pub(crate) fn settings_from<S: Settings>(value: Value) -> Result<S, NodeError> {
    serde_json::from_value(value).map_err(|error| {
        NodeError::new(format!(
            "the supervisor sent settings that this node cannot read: {error}"
        ))
        .for_good()
    })
}
