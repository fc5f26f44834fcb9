//! The child itself: started, its words logged, ended.

use std::io::{self, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bushbaby_node::children::{self, Spawner, exit_words, for_each_line};
use rustix::process::Signal;

/// How long a child may take to obey a signal.
const GRACE: Duration = Duration::from_secs(2);

/// A child and what it says on standard error.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    last_line: Mutex<String>,
    /// Whether it is being ended, so that what it says is no news.
    is_ending: AtomicBool,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `exit code 1`, `signal 9`.
    pub(crate) how: String,
    /// Its last words; may be none.
    pub(crate) last_line: String,
}

impl Process {
    pub(super) fn start(spawner: &Spawner, command: Command) -> io::Result<Self> {
        let mut child = spawner.spawn(command)?;
        let heard = Arc::<Heard>::default();
        if let Some(stderr) = child.stderr.take() {
            let listener = heard.clone();
            thread::Builder::new()
                .name("ffmpeg-errors".into())
                .spawn(move || read_errors(stderr, &listener))?;
        }
        Ok(Self { child, heard })
    }

    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(super) fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(Ended {
            how: exit_words(status),
            last_line: locked(&self.heard.last_line).clone(),
        })
    }

    /// Ends it: SIGTERM, and after two seconds SIGKILL.
    pub(super) fn end(&mut self) {
        self.heard.is_ending.store(true, Ordering::SeqCst);
        children::end(&mut self.child, &[Signal::TERM, Signal::KILL], GRACE);
    }
}

fn read_errors(stderr: impl Read, heard: &Heard) {
    for_each_line(stderr, |line| {
        // A damaged packet has its line, and there may be many: the node tells of them itself.
        tracing::debug!("ffmpeg: {line}");
        if !heard.is_ending.load(Ordering::SeqCst) {
            line.clone_into(&mut locked(&heard.last_line));
        }
    });
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
