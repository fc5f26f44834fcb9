//! `bushbaby stop`: end a running instance in order, and wait until it has ended.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;
use bushbaby_node::status::{AskError, Reply, Request, ask};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::instance;

/// Arguments of `stop`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Even nodes that do not listen are killed long before.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks it to end and waits for it.
pub(crate) fn run(_: Args, instance: &Instance) -> ExitCode {
    let (pid, reply) =
        match instance::status(instance).and_then(|status| Ok((status.pid, ask(instance, &Request::Stop)?))) {
            Ok(asked) => asked,
            Err(error) => return instance::fail(&error),
        };
    if reply != Reply::Done {
        return instance::done(&reply, "");
    }
    if has_ended(instance, pid) {
        instance::done(&reply, &format!("instance `{}` has ended", instance.name()))
    } else {
        eprintln!(
            "error: instance `{}` was asked to end and has not after {} s",
            instance.name(),
            LIMIT.as_secs()
        );
        if let Some(pid) = pid {
            eprintln!("hint: `kill -9 {pid}` ends it with all its nodes");
        }
        ExitCode::FAILURE
    }
}

/// Waits for the end of the supervisor's process; false: it took too long.
fn has_ended(instance: &Instance, pid: Option<u32>) -> bool {
    let until = Instant::now() + LIMIT;
    let process = pid.and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    // The number is of a moment ago: had it been given to somebody else meanwhile, the instance would not answer any more.
    let handle = process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    while !matches!(ask(instance, &Request::Status), Err(AskError::NotRunning(_))) {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let Some(handle) = handle else { return true };
    let left = until.saturating_duration_since(Instant::now());
    let timeout = Timespec {
        tv_sec: left.as_secs() as i64,
        tv_nsec: left.subsec_nanos().into(),
    };
    poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0)
}
