//! What a checked pipeline file comes to: the nodes to start, in full.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_bus::{InstanceName, StreamName};
use bushbaby_node::control::NodeSpec;
use bushbaby_node::{OutputSpec, Role};

/// The stage of the file that a node is, or, for each camera (`STAGE@CAMERA`), was made of.
pub fn stage_of(node: &str) -> &str {
    node.split_once('@').map_or(node, |(stage, _)| stage)
}

/// Every node of an instance.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order of the file: cameras, stages, sinks.
    pub nodes: Vec<PlannedNode>,
    /// The page's address as people open it (`http://127.0.0.1:5800`), where there is a page.
    pub web: Option<String>,
}

impl Plan {
    /// The same plan for the nodes of another instance.
    #[must_use]
    pub fn for_instance(mut self, instance: &InstanceName) -> Self {
        for node in &mut self.nodes {
            node.spec.instance = instance.clone();
        }
        self
    }
}

/// The recorder's kind, and the name of its node: it ends last, so that what is under way is kept.
pub const RECORD: &str = "record";

/// The kind of all alerts of a file, and the name of their node.
pub const ALERT: &str = "alert";
/// See [`ALERT`].
pub const ALERTS: &str = "alerts";
/// The kind that keeps the sound and the pictures around what is heard, and the name of its node.
pub const EVIDENCE: &str = "evidence";

/// The kind that tells a robot what was found, and the name of its node.
pub const NETWORKTABLES: &str = "networktables";

/// What runs a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The `bushbaby` binary.
    Bushbaby,
    /// A Python interpreter, with the package.
    Python {
        /// Which.
        interpreter: PathBuf,
    },
}

impl Program {
    /// The file that is started, where `bushbaby` is the binary.
    pub fn path<'a>(&'a self, bushbaby: &'a Path) -> &'a Path {
        match self {
            Self::Bushbaby => bushbaby,
            Self::Python { interpreter } => interpreter,
        }
    }
}

/// One node to start.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedNode {
    /// What the node is told, secrets filled in: never printed.
    pub spec: NodeSpec,
    /// Source, stage or sink: the order of start and stop.
    pub role: Role,
    /// The streams that it makes.
    pub outputs: Vec<OutputSpec>,
    /// The keys of its settings, also of those that may be absent and are; none: its kind takes any.
    pub keys: Option<Vec<String>>,
    /// What runs it.
    pub program: Program,
    /// Its settings as the file has them, secrets as `$NAME`: what people may see.
    pub shown_settings: serde_json::Value,
    /// The same of each of its pipelines, in the order of their numbers.
    pub shown_pipelines: Vec<serde_json::Value>,
    /// How long it may take, and be silent.
    pub limits: Limits,
    /// When and how often it is started again.
    pub restart: RestartPolicy,
    /// What the operating system is told about it.
    pub process: ProcessSettings,
}

impl PlannedNode {
    /// Whether it has a setting of this name.
    pub fn knows(&self, key: &str) -> bool {
        self.keys
            .as_ref()
            .is_none_or(|keys| keys.iter().any(|known| known == key))
    }

    /// The settings of the pipeline with this number; those of the node itself where there is none.
    pub(crate) fn settings_of(&self, pipeline: usize) -> &serde_json::Value {
        let named = self.spec.pipelines.all.get(pipeline);
        named.map_or(&self.spec.settings, |pipeline| &pipeline.settings)
    }

    /// The streams that it makes; the first is what its name alone means.
    pub fn streams(&self) -> Vec<StreamName> {
        // A name too long for a stream was refused with the file; such a node could not publish it either.
        let name = |output: &OutputSpec| StreamName::new(&self.spec.node, output.name).ok();
        self.outputs.iter().filter_map(name).collect()
    }
}

/// How long things may take before somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From start to ready (`ready:`).
    pub ready: Duration,
    /// Without a heartbeat.
    pub heartbeat: Duration,
    /// One call into the node's code (`stuck:`).
    pub stuck: Duration,
    /// How long a stalled node may try by itself before it is started again.
    pub stalled_restart: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ready: Duration::from_secs(120),
            heartbeat: Duration::from_secs(3),
            stuck: Duration::from_secs(10),
            stalled_restart: Duration::from_secs(30),
        }
    }
}

/// The delays between starts, `restart: {first, max, give_up}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// After the first start that failed; doubles from there.
    pub first: Duration,
    /// The longest delay.
    pub max: Duration,
    /// Failed starts within two minutes after which the node is given up; 0: never.
    pub give_up: u32,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(30),
            give_up: 5,
        }
    }
}

/// How the operating system runs the node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessSettings {
    /// The only cores that it may use; empty: all.
    pub cpus: Vec<usize>,
    /// From -20 (first) to 19 (last).
    pub nice: i32,
    /// Added to its environment.
    pub environment: BTreeMap<String, String>,
    /// Private memory above which it is started again.
    pub memory_bytes: Option<u64>,
}
