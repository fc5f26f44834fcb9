//! When a node that ended by itself is started again.
//!
//! In: when it ended and how long it had been running. Out: the delay, or that it is given up. Time and chance come in as
//! arguments, so nothing here waits.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::MonoTime;

use super::options::Timing;
use crate::plan::RestartPolicy;

/// What follows the end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Start it again when this is over.
    StartAfter(Duration),
    /// It failed too often.
    GiveUp,
}

/// The memory of one node's failed starts.
#[derive(Debug)]
pub(super) struct RestartPlan {
    policy: RestartPolicy,
    quick: Duration,
    healthy_after: Duration,
    window: Duration,
    failed_in_a_row: u32,
    failures: VecDeque<MonoTime>,
}

impl RestartPlan {
    pub(super) fn new(policy: RestartPolicy, timing: &Timing) -> Self {
        Self {
            policy,
            quick: timing.quick_restart,
            healthy_after: timing.healthy_after,
            window: timing.give_up_window,
            failed_in_a_row: 0,
            failures: VecDeque::new(),
        }
    }

    /// The process ended without being asked, `ran` after it was first running (`None`: it never was).
    ///
    /// `chance`, 0.0 to 1.0, spreads the delays of nodes that fell together: each is up to a quarter shorter.
    pub(super) fn ended(&mut self, now: MonoTime, ran: Option<Duration>, chance: f64) -> Next {
        if ran.is_some_and(|ran| ran >= self.healthy_after) {
            self.failed_in_a_row = 0;
            return Next::StartAfter(self.quick);
        }
        self.failures.push_back(now);
        while self
            .failures
            .front()
            .is_some_and(|failure| now.since(*failure) > self.window)
        {
            self.failures.pop_front();
        }
        if self.policy.give_up > 0 && self.failures.len() >= self.policy.give_up as usize {
            return Next::GiveUp;
        }
        let doubled = 2_u32.saturating_pow(self.failed_in_a_row);
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        let delay = self.policy.first.saturating_mul(doubled).min(self.policy.max);
        // Never quicker than after a good run, whatever the policy: a node that cannot start must not eat a core.
        Next::StartAfter(delay.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 4.0).max(self.quick))
    }

    /// The delay of a start that nobody has to answer for: a stalled source, a changed setting.
    pub(super) fn without_blame(&self) -> Duration {
        self.quick
    }

    /// Somebody asked for it: all is forgiven.
    pub(super) fn revive(&mut self) {
        self.failed_in_a_row = 0;
        self.failures.clear();
    }

    /// How many failed starts the window holds.
    pub(super) fn failures(&self) -> usize {
        self.failures.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(give_up: u32) -> RestartPlan {
        RestartPlan::new(
            RestartPolicy {
                give_up,
                ..RestartPolicy::default()
            },
            &Timing::default(),
        )
    }

    fn at(seconds: u64) -> MonoTime {
        MonoTime::from_ns(seconds * 1_000_000_000)
    }

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn each_failed_start_doubles_the_wait_up_to_the_limit() {
        let mut plan = plan(0);
        let waits: Vec<Next> = (0..7).map(|n| plan.ended(at(n), None, 0.0)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30].map(|s| Next::StartAfter(S(s))));
    }

    #[test]
    fn a_node_that_ran_for_ten_seconds_comes_back_at_once_and_starts_a_new_count() {
        let mut plan = plan(0);
        for n in 0..3 {
            plan.ended(at(n), None, 0.0);
        }
        assert_eq!(plan.ended(at(20), Some(S(10)), 0.0), Next::StartAfter(MS(100)));
        assert_eq!(plan.ended(at(21), None, 0.0), Next::StartAfter(S(1)));
    }

    #[test]
    fn an_end_within_ten_seconds_of_running_is_a_failed_start() {
        assert_eq!(plan(0).ended(at(0), Some(MS(9_999)), 0.0), Next::StartAfter(S(1)));
    }

    #[test]
    fn the_fifth_failed_start_within_two_minutes_is_the_last() {
        let mut plan = plan(5);
        let nexts: Vec<Next> = (0..5).map(|n| plan.ended(at(n * 30), None, 0.0)).collect();
        assert_eq!(nexts[3], Next::StartAfter(S(8)));
        assert_eq!(nexts[4], Next::GiveUp);
    }

    #[test]
    fn failures_older_than_two_minutes_do_not_count() {
        let mut plan = plan(5);
        for n in 0..20 {
            assert_ne!(plan.ended(at(n * 31), None, 0.0), Next::GiveUp, "failure {n}");
        }
    }

    #[test]
    fn a_node_that_was_revived_has_all_its_tries_again() {
        let mut plan = plan(2);
        plan.ended(at(0), None, 0.0);
        assert_eq!(plan.ended(at(1), None, 0.0), Next::GiveUp);
        plan.revive();
        assert_eq!(plan.ended(at(2), None, 0.0), Next::StartAfter(S(1)));
        assert_eq!(plan.ended(at(3), None, 0.0), Next::GiveUp);
    }

    #[test]
    fn chance_shortens_a_wait_by_a_quarter_at_most() {
        let waits = [0.0, 0.5, 1.0].map(|chance| plan(0).ended(at(0), None, chance));
        assert_eq!(waits, [1_000, 875, 750].map(|ms| Next::StartAfter(MS(ms))));
    }

    #[test]
    fn a_policy_without_delay_does_not_spin() {
        let policy = RestartPolicy {
            first: Duration::ZERO,
            max: Duration::ZERO,
            give_up: 0,
        };
        let mut plan = RestartPlan::new(policy, &Timing::default());
        assert_eq!(plan.ended(at(0), None, 1.0), Next::StartAfter(MS(100)));
    }

    #[test]
    fn thousands_of_failures_overflow_nothing() {
        let mut plan = plan(0);
        for n in 0..5_000 {
            plan.ended(at(n), None, 0.0);
        }
        assert_eq!(plan.ended(at(5_000), None, 0.0), Next::StartAfter(S(30)));
        assert!(plan.failures() <= 121);
    }
}
