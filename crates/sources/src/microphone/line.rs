//! From the driver's pieces to those of the bus: of a handy length, each with its place in the stream, gaps filled with silence.

use std::ops::Range;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime};
use bushbaby_node::audio::{self, AudioMeta, Samples};
use bushbaby_node::{NodeError, Outputs};

use super::frame::{Pcm, Piece};

/// Lengths of what is sent.
const LEAST_MS: u64 = 20;
const MOST_MS: u64 = 100;
/// The driver's times jitter; from so much on, sound is missing.
const GAP_MS: u64 = 100;
/// What is missing for longer is not filled: the stream's position tells.
const MOST_FILLED_MS: u64 = 10_000;
/// A time that is older than this when it arrives is none.
const OLDEST_MS: u64 = 10_000;

const NS_PER_MS: u64 = 1_000_000;

/// A stream of sound as it comes in.
#[derive(Debug, Default)]
pub(super) struct Line {
    form: Option<Form>,
    /// Samples of each channel so far, what is missing included.
    position: u64,
    /// When the next sample should be heard.
    next_ns: u64,
    waiting: Option<Piece>,
}

/// What does not change while a microphone is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    rate_hz: u32,
    channels: usize,
}

/// A piece as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ready {
    pub(super) piece: Piece,
    pub(super) position: u64,
    /// Whether it is silence in the place of sound that never came.
    pub(super) is_filled: bool,
}

impl Line {
    /// Takes a piece that arrived at `now_ns`; returns what is to be sent.
    pub(super) fn take(&mut self, mut piece: Piece, now_ns: u64) -> Vec<Ready> {
        let mut ready = Vec::new();
        let form = Form {
            rate_hz: piece.rate_hz,
            channels: piece.channels,
        };
        let lasts_ns = duration_ns(length(&piece), piece.rate_hz);
        let likely = now_ns.saturating_sub(OLDEST_MS * NS_PER_MS)..=now_ns;
        if !likely.contains(&piece.captured_ns) {
            piece.captured_ns = now_ns.saturating_sub(lasts_ns);
        }
        if self.form != Some(form) {
            // Another stream: its samples are not to be counted with those before.
            ready.extend(self.cut(true));
            *self = Self {
                form: Some(form),
                next_ns: piece.captured_ns,
                ..Self::default()
            };
        }
        let missing_ns = piece.captured_ns.saturating_sub(self.next_ns);
        if missing_ns > GAP_MS * NS_PER_MS {
            ready.extend(self.cut(true));
            self.fill(missing_ns, form, piece.captured_ns, &mut ready);
        }
        self.next_ns = piece.captured_ns + lasts_ns;
        match &mut self.waiting {
            Some(waiting) => append(waiting, piece.samples),
            None => self.waiting = Some(piece),
        }
        ready.extend(self.cut(false));
        ready
    }

    /// Puts silence, or at least its length, in the place of what is missing.
    fn fill(&mut self, missing_ns: u64, form: Form, until_ns: u64, ready: &mut Vec<Ready>) {
        let in_samples = u128::from(missing_ns) * u128::from(form.rate_hz) / 1_000_000_000;
        let mut missing = usize::try_from(in_samples).unwrap_or(usize::MAX);
        if missing_ns > MOST_FILLED_MS * NS_PER_MS {
            self.position += missing as u64;
            return;
        }
        let mut from_ns = until_ns - missing_ns;
        while missing > 0 {
            let length = missing.min(samples_in(MOST_MS, form.rate_hz));
            let piece = Piece {
                rate_hz: form.rate_hz,
                channels: form.channels,
                captured_ns: from_ns,
                samples: Pcm::I16(vec![0; length * form.channels]),
            };
            missing -= length;
            from_ns += duration_ns(length, form.rate_hz);
            ready.push(self.placed(piece, true));
        }
    }

    /// Cuts what waits into pieces of a handy length. `all`: what is too short for one as well.
    fn cut(&mut self, all: bool) -> Vec<Ready> {
        let mut ready = Vec::new();
        while let Some(mut piece) = self.waiting.take() {
            let (there, most) = (length(&piece), samples_in(MOST_MS, piece.rate_hz));
            if there > most {
                let rest = Piece {
                    captured_ns: piece.captured_ns + duration_ns(most, piece.rate_hz),
                    samples: part(&piece, most..there),
                    ..piece
                };
                piece.samples = part(&piece, 0..most);
                ready.push(self.placed(piece, false));
                self.waiting = Some(rest);
            } else if all || there >= samples_in(LEAST_MS, piece.rate_hz) {
                ready.push(self.placed(piece, false));
            } else {
                self.waiting = Some(piece);
                break;
            }
        }
        ready
    }

    fn placed(&mut self, piece: Piece, is_filled: bool) -> Ready {
        let position = self.position;
        self.position += length(&piece) as u64;
        Ready {
            piece,
            position,
            is_filled,
        }
    }
}

impl Ready {
    /// Sends it on `output`.
    ///
    /// # Errors
    /// When the memory is not there.
    pub(super) fn send(&self, output: &str, out: &mut Outputs) -> Result<(), NodeError> {
        let piece = &self.piece;
        let mut meta = AudioMeta::new(out.node(), piece.rate_hz, self.position);
        if self.is_filled {
            meta.filled = length(piece) as u64;
        }
        let samples = match &piece.samples {
            Pcm::I16(samples) => Samples::I16(samples),
            Pcm::F32(samples) => Samples::F32(samples),
        };
        let captured = CaptureTime::at(MonoTime::from_ns(piece.captured_ns), CaptureClock::StartOfExposure);
        audio::send(out, output, samples, piece.channels, &meta, captured, None)
    }
}

/// Samples of each channel.
pub(super) fn length(piece: &Piece) -> usize {
    let all = match &piece.samples {
        Pcm::I16(samples) => samples.len(),
        Pcm::F32(samples) => samples.len(),
    };
    all / piece.channels.max(1)
}

fn samples_in(ms: u64, rate_hz: u32) -> usize {
    (ms * u64::from(rate_hz) / 1000) as usize
}

fn duration_ns(samples: usize, rate_hz: u32) -> u64 {
    samples as u64 * 1_000_000_000 / u64::from(rate_hz.max(1))
}

fn part(piece: &Piece, samples: Range<usize>) -> Pcm {
    let range = samples.start * piece.channels..samples.end * piece.channels;
    match &piece.samples {
        Pcm::I16(samples) => Pcm::I16(samples[range].to_vec()),
        Pcm::F32(samples) => Pcm::F32(samples[range].to_vec()),
    }
}

/// Puts samples behind those of a piece. One stream has one form of samples; another is left out.
fn append(to: &mut Piece, more: Pcm) {
    match (&mut to.samples, more) {
        (Pcm::I16(samples), Pcm::I16(more)) => samples.extend(more),
        (Pcm::F32(samples), Pcm::F32(more)) => samples.extend(more),
        (samples, more) => *samples = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = NS_PER_MS;

    fn piece(captured_ms: u64, ms: u64) -> Piece {
        Piece {
            rate_hz: 16_000,
            channels: 2,
            captured_ns: captured_ms * MS,
            samples: Pcm::I16(vec![7; samples_in(ms, 16_000) * 2]),
        }
    }

    /// When each piece begins, how long it is in ms, its place in ms, and whether it was filled in.
    fn told(ready: &[Ready]) -> Vec<(u64, usize, u64, bool)> {
        let told = |ready: &Ready| {
            let piece = &ready.piece;
            (
                piece.captured_ns / MS,
                length(piece) / 16,
                ready.position / 16,
                ready.is_filled,
            )
        };
        ready.iter().map(told).collect()
    }

    #[test]
    fn short_pieces_are_joined_and_long_ones_cut() {
        let mut line = Line::default();
        assert_eq!(told(&line.take(piece(1000, 15), 1020 * MS)), []);
        assert_eq!(told(&line.take(piece(1015, 15), 1040 * MS)), [(1000, 30, 0, false)]);
        let long = line.take(piece(1030, 250), 1290 * MS);
        assert_eq!(
            told(&long),
            [(1030, 100, 30, false), (1130, 100, 130, false), (1230, 50, 230, false)]
        );
    }

    #[test]
    fn what_is_missing_is_silence_and_counted() {
        let mut line = Line::default();
        line.take(piece(1000, 50), 1060 * MS);
        // A little late is no gap.
        assert_eq!(told(&line.take(piece(1090, 50), 1150 * MS)), [(1090, 50, 50, false)]);
        let after = line.take(piece(1390, 50), 1450 * MS);
        assert_eq!(
            told(&after),
            [
                (1140, 100, 100, true),
                (1240, 100, 200, true),
                (1340, 50, 300, true),
                (1390, 50, 350, false)
            ]
        );
        assert_eq!(after[0].piece.samples, Pcm::I16(vec![0; 3200]));
    }

    #[test]
    fn what_is_missing_for_long_is_seen_by_the_position() {
        let mut line = Line::default();
        line.take(piece(1000, 50), 1060 * MS);
        assert_eq!(
            told(&line.take(piece(61_050, 50), 61_110 * MS)),
            [(61_050, 50, 60_050, false)]
        );
    }

    #[test]
    fn a_time_that_cannot_be_is_replaced_by_that_of_the_arrival() {
        let mut line = Line::default();
        for impossible in [0, 900_000] {
            let ready = line.take(piece(impossible, 50), 100_000 * MS);
            assert_eq!(ready[0].piece.captured_ns, 99_950 * MS);
        }
    }

    #[test]
    fn another_rate_begins_a_new_count() {
        let mut line = Line::default();
        line.take(piece(1000, 50), 1060 * MS);
        let other = Piece {
            rate_hz: 32_000,
            ..piece(1050, 50)
        };
        assert_eq!(line.take(other, 1110 * MS)[0].position, 0);
    }
}
