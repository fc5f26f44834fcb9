//! The last sound of one source, of which a stretch can be cut. Pure: pieces in, samples out.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_node::audio::follow::Joint;
use bushbaby_recording::wav::WavFormat;

/// However many channels and samples a second there are, a source takes no more memory than this.
const MOST_SAMPLES: usize = 16 << 20;

/// The last sound of one source.
#[derive(Debug)]
pub(super) struct Ring {
    keeps: Duration,
    format: WavFormat,
    /// All channels in turn.
    samples: VecDeque<i16>,
    /// When the moment after the last sample is, on the wall clock.
    end_wall_ns: i64,
}

/// A stretch of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) format: WavFormat,
    /// When its first sample was captured, on the wall clock.
    pub(super) wall_ns: i64,
    pub(super) samples: Vec<i16>,
}

impl Ring {
    /// Keeps the last so much of it.
    pub(super) fn new(keeps: Duration) -> Self {
        Self {
            keeps,
            format: WavFormat {
                sample_rate_hz: 0,
                channels: 0,
            },
            samples: VecDeque::new(),
            end_wall_ns: 0,
        }
    }

    /// Takes a piece. What never came before it is silence; a gap longer than what is kept begins anew, as another rate does.
    pub(super) fn take(&mut self, format: WavFormat, joint: Joint, wall_ns: i64, samples: &[i16]) {
        let channels = usize::from(format.channels.max(1));
        let most = self.most(format);
        let mut samples = samples;
        let begins = match joint {
            Joint::Anew => true,
            Joint::After { missing } => {
                let missing = usize::try_from(missing).unwrap_or(usize::MAX).saturating_mul(channels);
                if missing < most {
                    self.samples.extend(std::iter::repeat_n(0, missing));
                }
                missing >= most
            }
            Joint::Again { samples: again } => {
                samples = samples.get(again * channels..).unwrap_or_default();
                false
            }
        };
        if begins || self.format != format {
            self.samples.clear();
            self.format = format;
        }
        if samples.is_empty() {
            return;
        }
        self.samples.extend(samples);
        // The end of the piece, whatever was left out at its beginning.
        let lasts = lasts_ns(format, samples.len());
        let left_out = match joint {
            Joint::Again { samples } => lasts_ns(format, samples * channels),
            _ => 0,
        };
        self.end_wall_ns = wall_ns.saturating_add(left_out).saturating_add(lasts);
        let over = self.samples.len().saturating_sub(most).next_multiple_of(channels);
        self.samples.drain(..over.min(self.samples.len()));
    }

    /// Until when there is sound, on the wall clock.
    pub(super) fn end_wall_ns(&self) -> i64 {
        self.end_wall_ns
    }

    /// Copies what is there between two moments of the wall clock; `None` when nothing is.
    pub(super) fn cut(&self, from_wall_ns: i64, to_wall_ns: i64) -> Option<Stretch> {
        let (from, to) = (self.moment_at(from_wall_ns), self.moment_at(to_wall_ns));
        if from >= to {
            return None;
        }
        let channels = usize::from(self.format.channels.max(1));
        let moments = self.samples.len() / channels;
        Some(Stretch {
            format: self.format,
            wall_ns: self.end_wall_ns - lasts_ns(self.format, (moments - from) * channels),
            samples: self.samples.range(from * channels..to * channels).copied().collect(),
        })
    }

    /// Which moment of what is kept a time is, counted in samples of each channel.
    fn moment_at(&self, wall_ns: i64) -> usize {
        let moments = self.samples.len() / usize::from(self.format.channels.max(1));
        let before_end_s = self.end_wall_ns.saturating_sub(wall_ns) as f64 / 1e9;
        let before_end = (before_end_s * f64::from(self.format.sample_rate_hz)).round();
        (moments as f64 - before_end).clamp(0.0, moments as f64) as usize
    }

    fn most(&self, format: WavFormat) -> usize {
        let moments = self.keeps.as_secs_f64() * f64::from(format.sample_rate_hz);
        let channels = usize::from(format.channels.max(1));
        (moments.ceil() as usize)
            .saturating_mul(channels)
            .min(MOST_SAMPLES / channels * channels)
    }
}

/// How long so many samples of all channels last.
fn lasts_ns(format: WavFormat, samples: usize) -> i64 {
    format.lasts_ns(samples as u64 * 2) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const FORMAT: WavFormat = WavFormat {
        sample_rate_hz: 1_000,
        channels: 2,
    };

    /// A second of sound whose samples say in which second it is.
    fn take(ring: &mut Ring, joint: Joint, second: i16) {
        ring.take(FORMAT, joint, i64::from(second) * SECOND, &[second; 2_000]);
    }

    const NEXT: Joint = Joint::After { missing: 0 };

    #[test]
    fn a_stretch_has_the_sound_of_its_time() {
        let mut ring = Ring::new(Duration::from_secs(4));
        take(&mut ring, Joint::Anew, 0);
        (1..10).for_each(|second| take(&mut ring, NEXT, second));
        assert_eq!(ring.end_wall_ns(), 10 * SECOND);
        let stretch = ring.cut(7 * SECOND + SECOND / 2, 9 * SECOND).unwrap();
        assert_eq!(
            (stretch.wall_ns, stretch.samples.len()),
            (7 * SECOND + SECOND / 2, 3_000)
        );
        assert_eq!(
            (stretch.samples[999], stretch.samples[1_000], stretch.samples[2_999]),
            (7, 8, 8)
        );
        let all = ring.cut(0, 100 * SECOND).unwrap();
        assert_eq!(
            (all.wall_ns, all.samples.len()),
            (6 * SECOND, 8_000),
            "no more than is kept"
        );
        assert_eq!(ring.cut(0, 5 * SECOND), None);
    }

    #[test]
    fn what_never_came_is_silence() {
        let mut ring = Ring::new(Duration::from_secs(4));
        take(&mut ring, Joint::Anew, 1);
        take(&mut ring, Joint::After { missing: 1_000 }, 3);
        let stretch = ring.cut(0, 4 * SECOND).unwrap();
        assert_eq!(stretch.wall_ns, SECOND);
        assert_eq!(
            (stretch.samples[0], stretch.samples[2_000], stretch.samples[4_000]),
            (1, 0, 3)
        );
        take(&mut ring, Joint::After { missing: 9_000 }, 13);
        assert_eq!(ring.cut(0, 20 * SECOND).unwrap().samples, [13; 2_000]);
    }

    #[test]
    fn what_came_twice_is_there_once_and_other_sound_begins_anew() {
        let mut ring = Ring::new(Duration::from_secs(4));
        take(&mut ring, Joint::Anew, 1);
        ring.take(FORMAT, Joint::Again { samples: 500 }, SECOND + SECOND / 2, &[2; 2_000]);
        assert_eq!(ring.end_wall_ns(), 2 * SECOND + SECOND / 2);
        assert_eq!(ring.cut(0, 9 * SECOND).unwrap().samples.len(), 3_000);
        let other = WavFormat { channels: 1, ..FORMAT };
        ring.take(other, Joint::Anew, 3 * SECOND, &[5; 100]);
        assert_eq!(ring.cut(0, 9 * SECOND).unwrap().samples, [5; 100]);
    }

    #[test]
    fn memory_is_bounded_whatever_the_sound_is() {
        let mut ring = Ring::new(Duration::from_secs(40));
        let loud = WavFormat {
            sample_rate_hz: 384_000,
            channels: 64,
        };
        for second in 0..3 {
            ring.take(
                loud,
                if second == 0 { Joint::Anew } else { NEXT },
                second * SECOND,
                &vec![1; 384_000 * 64],
            );
        }
        assert!(ring.samples.len() <= MOST_SAMPLES);
    }
}
