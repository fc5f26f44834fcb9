//! One run of ffmpeg: started, listened to by two threads that end with it, ended.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bushbaby_node::children::{self, Spawner, exit_words, for_each_line};
use bushbaby_pixels::Image;
use rustix::process::Signal;

use super::y4m::{self, Header};

/// Pictures that are decoded before they are due.
const AHEAD: usize = 2;
/// How long a child may take to obey a signal.
const GRACE: Duration = Duration::from_secs(2);
/// How long a child whose pictures have ended may take to end too.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// What comes from ffmpeg.
#[derive(Debug)]
pub(super) enum Said {
    Header(Header),
    Picture(Image),
    /// There is nothing more; what was wrong with the last, if anything.
    End(Option<String>),
}

/// What ffmpeg says on standard error.
#[derive(Debug, Default)]
struct Heard {
    last_line: Mutex<String>,
    /// Whether it is being ended, so that what it says is no news.
    is_ending: AtomicBool,
}

/// A running ffmpeg.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    /// Absent once nobody listens any more.
    said: Option<Receiver<Said>>,
    /// Pictures that were shown, to be filled again.
    spare: SyncSender<Image>,
    heard: Arc<Heard>,
    errors: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts `program` to decode the file at `path`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when it is not installed.
    pub(super) fn start(spawner: &Spawner, program: &OsStr, path: &Path) -> io::Result<Self> {
        // Without `file:`, a name such as `concat:…` would mean something to ffmpeg.
        let mut input = OsString::from("file:");
        input.push(path);
        let mut command = Command::new(program);
        command
            .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-i"])
            .arg(input);
        command.args(["-map", "0:v:0", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner.spawn(command)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the child has no output"));
        };
        let (speaker, said) = sync_channel(AHEAD);
        let (spare, blank) = sync_channel(AHEAD + 2);
        let heard = Arc::<Heard>::default();
        let listener = heard.clone();
        thread::Builder::new()
            .name("ffmpeg-pictures".into())
            .spawn(move || read_pictures(stdout, &speaker, &blank))?;
        let errors = thread::Builder::new()
            .name("ffmpeg-errors".into())
            .spawn(move || read_errors(stderr, &listener))?;
        Ok(Self {
            child,
            said: Some(said),
            spare,
            heard,
            errors: Some(errors),
        })
    }

    /// Waits for what comes next; `None`: nothing in time.
    pub(super) fn next(&self, wait: Duration) -> Option<Said> {
        let Some(listener) = &self.said else {
            return Some(Said::End(None));
        };
        match listener.recv_timeout(wait) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Said::End(None)),
        }
    }

    /// Takes back the memory of a picture.
    pub(super) fn give_back(&self, image: Image) {
        // One too many is simply dropped.
        let _ = self.spare.try_send(image);
    }

    /// How it ended, and its last line, after its pictures have ended.
    pub(super) fn ended(mut self) -> Ended {
        let status = children::wait(&mut self.child, LAST_BREATH).ok().flatten();
        let how = match status {
            Some(status) => exit_words(status),
            None => "nothing: it still runs".to_owned(),
        };
        if status.is_some()
            && let Some(errors) = self.errors.take()
        {
            let _ = errors.join();
        }
        let last_line = locked(&self.heard.last_line).clone();
        Ended {
            is_success: status.is_some_and(|status| status.success()),
            how,
            last_line,
        }
    }
}

/// How ffmpeg ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) is_success: bool,
    /// `exit code 1`, `signal 9`.
    pub(super) how: String,
    pub(super) last_line: String,
}

/// Ends the child: SIGTERM, and after two seconds SIGKILL.
impl Drop for Running {
    fn drop(&mut self) {
        self.heard.is_ending.store(true, Ordering::SeqCst);
        // The thread that reads pictures ends when nobody listens, and the pipe with it: the child cannot wait for it to drain.
        self.said = None;
        if let Some(status) = children::end(&mut self.child, &[Signal::TERM, Signal::KILL], GRACE) {
            tracing::debug!("ffmpeg was ended with {}", exit_words(status));
        }
    }
}

fn read_pictures(stdout: impl Read, speaker: &SyncSender<Said>, blank: &Receiver<Image>) {
    let mut from = BufReader::with_capacity(1 << 16, stdout);
    let end = (|| {
        let header = match y4m::header(&mut from) {
            Ok(header) => header,
            // ffmpeg says on standard error why there is nothing.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            Err(error) => return Some(error.to_string()),
        };
        speaker.send(Said::Header(header)).ok()?;
        loop {
            let mut image = blank.try_recv().unwrap_or_default();
            match y4m::picture(&mut from, &header, &mut image) {
                Ok(true) => speaker.send(Said::Picture(image)).ok()?,
                Ok(false) => return None,
                Err(error) => return Some(error.to_string()),
            }
        }
    })();
    // Nobody listens any more when the source is closed.
    let _ = speaker.send(Said::End(end));
}

fn read_errors(stderr: impl Read, heard: &Heard) {
    for_each_line(stderr, |line| {
        if heard.is_ending.load(Ordering::SeqCst) {
            tracing::debug!("ffmpeg: {line}");
        } else {
            tracing::warn!("ffmpeg: {line}");
            line.clone_into(&mut locked(&heard.last_line));
        }
    });
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
