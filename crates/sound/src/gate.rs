//! The noise gate: whether there is anything worth a look, compared with how this room sounds when nothing happens.
//!
//! It has no fixed level: a nursery's microphone may give -45 dBFS and a workshop's -15. Five bands of pitch are followed, each with
//! a floor of its own (what a tenth of the last minute stayed under), so that a cry shows in its own bands although a fan is louder.
//! It is there to save time, so it errs on the side of being open: it stays open for as long as the model's window holds anything
//! that rose, while the floor is not known yet, and for two looks in a row every few seconds whatever it thinks.

use std::collections::VecDeque;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::RATE_HZ;
use crate::level::dbfs;

/// Samples of one step: a quarter of a second.
pub const STEP: usize = RATE_HZ as usize / 4;
const PARTS: usize = 8;
const PART: usize = STEP / PARTS;
const LENGTH: usize = 512;
/// Edges of the bands, as bins of 31.25 Hz: 125, 500, 1000, 2000, 4000, 8000 Hz. A narrower one would waver by itself.
const EDGES: [usize; 6] = [4, 16, 32, 64, 128, 257];
const BANDS: usize = EDGES.len() - 1;
/// Steps that the floor is made of: a minute.
const MINUTE: usize = 240;
/// Steps before there is a floor at all.
const FIRST: usize = 20;

/// How the gate is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateSettings {
    /// Whether it may shut at all.
    pub is_on: bool,
    /// How far a band must rise above its floor to be worth a look, in dB.
    pub margin_db: f64,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            is_on: true,
            margin_db: 3.0,
        }
    }
}

/// Follows a room.
pub struct Gate {
    settings: GateSettings,
    fft: Arc<dyn RealToComplex<f32>>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Decibels of each step of the last minute, band by band.
    steps: VecDeque<[f32; BANDS]>,
    levels: VecDeque<f32>,
    sorted: Vec<f32>,
    floors: Option<[f32; BANDS]>,
    floor_dbfs: f64,
    /// Steps since something last rose.
    quiet: usize,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("settings", &self.settings)
            .field("floor_dbfs", &self.floor_dbfs)
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate that knows nothing of its room yet, and is open.
    pub fn new(settings: GateSettings) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(LENGTH);
        Self {
            settings,
            frame: vec![0.0; LENGTH],
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            steps: VecDeque::with_capacity(MINUTE),
            levels: VecDeque::with_capacity(MINUTE),
            sorted: Vec::with_capacity(MINUTE),
            floors: None,
            floor_dbfs: crate::level::SILENCE_DBFS,
            quiet: 0,
        }
    }

    /// Takes in the next [`STEP`] samples, whose loudness is `rms_dbfs`.
    pub fn step(&mut self, samples: &[f32], rms_dbfs: f64) {
        let bands = self.bands(samples);
        let rose = self.floors.is_none_or(|floors| {
            let margin = self.settings.margin_db as f32;
            bands.iter().zip(floors).any(|(band, floor)| *band > floor + margin)
        });
        self.quiet = if rose { 0 } else { self.quiet + 1 };
        if self.steps.len() == MINUTE {
            self.steps.pop_front();
            self.levels.pop_front();
        }
        self.steps.push_back(bands);
        self.levels.push_back(rms_dbfs as f32);
        self.follow();
    }

    /// Whether anything rose within the last `samples`.
    pub fn is_open(&self, samples: usize) -> bool {
        !self.settings.is_on || self.floors.is_none() || self.quiet < samples.div_ceil(STEP) + 1
    }

    /// How loud the room is when nothing happens, dB relative to full scale.
    pub fn floor_dbfs(&self) -> f64 {
        self.floor_dbfs
    }

    /// The floor is what a tenth of the last minute stayed under.
    fn follow(&mut self) {
        let mut low = |values: &mut dyn Iterator<Item = f32>| {
            self.sorted.clear();
            self.sorted.extend(values);
            let place = self.sorted.len() / 10;
            *self.sorted.select_nth_unstable_by(place, f32::total_cmp).1
        };
        self.floor_dbfs = f64::from(low(&mut self.levels.iter().copied()));
        if self.steps.len() >= FIRST {
            self.floors = Some(std::array::from_fn(|band| {
                low(&mut self.steps.iter().map(|step| step[band]))
            }));
        }
    }

    fn bands(&mut self, samples: &[f32]) -> [f32; BANDS] {
        let mut power = [0.0_f64; BANDS];
        for part in samples.chunks_exact(PART) {
            self.frame.fill(0.0);
            for (i, (to, sample)) in self.frame.iter_mut().zip(part).enumerate() {
                let angle = std::f32::consts::TAU * (i as f32 + 0.5) / PART as f32;
                *to = sample * (0.5 - 0.5 * angle.cos());
            }
            // Cannot fail: all three are as long as the plan says.
            let _ = self
                .fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
            for (power, edges) in power.iter_mut().zip(EDGES.windows(2)) {
                *power += self.spectrum[edges[0]..edges[1]]
                    .iter()
                    .map(|bin| f64::from(bin.norm_sqr()))
                    .sum::<f64>();
            }
        }
        power.map(|power| dbfs((power / (PARTS * PART * PART) as f64).sqrt()) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::loudness;

    /// Noise that is the same in every run.
    fn noise(seed: u32) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        }
    }

    fn steps(gate: &mut Gate, count: usize, mut sample: impl FnMut(usize) -> f32) {
        for step in 0..count {
            let samples: Vec<f32> = (0..STEP).map(|i| sample(step * STEP + i)).collect();
            gate.step(&samples, loudness(&samples).rms_dbfs);
        }
    }

    #[test]
    fn it_shuts_in_an_even_room_however_loud_and_opens_for_what_rises() {
        for room in [0.3, 0.003, 0.00003] {
            let mut gate = Gate::new(GateSettings::default());
            let mut random = noise(1);
            steps(&mut gate, 120, |_| room * random());
            assert!(!gate.is_open(80_000), "noise of {room}");
            assert!((gate.floor_dbfs() - 20.0 * f64::from(room / 3.0_f32.sqrt()).log10()).abs() < 1.0);
            // A voice of half the noise's amplitude, at 500 Hz and its overtones.
            let voice = |i: usize| (1..5).map(|n| (i as f32 * n as f32 * 0.196).sin()).sum::<f32>() * room * 0.25;
            steps(&mut gate, 1, |i| room * random() + voice(i));
            assert!(gate.is_open(80_000), "a voice in noise of {room}");
        }
    }

    #[test]
    fn it_stays_open_as_long_as_the_window_holds_what_rose() {
        let mut gate = Gate::new(GateSettings::default());
        let mut random = noise(2);
        steps(&mut gate, 120, |_| 0.01 * random());
        steps(&mut gate, 1, |_| 0.1 * random());
        steps(&mut gate, 20, |_| 0.01 * random());
        assert!(gate.is_open(80_000));
        steps(&mut gate, 2, |_| 0.01 * random());
        assert!(!gate.is_open(80_000));
    }

    #[test]
    fn it_is_open_until_it_knows_the_room_and_when_it_is_off() {
        let mut gate = Gate::new(GateSettings::default());
        steps(&mut gate, FIRST - 1, |_| 0.0);
        assert!(gate.is_open(4_000));
        let mut off = Gate::new(GateSettings {
            is_on: false,
            ..GateSettings::default()
        });
        steps(&mut off, 300, |_| 0.0);
        assert!(off.is_open(4_000));
    }
}
