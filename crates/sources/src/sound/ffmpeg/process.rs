//! The child itself: started, its words logged, ended.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_node::children::Spawner;
use rustix::process::{Pid, Signal, kill_process};

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
        for signal in [Signal::TERM, Signal::KILL] {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended since; its number is ours until it is waited for.
                let _ = kill_process(pid, signal);
            }
            let until = Instant::now() + GRACE;
            while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn read_errors(stderr: impl Read, heard: &Heard) {
    const LONGEST_LINE: u64 = 4096;
    let mut from = BufReader::new(stderr);
    let mut line = Vec::new();
    while matches!((&mut from).take(LONGEST_LINE).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        line.clear();
        // A damaged packet has its line, and there may be many: the node tells of them itself.
        tracing::debug!("ffmpeg: {text}");
        if !text.is_empty() && !heard.is_ending.load(Ordering::SeqCst) {
            *locked(&heard.last_line) = text;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn exit_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
