//! One run of `bushbaby-microphone`: started, listened to, ended.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_node::children::{self, Spawner, for_each_line};

use super::MicrophoneSettings;
use super::frame::{FrameReader, Piece};
use super::program::{NAME, NO_LIBRARY_HINT, misses_library};

/// Pieces that may wait here; more wait in the pipe, and then in the driver.
const AHEAD: usize = 16;
/// How long the last words of a child that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running child and the threads that listen to it, which end with it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    said: Receiver<Said>,
    heard: Arc<Mutex<Heard>>,
    /// Says nothing, and ends when standard error has.
    said_all: Receiver<Infallible>,
}

/// What comes through its pipe.
#[derive(Debug)]
pub(super) enum Said {
    Piece(Piece),
    /// The pipe has ended, because of what is told in words.
    End(Option<String>),
}

/// Why it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

/// What it said on standard error.
#[derive(Debug, Default)]
struct Heard {
    error: Option<String>,
    hint: Option<String>,
    last: String,
}

impl Running {
    /// Starts the program.
    ///
    /// # Errors
    /// What starting it said; [`io::ErrorKind::NotFound`] when it is not there.
    pub(super) fn start(spawner: &Spawner, program: &OsStr, settings: &MicrophoneSettings) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(["read", &settings.mic]);
        for (option, value) in [
            ("--rate", settings.rate.map(|rate| rate.to_string())),
            ("--channels", settings.channels.map(|channels| channels.to_string())),
        ] {
            if let Some(value) = value {
                command.args([option, &value]);
            }
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner.spawn(command)?;
        let (speaker, said) = sync_channel(AHEAD);
        let heard = Arc::<Mutex<Heard>>::default();
        let listening = (child.stdout.take(), child.stderr.take());
        let (hears, said_all) = sync_channel(0);
        let running = Self {
            child,
            said,
            heard: heard.clone(),
            said_all,
        };
        // From here on the child ends with what is returned, or not.
        let (Some(stdout), Some(stderr)) = listening else {
            return Err(io::Error::other("the child has no output"));
        };
        thread::Builder::new()
            .name("microphone".into())
            .spawn(move || read_pieces(stdout, &speaker))?;
        thread::Builder::new().name("microphone-errors".into()).spawn(move || {
            let _hears: SyncSender<Infallible> = hears;
            read_errors(stderr, &heard);
        })?;
        Ok(running)
    }

    /// Waits for what comes next; `None`: nothing in time.
    pub(super) fn next(&self, wait: Duration) -> Option<Said> {
        match self.said.recv_timeout(wait) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Said::End(None)),
        }
    }

    /// Why it ended, after its pipe has. `trouble`: what was wrong with the pipe.
    pub(super) fn ended(mut self, trouble: Option<String>) -> Why {
        let until = Instant::now() + LAST_WORDS;
        let status = children::wait(&mut self.child, LAST_WORDS).ok().flatten();
        // Its thread hangs up when it has heard all.
        let _ = self
            .said_all
            .recv_timeout(until.saturating_duration_since(Instant::now()));
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if misses_library(&heard.last) {
            return Why {
                reason: format!("`{NAME}` does not start: libasound is not installed"),
                hint: Some(NO_LIBRARY_HINT.to_owned()),
            };
        }
        let ended = || match status {
            Some(status) if heard.last.is_empty() => format!("`{NAME}` ended ({status}) and said nothing"),
            Some(status) => format!("`{NAME}` ended ({status}): {}", heard.last),
            None => format!("`{NAME}` gives no more sound"),
        };
        Why {
            reason: heard.error.clone().or(trouble).unwrap_or_else(ended),
            hint: heard.hint.clone(),
        }
    }
}

/// It has nothing to save: it is killed, and its threads end with its pipes.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_pieces(stdout: impl Read, speaker: &SyncSender<Said>) {
    let mut reader = FrameReader::new(BufReader::with_capacity(1 << 16, stdout));
    let end = loop {
        match reader.next_piece() {
            Ok(Some(piece)) => {
                // Nobody listens any more when the source is closed.
                if speaker.send(Said::Piece(piece)).is_err() {
                    return;
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    let _ = speaker.send(Said::End(end));
}

fn read_errors(stderr: impl Read, heard: &Mutex<Heard>) {
    for_each_line(stderr, |line| {
        tracing::debug!("{NAME}: {line}");
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        match (line.strip_prefix("error: "), line.strip_prefix("hint: ")) {
            (Some(error), _) => heard.error = Some(error.to_owned()),
            (_, Some(hint)) => heard.hint = Some(hint.to_owned()),
            _ => line.clone_into(&mut heard.last),
        }
    });
}
