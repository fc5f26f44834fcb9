//! The front end of the model: how loud each band of pitch is, a hundred times a second.
//!
//! STFT of 512 samples every 160 with a periodic Hann window, mirrored at both ends, power, 64 triangular bands on the HTK mel scale
//! from 0 to 8000 Hz, decibels with a floor of -100. The window and the bands stand in the model's own graph as eight-bit numbers;
//! they are rounded here as there, so that the scores are those of the whole graph.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples from one frame to the next.
pub const HOP: usize = 160;
/// Bands of a frame.
pub const BANDS: usize = 64;
/// Samples that a frame looks at.
const LENGTH: usize = 512;
const BINS: usize = LENGTH / 2 + 1;
/// One step of the bands' eight-bit numbers: the largest of them over 127.
const BAND_STEP: f64 = 0.007_870_561_443_269_253;
const FLOOR: f64 = 1e-10;

/// Turns samples at 16 kHz into bands.
pub struct LogMel {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    bands: Vec<Band>,
    padded: Vec<f64>,
    frame: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    power: Vec<f64>,
}

/// The bins of one band and how much each counts.
struct Band {
    first: usize,
    weights: Vec<f64>,
}

impl std::fmt::Debug for LogMel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogMel").finish_non_exhaustive()
    }
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new()
    }
}

impl LogMel {
    /// Prepares the tables.
    pub fn new() -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(LENGTH);
        Self {
            frame: vec![0.0; LENGTH],
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            window: window(),
            bands: bands(),
            padded: Vec::new(),
            power: vec![0.0; BINS],
        }
    }

    /// How many frames that many samples give.
    pub const fn frames(samples: usize) -> usize {
        1 + samples / HOP
    }

    /// Returns the bands of samples in decibels: shape (frames, 64). There must be more than 256 samples; of fewer, nothing comes.
    pub fn bands(&mut self, samples: &[f32]) -> Vec<f32> {
        if samples.len() <= LENGTH / 2 {
            return Vec::new();
        }
        self.pad(samples);
        let mut decibels = Vec::with_capacity(Self::frames(samples.len()) * BANDS);
        for start in (0..=samples.len()).step_by(HOP) {
            let piece = &self.padded[start..start + LENGTH];
            for ((to, sample), weight) in self.frame.iter_mut().zip(piece).zip(&self.window) {
                *to = sample * weight;
            }
            // Cannot fail: all three are as long as the plan says.
            let _ = self
                .fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
            for (power, bin) in self.power.iter_mut().zip(&self.spectrum) {
                *power = bin.norm_sqr();
            }
            decibels.extend(self.bands.iter().map(|band| {
                let bins = &self.power[band.first..band.first + band.weights.len()];
                let sum: f64 = bins
                    .iter()
                    .zip(&band.weights)
                    .map(|(power, weight)| power * weight)
                    .sum();
                (10.0 * sum.max(FLOOR).log10()) as f32
            }));
        }
        decibels
    }

    /// Mirrors half a frame at both ends, the outermost sample not repeated.
    fn pad(&mut self, samples: &[f32]) {
        let half = LENGTH / 2;
        let end = samples.len();
        self.padded.clear();
        self.padded
            .extend(samples[1..=half].iter().rev().map(|sample| f64::from(*sample)));
        self.padded.extend(samples.iter().map(|sample| f64::from(*sample)));
        self.padded.extend(
            samples[end - half - 1..end - 1]
                .iter()
                .rev()
                .map(|sample| f64::from(*sample)),
        );
    }
}

fn window() -> Vec<f64> {
    let whole = LENGTH as f64;
    let exact = (0..LENGTH).map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / whole).cos());
    // Two of them lie just between two steps; the graph has the upper one.
    exact
        .map(|weight| (127.0 * weight + 0.5 + 1e-6).floor() / 127.0)
        .collect()
}

fn bands() -> Vec<Band> {
    let nyquist_hz = f64::from(crate::RATE_HZ) / 2.0;
    let top = 2595.0 * (1.0 + nyquist_hz / 700.0).log10();
    let edges_hz: Vec<f64> = (0..BANDS + 2)
        .map(|i| 700.0 * (10_f64.powf(top * i as f64 / (BANDS + 1) as f64 / 2595.0) - 1.0))
        .collect();
    let bin_hz = nyquist_hz / (BINS - 1) as f64;
    edges_hz
        .windows(3)
        .map(|edges| {
            let weight = |bin: usize| {
                let at_hz = bin as f64 * bin_hz;
                let rise = (at_hz - edges[0]) / (edges[1] - edges[0]);
                let fall = (edges[2] - at_hz) / (edges[2] - edges[1]);
                (rise.min(fall).max(0.0) / BAND_STEP).round() * BAND_STEP
            };
            let inside: Vec<usize> = (0..BINS).filter(|bin| weight(*bin) > 0.0).collect();
            let (first, last) = (
                inside.first().copied().unwrap_or(0),
                inside.last().copied().unwrap_or(0),
            );
            Band {
                first,
                weights: (first..=last).map(weight).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_seconds_are_501_frames_and_silence_is_the_floor() {
        let decibels = LogMel::new().bands(&vec![0.0; 80_000]);
        assert_eq!(decibels.len(), 501 * BANDS);
        assert!(decibels.iter().all(|value| (*value + 100.0).abs() < 1e-4));
    }

    #[test]
    fn a_tone_is_loudest_in_its_own_band() {
        let tone: Vec<f32> = (0..16_000)
            .map(|i| (std::f32::consts::TAU * 1_000.0 * i as f32 / 16_000.0).sin())
            .collect();
        let decibels = LogMel::new().bands(&tone);
        let frame = &decibels[50 * BANDS..51 * BANDS];
        let loudest = (0..BANDS).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap();
        // 1000 Hz is 1000 mel, and a band is 43.7 mel wide.
        assert!((21..=23).contains(&loudest), "band {loudest}");
    }

    #[test]
    fn too_little_sound_gives_nothing() {
        assert!(LogMel::new().bands(&[0.0; 256]).is_empty());
        assert_eq!(LogMel::new().bands(&[0.0; 257]).len(), 2 * BANDS);
    }
}
