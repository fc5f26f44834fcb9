//! A node while it has a process: what it said, which limit it broke, how it is brought to its end.

use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::control::{FromNode, Report};
use bushbaby_node::status::NodeState;

use super::ending::{Blame, EXPLAIN_LIMIT, Ending, HURRIED, Stage, Verdict, Why};
use super::{Action, Lifecycle, Phase, Weight};
use crate::plan::Limits;
use crate::run::options::Timing;

/// A node that said it ends has this long to do it.
const LEAVING: Duration = Duration::from_secs(5);
/// A node that is ready and says no more counts as running after this long.
const READY_IS_RUNNING_AFTER: Duration = Duration::from_secs(1);

/// One process.
#[derive(Debug)]
pub(super) struct Up {
    started: MonoTime,
    state: NodeState,
    state_since: MonoTime,
    running_since: Option<MonoTime>,
    /// The heartbeat is armed by the first report, so that no slow start is taken for a hang.
    last_report: Option<MonoTime>,
    control_ended: bool,
    in_call: Duration,
    failed: Option<Failed>,
    ending: Option<Ending>,
}

#[derive(Debug)]
struct Failed {
    message: String,
    hint: Option<String>,
    is_final: bool,
}

impl Up {
    pub(super) fn new(now: MonoTime) -> Self {
        Self {
            started: now,
            state: NodeState::Starting,
            state_since: now,
            running_since: None,
            last_report: None,
            control_ended: false,
            in_call: Duration::ZERO,
            failed: None,
            ending: None,
        }
    }

    /// How long since it was first running.
    pub(super) fn ran(&self, now: MonoTime) -> Option<Duration> {
        self.running_since.map(|since| now.since(since))
    }

    pub(super) fn control_ended(&mut self, now: MonoTime) {
        self.control_ended = true;
        // A node that cannot report any more is not alive for us, also when it never did.
        self.last_report.get_or_insert(now);
    }

    /// Whether force was needed.
    pub(super) fn was_killed(&self) -> bool {
        self.ending
            .as_ref()
            .is_some_and(|ending| matches!(ending.stage, Stage::Terminated | Stage::Killed))
    }

    /// Asks it to end; false when it is on its way out already, then only the reason may change.
    pub(super) fn begin_ending(
        &mut self,
        why: Why,
        until: MonoTime,
        kill_at: MonoTime,
        actions: &mut Vec<Action>,
    ) -> bool {
        match &mut self.ending {
            Some(ending) => {
                if matches!(why, Why::Request | Why::Replaced | Why::InstanceEnds) {
                    ending.why = why;
                }
                false
            }
            None => {
                self.ending = Some(Ending {
                    why,
                    stage: Stage::Asked { until },
                    kill_at,
                });
                actions.push(Action::Ask);
                true
            }
        }
    }

    pub(super) fn hurry(&mut self, now: MonoTime, actions: &mut Vec<Action>) {
        let kill_at = now + HURRIED;
        match &mut self.ending {
            Some(Ending {
                stage: Stage::Killed, ..
            }) => {}
            // The second hurry.
            Some(ending) if ending.stage == Stage::Terminated && ending.why == Why::InstanceEnds => {
                ending.stage = Stage::Killed;
                actions.push(Action::Kill);
            }
            _ => {
                self.ending = Some(Ending {
                    why: Why::InstanceEnds,
                    stage: Stage::Terminated,
                    kill_at,
                });
                actions.push(Action::Terminate);
            }
        }
    }

    /// The report is written. Returns the fault with its verdict when it is time to kill.
    pub(super) fn explained(&mut self, verdict: &str) -> Option<String> {
        let ending = self
            .ending
            .as_mut()
            .filter(|ending| matches!(ending.stage, Stage::Explaining { .. }))?;
        ending.stage = Stage::Killed;
        if let Why::Hung(fault) = &mut ending.why {
            *fault = format!("{fault}; {verdict}");
        }
        match &ending.why {
            Why::Hung(fault) => Some(fault.clone()),
            _ => Some(verdict.to_owned()),
        }
    }

    pub(super) fn wakes_at(&self, limits: &Limits) -> Option<MonoTime> {
        if let Some(ending) = &self.ending {
            return match ending.stage {
                Stage::Explaining { until } | Stage::Asked { until } => Some(until),
                Stage::Terminated => Some(ending.kill_at),
                Stage::Killed => None,
            };
        }
        let heartbeat = self.last_report.map(|last| last + limits.heartbeat);
        let state = match self.state {
            NodeState::Starting => Some(self.started + limits.ready),
            NodeState::Stalled => Some(self.state_since + limits.stalled_restart),
            _ => None,
        };
        heartbeat.into_iter().chain(state).min()
    }

    /// Moves an ending on, or looks for a broken limit and returns it in words.
    pub(super) fn tick(
        &mut self,
        limits: &Limits,
        timing: &Timing,
        now: MonoTime,
        actions: &mut Vec<Action>,
    ) -> Option<String> {
        if let Some(ending) = &mut self.ending {
            match ending.stage {
                Stage::Explaining { until } if now >= until => {
                    ending.stage = Stage::Killed;
                    actions.push(Action::Kill);
                }
                Stage::Asked { until } if now >= until => {
                    ending.stage = Stage::Terminated;
                    actions.push(Action::Terminate);
                }
                Stage::Terminated if now >= ending.kill_at => {
                    ending.stage = Stage::Killed;
                    actions.push(Action::Kill);
                }
                _ => {}
            }
            return None;
        }
        if let Some(fault) = self.hang(limits, now) {
            let until = now + EXPLAIN_LIMIT;
            self.ending = Some(Ending {
                why: Why::Hung(fault.clone()),
                stage: Stage::Explaining { until },
                kill_at: until,
            });
            actions.push(Action::Explain);
            return Some(fault);
        }
        if self.state == NodeState::Stalled && now.since(self.state_since) >= limits.stalled_restart {
            let fault = format!("stalled for {}", seconds(limits.stalled_restart));
            let until = now + timing.restart_asked;
            self.begin_ending(
                Why::Stalled(fault.clone()),
                until,
                until + timing.stop_terminated,
                actions,
            );
            return Some(fault);
        }
        None
    }

    fn hang(&self, limits: &Limits, now: MonoTime) -> Option<String> {
        if self.last_report.is_some_and(|last| now.since(last) >= limits.heartbeat) {
            let silence = seconds(limits.heartbeat);
            let cause = if self.control_ended {
                ", after it closed its control socket"
            } else {
                ""
            };
            return Some(format!("no heartbeat for {silence}{cause}"));
        }
        if self.in_call > limits.stuck {
            return Some(format!("stuck: one call has lasted {}", seconds(self.in_call)));
        }
        if self.state == NodeState::Starting && now.since(self.started) >= limits.ready {
            return Some(format!("not ready after {} (`ready:`)", seconds(limits.ready)));
        }
        None
    }

    fn heard(&mut self, report: &Report, now: MonoTime) {
        if !self.control_ended {
            self.last_report = Some(now);
        }
        self.in_call = Duration::from_millis(report.in_call_ms.unwrap_or(0));
    }

    fn enter(&mut self, state: NodeState, now: MonoTime) -> bool {
        if self.state == state {
            return false;
        }
        self.state = state;
        self.state_since = now;
        if state == NodeState::Running {
            self.running_since.get_or_insert(now);
        }
        true
    }

    /// What is told of its end, `how` being the end of the process in words.
    pub(super) fn verdict(&self, how: &str) -> Verdict {
        let blame_node = |reason: String| Verdict {
            reason,
            hint: None,
            blame: Blame::Node,
        };
        match self.ending.as_ref().map(|ending| &ending.why) {
            Some(why @ (Why::Request | Why::Replaced | Why::InstanceEnds)) => Verdict {
                reason: why.reason().to_owned(),
                hint: None,
                blame: Blame::Asked,
            },
            Some(Why::Stalled(reason)) => Verdict {
                reason: reason.clone(),
                hint: None,
                blame: Blame::Nobody,
            },
            Some(Why::Hung(reason) | Why::Memory(reason)) => blame_node(reason.clone()),
            Some(Why::Leaving) | None => match &self.failed {
                Some(failed) => Verdict {
                    reason: failed.message.clone(),
                    hint: failed.hint.clone(),
                    blame: if failed.is_final { Blame::Final } else { Blame::Node },
                },
                None => blame_node(how.to_owned()),
            },
        }
    }
}

impl Lifecycle {
    /// Takes what the node says of itself. On its way out its states are of no more interest.
    pub(super) fn said(&mut self, words: FromNode, now: MonoTime, actions: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else { return };
        match words {
            FromNode::Warning { .. } | FromNode::Pipeline(_) => {}
            FromNode::Report(report) => {
                up.heard(&report, now);
                let has_settled = now.since(up.state_since) >= READY_IS_RUNNING_AFTER;
                if up.state == NodeState::Ready && has_settled {
                    self.enters(NodeState::Running, now, actions);
                }
                // A call that lasts too long shows here first.
                self.tick(now, actions);
            }
            FromNode::Ready if up.state == NodeState::Starting => self.enters(NodeState::Ready, now, actions),
            FromNode::Ready => {}
            FromNode::Running => self.enters(NodeState::Running, now, actions),
            FromNode::Stalled { reason, hint } => {
                if up.ending.is_none() {
                    self.reason = Some(reason);
                    self.hint = hint;
                    self.enters(NodeState::Stalled, now, actions);
                }
            }
            FromNode::Failed {
                message,
                hint,
                is_final,
            } => {
                up.failed = Some(Failed {
                    message,
                    hint,
                    is_final,
                });
                up.leave(now);
            }
            FromNode::Stopped => up.leave(now),
        }
    }

    fn enters(&mut self, state: NodeState, now: MonoTime, actions: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else { return };
        if up.ending.is_some() || !up.enter(state, now) {
            return;
        }
        if state == NodeState::Running {
            self.reason = None;
            self.hint = None;
        }
        let weight = if state == NodeState::Stalled {
            Weight::Warning
        } else {
            Weight::Plain
        };
        self.show(state, weight, now, actions);
    }
}

impl Up {
    fn leave(&mut self, now: MonoTime) {
        if self.ending.is_none() {
            let until = now + LEAVING;
            self.ending = Some(Ending {
                why: Why::Leaving,
                stage: Stage::Asked { until },
                kill_at: until + HURRIED,
            });
        }
    }
}

/// A duration as people say it: `3 s`, `1.5 s`, `200 ms`.
fn seconds(duration: Duration) -> String {
    let ms = duration.as_millis();
    if ms < 1000 {
        format!("{ms} ms")
    } else if ms.is_multiple_of(1000) {
        format!("{} s", ms / 1000)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
