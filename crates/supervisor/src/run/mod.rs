//! Starts what is planned, watches it, restarts what falls, and stops all in order.
//!
//! [`run`] is one loop in the thread that calls it. Around it are threads that only read and hand on events: three for each
//! node's process, one for the control socket, one for the bus, one for the terminal. The loop never waits for any of them, and
//! nothing that a node does can end it.
//!
//! ```text
//! node's words, ends of processes, questions, time  →  lifecycle (decides)  →  start, ask, signal, log, publish
//! ```
//!
//! - `lifecycle`, `restart_plan`, `sequence` and `figures` are pure: they are handed the time and return what is to be done.
//! - `process` starts, speaks to and ends processes; `usage` and `explain` look at them from outside.
//! - `log`, `health`, `control_socket` and `desk` are what the outside sees.

use std::time::Duration;

use bushbaby_node::children::Spawner;
use bushbaby_node::status::Status;

use crate::plan::Plan;

mod clock;
mod control_socket;
mod desk;
mod error;
mod event;
mod explain;
mod figures;
mod health;
mod lifecycle;
mod lock;
mod log;
mod options;
mod process;
mod restart_plan;
mod sequence;
mod supervisor;
mod usage;
mod words;

#[cfg(test)]
mod testing;

pub use error::RunError;
pub use log::{log_path, tail};
pub use options::{Changes, Keeper, RunOptions, SettingsCheck, StopHandle, Terminal, Timing};

use control_socket::ControlSocket;
use desk::Desk;
use health::HealthLink;
use lock::InstanceLock;
use log::{Level, LogBook};
use process::Mark;
use supervisor::{Supervisor, Surroundings};

/// Events that wait for the loop; whoever has more to tell waits.
const WAITING_EVENTS: usize = 1024;
/// How long what an earlier run left may hold up the start, and the bus the end.
const CLEANING: Duration = Duration::from_secs(3);

/// Runs a plan until it is stopped, its time is over, or somebody asks it to end; returns what it came to: every planned node,
/// stream and wire with its figures from the first frame to the last.
///
/// # Errors
/// When nothing could be started: the instance runs already, or its folders cannot be used.
pub fn run(plan: Plan, options: RunOptions) -> Result<Status, RunError> {
    let RunOptions {
        instance,
        program,
        for_duration,
        stop,
        changes,
        file,
        keeper,
        settings_check,
        terminal,
        timing,
    } = options;
    let plan = plan.for_instance(instance.name());
    let lock = InstanceLock::take(&instance)?;
    let log = LogBook::open(
        &instance,
        plan.nodes.iter().map(|node| node.spec.node.as_str()),
        terminal,
    );
    let mark = Mark::new(instance.runtime_dir());
    let left_behind = mark.kill_left_behind();
    if left_behind > 0 {
        log.own(
            Level::Warn,
            &format!("ended {left_behind} processes that an earlier, killed run had left"),
        );
    }
    let (events, incoming) = std::sync::mpsc::sync_channel(WAITING_EVENTS);
    let spawner = Spawner::start().map_err(RunError::Thread)?;
    let socket = ControlSocket::listen(
        &instance,
        Desk::new(events.clone(), keeper, settings_check, log.clone()),
    )?;
    let health = HealthLink::start(&instance, &log, CLEANING);
    stop.connect(Some(events.clone()));
    changes.connect(Some(events.clone()));

    let surroundings = Surroundings {
        program,
        instance,
        spawner,
        log: log.clone(),
        health,
        mark,
        events,
        stop,
        file,
        timing,
    };
    let (status, health) = Supervisor::new(plan, surroundings, for_duration).run(&incoming);
    changes.connect(None);

    drop(socket);
    health.end(CLEANING);
    log.flush(Duration::from_millis(500));
    drop(lock);
    Ok(status)
}
