//! What supervisor and node say to each other: JSON lines over a socket pair that the node inherits.
//!
//! It works before the bus does and when the bus does not, and it ends when either side does.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use bushbaby_bus::{InstanceName, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ages::Ages;
use crate::alerts::AlertsStatus;
use crate::pipelines::{Changes, Pipelines};

/// The environment variable that names the node's end of the socket pair.
pub const CONTROL_FD: &str = "BUSHBABY_CONTROL_FD";

/// All that a node is told when it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// The instance that it belongs to.
    pub instance: InstanceName,
    /// Its name in the file.
    pub node: String,
    /// Its kind.
    pub kind: String,
    /// Its settings in long form, as [`Kind::check`](crate::Kind::check) wrote them, with secrets filled in.
    pub settings: Value,
    /// What it reads.
    pub inputs: Vec<InputSpec>,
    /// Its inputs are handed over together, of one moment: captured at most this many nanoseconds apart (`sync:`, `within:`).
    #[serde(default)]
    pub sync_within_ns: Option<u64>,
    /// The folder of the pipeline file, to which paths are relative.
    pub base_dir: PathBuf,
    /// After which silence of an output that owes frames the node counts as stalled, at the least (`stalled:`), in milliseconds.
    pub stalled_ms: u64,
    /// From which age on a frame that is sent counts as late (`late:`), in milliseconds.
    pub late_ms: u64,
    /// After how many equal pictures a camera counts as frozen (`frozen:`); absent: never.
    pub frozen_frames: Option<u32>,
    /// Settings that it can change to while it runs; `settings` are those of the active one.
    #[serde(default)]
    pub pipelines: Pipelines,
}

/// One wire, as the reader's `in:` wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// The stream.
    pub stream: StreamName,
    /// How many frames may wait for the reader; absent: only the newest.
    pub queue: Option<usize>,
    /// Takes only each n-th frame.
    pub every: Option<u32>,
    /// Takes at most this many frames a second.
    pub max_fps: Option<f64>,
    /// Takes sound in windows; absent: piece by piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowSpec>,
}

/// Windows of sound, as the reader's `in:` asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpec {
    /// How long each is, in nanoseconds.
    pub length_ns: u64,
    /// How much later than the one before each begins, in nanoseconds.
    pub hop_ns: u64,
}

/// From the supervisor to its node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToNode {
    /// The first message: who you are.
    Start(Box<NodeSpec>),
    /// Take over the settings of the pipeline with this number, from the next frame on.
    Pipeline(usize),
    /// These changes, in place of all earlier ones, from the next frame on.
    Changes(Changes),
    /// End in order, within the time that the supervisor gives.
    Stop,
}

/// From a node to its supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromNode {
    /// Set-up is done.
    Ready,
    /// Frames flow, or nothing is owed.
    Running,
    /// It waits for something outside and keeps trying.
    Stalled {
        /// What is missing and what is being tried.
        reason: String,
        /// What a person can do about it.
        hint: Option<String>,
    },
    /// Something to tell that stops nothing: frames come late, a picture is frozen.
    Warning {
        /// What was seen.
        message: String,
    },
    /// The pipeline with this number is in force now: the one that was wished for, or still the old one.
    Pipeline(usize),
    /// Heartbeat and figures, twice a second.
    Report(Report),
    /// It ends because of this.
    Failed {
        /// What happened.
        message: String,
        /// What a person can do about it.
        hint: Option<String>,
        /// Whether starting again cannot help.
        is_final: bool,
    },
    /// It ended as it was asked.
    Stopped,
}

/// A node's figures. Counts are since the process started; ages are those since the report before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How long the present call into the node's own code has lasted, in milliseconds; absent between calls.
    pub in_call_ms: Option<u64>,
    /// By output.
    pub outputs: BTreeMap<String, OutputReport>,
    /// By stream that is read.
    pub inputs: BTreeMap<StreamName, InputReport>,
    /// How it goes with alerts; only the node that sends them has this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertsStatus>,
}

/// What went out on one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputReport {
    /// Frames sent.
    pub frames: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// When the first frame was sent, monotonic nanoseconds; 0 before.
    pub first_ns: u64,
    /// When the last frame was sent, monotonic nanoseconds; 0 before.
    pub last_ns: u64,
    /// How many read it.
    pub readers: u64,
    /// Stream ages (publish - capture) since the report before.
    pub ages: Ages,
    /// What the arrays are, as in `1280x720 i420`.
    pub shape: String,
    /// How the capture time is known.
    pub clock: String,
}

/// What came in over one wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InputReport {
    /// Frames handed to the node.
    pub delivered: u64,
    /// Frames that were not, by reason.
    pub dropped: Dropped,
    /// Edge ages (receipt - capture) since the report before.
    pub ages: Ages,
}

/// Frames that a reader did not get, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// A newer frame came before the reader was free (`latest`).
    pub superseded: u64,
    /// The reader's queue was full (`queue`).
    pub overflow: u64,
    /// The frame's header was damaged.
    pub damaged: u64,
    /// Left out because the reader asked for it (`every`, `max_fps`, `sync` without a partner).
    #[serde(default)]
    pub skipped: u64,
}

/// One end of the socket pair, to write to.
#[derive(Debug)]
pub struct Sender {
    socket: UnixStream,
}

impl Sender {
    /// Sends one message.
    ///
    /// # Errors
    /// When the other side is gone.
    pub fn send<T: Serialize>(&mut self, message: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.socket.write_all(&line)
    }
}

/// One end of the socket pair, to read from.
#[derive(Debug)]
pub struct Receiver {
    lines: BufReader<UnixStream>,
}

/// No message is longer: more than this is somebody else, or damage.
const LONGEST_BYTES: u64 = 4 << 20;

impl Receiver {
    /// Waits for the next message; `None` when the other side is gone.
    ///
    /// # Errors
    /// When the socket fails, or what came is no message.
    pub fn recv<T: for<'de> Deserialize<'de>>(&mut self) -> io::Result<Option<T>> {
        let mut line = Vec::new();
        let read = io::Read::take(&mut self.lines, LONGEST_BYTES).read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(None);
        }
        serde_json::from_slice(&line)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Makes both halves of one end.
///
/// # Errors
/// When the descriptor cannot be doubled.
pub fn halves(end: OwnedFd) -> io::Result<(Sender, Receiver)> {
    let socket = UnixStream::from(end);
    Ok((
        Sender {
            socket: socket.try_clone()?,
        },
        Receiver {
            lines: BufReader::new(socket),
        },
    ))
}
