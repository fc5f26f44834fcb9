//! The whole product as a test sees it: `bushbaby run` in an instance of its own, watched from outside.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;

use crate::status::{NodeState, NodeStatus, Reply, Request, Status, ask};

/// How long a test waits for what must come; reached only when it does not come.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A running `bushbaby run`; dropping it kills what is left of it.
#[derive(Debug)]
pub struct Product {
    /// Its instance.
    pub instance: Instance,
    supervisor: Child,
    folder: PathBuf,
}

impl Product {
    /// Writes `pipeline` into `folder` and runs it.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn run(program: &Path, instance: Instance, folder: &Path, pipeline: &str) -> Self {
        let file = folder.join("pipeline.yaml");
        std::fs::write(&file, pipeline).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("log.txt"));
        let log = log.unwrap_or_else(|error| panic!("the log in {}: {error}", folder.display()));
        let supervisor = Command::new(program)
            .args(["--instance", instance.name().as_str(), "run"])
            .arg(&file)
            .env("XDG_STATE_HOME", folder.join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self {
            instance,
            supervisor,
            folder: folder.to_owned(),
        }
    }

    /// The supervisor's process.
    pub fn pid(&self) -> u32 {
        self.supervisor.id()
    }

    /// Its status, when it answers.
    pub fn status(&self) -> Option<Status> {
        match ask(&self.instance, &Request::Status) {
            Ok(Reply::Status(status)) => Some(*status),
            _ => None,
        }
    }

    /// Waits until the status is as wanted, and returns it.
    ///
    /// # Panics
    /// With the last status and the log, when that does not come to pass.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Status) -> bool) -> Status {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < deadline {
            if let Some(status) = self.status() {
                if wanted(&status) {
                    return status;
                }
                last = Some(status);
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let mut told = String::new();
        let _ = writeln!(told, "waited in vain for {what}; the last status: {last:#?}");
        panic!("{told}\nthe log:\n{}", self.log());
    }

    /// Waits until a node is in a state.
    pub fn wait_for_state(&self, node: &str, state: NodeState) -> NodeStatus {
        let status = self.wait_until(&format!("{node} to be {state:?}"), |status| {
            status.nodes.get(node).is_some_and(|node| node.state == state)
        });
        status.nodes[node].clone()
    }

    /// Waits until a stream has sent this many frames.
    pub fn wait_for_frames(&self, stream: &str, frames: u64) -> Status {
        self.wait_until(&format!("{frames} frames on {stream}"), |status| {
            frames_of(status, stream) >= frames
        })
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log.txt")).unwrap_or_default()
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) -> Option<i32> {
        let _ = ask(&self.instance, &Request::Stop);
        self.wait_for_exit()
    }

    /// Waits until the supervisor has ended and returns its exit code.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait_for_exit(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.supervisor.try_wait() {
                Ok(Some(status)) => return status.code(),
                Ok(None) => std::thread::park_timeout(Duration::from_millis(10)),
                Err(error) => panic!("waiting for the supervisor: {error}"),
            }
        }
        panic!("the supervisor did not end; its log:\n{}", self.log());
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}

/// How many frames a stream has sent.
pub fn frames_of(status: &Status, stream: &str) -> u64 {
    status
        .streams
        .iter()
        .find(|(name, _)| name.as_str() == stream)
        .map_or(0, |(_, stream)| stream.frames)
}

/// Sends a signal to a process.
///
/// # Panics
/// When there is no such process.
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .unwrap_or_else(|| panic!("{pid} is no process"));
    rustix::process::kill_process(pid, signal).unwrap_or_else(|error| panic!("signalling {pid:?}: {error}"));
}

/// Whether a process is there and no zombie.
pub fn is_alive(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // The state stands behind the program's name, which may hold anything but ends with the last bracket.
    let Some((_, rest)) = stat.rsplit_once(") ") else {
        return false;
    };
    let threads = rest
        .split(' ')
        .nth(THREADS)
        .and_then(|threads| threads.parse().ok())
        .unwrap_or(0);
    // Of a killed process the first thread may be over while others still hold its files.
    !rest.starts_with('Z') || threads > 1
}

/// Which field behind the name in `/proc/PID/stat` says how many threads there are, from 0: proc(5).
const THREADS: usize = 17;

/// Every living process below `pid`, its children's children included.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut look_at = vec![pid];
    while let Some(parent) = look_at.pop() {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok());
            for child in children {
                found.push(child);
                look_at.push(child);
            }
        }
    }
    found
}

/// Waits until a process is gone.
///
/// # Panics
/// When it stays.
pub fn wait_until_gone(pid: u32) {
    let deadline = Instant::now() + PATIENCE;
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Names of what an instance has in `/dev/shm`.
///
/// # Errors
/// When the folder cannot be read.
pub fn left_in_shared_memory(instance: &Instance) -> io::Result<Vec<String>> {
    let prefix = instance.shm_prefix();
    let names = std::fs::read_dir("/dev/shm")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.starts_with(&prefix)).collect())
}
