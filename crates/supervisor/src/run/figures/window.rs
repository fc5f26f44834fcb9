//! The last seconds of a stream or a wire: how much passed, how old it was.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::ages::Ages;

/// Nodes report twice a second; a report that is later than this is missing, and time goes on without it.
const REPORT_IS_MISSING_AFTER: Duration = Duration::from_millis(1500);

/// Totals as they were told, for as far back as the window reaches, and one before.
#[derive(Debug)]
pub(super) struct Window {
    length: Duration,
    points: VecDeque<Point>,
}

#[derive(Debug)]
struct Point {
    at: MonoTime,
    frames: u64,
    bytes: u64,
    /// Since the point before.
    ages: Ages,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            points: VecDeque::new(),
        }
    }

    /// The totals began to count here, before any report.
    pub(super) fn begin(&mut self, at: MonoTime, frames: u64) {
        if self.points.is_empty() {
            self.points.push_back(Point {
                at,
                frames,
                bytes: 0,
                ages: Ages::default(),
            });
        }
    }

    /// Adds the totals as of `at`, with the ages since the last time.
    pub(super) fn add(&mut self, at: MonoTime, frames: u64, bytes: u64, ages: &Ages) {
        self.points.push_back(Point {
            at,
            frames,
            bytes,
            ages: ages.clone(),
        });
        while self
            .points
            .get(1)
            .is_some_and(|second| at.since(second.at) >= self.length)
        {
            self.points.pop_front();
        }
    }

    /// Frames a second.
    pub(super) fn frames_per_second(&self, now: MonoTime) -> f64 {
        self.rate(now, |point| point.frames)
    }

    /// Bytes a second.
    pub(super) fn bytes_per_second(&self, now: MonoTime) -> f64 {
        self.rate(now, |point| point.bytes)
    }

    /// Ages of what passed within the window.
    pub(super) fn ages(&self, now: MonoTime) -> Ages {
        let mut ages = Ages::default();
        for point in self.points.iter().filter(|point| now.since(point.at) < self.length) {
            ages.merge(&point.ages);
        }
        ages
    }

    fn rate(&self, now: MonoTime, count: impl Fn(&Point) -> u64) -> f64 {
        let Some(last) = self.points.back() else { return 0.0 };
        let end = if now.since(last.at) > REPORT_IS_MISSING_AFTER {
            now
        } else {
            last.at
        };
        // The last point outside, or the very first: from it on everything is known.
        let outside = self
            .points
            .iter()
            .rev()
            .find(|point| end.since(point.at) >= self.length);
        let Some(start) = outside.or(self.points.front()) else {
            return 0.0;
        };
        let seconds = end.since(start.at).as_secs_f64();
        if seconds > 0.0 {
            count(last).saturating_sub(count(start)) as f64 / seconds
        } else {
            0.0
        }
    }
}
