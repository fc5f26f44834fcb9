//! The end of an instance: asked along the arrows, hurried by a second press.

use std::time::Duration;

use bushbaby_bus::MonoTime;

use super::Supervisor;
use crate::run::lifecycle::Input;
use crate::run::log::Level;
use crate::run::sequence::{Sequence, to_stop};

/// After its SIGKILL a process that waits for a device may still not end; it is not waited for longer than this.
const UNKILLABLE: Duration = Duration::from_secs(3);

/// An ending under way.
#[derive(Debug)]
pub(super) struct Stopping {
    order: Sequence,
    /// When asking ends and SIGTERM begins.
    until: MonoTime,
    /// When even what cannot be killed is left.
    leave_at: MonoTime,
    hurried: u32,
}

impl Stopping {
    pub(super) fn wakes_at(&self) -> Option<MonoTime> {
        self.order.wakes_at()
    }
}

impl Supervisor {
    /// Begins, hurries and goes on with the end.
    pub(super) fn stop_if_wanted(&mut self) {
        let presses = self.with.stop.presses();
        let time_is_over = self.ends_at.is_some_and(|ends_at| MonoTime::now() >= ends_at);
        if self.stopping.is_none() && (presses > 0 || self.stop_was_asked || time_is_over) {
            self.begin_to_stop();
        }
        let Some(stopping) = &mut self.stopping else { return };
        let (nodes, until) = (&self.nodes, stopping.until);
        let mut asked = stopping.order.released(self.now, |node| nodes[node].life.is_gone());
        let hurries = presses.saturating_sub(1).saturating_sub(stopping.hurried).min(2);
        if hurries > 0 {
            stopping.hurried += hurries;
            stopping.leave_at = stopping.leave_at.min(self.now + UNKILLABLE);
            asked.extend(stopping.order.rest());
        }
        for node in asked {
            self.feed(node, Input::Stop { until });
        }
        for _ in 0..hurries {
            (0..self.nodes.len()).for_each(|node| self.feed(node, Input::Hurry));
        }
    }

    fn begin_to_stop(&mut self) {
        let timing = &self.with.timing;
        let planned: Vec<_> = self.nodes.iter().map(|node| node.planned.clone()).collect();
        let groups = to_stop(&planned);
        // Each group has its share, and whatever those before it left.
        let hold = timing.stop_asked / u32::try_from(groups.len().max(1)).unwrap_or(1);
        let until = self.now + timing.stop_asked;
        self.stopping = Some(Stopping {
            order: Sequence::new(groups, hold, self.now),
            until,
            leave_at: until + timing.stop_terminated + UNKILLABLE,
            hurried: 0,
        });
        self.with
            .log
            .own(Level::Info, "stopping: sources, then stages, then sinks");
        for node in 0..self.nodes.len() {
            self.feed(node, Input::NoMoreStarts);
        }
    }

    /// Whether nothing is left to wait for.
    pub(super) fn has_ended(&self) -> bool {
        let Some(stopping) = &self.stopping else { return false };
        let left: Vec<&str> = self
            .nodes
            .iter()
            .filter(|node| !node.life.is_gone())
            .map(|node| node.name.as_str())
            .collect();
        if !left.is_empty() && self.now >= stopping.leave_at {
            let left = left.join(", ");
            self.with
                .log
                .own(Level::Error, &format!("not even SIGKILL ended {left}: left behind"));
            return true;
        }
        left.is_empty()
    }
}
