//! What lies between two pieces of sound: nothing, sound that never came, or sound that was there already.

use bushbaby_bus::Frame;

use super::AudioView;

/// Pieces whose times are this much apart follow each other: clocks of cameras are no better.
const NOTHING_S: f64 = 0.05;
/// Where a count of samples and the clock tell so different stories, the clock is believed.
const DISAGREE_S: f64 = 0.5;

/// Follows a stream of sound from piece to piece.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    before: Option<Before>,
}

/// What a piece of sound says that matters to its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceInfo {
    /// Which start of its publisher sent it.
    pub generation: u64,
    /// Samples of each channel before it, as its publisher counts them.
    pub position: u64,
    /// Its samples of each channel.
    pub samples: usize,
    /// When its first sample was captured, monotonic nanoseconds.
    pub captured_ns: u64,
    /// Samples a second of each channel.
    pub sample_rate_hz: u32,
    /// How many channels it has.
    pub channels: usize,
}

/// How a piece goes on from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// It is the first, or of another rate or number of channels than the one before.
    Anew,
    /// It comes so many samples after the end of the one before; 0: just then.
    After {
        /// Samples of each channel that never came.
        missing: u64,
    },
    /// Its first samples were in the one before: at most its length.
    Again {
        /// Samples of each channel to leave out.
        samples: usize,
    },
}

#[derive(Debug, Clone, Copy)]
struct Before {
    piece: PieceInfo,
    end_position: u64,
    end_ns: f64,
}

impl PieceInfo {
    /// Reads it from a frame and its view.
    pub fn of(frame: &Frame, view: &AudioView<'_>) -> Self {
        Self {
            generation: frame.generation(),
            position: view.meta.position,
            samples: view.len(),
            captured_ns: frame.captured().mono.as_ns(),
            sample_rate_hz: view.meta.sample_rate_hz,
            channels: view.channels,
        }
    }
}

impl Follower {
    /// Takes the next piece and says how it goes on from the one before.
    pub fn next(&mut self, piece: PieceInfo) -> Joint {
        let rate = f64::from(piece.sample_rate_hz.max(1));
        let joint = match &self.before {
            Some(before) if before.is_alike(&piece) => joint(before.missing(&piece, rate), piece.samples),
            _ => Joint::Anew,
        };
        self.before = Some(Before {
            piece,
            end_position: piece.position.saturating_add(piece.samples as u64),
            end_ns: piece.captured_ns as f64 + piece.samples as f64 * 1e9 / rate,
        });
        joint
    }
}

impl Before {
    fn is_alike(&self, piece: &PieceInfo) -> bool {
        (self.piece.sample_rate_hz, self.piece.channels) == (piece.sample_rate_hz, piece.channels)
    }

    /// Samples between the end of this and the beginning of `piece`; negative where they overlap.
    fn missing(&self, piece: &PieceInfo, rate: f64) -> f64 {
        let by_clock = (piece.captured_ns as f64 - self.end_ns) * rate / 1e9;
        if self.piece.generation == piece.generation {
            let by_count = piece.position as f64 - self.end_position as f64;
            if (by_count - by_clock).abs() <= DISAGREE_S * rate {
                return by_count;
            }
        }
        if by_clock.abs() <= NOTHING_S * rate {
            return 0.0;
        }
        by_clock
    }
}

fn joint(missing: f64, samples: usize) -> Joint {
    if missing >= 0.0 {
        return Joint::After {
            missing: missing.round() as u64,
        };
    }
    Joint::Again {
        samples: (-missing.round() as usize).min(samples),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 8_000;

    fn piece(generation: u64, position: u64, at_ms: u64) -> PieceInfo {
        PieceInfo {
            generation,
            position,
            samples: 800,
            captured_ns: 5_000_000_000 + at_ms * 1_000_000,
            sample_rate_hz: RATE_HZ,
            channels: 1,
        }
    }

    fn joints(pieces: &[PieceInfo]) -> Vec<Joint> {
        let mut follower = Follower::default();
        pieces.iter().map(|piece| follower.next(*piece)).collect()
    }

    const NEXT: Joint = Joint::After { missing: 0 };

    #[test]
    fn what_is_missing_is_counted_by_samples_though_the_clock_shakes() {
        let pieces = [
            piece(1, 0, 0),
            piece(1, 800, 118),
            piece(1, 1600, 190),
            piece(1, 4000, 520),
        ];
        assert_eq!(
            joints(&pieces),
            [Joint::Anew, NEXT, NEXT, Joint::After { missing: 1600 }]
        );
    }

    #[test]
    fn a_source_that_starts_again_is_joined_by_the_clock() {
        let pieces = [piece(1, 0, 0), piece(2, 0, 2_100), piece(3, 0, 2_220)];
        assert_eq!(joints(&pieces), [Joint::Anew, Joint::After { missing: 16_000 }, NEXT]);
    }

    #[test]
    fn a_count_that_cannot_be_is_not_believed() {
        let pieces = [piece(1, 0, 0), piece(1, u64::MAX, 100), piece(1, 0, 200)];
        assert_eq!(joints(&pieces), [Joint::Anew, NEXT, NEXT]);
    }

    #[test]
    fn what_came_already_is_left_out() {
        let pieces = [piece(1, 0, 0), piece(1, 400, 50), piece(1, 400, 50)];
        assert_eq!(
            joints(&pieces),
            [
                Joint::Anew,
                Joint::Again { samples: 400 },
                Joint::Again { samples: 800 }
            ]
        );
    }

    #[test]
    fn another_rate_begins_anew() {
        let other = PieceInfo {
            sample_rate_hz: 16_000,
            ..piece(1, 800, 100)
        };
        assert_eq!(joints(&[piece(1, 0, 0), other]), [Joint::Anew, Joint::Anew]);
    }
}
