//! From samples to the columns of a running spectrogram. Pure.
//!
//! A column every 50 ms, of 64 bands from 50 to 8,000 Hz at equal steps of the mel scale, lowest first. A byte is a level: 0 is
//! −110 dB relative to a full-scale sine or less, 255 is 0 dB.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Bands of a column.
pub(crate) const BANDS: usize = 64;
/// Columns of a second.
pub(crate) const COLUMNS_PER_SECOND: u64 = 20;

/// One column.
pub(crate) type Column = [u8; BANDS];

const LOWEST_HZ: f32 = 50.0;
const HIGHEST_HZ: f32 = 8000.0;
/// The level of byte 0.
const LEAST_DB: f32 = -110.0;
/// Milliseconds that one column looks at.
const WINDOW_MS: usize = 64;
/// Longer pieces than so many seconds are only looked at from there on.
const LONGEST_PIECE_S: usize = 2;

/// Makes columns of one stream's samples.
pub(crate) struct Spectrum {
    rate_hz: u32,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
    /// Samples that a column still needs; the first is number `first` of the stream.
    held: Vec<f32>,
    first: u64,
    /// The next column.
    column: u64,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

/// The weights of one band, from its first bin on.
struct Band {
    first_bin: usize,
    weights: Vec<f32>,
}

impl std::fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spectrum")
            .field("rate_hz", &self.rate_hz)
            .finish_non_exhaustive()
    }
}

impl Spectrum {
    pub(crate) fn new(rate_hz: u32) -> Self {
        let length = (rate_hz as usize * WINDOW_MS / 1000).max(64) & !1;
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        let turn = std::f32::consts::TAU / length as f32;
        let window: Vec<f32> = (0..length).map(|at| 0.5 - 0.5 * (turn * at as f32).cos()).collect();
        // So that a full-scale sine in the middle of a bin has the power 1 there.
        let scale = 2.0 / window.iter().sum::<f32>();
        Self {
            rate_hz,
            window: window.iter().map(|weight| weight * scale).collect(),
            bands: bands(rate_hz as f32 / length as f32, length / 2 + 1),
            held: Vec::new(),
            first: 0,
            column: 0,
            input: fft.make_input_vec(),
            output: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Takes in samples (full scale ±1) and calls `made` with each column that they complete, and with the time from the first of
    /// these samples to the middle of the column, in seconds.
    pub(crate) fn push(&mut self, mono: &[f32], mut made: impl FnMut(f64, Column)) {
        let most = LONGEST_PIECE_S * self.rate_hz as usize;
        let left_out = mono.len().saturating_sub(most);
        let mono = mono.get(left_out..).unwrap_or_default();
        let before = self.first as f64 + self.held.len() as f64 - left_out as f64 - self.window.len() as f64 / 2.0;
        // Louder than this is only ever damage, and would not be finite when squared.
        self.held.extend(mono.iter().map(|sample| sample.clamp(-8.0, 8.0)));
        loop {
            let start = (self.start_of(self.column) - self.first) as usize;
            let Some(samples) = self.held.get(start..start + self.window.len()) else {
                break;
            };
            for ((to, sample), weight) in self.input.iter_mut().zip(samples).zip(&self.window) {
                *to = sample * weight;
            }
            let after_s = (self.start_of(self.column) as f64 - before) / f64::from(self.rate_hz);
            self.column += 1;
            // It only fails when lengths do not fit, and they do.
            if self
                .fft
                .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
                .is_ok()
            {
                made(after_s, self.levels());
            }
        }
        let done = (self.start_of(self.column) - self.first) as usize;
        let done = done.min(self.held.len());
        self.held.drain(..done);
        self.first += done as u64;
    }

    fn start_of(&self, column: u64) -> u64 {
        column * u64::from(self.rate_hz) / COLUMNS_PER_SECOND
    }

    fn levels(&self) -> Column {
        let mut column = [0; BANDS];
        for (level, band) in column.iter_mut().zip(&self.bands) {
            let bins = self.output.iter().skip(band.first_bin);
            let power: f32 = bins
                .zip(&band.weights)
                .map(|(bin, weight)| bin.norm_sqr() * weight)
                .sum();
            *level = byte(power);
        }
        column
    }
}

/// The byte of a power, 1 being a full-scale sine.
fn byte(power: f32) -> u8 {
    // What is no number becomes 0.
    (255.0 * (1.0 - 10.0 * power.max(1e-12).log10() / LEAST_DB)).round() as u8
}

/// Triangles on the mel scale; those above half the rate are empty.
fn bands(hz_per_bin: f32, bins: usize) -> Vec<Band> {
    let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f32| 700.0 * (10_f32.powf(mel / 2595.0) - 1.0);
    let step = (mel(HIGHEST_HZ) - mel(LOWEST_HZ)) / (BANDS + 1) as f32;
    let edge = |index: usize| hz(mel(LOWEST_HZ) + step * index as f32);
    (0..BANDS)
        .map(|index| {
            let [low, middle, high] = [edge(index), edge(index + 1), edge(index + 2)];
            let first_bin = (low / hz_per_bin).ceil() as usize;
            let weight = |bin: usize| {
                let at = bin as f32 * hz_per_bin;
                ((at - low) / (middle - low))
                    .min((high - at) / (high - middle))
                    .max(0.0)
            };
            let end = ((high / hz_per_bin).ceil() as usize).min(bins);
            Band {
                first_bin,
                weights: (first_bin..end).map(weight).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate_hz: u32, hz: f32, peak: f32, seconds: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * hz / rate_hz as f32;
        (0..(rate_hz as f32 * seconds) as usize)
            .map(|at| peak * (step * at as f32).sin())
            .collect()
    }

    fn columns(rate_hz: u32, samples: &[f32], piece: usize) -> Vec<Column> {
        let mut spectrum = Spectrum::new(rate_hz);
        let mut all = Vec::new();
        for piece in samples.chunks(piece) {
            spectrum.push(piece, |_, column| all.push(column));
        }
        all
    }

    fn loudest(column: &Column) -> usize {
        (0..BANDS).max_by_key(|band| column[*band]).unwrap()
    }

    #[test]
    fn a_second_has_twenty_columns_at_every_rate_and_however_it_is_cut() {
        for rate_hz in [4_000, 8_000, 11_025, 16_000, 44_100, 48_000, 384_000] {
            for piece in [rate_hz as usize / 50, rate_hz as usize / 7, 999] {
                let count = columns(rate_hz, &sine(rate_hz, 440.0, 0.1, 3.0), piece).len();
                assert!(
                    (58..=60).contains(&count),
                    "{count} columns of {rate_hz} Hz in pieces of {piece}"
                );
            }
        }
    }

    #[test]
    fn a_tone_stands_in_the_same_band_with_the_same_level_at_every_rate() {
        for rate_hz in [8_000, 16_000, 44_100, 48_000] {
            let column = columns(rate_hz, &sine(rate_hz, 1_000.0, 0.1, 0.5), 800)[2];
            assert_eq!(loudest(&column), 21, "{rate_hz} Hz");
            let db = f32::from(column[21]) / 255.0 * 110.0 - 110.0;
            assert!((-22.5..=-17.5).contains(&db), "{db} dB at {rate_hz} Hz");
            assert!(column[45] < 60, "{rate_hz} Hz: {column:?}");
        }
    }

    #[test]
    fn above_half_the_rate_there_is_nothing() {
        let column = columns(8_000, &sine(8_000, 3_000.0, 0.5, 0.5), 160)[2];
        assert!(column[50..].iter().all(|level| *level == 0), "{column:?}");
    }

    #[test]
    fn no_sample_makes_it_fail() {
        let mut odd = vec![f32::MAX, f32::MIN, f32::INFINITY, f32::NAN, -0.0];
        odd.extend(vec![f32::MAX; 4_000]);
        assert!(!columns(16_000, &odd, 5).is_empty());
        assert!(columns(16_000, &[], 5).is_empty());
    }

    #[test]
    fn of_a_piece_that_is_far_too_long_only_the_end_is_looked_at() {
        let mut count = 0;
        Spectrum::new(8_000).push(&vec![0.1; 8_000 * 600], |_, _| count += 1);
        assert!(count <= 40, "{count}");
    }
}
