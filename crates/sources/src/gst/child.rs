//! One run of `gst-launch-1.0`: started, listened to, ended.

use std::ffi::OsStr;
use std::io::{self, PipeReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_node::children::{self, Spawner, exit_words, for_each_line};
#[cfg(test)]
use rustix::process::Pid;
use rustix::process::Signal;

use super::caps::Caps;
use super::log::{Heard, Level, level, without_passwords};
use super::newest::{Fetched, Newest};
use super::parts::PartReader;

/// What the pipe is asked to hold: what everybody may ask for. The larger, the fewer switches between the two programs.
const PIPE_BYTES: usize = 1 << 20;
/// How long a child may take to obey one signal before the next, harder one.
const GRACE: Duration = Duration::from_secs(1);
/// How long the last words of a dead child are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running child and the threads that listen to it, which end with it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    newest: Arc<Newest>,
    heard: Arc<Mutex<Heard>>,
    dead_since: Option<Instant>,
}

/// How a child ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// `exit code 255`, `signal 9`.
    pub(super) how: String,
    /// Whether it says that all is well.
    pub(super) is_success: bool,
    /// The cause in its own words.
    pub(super) cause: Option<String>,
    /// Its last lines, to find a hint in.
    pub(super) said: String,
}

impl Running {
    /// Starts the program. `is_repeat`: whether it failed before; then its words are not told again, only kept.
    ///
    /// # Errors
    /// What starting it said; [`io::ErrorKind::NotFound`] when it is not installed.
    pub(super) fn start(spawner: &Spawner, program: &OsStr, arguments: &[String], is_repeat: bool) -> io::Result<Self> {
        let (pictures, end_of_child) = io::pipe()?;
        // Smaller pipes work too.
        let _ = rustix::pipe::fcntl_setpipe_size(&pictures, PIPE_BYTES);
        let mut command = Command::new(program);
        command.args(arguments).env("GST_DEBUG_NO_COLOR", "1");
        command
            .stdin(end_of_child)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner.spawn(command)?;
        let streams = (child.stdout.take(), child.stderr.take());
        let running = Self {
            child,
            newest: Arc::new(Newest::new(3)),
            heard: Arc::default(),
            dead_since: None,
        };
        match running.listen(pictures, streams, is_repeat) {
            Ok(()) => Ok(running),
            Err(error) => {
                running.stop();
                Err(error)
            }
        }
    }

    fn listen(
        &self,
        pictures: PipeReader,
        streams: (Option<ChildStdout>, Option<ChildStderr>),
        is_repeat: bool,
    ) -> io::Result<()> {
        let (Some(stdout), Some(stderr)) = streams else {
            return Err(io::Error::other("the child has no output"));
        };
        self.read_pictures(pictures)?;
        self.read_caps(stdout)?;
        self.read_errors(stderr, is_repeat)
    }

    /// Waits for the next picture.
    pub(super) fn fetch(&self, timeout: Duration) -> Fetched {
        self.newest.fetch(timeout)
    }

    /// Takes back the memory of a picture that was sent.
    pub(super) fn give_back(&self, bytes: Vec<u8>) {
        self.newest.give_back(bytes);
    }

    /// How it ended, if it has. `is_silent`: whether all that it said was heard.
    pub(super) fn ended(&mut self, is_silent: bool) -> Option<Ended> {
        let status = self.child.try_wait().ok()??;
        let dead_since = *self.dead_since.get_or_insert_with(Instant::now);
        // Its own children may hold the pipes open for longer than is worth waiting for.
        (is_silent || dead_since.elapsed() > LAST_WORDS).then(|| self.told(status))
    }

    /// Ends it: in order if it will, within about two seconds in any case.
    pub(super) fn stop(mut self) {
        // An interrupt lets the elements close their devices, which the camera daemon of a Jetson relies on.
        children::end(&mut self.child, &[Signal::INT, Signal::TERM, Signal::KILL], GRACE);
    }

    #[cfg(test)]
    pub(super) fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn told(&self, status: ExitStatus) -> Ended {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Ended {
            how: exit_words(status),
            is_success: status.success(),
            cause: heard.cause(),
            said: heard.text(),
        }
    }

    fn read_pictures(&self, pipe: PipeReader) -> io::Result<()> {
        let newest = self.newest.clone();
        let read = move || {
            let mut parts = PartReader::new(pipe);
            let failure = loop {
                match parts.next(newest.memory()) {
                    Ok(Some(frame)) => newest.put(frame),
                    Ok(None) => break None,
                    Err(error) => break Some(error.to_string()),
                }
            };
            newest.end(failure);
        };
        thread::Builder::new().name("gst-pictures".into()).spawn(read).map(drop)
    }

    fn read_caps(&self, stdout: impl Read + Send + 'static) -> io::Result<()> {
        let newest = self.newest.clone();
        let read = move || {
            for_each_line(stdout, |line| match Caps::from_line(line) {
                Some(caps) => newest.announce(caps),
                None => tracing::debug!("gst: {}", without_passwords(line)),
            });
            newest.end(None);
        };
        thread::Builder::new().name("gst-caps".into()).spawn(read).map(drop)
    }

    fn read_errors(&self, stderr: impl Read + Send + 'static, is_repeat: bool) -> io::Result<()> {
        let (newest, heard) = (self.newest.clone(), self.heard.clone());
        let read = move || {
            for_each_line(stderr, |line| {
                let line = &without_passwords(line);
                match if is_repeat { Level::Debug } else { level(line) } {
                    Level::Error => tracing::error!("gst: {line}"),
                    Level::Warning => tracing::warn!("gst: {line}"),
                    Level::Info => tracing::info!("gst: {line}"),
                    Level::Debug => tracing::debug!("gst: {line}"),
                }
                heard.lock().unwrap_or_else(PoisonError::into_inner).line(line);
            });
            newest.end(None);
        };
        thread::Builder::new().name("gst-errors".into()).spawn(read).map(drop)
    }
}
