//! From pieces of sound to windows of one length, each so much after the one before.

use std::time::Duration;

use bushbaby_bus::{CaptureTime, MonoTime, WallTime};

use super::follow::{Joint, PieceInfo};

/// Puts windows together. Pure: pieces in, windows out.
#[derive(Debug)]
pub struct Windows {
    window: Duration,
    hop: Duration,
    sample_rate_hz: u32,
    /// What the next windows are made of, from the first sample of the next one on.
    samples: Vec<f32>,
    /// Where silence stands in the place of sound: first sample and count.
    filled: Vec<(usize, usize)>,
    /// Where pieces begin, in order; one before the first sample or at it.
    marks: Vec<Mark>,
}

/// Where a sample of known time and place is: so many samples after the first of [`Windows::samples`].
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: i64,
    captured: CaptureTime,
    position: u64,
}

/// A window of sound: one channel, full scale ±1.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The sound.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// When its first sample was captured.
    pub captured: CaptureTime,
    /// Place of its first sample in the stream.
    pub position: u64,
    /// How many samples are silence in the place of sound that never came.
    pub filled: u64,
}

impl Windows {
    /// Makes windows of this length, each so much after the one before; `hop` is at most `window`.
    pub fn new(window: Duration, hop: Duration) -> Self {
        Self {
            window,
            hop: hop.min(window),
            sample_rate_hz: 0,
            samples: Vec::new(),
            filled: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Takes a piece, mixed to one channel, of which `filled` samples are silence in the place of sound. What never came
    /// before it becomes silence; where that is as long as a window, windows begin anew behind it.
    pub fn take(&mut self, piece: &PieceInfo, joint: Joint, captured: CaptureTime, mono: &[f32], filled: usize) {
        let mut left_out = 0;
        match joint {
            Joint::After { missing } if missing < self.in_samples(self.window) as u64 && !self.marks.is_empty() => {
                self.fill(missing as usize);
            }
            Joint::Again { samples } => left_out = samples,
            Joint::Anew | Joint::After { .. } => {
                self.sample_rate_hz = piece.sample_rate_hz;
                self.samples.clear();
                self.filled.clear();
                self.marks.clear();
            }
        }
        let mono = mono.get(left_out..).unwrap_or_default();
        if mono.is_empty() {
            return;
        }
        let at = self.samples.len();
        if filled > 0 {
            self.filled.push((at, filled.min(mono.len())));
        }
        self.marks.push(Mark {
            at: at as i64,
            captured: moved(captured, left_out as i64, self.sample_rate_hz),
            position: piece.position.saturating_add(left_out as u64),
        });
        self.samples.extend_from_slice(mono);
    }

    /// Returns the next window that is full.
    pub fn next_window(&mut self) -> Option<Window> {
        let length = self.in_samples(self.window);
        let mark = *self.marks.first()?;
        if length == 0 || self.samples.len() < length {
            return None;
        }
        let in_window = |(begin, count): &(usize, usize)| (begin + count).min(length).saturating_sub(*begin) as u64;
        let window = Window {
            samples: self.samples[..length].to_vec(),
            sample_rate_hz: self.sample_rate_hz,
            captured: moved(mark.captured, -mark.at, self.sample_rate_hz),
            position: mark.position.saturating_add_signed(-mark.at),
            filled: self.filled.iter().map(in_window).sum(),
        };
        self.let_go(self.in_samples(self.hop).clamp(1, length));
        Some(window)
    }

    /// Lets go of the first samples, which no window needs any more.
    fn let_go(&mut self, gone: usize) {
        self.samples.drain(..gone);
        self.filled.retain_mut(|(begin, count)| {
            *count -= gone.saturating_sub(*begin).min(*count);
            *begin = begin.saturating_sub(gone);
            *count > 0
        });
        self.marks.iter_mut().for_each(|mark| mark.at -= gone as i64);
        // The nearest one before the first sample tells its time best: clocks of source and machine drift apart.
        let nearest = self.marks.iter().rposition(|mark| mark.at <= 0).unwrap_or(0);
        self.marks.drain(..nearest);
    }

    fn fill(&mut self, missing: usize) {
        if missing > 0 {
            self.filled.push((self.samples.len(), missing));
            self.samples.resize(self.samples.len() + missing, 0.0);
        }
    }

    fn in_samples(&self, time: Duration) -> usize {
        (time.as_secs_f64() * f64::from(self.sample_rate_hz)).round() as usize
    }
}

/// The time so many samples later.
fn moved(captured: CaptureTime, samples: i64, sample_rate_hz: u32) -> CaptureTime {
    let ns = (samples as f64 * 1e9 / f64::from(sample_rate_hz.max(1))).round() as i64;
    CaptureTime {
        mono: MonoTime::from_ns(captured.mono.as_ns().saturating_add_signed(ns)),
        wall: WallTime::from_ns(captured.wall.as_ns().saturating_add(ns)),
        ..captured
    }
}

#[cfg(test)]
mod tests {
    use bushbaby_bus::CaptureClock;

    use super::*;
    use crate::audio::follow::Follower;

    const RATE_HZ: u32 = 1_000;
    const T0_MS: u64 = 7_000;

    /// A piece of 100 samples that begins so many samples after the first; its samples count up.
    fn take(windows: &mut Windows, follower: &mut Follower, position: u64, filled: usize) {
        let piece = PieceInfo {
            generation: 1,
            position,
            samples: 100,
            captured_ns: (T0_MS + position) * 1_000_000,
            sample_rate_hz: RATE_HZ,
            channels: 1,
        };
        let samples: Vec<f32> = (position..position + 100).map(|n| n as f32).collect();
        let captured = CaptureTime {
            mono: MonoTime::from_ns(piece.captured_ns),
            wall: WallTime::from_ns(1_000_000 * position as i64),
            known_by: CaptureClock::Packet,
        };
        let joint = follower.next(piece);
        windows.take(&piece, joint, captured, &samples, filled);
    }

    /// First sample, last sample, milliseconds of capture after the first, position, filled.
    fn told(window: &Window) -> (f32, f32, u64, u64, u64) {
        let after_ms = window.captured.mono.as_ns() / 1_000_000 - T0_MS;
        let [first, .., last] = window.samples[..] else {
            panic!("{window:?}")
        };
        (first, last, after_ms, window.position, window.filled)
    }

    fn windows(window_ms: u64, hop_ms: u64, positions: &[u64]) -> Vec<(f32, f32, u64, u64, u64)> {
        let mut windows = Windows::new(Duration::from_millis(window_ms), Duration::from_millis(hop_ms));
        let mut follower = Follower::default();
        let mut got = Vec::new();
        for position in positions {
            take(&mut windows, &mut follower, *position, 0);
            while let Some(window) = windows.next_window() {
                assert_eq!(window.samples.len() as u64, window_ms);
                got.push(told(&window));
            }
        }
        got
    }

    #[test]
    fn each_window_is_full_and_a_hop_after_the_one_before() {
        assert_eq!(
            windows(250, 50, &[0, 100, 200, 300]),
            [
                (0.0, 249.0, 0, 0, 0),
                (50.0, 299.0, 50, 50, 0),
                (100.0, 349.0, 100, 100, 0),
                (150.0, 399.0, 150, 150, 0)
            ]
        );
        assert_eq!(windows(30, 30, &[0]).len(), 3);
    }

    #[test]
    fn a_short_gap_is_silence_that_is_counted() {
        assert_eq!(windows(300, 100, &[0, 250]), [(0.0, 299.0, 0, 0, 150)]);
        assert_eq!(windows(300, 100, &[0, 250, 350])[1], (0.0, 399.0, 100, 100, 150));
    }

    #[test]
    fn a_gap_as_long_as_a_window_begins_anew() {
        assert_eq!(windows(200, 200, &[0, 300, 400]), [(300.0, 499.0, 300, 300, 0)]);
    }

    #[test]
    fn what_came_twice_is_there_once() {
        assert_eq!(windows(150, 150, &[0, 50]), [(0.0, 149.0, 0, 0, 0)]);
    }

    #[test]
    fn what_the_source_filled_itself_counts() {
        let mut windows = Windows::new(Duration::from_millis(150), Duration::from_millis(100));
        let mut follower = Follower::default();
        take(&mut windows, &mut follower, 0, 0);
        take(&mut windows, &mut follower, 100, 80);
        assert_eq!(windows.next_window().unwrap().filled, 50);
        take(&mut windows, &mut follower, 200, 0);
        assert_eq!(windows.next_window().unwrap().filled, 80);
    }
}
