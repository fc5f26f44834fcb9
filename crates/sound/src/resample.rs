//! Any rate to 16 kHz, piece by piece: a low pass that leaves nothing above 8 kHz to fold down, and no shift in time.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, Fft, FixedAsync, FixedSync, SincInterpolationParameters};

use crate::RATE_HZ;

/// The longest piece that is worked on at once, as a share of a second: what it takes is delay.
const LONGEST_S: f64 = 0.05;

/// Why a rate cannot be resampled.
#[derive(Debug, thiserror::Error)]
#[error("sound of {sample_rate_hz} Hz cannot be brought to {RATE_HZ} Hz: {why}")]
pub struct ResampleError {
    /// The rate that was there.
    pub sample_rate_hz: u32,
    /// What stood against it.
    pub why: String,
}

/// Brings one channel of any rate to [`RATE_HZ`].
pub struct Resampler {
    /// `None` when it is at that rate already.
    inner: Option<Box<dyn rubato::Resampler<f32>>>,
    sample_rate_hz: u32,
    waiting: Vec<f32>,
    made: Vec<f32>,
    /// How many samples come out before the first that means something.
    to_skip: usize,
    taken: u64,
    given: u64,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler")
            .field("sample_rate_hz", &self.sample_rate_hz)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl Resampler {
    /// A resampler for sound of that rate.
    ///
    /// # Errors
    /// When the rate is 0, or too odd for memory.
    pub fn new(sample_rate_hz: u32) -> Result<Self, ResampleError> {
        let inner = if sample_rate_hz == RATE_HZ {
            None
        } else {
            Some(inner(sample_rate_hz)?)
        };
        let made = inner.as_ref().map_or(0, |inner| inner.output_frames_max());
        Ok(Self {
            to_skip: inner.as_ref().map_or(0, |inner| inner.output_delay()),
            made: vec![0.0; made],
            inner,
            sample_rate_hz,
            waiting: Vec::new(),
            taken: 0,
            given: 0,
        })
    }

    /// The rate that goes in.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Takes samples in and appends what is ready. What comes out stays in step with what went in: sample `n` of the one is of the
    /// same moment as sample `n · 16000 / rate` of the other; up to a twentieth of a second is still under way.
    pub fn push(&mut self, samples: &[f32], to: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        if self.inner.is_none() {
            self.given += samples.len() as u64;
            to.extend_from_slice(samples);
            return;
        }
        self.waiting.extend_from_slice(samples);
        self.work(to);
    }

    /// Appends what is still under way. What is pushed after this begins anew.
    pub fn finish(&mut self, to: &mut Vec<f32>) {
        let owed = (self.taken as f64 * f64::from(RATE_HZ) / f64::from(self.sample_rate_hz)).round() as u64;
        let whole = to.len() as u64 + owed.saturating_sub(self.given);
        while self.given < owed {
            let Some(inner) = &self.inner else { break };
            let missing = inner.input_frames_next().saturating_sub(self.waiting.len()).max(1);
            self.waiting.resize(self.waiting.len() + missing, 0.0);
            self.work(to);
        }
        to.truncate(whole as usize);
        (self.taken, self.given) = (0, 0);
        self.waiting.clear();
        if let Some(inner) = &mut self.inner {
            inner.reset();
            self.to_skip = inner.output_delay();
        }
    }

    fn work(&mut self, to: &mut Vec<f32>) {
        let Some(inner) = &mut self.inner else { return };
        let mut at = 0;
        while self.waiting.len() - at >= inner.input_frames_next() {
            let takes = inner.input_frames_next();
            let from = InterleavedSlice::new(&self.waiting[at..at + takes], 1, takes);
            let room = self.made.len();
            let into = InterleavedSlice::new_mut(&mut self.made, 1, room);
            let made = match (from, into) {
                (Ok(from), Ok(mut into)) => inner
                    .process_into_buffer(&from, &mut into, None)
                    .map_or(0, |(_, made)| made),
                // Cannot be: both are as long as they say.
                _ => 0,
            };
            let skipped = self.to_skip.min(made);
            self.to_skip -= skipped;
            self.given += (made - skipped) as u64;
            to.extend_from_slice(&self.made[skipped..made]);
            at += takes;
        }
        self.waiting.drain(..at);
    }
}

fn inner(sample_rate_hz: u32) -> Result<Box<dyn rubato::Resampler<f32>>, ResampleError> {
    let refused = |why: String| ResampleError { sample_rate_hz, why };
    if sample_rate_hz == 0 {
        return Err(refused("there is no such rate".to_owned()));
    }
    let longest = (f64::from(sample_rate_hz) * LONGEST_S) as usize;
    // What the two rates have in common decides how long a piece must be; odd rates such as 44,101 Hz go another way.
    let shortest = (sample_rate_hz / common_divisor(sample_rate_hz, RATE_HZ)) as usize;
    if shortest <= longest {
        // Half of the filter's length is its delay, which must be whole samples.
        let shortest = if shortest.is_multiple_of(2) {
            shortest
        } else {
            2 * shortest
        };
        let piece = (sample_rate_hz as usize / 50).next_multiple_of(shortest);
        return Fft::new_custom(
            sample_rate_hz as usize,
            RATE_HZ as usize,
            piece,
            1,
            1,
            rubato::WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map(|fft| Box::new(fft) as Box<dyn rubato::Resampler<f32>>)
        .map_err(|error| refused(error.to_string()));
    }
    let ratio = f64::from(RATE_HZ) / f64::from(sample_rate_hz);
    // As long as 256 samples of the lower rate, so that the low pass is as steep for 384 kHz as for 48.
    let length = (256.0 / ratio.min(1.0)).ceil() as usize;
    let parameters = SincInterpolationParameters::new(length, rubato::WindowFunction::BlackmanHarris2);
    Async::new_sinc(ratio, 1.0, &parameters, 1_024, 1, FixedAsync::Input)
        .map(|sinc| Box::new(sinc) as Box<dyn rubato::Resampler<f32>>)
        .map_err(|error| refused(error.to_string()))
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, tone_hz: f64, seconds: f64) -> Vec<f32> {
        let turn = std::f64::consts::TAU * tone_hz / f64::from(rate_hz);
        let length = (f64::from(rate_hz) * seconds) as usize;
        (0..length).map(|i| (0.5 * (turn * i as f64).sin()) as f32).collect()
    }

    /// Pushes in pieces of 20 ms and a bit, as a camera does, and takes all of it out.
    fn resampled(rate_hz: u32, samples: &[f32]) -> Vec<f32> {
        let mut resampler = Resampler::new(rate_hz).unwrap();
        let mut out = Vec::new();
        for piece in samples.chunks(rate_hz as usize / 50 + 7) {
            resampler.push(piece, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    #[test]
    fn a_tone_stays_what_it_was_and_where_it_was() {
        for rate_hz in [
            4_000, 8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000, 384_000,
        ] {
            let out = resampled(rate_hz, &tone(rate_hz, 1_000.0, 1.0));
            let wanted = tone(RATE_HZ, 1_000.0, 1.0);
            assert_eq!(out.len(), wanted.len(), "{rate_hz} Hz");
            let worst = (2_000..14_000).map(|i| (out[i] - wanted[i]).abs()).fold(0.0, f32::max);
            // Odd rates may be off by a sample.
            let limit = if rate_hz == 44_101 { 0.2 } else { 2e-3 };
            assert!(worst < limit, "{rate_hz} Hz: {worst}");
        }
    }

    #[test]
    fn what_lies_above_eight_kilohertz_does_not_fold_down() {
        for rate_hz in [44_100, 44_101, 48_000, 384_000] {
            let out = resampled(rate_hz, &tone(rate_hz, 11_000.0, 1.0));
            let loudest = out[2_000..14_000]
                .iter()
                .fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
            assert!(loudest < 5e-4, "{rate_hz} Hz: {loudest}");
        }
    }

    #[test]
    fn a_rate_of_nothing_is_refused_in_words() {
        assert_eq!(
            Resampler::new(0).unwrap_err().to_string(),
            "sound of 0 Hz cannot be brought to 16000 Hz: there is no such rate"
        );
    }
}
