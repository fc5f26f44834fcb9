//! The life of one node, decided: what it says and what is seen of it goes in, what is to be done comes out.
//!
//! Nothing here waits, reads a clock or touches a process: [`Lifecycle`] is fed by the supervisor's loop, which does what the
//! [`Action`]s say. The clock is the loop's own: it stands still while the supervisor itself does.

use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::control::FromNode;
use bushbaby_node::status::NodeState;

use super::options::Timing;
use super::restart_plan::{Next, RestartPlan};
use crate::plan::{Limits, PlannedNode};

mod ending;
mod up;

#[cfg(test)]
mod tests;

use ending::Why;
use up::Up;

/// What happened to a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    /// Its turn has come in the order of the start.
    Begin,
    /// It spoke.
    Said(FromNode),
    /// It closed its control socket.
    ControlEnded,
    /// Its private memory was measured.
    Memory { bytes: u64 },
    /// What could be seen of it is written down, in short `verdict`: it may be killed now.
    Explained { verdict: String },
    /// Its process ended, or could not be started at all; `how` in words, as in `exit code 3`.
    Ended { how: String, chance: f64 },
    /// Somebody asked to start it again.
    Restart,
    /// Its part of the file, or its code, was changed: it starts again.
    Replaced,
    /// The instance begins to end: nothing is started any more.
    NoMoreStarts,
    /// The instance ends and this node's turn has come: it is asked, and has until then.
    Stop { until: MonoTime },
    /// The instance ends in a hurry: no more asking.
    Hurry,
    /// Time went by.
    Tick,
}

/// What is to be done about a node, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Start its process.
    Start,
    /// Ask it to end.
    Ask,
    /// SIGTERM to its group.
    Terminate,
    /// SIGKILL to its group.
    Kill,
    /// Write down what can be seen of it, then say [`Input::Explained`].
    Explain,
    /// Its state is another one: log and publish it.
    Changed,
}

/// How loudly a change of state is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// As planned.
    Plain,
    /// It helps itself.
    Warning,
    /// Something was lost.
    Error,
}

/// Everything that is known about one node's process and its starts.
#[derive(Debug)]
pub(super) struct Lifecycle {
    limits: Limits,
    memory_bytes: Option<u64>,
    timing: Timing,
    plan: RestartPlan,
    phase: Phase,
    shown: NodeState,
    since: MonoTime,
    starts: u32,
    reason: Option<String>,
    hint: Option<String>,
    weight: Weight,
    instance_ends: bool,
}

#[derive(Debug)]
enum Phase {
    /// Its turn has not come.
    Before,
    /// It has a process.
    Up(Up),
    /// It will be started again.
    Backoff { until: MonoTime },
    /// It is left alone until somebody says `restart`.
    GivenUp,
    /// It has ended for good.
    Stopped,
}

impl Lifecycle {
    pub(super) fn new(node: &PlannedNode, timing: Timing, now: MonoTime) -> Self {
        Self {
            limits: node.limits,
            memory_bytes: node.process.memory_bytes,
            timing,
            plan: RestartPlan::new(node.restart, &timing),
            phase: Phase::Before,
            shown: NodeState::Starting,
            since: now,
            starts: 0,
            reason: None,
            hint: None,
            weight: Weight::Plain,
            instance_ends: false,
        }
    }

    /// Where it stands.
    pub(super) fn state(&self) -> NodeState {
        self.shown
    }

    /// Since when it stands there.
    pub(super) fn since(&self) -> MonoTime {
        self.since
    }

    /// How often it was started again.
    pub(super) fn restarts(&self) -> u32 {
        self.starts.saturating_sub(1)
    }

    /// Why it is stalled, or why it ended last.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What a person can do about it.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// How loudly the last change is told.
    pub(super) fn weight(&self) -> Weight {
        self.weight
    }

    /// Whether the next group may start: it is past its start, or failed once.
    pub(super) fn is_settled(&self) -> bool {
        match &self.phase {
            Phase::Before => false,
            Phase::Up(_) => self.shown != NodeState::Starting || self.starts > 1,
            _ => true,
        }
    }

    /// Whether it has no process and will have none.
    pub(super) fn is_gone(&self) -> bool {
        match self.phase {
            Phase::Stopped => true,
            Phase::GivenUp => self.instance_ends,
            _ => false,
        }
    }

    /// When it next wants a [`Input::Tick`]; `None`: time alone changes nothing.
    pub(super) fn wakes_at(&self) -> Option<MonoTime> {
        match &self.phase {
            Phase::Up(up) => up.wakes_at(&self.limits),
            Phase::Backoff { until } => Some(*until),
            _ => None,
        }
    }

    /// Takes what happened and returns what is to be done.
    pub(super) fn on(&mut self, input: Input, now: MonoTime) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Begin if matches!(self.phase, Phase::Before) && !self.instance_ends => self.start(now, &mut actions),
            Input::Begin => {}
            Input::Said(words) => self.said(words, now, &mut actions),
            Input::ControlEnded => {
                if let Phase::Up(up) = &mut self.phase {
                    up.control_ended(now);
                }
            }
            Input::Memory { bytes } => self.memory(bytes, now, &mut actions),
            Input::Explained { verdict } => {
                if let Phase::Up(up) = &mut self.phase
                    && let Some(fault) = up.explained(&verdict)
                {
                    self.reason = Some(fault);
                    actions.push(Action::Kill);
                }
            }
            Input::Ended { how, chance } => self.ended(&how, chance, now, &mut actions),
            Input::Restart => self.restart(Why::Request, now, &mut actions),
            Input::Replaced => self.restart(Why::Replaced, now, &mut actions),
            Input::NoMoreStarts => self.no_more_starts(now, &mut actions),
            Input::Stop { until } => self.stop(until, now, &mut actions),
            Input::Hurry => {
                if let Phase::Up(up) = &mut self.phase {
                    up.hurry(now, &mut actions);
                }
            }
            Input::Tick => self.tick(now, &mut actions),
        }
        actions
    }

    fn start(&mut self, now: MonoTime, actions: &mut Vec<Action>) {
        self.phase = Phase::Up(Up::new(now));
        self.starts = self.starts.saturating_add(1);
        actions.push(Action::Start);
        self.show(NodeState::Starting, Weight::Plain, now, actions);
    }

    /// Watches it by these limits from now on.
    pub(super) fn replan(&mut self, node: &PlannedNode) {
        self.limits = node.limits;
        self.memory_bytes = node.process.memory_bytes;
        self.plan = RestartPlan::new(node.restart, &self.timing);
    }

    fn restart(&mut self, why: Why, now: MonoTime, actions: &mut Vec<Action>) {
        if self.instance_ends {
            return;
        }
        self.plan.revive();
        match &mut self.phase {
            Phase::Up(up) => {
                let until = now + self.timing.restart_asked;
                let reason = why.reason().to_owned();
                if up.begin_ending(why, until, until + self.timing.stop_terminated, actions) {
                    self.tell(&reason, None);
                    self.show(NodeState::Stopping, Weight::Plain, now, actions);
                }
            }
            Phase::Backoff { .. } | Phase::GivenUp | Phase::Stopped => self.start(now, actions),
            Phase::Before => {}
        }
    }

    fn no_more_starts(&mut self, now: MonoTime, actions: &mut Vec<Action>) {
        self.instance_ends = true;
        if matches!(self.phase, Phase::Before | Phase::Backoff { .. }) {
            self.phase = Phase::Stopped;
            self.show(NodeState::Stopped, Weight::Plain, now, actions);
        }
    }

    fn stop(&mut self, until: MonoTime, now: MonoTime, actions: &mut Vec<Action>) {
        self.no_more_starts(now, actions);
        if let Phase::Up(up) = &mut self.phase {
            up.begin_ending(Why::InstanceEnds, until, until + self.timing.stop_terminated, actions);
            self.show(NodeState::Stopping, Weight::Plain, now, actions);
        }
    }

    fn memory(&mut self, bytes: u64, now: MonoTime, actions: &mut Vec<Action>) {
        let Some(limit) = self.memory_bytes.filter(|limit| bytes > *limit) else {
            return;
        };
        let Phase::Up(up) = &mut self.phase else { return };
        let until = now + self.timing.restart_asked;
        let (has, may) = (megabytes(bytes), megabytes(limit));
        let reason = format!("it has {has} MB of memory, its limit (`memory:`) is {may} MB");
        if up.begin_ending(
            Why::Memory(reason.clone()),
            until,
            until + self.timing.stop_terminated,
            actions,
        ) {
            self.tell(&reason, None);
            self.show(NodeState::Stopping, Weight::Warning, now, actions);
        }
    }

    fn ended(&mut self, how: &str, chance: f64, now: MonoTime, actions: &mut Vec<Action>) {
        let Phase::Up(up) = std::mem::replace(&mut self.phase, Phase::Stopped) else {
            return;
        };
        if self.instance_ends {
            let was_killed = up.was_killed();
            self.reason = was_killed.then(|| format!("it did not end when asked ({how})"));
            self.hint = None;
            let weight = if was_killed { Weight::Warning } else { Weight::Plain };
            return self.show(NodeState::Stopped, weight, now, actions);
        }
        let verdict = up.verdict(how);
        self.tell(&verdict.reason, verdict.hint.as_deref());
        let next = match verdict.blame {
            ending::Blame::Nobody => Next::StartAfter(self.plan.without_blame()),
            ending::Blame::Asked => Next::StartAfter(Duration::ZERO),
            ending::Blame::Final => Next::GiveUp,
            ending::Blame::Node => self.plan.ended(now, up.ran(now), chance),
        };
        match next {
            Next::StartAfter(Duration::ZERO) => self.start(now, actions),
            Next::StartAfter(delay) => {
                self.phase = Phase::Backoff { until: now + delay };
                self.show(NodeState::Backoff, Weight::Warning, now, actions);
            }
            Next::GiveUp => {
                if verdict.blame == ending::Blame::Node {
                    let times = self.plan.failures();
                    self.reason = Some(format!("{} ({times} failed starts in a row)", verdict.reason));
                }
                self.phase = Phase::GivenUp;
                self.show(NodeState::GivenUp, Weight::Error, now, actions);
            }
        }
    }

    fn tick(&mut self, now: MonoTime, actions: &mut Vec<Action>) {
        match &mut self.phase {
            Phase::Backoff { until } if now >= *until => self.start(now, actions),
            Phase::Up(up) => {
                if let Some(fault) = up.tick(&self.limits, &self.timing, now, actions) {
                    self.tell(&fault, None);
                    self.show(NodeState::Stopping, Weight::Error, now, actions);
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, reason: &str, hint: Option<&str>) {
        self.reason = Some(reason.to_owned());
        self.hint = hint.map(str::to_owned);
    }

    /// Changes the state that is shown, if it is another one.
    fn show(&mut self, state: NodeState, weight: Weight, now: MonoTime, actions: &mut Vec<Action>) {
        if self.shown != state || actions.contains(&Action::Start) {
            self.shown = state;
            self.since = now;
            self.weight = weight;
            actions.push(Action::Changed);
        }
    }
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
