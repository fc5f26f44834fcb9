//! One process of a node: started, spoken to, ended, reaped.
//!
//! Three threads serve it: one writes its output into the log, one reads what it says, one waits for its end, then kills
//! what is left of its group. They tell the loop by events that carry the [`Launch`].

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use bushbaby_bus::{INSTANCE_VARIABLE, Instance};
use bushbaby_node::children::Spawner;
use bushbaby_node::control::{self, CONTROL_FD, ToNode};
use rustix::net::SendFlags;
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::thread::CpuSet;

use super::event::{Event, Launch};
use super::log::LogBook;
use crate::plan::{PlannedNode, ProcessSettings, Program};

mod before_exec;
mod readers;
mod strays;

pub(super) use strays::Mark;

/// Where all processes of an instance are started from.
#[derive(Debug)]
pub(super) struct Nursery<'a> {
    pub(super) program: &'a Path,
    pub(super) instance: &'a Instance,
    pub(super) spawner: &'a Spawner,
    pub(super) log: &'a LogBook,
    pub(super) events: &'a SyncSender<Event>,
    pub(super) mark: &'a Mark,
}

/// A process that is alive or waits to be reaped. Dropped, it is killed with its group.
#[derive(Debug)]
pub(super) struct NodeProcess {
    launch: Launch,
    child: Child,
    pid: Pid,
    control: UnixStream,
    last_line: LastLine,
    is_reaped: bool,
}

/// The last line of a process's output: the best guess at why it died.
type LastLine = Arc<Mutex<Option<String>>>;

impl NodeProcess {
    /// Starts a node's process.
    ///
    /// # Errors
    /// When the program cannot be started, or the system has no sockets or threads left.
    pub(super) fn start(node: &PlannedNode, launch: Launch, nursery: &Nursery<'_>) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let (output, input) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let mark = nursery.mark.of(launch.number);
        let command = command(node, nursery, &mark, OwnedFd::from(theirs), input)?;
        let control = ours.try_clone()?;
        let child = nursery.spawner.spawn(command)?;
        let pid = Pid::from_child(&child);
        let last_line = LastLine::default();
        // From here on every way out kills the child.
        let process = Self {
            launch,
            child,
            pid,
            control,
            last_line: Arc::clone(&last_line),
            is_reaped: false,
        };
        let name = node.spec.node.clone();
        let (sender, receiver) = control::halves(OwnedFd::from(ours))?;
        let start = ToNode::Start(Box::new(node.spec.clone()));
        let (open, all_read) = std::sync::mpsc::channel::<()>();
        readers::output(name.clone(), output, nursery.log.clone(), last_line, open.clone())?;
        readers::words(launch, start, (sender, receiver), nursery.events.clone(), open)?;
        readers::end(launch, pid, mark, all_read, nursery.events.clone())?;
        Ok(process)
    }

    pub(super) fn launch(&self) -> Launch {
        self.launch
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks it to end. One that does not listen is not waited for.
    pub(super) fn ask(&self) -> io::Result<()> {
        self.say(&ToNode::Stop)
    }

    /// Tells it something. One that does not listen is not waited for.
    pub(super) fn say(&self, words: &ToNode) -> io::Result<()> {
        let mut line = serde_json::to_vec(words)?;
        line.push(b'\n');
        rustix::net::send(&self.control, &line, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Signals its whole group.
    pub(super) fn signal(&self, signal: Signal) {
        if !self.is_reaped {
            // It may have ended meanwhile: until it is reaped nobody else has its number.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// Takes the dead process off the system's table and says how it ended.
    pub(super) fn reap(mut self) -> String {
        self.is_reaped = true;
        let how = match self.child.wait() {
            Ok(status) => in_words(status),
            Err(error) => format!("its end is unknown: {error}"),
        };
        let last_line = self.last_line.lock().unwrap_or_else(PoisonError::into_inner).take();
        match last_line {
            Some(line) => format!("{how}; its last line: {line}"),
            None => how,
        }
    }

    /// Says which of its settings the system refused.
    pub(super) fn refusals(&self, settings: &ProcessSettings) -> Vec<String> {
        let mut refusals = Vec::new();
        if settings.nice != 0
            && rustix::process::getpriority_process(Some(self.pid)).is_ok_and(|nice| nice != settings.nice)
        {
            refusals.push(format!(
                "`nice: {}` was refused: only root may go below 0",
                settings.nice
            ));
        }
        if let Some(wanted) = cpu_set(&settings.cpus)
            && rustix::thread::sched_getaffinity(Some(self.pid)).is_ok_and(|cpus| cpus != wanted)
        {
            refusals.push(format!(
                "`cpus: {:?}` was refused: not all of these cores are there",
                settings.cpus
            ));
        }
        refusals
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        if !self.is_reaped {
            self.signal(Signal::KILL);
            // Not waited for: one that even SIGKILL does not end must not hold the supervisor.
            let _ = self.child.try_wait();
        }
    }
}

fn command(
    node: &PlannedNode,
    nursery: &Nursery<'_>,
    mark: &str,
    control: OwnedFd,
    output: OwnedFd,
) -> io::Result<Command> {
    let settings = &node.process;
    let mut command = match &node.program {
        Program::Bushbaby => {
            let mut command = Command::new(nursery.program);
            command.arg("node");
            command
        }
        Program::Python { interpreter } => {
            let mut command = Command::new(interpreter);
            // `-P`: what lies in the folder in which this run was started is not taken for a module.
            command.args(["-P", "-m", "bushbaby.node"]).env("PYTHONUNBUFFERED", "1");
            command
        }
    };
    command
        .envs(&settings.environment)
        .env(INSTANCE_VARIABLE, nursery.instance.name().as_str())
        .env(CONTROL_FD, control.as_raw_fd().to_string())
        .env(strays::VARIABLE, mark)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::from(output.try_clone()?))
        .stderr(Stdio::from(output));
    before_exec::arrange(&mut command, control, cpu_set(&settings.cpus), settings.nice);
    Ok(command)
}

/// `None`: all cores.
fn cpu_set(cpus: &[usize]) -> Option<CpuSet> {
    let mut set = CpuSet::new();
    for cpu in cpus.iter().filter(|cpu| **cpu < CpuSet::MAX_CPU) {
        set.set(*cpu);
    }
    (!cpus.is_empty()).then_some(set)
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(number)) => match nix::sys::signal::Signal::try_from(number) {
            Ok(signal) => format!("killed by {}", signal.as_str()),
            Err(_) => format!("killed by signal {number}"),
        },
        (None, None) => "it ended in an unknown way".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        assert_eq!(in_words(ExitStatus::from_raw(3 << 8)), "it ended with exit code 3");
        assert_eq!(in_words(ExitStatus::from_raw(11)), "killed by SIGSEGV");
        assert_eq!(in_words(ExitStatus::from_raw(40)), "killed by signal 40");
    }

    #[test]
    fn a_core_that_cannot_be_is_no_panic() {
        assert_eq!(cpu_set(&[]), None);
        assert_eq!(cpu_set(&[100_000]).map(|set| set.count()), Some(0));
    }
}
