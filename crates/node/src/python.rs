//! What supervisor and Python package agree on: how a Python node is named in the file and how it describes itself.
//!
//! A Python node is a process `INTERPRETER -m bushbaby.node`, which speaks the same [`control`](crate::control) as every other.
//! Its kind is [`STAGE`] or [`SOURCE`], its settings are [`PythonSettings`]. Before anything is started the supervisor asks
//! `INTERPRETER -m bushbaby.describe` for a [`Described`]: what the code reads, writes and may be told.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Settings;
use crate::kind::{Carries, OutputSpec};

/// The kind of a Python stage.
pub const STAGE: &str = "python_stage";
/// The kind of a Python source.
pub const SOURCE: &str = "python_source";

/// The settings of a Python node, as it is handed them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PythonSettings {
    /// What it runs: `detector.py`, `detector.py:Detector` (one of several in a file, absolute path), or
    /// `python:package.module:Class` for a class that is installed.
    pub run: String,
    /// The interpreter that runs it.
    pub interpreter: PathBuf,
    /// The settings that are its own: arguments by name, already checked against [`Described::settings`].
    pub arguments: Map<String, Value>,
    /// What it said of itself.
    pub described: Described,
}

impl Settings for PythonSettings {}

/// What a Python node says of itself, one JSON object on stdout of `bushbaby.describe RUN`.
///
/// For a file this is read from its syntax tree: nothing of it is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Described {
    /// Whether it is a stage or a source.
    pub role: DescribedRole,
    /// Name of the function or class.
    pub name: String,
    /// The first paragraph of its docstring.
    #[serde(default)]
    pub doc: Option<String>,
    /// The frames that one call is handed, in order.
    #[serde(default)]
    pub inputs: Vec<DescribedInput>,
    /// Settings that it takes.
    #[serde(default)]
    pub settings: Vec<DescribedSetting>,
    /// What it writes; the first is what the node's name alone means.
    pub outputs: Vec<DescribedOutput>,
}

/// Stage or source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DescribedRole {
    /// Reads and writes.
    Stage,
    /// Only writes.
    Source,
}

/// One frame that a call is handed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DescribedInput {
    /// Name of the argument.
    pub name: String,
    /// Whether it may be `None` (`frame: bb.Frame | None`): the stage then runs without waiting for it.
    #[serde(default)]
    pub optional: bool,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DescribedSetting {
    /// Name of the argument, and so the key in the file.
    pub name: String,
    /// Which values it takes.
    pub takes: Takes,
    /// Its default as JSON; absent: the file must say it, or the default is no plain value.
    #[serde(default)]
    pub default: Option<Value>,
    /// Whether the file must say it.
    #[serde(default)]
    pub required: bool,
}

/// Which values of the file a setting takes, by its annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// `int`
    Integer,
    /// `float`
    Number,
    /// `bool`
    Boolean,
    /// `str` or `Path`
    Text,
    /// `list[…]`, `tuple[…]`
    List,
    /// `dict[…]`
    Object,
    /// No annotation, or one that says nothing of this: any value.
    Anything,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DescribedOutput {
    /// The part of the stream's name behind the slash.
    pub name: String,
    /// What its frames hold.
    pub carries: Carries,
}

impl Described {
    /// Its outputs as those of a kind.
    pub fn output_specs(&self) -> Vec<OutputSpec> {
        let owes_frames = self.role == DescribedRole::Source;
        let specs = self.outputs.iter().enumerate();
        specs
            .map(|(n, output)| OutputSpec::named(&output.name, output.carries, owes_frames && n == 0))
            .collect()
    }
}
