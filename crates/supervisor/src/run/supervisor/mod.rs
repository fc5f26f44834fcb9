//! The loop that owns all nodes.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use bushbaby_bus::{Instance, MonoTime};
use bushbaby_node::alerts::AlertsStatus;
use bushbaby_node::children::Spawner;
use bushbaby_node::control::FromNode;
use bushbaby_node::status::Status;
use rustix::process::Signal;

use super::clock::LoopClock;
use super::event::{Event, Launch};
use super::figures::{Figures, Span};
use super::health::HealthLink;
use super::lifecycle::{Action, Input};
use super::log::{Level, LogBook};
use super::options::{StopHandle, Timing};
use super::process::{Mark, NodeProcess, Nursery};
use super::sequence::{Sequence, to_start};
use crate::plan::Plan;

mod answers;
mod node;
mod replan;
mod stopping;

use node::Node;
use stopping::Stopping;

/// The loop looks at the clock at least this often.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Processor time and memory are measured this often.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Events that are handled before the clock is looked at again.
const MOST_EVENTS: usize = 256;

/// What the loop works with.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) program: PathBuf,
    pub(super) instance: Instance,
    pub(super) spawner: Spawner,
    pub(super) log: LogBook,
    pub(super) health: HealthLink,
    pub(super) mark: Mark,
    pub(super) events: SyncSender<Event>,
    pub(super) stop: StopHandle,
    pub(super) file: Option<PathBuf>,
    pub(super) timing: Timing,
}

/// All nodes of an instance and what is known about them.
#[derive(Debug)]
pub(super) struct Supervisor {
    with: Surroundings,
    web: Option<String>,
    nodes: Vec<Node>,
    figures: Figures,
    /// What the node that sends alerts said last.
    alerts: Option<AlertsStatus>,
    started: MonoTime,
    /// On the real clock.
    ends_at: Option<MonoTime>,
    clock: LoopClock,
    /// On the loop's clock, as all below.
    now: MonoTime,
    starting: Sequence,
    stopping: Option<Stopping>,
    stop_was_asked: bool,
    sampled: MonoTime,
    launches: u64,
    /// Ends of processes that never began.
    unborn: VecDeque<(usize, String)>,
}

impl Supervisor {
    pub(super) fn new(plan: Plan, with: Surroundings, for_duration: Option<Duration>) -> Self {
        let now = MonoTime::now();
        let groups = to_start(&plan.nodes);
        let figures = Figures::new(&plan.nodes, with.timing.live_window);
        let timing = with.timing;
        Self {
            with,
            web: plan.web,
            nodes: plan
                .nodes
                .into_iter()
                .map(|node| Node::new(node, timing, now))
                .collect(),
            figures,
            alerts: None,
            started: now,
            ends_at: for_duration.map(|duration| now + duration),
            clock: LoopClock::new(now),
            now,
            starting: Sequence::new(groups, timing.start_hold, now),
            stopping: None,
            stop_was_asked: false,
            sampled: now,
            launches: 0,
            unborn: VecDeque::new(),
        }
    }

    /// Runs until every node has ended; returns the summary, and the bus to be left.
    pub(super) fn run(mut self, incoming: &Receiver<Event>) -> (Status, HealthLink) {
        self.with.log.own(Level::Info, &self.greeting());
        while !self.has_ended() {
            self.now = self.clock.at(MonoTime::now());
            self.bring_to_life();
            self.tick();
            self.stop_if_wanted();
            if let Ok(event) = incoming.recv_timeout(self.wait()) {
                self.now = self.clock.at(MonoTime::now());
                self.handle(event);
                incoming
                    .try_iter()
                    .take(MOST_EVENTS)
                    .for_each(|event| self.handle(event));
            }
        }
        self.with.stop.connect(None);
        let status = self.status(Span::Whole);
        let seconds = status.seconds;
        self.with
            .log
            .own(Level::Info, &format!("all has ended after {seconds:.1} s"));
        (status, self.with.health)
    }

    fn greeting(&self) -> String {
        let (name, nodes) = (self.with.instance.name(), self.nodes.len());
        let page = self
            .web
            .as_ref()
            .map(|web| format!(", page: {web}"))
            .unwrap_or_default();
        format!("instance `{name}`: {nodes} nodes{page}")
    }

    fn bring_to_life(&mut self) {
        if self.stopping.is_none() {
            let nodes = &self.nodes;
            for node in self.starting.released(self.now, |node| nodes[node].life.is_settled()) {
                self.feed(node, Input::Begin);
            }
        }
        while let Some((node, how)) = self.unborn.pop_front() {
            self.feed(node, Input::Ended { how, chance: chance() });
        }
    }

    fn tick(&mut self) {
        let samples = self.now.since(self.sampled) >= SAMPLE_EVERY;
        if samples {
            self.sampled = self.now;
        }
        for node in 0..self.nodes.len() {
            if samples && let Some(bytes) = self.nodes[node].sample() {
                self.feed(node, Input::Memory { bytes });
            }
            if self.nodes[node].life.wakes_at().is_some_and(|at| at <= self.now) {
                self.feed(node, Input::Tick);
            }
        }
    }

    /// How long nothing will have to be done unless something happens.
    fn wait(&self) -> Duration {
        let nodes = self.nodes.iter().filter_map(|node| node.life.wakes_at());
        let order = match &self.stopping {
            Some(stopping) => stopping.wakes_at(),
            None => self.starting.wakes_at(),
        };
        let mut wait = LONGEST_WAIT;
        for at in nodes.chain(order) {
            wait = wait.min(at.since(self.now));
        }
        if let Some(ends_at) = self.ends_at.filter(|_| self.stopping.is_none()) {
            wait = wait.min(ends_at.since(MonoTime::now()));
        }
        if self.unborn.is_empty() {
            wait.max(Duration::from_millis(1))
        } else {
            Duration::ZERO
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Wake => {}
            Event::Replan(plan, again) => self.replan(*plan, &again),
            Event::Saved(stage, pipeline, settings) => self.saved(&stage, pipeline, &settings),
            Event::Tries(stage, pipeline, settings, answer) => {
                // Whoever asked has stopped waiting: nothing to do.
                let _ = answer.try_send(self.tried(&stage, pipeline, &settings));
            }
            Event::Told(text) => self.with.log.own(Level::Warn, &text),
            Event::Asked(request, answer) => {
                let reply = self.answer(request);
                // Whoever asked has stopped waiting: nothing to do.
                let _ = answer.try_send(reply);
            }
            Event::Said(launch, words) => {
                if let Some(node) = self.living(launch) {
                    match &words {
                        FromNode::Report(report) => {
                            self.figures.report(&self.nodes[node].name, report, MonoTime::now());
                            if report.alerts.is_some() {
                                self.alerts.clone_from(&report.alerts);
                            }
                        }
                        FromNode::Pipeline(number) => self.nodes[node].pipeline = *number,
                        _ => {}
                    }
                    self.feed(node, Input::Said(words));
                }
            }
            Event::Garbage(launch, what) => {
                if let Some(node) = self.living(launch) {
                    self.nodes[node].garbage(&what, self.now, &self.with.log);
                }
            }
            Event::ControlEnded(launch) => {
                if let Some(node) = self.living(launch) {
                    self.feed(node, Input::ControlEnded);
                }
            }
            Event::Explained(launch, explanation) => {
                if let Some(node) = self.living(launch) {
                    for line in explanation.lines() {
                        self.with.log.line(&self.nodes[node].name, Level::Warn, &line);
                    }
                    self.feed(
                        node,
                        Input::Explained {
                            verdict: explanation.verdict(),
                        },
                    );
                }
            }
            Event::Ended(launch) => {
                if let Some(node) = self.living(launch)
                    && let Some(how) = self.nodes[node].reap()
                {
                    self.figures.ended(&self.nodes[node].name);
                    self.with.health.somebody_died();
                    self.feed(node, Input::Ended { how, chance: chance() });
                }
            }
        }
    }

    /// The node whose present process this is.
    fn living(&self, launch: Launch) -> Option<usize> {
        self.nodes.get(launch.node)?.is_launch(launch).then_some(launch.node)
    }

    /// Lets a node's lifecycle decide, and does what it says.
    fn feed(&mut self, node: usize, input: Input) {
        for action in self.nodes[node].life.on(input, self.now) {
            match action {
                Action::Start => self.start(node),
                Action::Ask => self.nodes[node].ask(&self.with.log),
                Action::Terminate => self.nodes[node].signal(Signal::TERM),
                Action::Kill => self.nodes[node].signal(Signal::KILL),
                Action::Explain => self.nodes[node].explain(&self.with.events),
                Action::Changed => self.nodes[node].tell(self.now, &self.with.log, &self.with.health),
            }
        }
    }

    fn start(&mut self, node: usize) {
        self.launches += 1;
        let launch = Launch {
            node,
            number: self.launches,
        };
        let with = &self.with;
        let nursery = Nursery {
            program: &with.program,
            instance: &with.instance,
            spawner: &with.spawner,
            log: &with.log,
            events: &with.events,
            mark: &with.mark,
        };
        let planned = self.nodes[node].to_start();
        self.figures.launched(&planned.spec.node);
        match NodeProcess::start(&planned, launch, &nursery) {
            Ok(process) => self.nodes[node].born(process, &with.log),
            Err(error) => {
                let program = planned.program.path(&with.program).display();
                self.unborn
                    .push_back((node, format!("`{program}` cannot be started: {error}")));
            }
        }
    }
}

/// A number from 0.0 to 1.0 that spreads delays; nothing depends on its quality.
fn chance() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1_u64 << 53) as f64
}
