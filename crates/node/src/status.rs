//! What the supervisor tells everybody else: its control socket's questions, answers and the status they carry.
//!
//! The same [`Status`] is the page's, `bushbaby status --json`'s and, at the end, `bushbaby run --json`'s.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use bushbaby_bus::{CONTROL_SOCKET, Instance, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ages::AgePercentiles;
use crate::alerts::AlertsStatus;
use crate::control::{self, Dropped};
use crate::kind::Carries;
use crate::pipelines::Changes;

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// Its process was started, its set-up runs.
    Starting,
    /// Its set-up is done.
    Ready,
    /// Frames flow, or nothing is owed.
    Running,
    /// It waits for something outside and keeps trying.
    Stalled,
    /// It was asked to end.
    Stopping,
    /// It ended as it was asked.
    Stopped,
    /// It ended by itself and will be started again after a delay.
    Backoff,
    /// It failed too often and is left alone until somebody says `restart`.
    GivenUp,
}

/// A whole instance at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The instance's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// The supervisor's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The page's address, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// The pipeline file, where it was started from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// How long it has been running.
    pub seconds: f64,
    /// By name.
    pub nodes: BTreeMap<String, NodeStatus>,
    /// By stream.
    pub streams: BTreeMap<StreamName, StreamStatus>,
    /// Every wire.
    pub edges: Vec<EdgeStatus>,
    /// How it goes with alerts, where the file has any; also while the node that sends them is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertsStatus>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its kind.
    pub kind: String,
    /// `source`, `stage` or `sink`.
    #[serde(default)]
    pub role: String,
    /// The streams that it makes; the first is what its name alone means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<StreamName>,
    /// Where it stands.
    pub state: NodeState,
    /// Seconds in this state.
    #[serde(default)]
    pub state_seconds: f64,
    /// How often it was started again.
    pub restarts: u32,
    /// Its process, while it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Why it is stalled, or why it ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Share of one core, 1.0 is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// Memory that is its own (no shared memory).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The settings that it can change to, where the file names any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipelines: Option<PipelinesStatus>,
    /// What was changed of it while it runs: by a robot, for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// The pipelines of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelinesStatus {
    /// Their names, in the order of their numbers.
    pub names: Vec<String>,
    /// The number of the one that is in force, or that was wished for last and comes into force with the next frame.
    pub active: usize,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamStatus {
    /// What its frames hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<Carries>,
    /// Frames since the instance started.
    pub frames: u64,
    /// Frames a second, from the first to the last; live, over the last seconds.
    pub fps: f64,
    /// Publish - capture; absent before the first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<AgePercentiles>,
    /// Bits a second over the last seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_second: Option<f64>,
    /// How many read it now.
    #[serde(default)]
    pub readers: u64,
    /// What the arrays are, as in `1280x720 i420`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shape: String,
    /// How the capture time is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clock: String,
    /// How long ago the last frame was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_ms: Option<f64>,
}

/// One wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdgeStatus {
    /// The stream.
    pub from: StreamName,
    /// The reader.
    pub to: String,
    /// Frames that the reader was handed.
    pub delivered: u64,
    /// Frames that it was not, by reason.
    pub dropped: Dropped,
    /// Frames a second over the last seconds.
    #[serde(default)]
    pub fps: f64,
    /// Receipt - capture; absent before the first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<AgePercentiles>,
}

/// A question to a running instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// How is everybody?
    Status,
    /// End in order.
    Stop,
    /// Start this node again.
    Restart {
        /// Which.
        node: String,
    },
    /// Let a stage take over the settings of another of its pipelines.
    Pipeline {
        /// Which stage; the name before the `@` means all of them.
        node: String,
        /// Its name or its number.
        pipeline: String,
    },
    /// Let a stage run otherwise than the file says, until the instance ends.
    Change {
        /// Which stage; the name before the `@` means all of them.
        node: String,
        /// Whether it is to rest: to find nothing in what it reads. Absent: as before.
        #[serde(default)]
        rests: Option<bool>,
        /// Settings by key; `null`: as the file has it again.
        #[serde(default)]
        settings: serde_json::Map<String, Value>,
    },
    /// Let a stage run with other settings of one of its pipelines than the file has, until they are saved or the instance ends.
    Tune {
        /// Which stage; the name before the `@` means all of them.
        node: String,
        /// The number of the pipeline; 0 where there are none.
        #[serde(default)]
        pipeline: usize,
        /// Settings by key; `null`: as the file has it again.
        settings: serde_json::Map<String, Value>,
    },
    /// Write what was tuned of a stage into the pipeline file.
    Save {
        /// Which stage; the name before the `@` means all of them.
        node: String,
        /// The number of the pipeline; 0 where there are none.
        #[serde(default)]
        pipeline: usize,
    },
    /// The last lines of a node's log.
    Log {
        /// Which.
        node: String,
        /// How many lines at most.
        lines: usize,
    },
    /// A node's settings as they are in force, secrets left out.
    Settings {
        /// Which.
        node: String,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::Stop`], [`Request::Restart`], [`Request::Pipeline`], [`Request::Change`] and [`Request::Tune`]: it is under way.
    Done,
    /// To [`Request::Save`]: it stands in the file.
    Saved {
        /// The pipeline file.
        file: PathBuf,
    },
    /// To [`Request::Log`], oldest first.
    Log(Vec<String>),
    /// To [`Request::Settings`].
    Settings(Value),
    /// It could not be done.
    Refused {
        /// Why.
        message: String,
        /// What would work.
        hint: Option<String>,
    },
}

/// What is not written into the pipeline file by then, after it was asked for, is not written.
pub const SAVE_LIMIT: Duration = Duration::from_secs(7);

/// Why an instance did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens: it does not run.
    #[error("no instance `{0}` is running")]
    NotRunning(String),
    /// It listens but did not answer.
    #[error("instance `{instance}` did not answer: {source}")]
    Silent {
        /// Which.
        instance: String,
        /// What the socket said.
        source: io::Error,
    },
}

/// Where an instance's supervisor listens.
pub fn socket_path(instance: &Instance) -> std::path::PathBuf {
    instance.runtime_dir().join(CONTROL_SOCKET)
}

/// Asks a running instance one question and waits at most two seconds for the answer; eight where the file is checked first.
///
/// # Errors
/// When nobody runs, or nobody answers.
pub fn ask(instance: &Instance, request: &Request) -> Result<Reply, AskError> {
    let name = || instance.name().to_string();
    let socket = UnixStream::connect(socket_path(instance)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning(name()),
        _ => AskError::Silent {
            instance: name(),
            source: error,
        },
    })?;
    exchange(socket, request).map_err(|source| AskError::Silent {
        instance: name(),
        source,
    })
}

fn exchange(socket: UnixStream, request: &Request) -> io::Result<Reply> {
    let limit = Some(match request {
        // What Python files read and write is asked from their code; when that takes too long, nothing is written.
        Request::Save { .. } => SAVE_LIMIT + Duration::from_secs(1),
        _ => Duration::from_secs(2),
    });
    socket.set_read_timeout(limit)?;
    socket.set_write_timeout(limit)?;
    let (mut sender, mut receiver) = control::halves(OwnedFd::from(socket))?;
    sender.send(request)?;
    receiver
        .recv()?
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended"))
}
