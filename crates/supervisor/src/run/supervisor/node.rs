//! One node in the loop's hands: its plan, its lifecycle, its process.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::Role;
use bushbaby_node::control::ToNode;
use bushbaby_node::pipelines::{ByPipeline, Changes};
use bushbaby_node::status::{NodeState, NodeStatus, PipelinesStatus};
use rustix::process::Signal;
use serde_json::{Map, Value};

use crate::plan::PlannedNode;
use crate::run::event::{Event, Launch};
use crate::run::explain;
use crate::run::health::{Health, HealthLink};
use crate::run::lifecycle::{Lifecycle, Weight};
use crate::run::log::{Level, LogBook};
use crate::run::options::Timing;
use crate::run::process::NodeProcess;
use crate::run::usage::UsageMeter;
use crate::run::words::{clip, plain};

/// Damaged messages of a node are told this often.
const GARBAGE_EVERY: Duration = Duration::from_secs(10);
/// Longest reason that is shown.
const LONGEST_REASON: usize = 2000;

/// A node and all that belongs to it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) planned: PlannedNode,
    pub(super) life: Lifecycle,
    /// The file has it no more: it ends, or has ended.
    pub(super) was_removed: bool,
    /// The number of the pipeline that is in force, or was wished for last: also what it starts with next time.
    pub(super) pipeline: usize,
    /// What was changed of it since the instance runs.
    changes: Changes,
    process: Option<NodeProcess>,
    usage: Option<UsageMeter>,
    garbage: u64,
    garbage_told: Option<MonoTime>,
}

impl Node {
    pub(super) fn new(planned: PlannedNode, timing: Timing, now: MonoTime) -> Self {
        Self {
            name: planned.spec.node.clone(),
            pipeline: planned.spec.pipelines.active,
            changes: Changes::default(),
            life: Lifecycle::new(&planned, timing, now),
            planned,
            was_removed: false,
            process: None,
            usage: None,
            garbage: 0,
            garbage_told: None,
        }
    }

    /// Whether nobody needs to know of it any more.
    pub(super) fn is_forgotten(&self) -> bool {
        self.was_removed && self.life.is_gone()
    }

    pub(super) fn is_launch(&self, launch: Launch) -> bool {
        self.process.as_ref().is_some_and(|process| process.launch() == launch)
    }

    pub(super) fn born(&mut self, process: NodeProcess, log: &LogBook) {
        for refusal in process.refusals(&self.planned.process) {
            log.line(&self.name, Level::Warn, &refusal);
        }
        self.usage = Some(UsageMeter::new(process.pid()));
        self.process = Some(process);
    }

    /// Takes its dead process away and says how it ended.
    pub(super) fn reap(&mut self) -> Option<String> {
        self.usage = None;
        self.process.take().map(NodeProcess::reap)
    }

    /// Measures its process; returns its private memory in bytes.
    pub(super) fn sample(&mut self) -> Option<u64> {
        let usage = self.usage.as_mut()?;
        usage.sample(MonoTime::now());
        usage.memory_bytes()
    }

    pub(super) fn ask(&self, log: &LogBook) {
        if let Some(process) = &self.process
            && let Err(error) = process.ask()
        {
            log.line(&self.name, Level::Warn, &format!("cannot be asked to end: {error}"));
        }
    }

    /// What it is told when it starts: its plan, with the pipeline that was chosen and what was changed since.
    pub(super) fn to_start(&self) -> PlannedNode {
        let mut planned = self.planned.clone();
        planned.spec.pipelines.changes = self.changes.clone();
        let pipelines = &mut planned.spec.pipelines;
        if let Some(chosen) = pipelines.all.get(self.pipeline) {
            planned.spec.settings = chosen.settings.clone();
            pipelines.active = self.pipeline;
        }
        planned
    }

    /// Has it take over the settings of another pipeline, at once or when it starts.
    pub(super) fn choose(&mut self, pipeline: usize, log: &LogBook) {
        self.pipeline = pipeline;
        if let Some(process) = &self.process
            && let Err(error) = process.say(&ToNode::Pipeline(pipeline))
        {
            log.line(
                &self.name,
                Level::Warn,
                &format!("cannot be told its pipeline: {error}"),
            );
        }
    }

    /// What is changed of it now.
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Has it run otherwise than the file says, at once and whenever it starts.
    pub(super) fn change(&mut self, rests: Option<bool>, settings: Map<String, Value>, log: &LogBook) {
        let before = self.changes.clone();
        self.changes.take(rests, settings);
        if self.changes == before {
            return;
        }
        log.line(&self.name, Level::Info, &self.changes.in_words());
        self.tell_changes(log);
    }

    /// Has it run with other settings of a pipeline than the file has, whenever that one is in force.
    pub(super) fn tune(&mut self, pipeline: usize, settings: Map<String, Value>, log: &LogBook) {
        let was_tuned = !self.changes.tuned.is_empty();
        self.changes.tune(pipeline, settings);
        // Whoever turns a knob says something many times a second.
        match (was_tuned, !self.changes.tuned.is_empty()) {
            (false, true) => log.line(&self.name, Level::Info, "is tuned"),
            (true, false) => log.line(&self.name, Level::Info, "is tuned no more"),
            _ => {}
        }
        self.tell_changes(log);
    }

    /// The file has these settings of a pipeline now.
    pub(super) fn saved(&mut self, pipeline: usize, settings: Map<String, Value>, log: &LogBook) {
        self.changes.save(pipeline, settings);
        self.tell_changes(log);
    }

    /// Takes over another plan, if that is another only in what was saved of it; its process runs on.
    pub(super) fn follow_saved(&mut self, planned: &PlannedNode, log: &LogBook) -> bool {
        let saved = &mut self.changes.saved;
        if saved.is_empty() || self.planned == *planned || without(&self.planned, saved) != without(planned, saved) {
            return false;
        }
        // In the form and of the value that the file has by now; one that comes from the environment is for nobody to see.
        let mut now = saved.clone();
        for (number, settings) in &mut now {
            let told = planned.settings_of(*number);
            let shown = planned.shown_pipelines.get(*number).unwrap_or(&planned.shown_settings);
            for (key, value) in settings.iter_mut() {
                if told.get(key) != shown.get(key) {
                    return false;
                }
                *value = told.get(key).cloned().unwrap_or_default();
            }
        }
        *saved = now;
        self.planned = planned.clone();
        self.tell_changes(log);
        true
    }

    /// Takes over another plan for the next process, which has what was saved.
    pub(super) fn replan(&mut self, planned: PlannedNode) {
        self.life.replan(&planned);
        self.pipeline = planned.spec.pipelines.active;
        self.changes.saved.clear();
        self.planned = planned;
    }

    fn tell_changes(&self, log: &LogBook) {
        if let Some(process) = &self.process
            && let Err(error) = process.say(&ToNode::Changes(self.changes.clone()))
        {
            log.line(
                &self.name,
                Level::Warn,
                &format!("cannot be told what is changed: {error}"),
            );
        }
    }

    /// The settings that are in force, secrets left out.
    pub(super) fn shown_settings(&self) -> Value {
        let chosen = self.planned.shown_pipelines.get(self.pipeline);
        let settings = chosen.unwrap_or(&self.planned.shown_settings);
        self.changes.over(self.pipeline, settings)
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    /// Writes down what can be seen of it, on a thread of its own.
    pub(super) fn explain(&self, events: &SyncSender<Event>) {
        let Some(process) = &self.process else { return };
        let (launch, pid, events) = (process.launch(), process.pid(), events.clone());
        let look = move || {
            // The loop is gone: so is the node.
            let _ = events.send(Event::Explained(launch, explain::explain(pid)));
        };
        // Without a thread the node is killed unexplained, when its time for that is over.
        let _ = thread::Builder::new().name("explain".into()).spawn(look);
    }

    /// Logs and publishes its present state.
    pub(super) fn tell(&self, now: MonoTime, log: &LogBook, health: &HealthLink) {
        let level = match self.life.weight() {
            Weight::Plain => Level::Info,
            Weight::Warning => Level::Warn,
            Weight::Error => Level::Error,
        };
        log.line(&self.name, level, &self.words(now));
        let (reason, hint) = (self.reason(), self.life.hint());
        let (state, restarts) = (self.life.state(), self.life.restarts());
        health.publish(Health::now(
            &self.name,
            state,
            reason.as_deref(),
            hint,
            restarts,
            self.pid(),
        ));
    }

    /// Complains about what is no message, but not each time.
    pub(super) fn garbage(&mut self, what: &str, now: MonoTime, log: &LogBook) {
        self.garbage += 1;
        if self.garbage_told.is_none_or(|told| now.since(told) >= GARBAGE_EVERY) {
            let count = self.garbage;
            log.line(
                &self.name,
                Level::Warn,
                &format!("sent {count} damaged messages on its control socket: {what}"),
            );
            self.garbage_told = Some(now);
        }
    }

    pub(super) fn status(&self, now: MonoTime) -> NodeStatus {
        let role = match self.planned.role {
            Role::Source => "source",
            Role::Stage => "stage",
            Role::Sink => "sink",
        };
        NodeStatus {
            kind: self.planned.spec.kind.clone(),
            role: role.to_owned(),
            outputs: self.planned.streams(),
            state: self.life.state(),
            state_seconds: (now.since(self.life.since()).as_secs_f64() * 1e3).round() / 1e3,
            restarts: self.life.restarts(),
            pid: self.pid(),
            error: self.reason(),
            hint: self.life.hint().map(|hint| clip(hint, LONGEST_REASON)),
            cpu: self.usage.as_ref().and_then(UsageMeter::cpu),
            memory_bytes: self.usage.as_ref().and_then(UsageMeter::memory_bytes),
            pipelines: self.pipelines(),
            changes: self.changed(),
        }
    }

    /// What is otherwise than in the file.
    fn changed(&self) -> Option<Changes> {
        let changes = Changes {
            saved: BTreeMap::new(),
            ..self.changes.clone()
        };
        (changes != Changes::default()).then_some(changes)
    }

    fn pipelines(&self) -> Option<PipelinesStatus> {
        let all = &self.planned.spec.pipelines.all;
        (!all.is_empty()).then(|| PipelinesStatus {
            names: all.iter().map(|pipeline| pipeline.name.clone()).collect(),
            active: self.pipeline,
        })
    }

    fn pid(&self) -> Option<u32> {
        self.process
            .as_ref()
            .map(|process| process.pid().as_raw_nonzero().get().unsigned_abs())
    }

    fn reason(&self) -> Option<String> {
        let reason = self.life.reason()?;
        let lines: Vec<String> = reason.lines().map(|line| plain(line.as_bytes())).collect();
        Some(clip(lines.join("\n").trim(), LONGEST_REASON))
    }

    /// Its present state, on one line; what a reason says beyond its first line stands below.
    fn words(&self, now: MonoTime) -> String {
        let reason = self.reason().unwrap_or_else(|| "for no known reason".to_owned());
        let (reason, below) = match reason.split_once('\n') {
            Some((first, below)) => (first, format!("\n{below}")),
            None => (reason.as_str(), String::new()),
        };
        let sentence = self.sentence(reason, now);
        match self.life.state() {
            NodeState::Starting | NodeState::Ready | NodeState::Running => sentence,
            _ => sentence + &below,
        }
    }

    fn sentence(&self, reason: &str, now: MonoTime) -> String {
        let hint = self
            .life
            .hint()
            .map(|hint| format!(" (hint: {})", clip(hint, LONGEST_REASON)))
            .unwrap_or_default();
        match self.life.state() {
            NodeState::Starting => match (self.pid(), self.life.restarts()) {
                (None, _) => "starting".to_owned(),
                (Some(pid), 0) => format!("starting, pid {pid}"),
                (Some(pid), n) => format!("starting again, pid {pid}, restart {n}"),
            },
            NodeState::Ready => "ready".to_owned(),
            NodeState::Running => "running".to_owned(),
            NodeState::Stalled => format!("stalled: {reason}{hint}"),
            NodeState::Stopping => match self.life.reason() {
                Some(_) => format!("stopping: {reason}"),
                None => "stopping".to_owned(),
            },
            NodeState::Stopped => match self.life.reason() {
                Some(_) => format!("stopped: {reason}"),
                None => "stopped".to_owned(),
            },
            NodeState::Backoff => {
                let delay = self.life.wakes_at().map_or(Duration::ZERO, |at| at.since(now));
                format!("fell: {reason}{hint}; starts again in {:.1} s", delay.as_secs_f64())
            }
            NodeState::GivenUp => {
                format!(
                    "given up: {reason}{hint}; the others run on, `bushbaby restart {}` tries again",
                    self.name
                )
            }
        }
    }
}

/// A plan without what was saved of it.
fn without(planned: &PlannedNode, saved: &ByPipeline) -> PlannedNode {
    let mut planned = planned.clone();
    for (number, settings) in saved {
        let pipelines = &mut planned.spec.pipelines;
        let is_first = *number == pipelines.active;
        let named = pipelines.all.get_mut(*number).map(|pipeline| &mut pipeline.settings);
        let first = is_first.then_some([&mut planned.spec.settings, &mut planned.shown_settings]);
        let all = named
            .into_iter()
            .chain(planned.shown_pipelines.get_mut(*number))
            .chain(first.into_iter().flatten());
        for map in all.filter_map(Value::as_object_mut) {
            map.retain(|key, _| !settings.contains_key(key));
        }
    }
    planned
}
