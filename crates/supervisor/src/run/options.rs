//! What a run is told besides its plan: whose it is, how long it lasts, who may end it, where its log goes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;
use bushbaby_node::NodeSpec;
use bushbaby_node::settings::Problem;
use serde_json::{Map, Value};

use super::event::Event;
use crate::file::FileProblem;
use crate::plan::Plan;

/// How to run a plan.
#[derive(Debug)]
pub struct RunOptions {
    /// What all its streams, files and processes belong to.
    pub instance: Instance,
    /// The `bushbaby` binary; a node is `PROGRAM node` with its control socket.
    pub program: PathBuf,
    /// Ends by itself this long after it began; absent: runs until it is stopped.
    pub for_duration: Option<Duration>,
    /// Ends it from outside: a signal, a key.
    pub stop: StopHandle,
    /// Changes it from outside: the file was saved.
    pub changes: Changes,
    /// The pipeline file, for those who ask; absent: there is none.
    pub file: Option<PathBuf>,
    /// Writes what was changed of a stage into the pipeline file; absent: that is refused.
    pub keeper: Option<Keeper>,
    /// Looks at settings before a stage is told them; absent: the stage says in its log which it cannot use.
    pub settings_check: Option<SettingsCheck>,
    /// Where log lines are shown besides the files; absent: nowhere.
    pub terminal: Option<Terminal>,
    /// The times that no pipeline file changes.
    pub timing: Timing,
}

impl RunOptions {
    /// Runs until stopped, shows its log nowhere.
    pub fn new(instance: Instance, program: PathBuf) -> Self {
        Self {
            instance,
            program,
            for_duration: None,
            stop: StopHandle::default(),
            changes: Changes::default(),
            file: None,
            keeper: None,
            settings_check: None,
            terminal: None,
            timing: Timing::default(),
        }
    }
}

type Kept = Result<PathBuf, Vec<FileProblem>>;
type Keep = dyn Fn(&str, Option<&str>, &Map<String, Value>, Instant) -> Kept + Send + Sync;

/// Writes settings of a stage into the pipeline file. Whoever runs a plan knows how to check a file, the run does not.
#[derive(Clone)]
pub struct Keeper(Arc<Keep>);

impl Keeper {
    /// Writes with a function of the stage's name, the name of its pipeline, settings by key, and the time after which nothing is to
    /// be written any more. It returns the file, or says why that is as it was.
    pub fn new(
        keep: impl Fn(&str, Option<&str>, &Map<String, Value>, Instant) -> Kept + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(keep))
    }

    pub(super) fn keep(
        &self,
        stage: &str,
        pipeline: Option<&str>,
        settings: &Map<String, Value>,
        until: Instant,
    ) -> Kept {
        (self.0)(stage, pipeline, settings, until)
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

type Check = dyn Fn(&NodeSpec, &Value) -> Result<(), Vec<Problem>> + Send + Sync;

/// Says what is wrong with settings of a stage. Whoever runs a plan knows the kinds, the run does not.
#[derive(Clone)]
pub struct SettingsCheck(Arc<Check>);

impl SettingsCheck {
    /// Checks with a function of the stage as it was planned and of its settings in long form.
    pub fn new(check: impl Fn(&NodeSpec, &Value) -> Result<(), Vec<Problem>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    pub(super) fn check(&self, stage: &NodeSpec, settings: &Value) -> Result<(), Vec<Problem>> {
        (self.0)(stage, settings)
    }
}

impl std::fmt::Debug for SettingsCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SettingsCheck").finish_non_exhaustive()
    }
}

/// Where people read along.
pub struct Terminal {
    /// Takes whole lines. It may block: lines are then left out and counted, the nodes run on.
    pub writer: Box<dyn Write + Send>,
    /// Whether it shows colours: one a node.
    pub color: bool,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal")
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}

/// The supervisor's own times.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The delay before a node that had been running well is started again.
    pub quick_restart: Duration,
    /// From which time in `running` on it had been running well.
    pub healthy_after: Duration,
    /// How long a failed start counts against a node.
    pub give_up_window: Duration,
    /// How long one group of nodes may hold up the next at the start.
    pub start_hold: Duration,
    /// How long all nodes together have to end as they were asked.
    pub stop_asked: Duration,
    /// From SIGTERM to SIGKILL.
    pub stop_terminated: Duration,
    /// How long a single node that is started again has to end as it was asked.
    pub restart_asked: Duration,
    /// How far back live rates and ages look.
    pub live_window: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            quick_restart: Duration::from_millis(100),
            healthy_after: Duration::from_secs(10),
            give_up_window: Duration::from_secs(120),
            start_hold: Duration::from_secs(10),
            stop_asked: Duration::from_secs(5),
            stop_terminated: Duration::from_secs(2),
            restart_asked: Duration::from_secs(2),
            live_window: Duration::from_secs(10),
        }
    }
}

/// Changes a run from another thread. Cheap to clone; all clones change the same run. What is said before the run has begun or
/// after it has ended is lost.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    run: Arc<Mutex<Option<SyncSender<Event>>>>,
}

impl Changes {
    /// From now on this is the plan: what is new is started, what is gone is ended, what is different starts again, and so do the
    /// nodes of these names; all others run on.
    pub fn replan(&self, plan: Plan, again: BTreeSet<String>) {
        self.send(Event::Replan(Box::new(plan), again));
    }

    /// Says something to those who read the log, as a warning.
    pub fn tell(&self, text: String) {
        self.send(Event::Told(text));
    }

    fn send(&self, event: Event) {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(run) = run {
            // It has ended meanwhile.
            let _ = run.send(event);
        }
    }

    pub(super) fn connect(&self, run: Option<SyncSender<Event>>) {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = run;
    }
}

/// Ends a run from another thread. Cheap to clone; all clones end the same run.
#[derive(Debug, Clone, Default)]
pub struct StopHandle {
    inner: Arc<Mutex<Presses>>,
}

#[derive(Debug, Default)]
struct Presses {
    count: u32,
    wake: Option<SyncSender<Event>>,
}

impl StopHandle {
    /// The first press ends the run in order, the second hurries, the third kills what is left. Not for signal handlers: it
    /// takes a lock.
    pub fn press(&self) {
        let mut presses = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        presses.count = presses.count.saturating_add(1);
        if let Some(wake) = &presses.wake {
            // A full channel wakes the loop as well.
            let _ = wake.try_send(Event::Wake);
        }
    }

    /// How often it was pressed.
    pub fn presses(&self) -> u32 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    pub(super) fn connect(&self, wake: Option<SyncSender<Event>>) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).wake = wake;
    }
}
