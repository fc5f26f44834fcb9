//! Processes that left their node's group: found by a mark in their environment, which children inherit.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The environment variable that holds the mark.
pub(super) const VARIABLE: &str = "BUSHBABY_CHILD_OF";

/// What all processes of one supervisor are marked with.
#[derive(Debug)]
pub(in crate::run) struct Mark {
    instance: String,
    supervisor: u32,
}

impl Mark {
    /// Two instances of one name differ in their folder of sockets, by which they are told apart.
    pub(in crate::run) fn new(runtime_dir: &Path) -> Self {
        Self {
            instance: runtime_dir.display().to_string(),
            supervisor: std::process::id(),
        }
    }

    /// The mark of one start of a node. No mark is the beginning of another.
    pub(super) fn of(&self, launch: u64) -> String {
        format!("{}:{}:{launch};", self.instance, self.supervisor)
    }

    /// Kills what earlier supervisors of this instance left, and returns how many these were. Call while holding the
    /// instance's lock: none of them lives.
    pub(in crate::run) fn kill_left_behind(&self) -> usize {
        sweep(format!("{}:", self.instance))
    }
}

/// Between two looks at a process that is being replaced by another program.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// Such looks at most: half a second in all.
const MOST_LOOKS: usize = 100;
/// Only what began this recently, in seconds, can still be on its way into its program.
const YOUNG_SECONDS: f64 = 10.0;

/// Reading a process's environment waits where that process hangs in the kernel; a sweep is not waited for longer than this.
const LONGEST_SWEEP: Duration = Duration::from_secs(2);

/// Kills every process whose mark begins so, and returns how many these were as far as it is known in time.
pub(super) fn sweep(mark: String) -> usize {
    let (counted, count) = channel();
    let kill = move || {
        // Whoever waited may have stopped.
        let _ = counted.send(kill_marked(&mark));
    };
    match thread::Builder::new().name("sweep".into()).spawn(kill) {
        Ok(_) => count.recv_timeout(LONGEST_SWEEP).unwrap_or(0),
        // Without a thread the next start finds them.
        Err(_) => 0,
    }
}

fn kill_marked(mark: &str) -> usize {
    let mut killed = 0;
    for _ in 0..MOST_LOOKS {
        let mut has_blank = false;
        for pid in all_pids() {
            match look(pid, mark) {
                Found::Marked if kill(pid, mark) => killed += 1,
                Found::Blank if is_young(pid) => has_blank = true,
                _ => {}
            }
        }
        if !has_blank {
            break;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    killed
}

/// What a process's environment tells.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Marked,
    Other,
    /// A program with an empty environment. For a moment within `execve` every process is one, a marked one too.
    Blank,
}

fn all_pids() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = rustix::process::getpid();
    let pids = entries
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter(|pid| *pid != own).collect()
}

fn look(pid: Pid, mark: &str) -> Found {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    // Processes of other users cannot be read, and are not ours.
    let Ok(environment) = fs::read(format!("{folder}/environ")) else {
        return Found::Other;
    };
    if environment.is_empty() {
        // Threads of the kernel and the dead have no environment either, but no program as well.
        return if fs::read_link(format!("{folder}/exe")).is_ok() {
            Found::Blank
        } else {
            Found::Other
        };
    }
    let is_marked = environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| entry.strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"="))
        .any(|value| value.starts_with(mark.as_bytes()));
    if is_marked { Found::Marked } else { Found::Other }
}

fn kill(pid: Pid, mark: &str) -> bool {
    // Held by descriptor and looked at again, so that a number that was given away meanwhile hits nobody.
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return false;
    };
    look(pid, mark) == Found::Marked && pidfd_send_signal(handle, Signal::KILL).is_ok()
}

/// # Source
/// proc_pid_stat(5), field 22, and proc_uptime(5): both count from the start of the machine.
fn is_young(pid: Pid) -> bool {
    let age = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        let started_ticks: f64 = stat
            .rsplit_once(')')?
            .1
            .split_ascii_whitespace()
            .nth(19)?
            .parse()
            .ok()?;
        let uptime: f64 = fs::read_to_string("/proc/uptime")
            .ok()?
            .split_ascii_whitespace()
            .next()?
            .parse()
            .ok()?;
        Some(uptime - started_ticks / rustix::param::clock_ticks_per_second() as f64)
    };
    age().is_some_and(|age| age < YOUNG_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn marked(mark: &str) -> Child {
        Command::new("sleep").arg("1000").env(VARIABLE, mark).spawn().unwrap()
    }

    #[test]
    fn only_what_carries_the_mark_is_killed() {
        let mark = Mark::new(Path::new(&format!("/strays-{}", std::process::id())));
        // The first is killed as soon as it begins: also within its `execve`.
        for launch in 0..20 {
            let (mut ours, mut other) = (marked(&mark.of(launch)), marked(&mark.of(100 + launch)));
            assert_eq!(kill_marked(&mark.of(launch)), 1);
            ours.wait().unwrap();
            assert_eq!(other.try_wait().unwrap(), None);
            assert!(mark.kill_left_behind() >= 1);
            other.wait().unwrap();
        }
    }

    #[test]
    fn this_process_is_young_and_the_first_of_the_machine_is_read_without_harm() {
        let mut child = marked("nobody");
        assert!(is_young(Pid::from_child(&child)));
        child.kill().unwrap();
        child.wait().unwrap();
        is_young(Pid::INIT);
    }
}
