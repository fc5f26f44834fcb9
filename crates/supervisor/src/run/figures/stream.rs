//! One stream's figures.

use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::Carries;
use bushbaby_node::ages::Ages;
use bushbaby_node::control::OutputReport;
use bushbaby_node::status::StreamStatus;

use super::Span;
use super::count::Count;
use super::window::Window;
use crate::run::words::clip;

/// What a node sent on one output, over all its processes.
#[derive(Debug)]
pub(super) struct StreamFigures {
    carries: Carries,
    frames: Count,
    bytes: Count,
    first: Option<MonoTime>,
    last: Option<MonoTime>,
    readers: u64,
    ages: Ages,
    shape: String,
    clock: String,
    window: Window,
}

impl StreamFigures {
    pub(super) fn new(carries: Carries, window: Duration) -> Self {
        Self {
            carries,
            frames: Count::default(),
            bytes: Count::default(),
            first: None,
            last: None,
            readers: 0,
            ages: Ages::default(),
            shape: String::new(),
            clock: String::new(),
            window: Window::new(window),
        }
    }

    /// Takes over what was counted so far.
    pub(super) fn go_on_from(&mut self, before: Self) {
        let carries = self.carries;
        *self = Self { carries, ..before };
    }

    pub(super) fn launched(&mut self) {
        self.frames.launched();
        self.bytes.launched();
    }

    pub(super) fn ended(&mut self) {
        self.readers = 0;
    }

    pub(super) fn report(&mut self, output: &OutputReport, now: MonoTime) {
        self.frames.set(output.frames);
        self.bytes.set(output.bytes);
        self.readers = output.readers;
        if output.frames > 0 {
            let first = *self.first.get_or_insert(MonoTime::from_ns(output.first_ns).min(now));
            self.last = Some(MonoTime::from_ns(output.last_ns).clamp(first, now.max(first)));
            self.window.begin(first, 1);
        }
        self.ages.merge(&output.ages);
        self.window
            .add(now, self.frames.total(), self.bytes.total(), &output.ages);
        if self.shape != output.shape {
            self.shape = clip(&output.shape, 100);
        }
        if self.clock != output.clock {
            self.clock = clip(&output.clock, 100);
        }
    }

    pub(super) fn status(&self, span: Span) -> StreamStatus {
        let frames = self.frames.total();
        let (fps, ages, bits_per_second, silent_ms) = match span {
            Span::Live(now) => (
                self.window.frames_per_second(now),
                self.window.ages(now).percentiles(),
                Some(self.window.bytes_per_second(now) * 8.0),
                self.last.map(|last| now.since(last).as_secs_f64() * 1e3),
            ),
            Span::Whole => (self.whole_fps(), self.ages.percentiles(), None, None),
        };
        StreamStatus {
            carries: Some(self.carries),
            frames,
            fps: thousandths(fps),
            age_ms: ages,
            bits_per_second: bits_per_second.map(f64::round),
            readers: self.readers,
            shape: self.shape.clone(),
            clock: self.clock.clone(),
            silent_ms: silent_ms.map(thousandths),
        }
    }

    /// Frames a second from the first frame to the last.
    fn whole_fps(&self) -> f64 {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return 0.0;
        };
        let seconds = last.since(first).as_secs_f64();
        if seconds > 0.0 {
            self.frames.total().saturating_sub(1) as f64 / seconds
        } else {
            0.0
        }
    }
}

/// Rounds to what is worth printing.
pub(super) fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
