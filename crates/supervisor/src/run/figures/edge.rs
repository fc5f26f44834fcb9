//! One wire's figures.

use std::time::Duration;

use bushbaby_bus::{MonoTime, StreamName};
use bushbaby_node::ages::Ages;
use bushbaby_node::control::{Dropped, InputReport};
use bushbaby_node::status::EdgeStatus;

use super::Span;
use super::count::Count;
use super::stream::thousandths;
use super::window::Window;

/// What one reader got of one stream, over all its processes.
#[derive(Debug)]
pub(super) struct EdgeFigures {
    from: StreamName,
    to: String,
    delivered: Count,
    superseded: Count,
    overflow: Count,
    damaged: Count,
    skipped: Count,
    ages: Ages,
    /// When the first frames were told, and how many these were.
    first: Option<(MonoTime, u64)>,
    last: Option<MonoTime>,
    window: Window,
}

impl EdgeFigures {
    pub(super) fn new(from: StreamName, to: String, window: Duration) -> Self {
        Self {
            from,
            to,
            delivered: Count::default(),
            superseded: Count::default(),
            overflow: Count::default(),
            damaged: Count::default(),
            skipped: Count::default(),
            ages: Ages::default(),
            first: None,
            last: None,
            window: Window::new(window),
        }
    }

    pub(super) fn is(&self, to: &str, from: &StreamName) -> bool {
        self.to == to && self.from == *from
    }

    pub(super) fn from(&self) -> &StreamName {
        &self.from
    }

    pub(super) fn to(&self) -> &str {
        &self.to
    }

    pub(super) fn launched(&mut self) {
        let counts = [
            &mut self.delivered,
            &mut self.superseded,
            &mut self.overflow,
            &mut self.damaged,
            &mut self.skipped,
        ];
        counts.into_iter().for_each(Count::launched);
    }

    pub(super) fn report(&mut self, input: &InputReport, now: MonoTime) {
        let before = self.delivered.total();
        self.delivered.set(input.delivered);
        self.superseded.set(input.dropped.superseded);
        self.overflow.set(input.dropped.overflow);
        self.damaged.set(input.dropped.damaged);
        self.skipped.set(input.dropped.skipped);
        self.ages.merge(&input.ages);
        // The moments of single frames are not told: those of the reports stand for them, here and in the summary.
        self.window.begin(now, self.delivered.total());
        self.window.add(now, self.delivered.total(), 0, &input.ages);
        if self.delivered.total() > before {
            self.first.get_or_insert((now, self.delivered.total()));
            self.last = Some(now);
        }
    }

    pub(super) fn status(&self, span: Span) -> EdgeStatus {
        let delivered = self.delivered.total();
        let (fps, ages) = match span {
            Span::Live(now) => (self.window.frames_per_second(now), self.window.ages(now).percentiles()),
            Span::Whole => (self.whole_fps(), self.ages.percentiles()),
        };
        EdgeStatus {
            from: self.from.clone(),
            to: self.to.clone(),
            delivered,
            dropped: Dropped {
                superseded: self.superseded.total(),
                overflow: self.overflow.total(),
                damaged: self.damaged.total(),
                skipped: self.skipped.total(),
            },
            fps: thousandths(fps),
            age_ms: ages,
        }
    }

    fn whole_fps(&self) -> f64 {
        let (Some((first, with_first)), Some(last)) = (self.first, self.last) else {
            return 0.0;
        };
        let seconds = last.since(first).as_secs_f64();
        let frames = self.delivered.total().saturating_sub(with_first);
        if seconds > 0.0 { frames as f64 / seconds } else { 0.0 }
    }
}
