//! From what a program writes (`front`, `front/image`, an instance's name) to a bus and a stream; and when an instance is over.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Instance, StreamInfo, StreamName};
use bushbaby_node::status;
use pyo3::PyResult;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::errors::classes::{Ambiguous, BadName, Error};
use super::errors::{of_bus, of_name};

/// What a node's name alone means, by what kinds call their first output; the first of these that is there.
const FIRST_OUTPUTS: [&str; 8] = [
    "image",
    "rgbd",
    "detections",
    "results",
    "targets",
    "pose",
    "events",
    "audio",
];
/// How long a stream of another name must have been the only one, before it is taken for the first: others may be about to come.
const ALONE_FOR: Duration = Duration::from_millis(500);
/// How often the supervisor is looked for while nothing comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Joins the bus of an instance: the one named, else `BUSHBABY_INSTANCE`, else `default`.
pub(crate) fn bus(instance: Option<&str>) -> PyResult<Bus> {
    let instance = match instance {
        Some(name) => name.parse().map(Instance::new),
        None => Instance::from_environment(),
    };
    Bus::open(&instance.map_err(|error| of_name(&error))?).map_err(|error| of_bus(&error))
}

/// What a program asked to read.
#[derive(Debug)]
pub(crate) enum Asked {
    /// One stream.
    Stream(StreamName),
    /// The first output of a node, whichever that is.
    Node {
        name: String,
        /// Since when a stream of no known name has been the node's only one.
        alone_since: Mutex<Option<(StreamName, Instant)>>,
    },
}

impl Asked {
    pub(crate) fn parse(text: &str) -> PyResult<Self> {
        if text.contains('/') {
            return text.parse().map(Self::Stream).map_err(|error| of_name(&error));
        }
        StreamName::new(text, "image").map_err(|_| {
            BadName::new_err(format!(
                "{text:?} is no name of a node or a stream: wanted `front` or `front/image`, of letters, digits, `_`, `.`, `@` and `-`"
            ))
        })?;
        Ok(Self::Node {
            name: text.to_owned(),
            alone_since: Mutex::default(),
        })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Stream(stream) => stream.as_str(),
            Self::Node { name, .. } => name,
        }
    }

    /// Returns the stream that is meant, if that can be said now.
    ///
    /// # Errors
    /// `Ambiguous`, when a node writes several streams and none is known to be its first.
    pub(crate) fn resolve(&self, bus: &Bus) -> PyResult<Option<StreamName>> {
        let (name, alone_since) = match self {
            Self::Stream(stream) => return Ok(Some(stream.clone())),
            Self::Node { name, alone_since } => (name, alone_since),
        };
        let streams = bus.streams().map_err(|error| of_bus(&error))?;
        let mut alone_since = alone_since.lock().map_err(|_| Error::new_err("a thread panicked"))?;
        match first_of(name, &streams) {
            First::Known(stream) => Ok(Some(stream)),
            First::None => {
                *alone_since = None;
                Ok(None)
            }
            First::Others(others) => match &*alone_since {
                Some((_, since)) if since.elapsed() < ALONE_FOR => Ok(None),
                Some((alone, _)) if others.len() == 1 && others[0] == *alone => Ok(Some(alone.clone())),
                None => {
                    *alone_since = Some((others[0].clone(), Instant::now()));
                    Ok(None)
                }
                _ if others.len() == 1 => {
                    *alone_since = Some((others[0].clone(), Instant::now()));
                    Ok(None)
                }
                _ => Err(Ambiguous::new_err(format!(
                    "`{name}` writes {}: say which one you mean",
                    others.iter().map(StreamName::as_str).collect::<Vec<_>>().join(", ")
                ))),
            },
        }
    }
}

/// What is known of a node's first output.
enum First {
    Known(StreamName),
    Others(Vec<StreamName>),
    None,
}

fn first_of(node: &str, streams: &[StreamInfo]) -> First {
    let written: Vec<&StreamName> = streams
        .iter()
        .filter(|stream| stream.name.node() == node && stream.publisher_pid.is_some())
        .map(|stream| &stream.name)
        .collect();
    for output in FIRST_OUTPUTS {
        if let Some(first) = written.iter().find(|stream| stream.output() == output) {
            return First::Known((*first).clone());
        }
    }
    match written.as_slice() {
        [] => First::None,
        others => First::Others(others.iter().map(|stream| (*stream).clone()).collect()),
    }
}

/// Notices when the supervisor of an instance, once there, has gone. Without one an instance is never over: a publisher may come.
#[derive(Debug)]
pub(crate) struct Watch {
    socket: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    supervisor: bool,
    looked: Option<Instant>,
}

impl Watch {
    /// Begins to watch, with a first look.
    pub(crate) fn of(instance: &Instance) -> Self {
        let watch = Self {
            socket: status::socket_path(instance),
            seen: Mutex::default(),
        };
        watch.look(Duration::ZERO);
        watch
    }

    /// Looks again at once: something new began.
    pub(crate) fn look_now(&self) {
        self.look(Duration::ZERO);
    }

    /// Returns whether there was a supervisor and there is none any more. Cheap: it looks twice a second.
    pub(crate) fn is_over(&self) -> bool {
        self.look(LOOK_EVERY)
    }

    fn look(&self, pause: Duration) -> bool {
        let Ok(mut seen) = self.seen.lock() else { return false };
        if seen.looked.is_some_and(|looked| looked.elapsed() < pause) {
            return false;
        }
        seen.looked = Some(Instant::now());
        let is_there = self.listens();
        let is_over = seen.supervisor && !is_there;
        seen.supervisor |= is_there;
        is_over
    }

    /// Whether somebody listens at the socket, without waiting for an answer.
    fn listens(&self) -> bool {
        let connected = || {
            let address = SocketAddrUnix::new(&self.socket)?;
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            rustix::net::connect(&socket, &address)
        };
        // Too busy to take us is there, too.
        matches!(connected(), Ok(()) | Err(rustix::io::Errno::AGAIN))
    }
}
