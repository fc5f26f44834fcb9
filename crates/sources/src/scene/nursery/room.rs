//! The quiet of the room, with what is heard in it.

use super::script::{Script, mixed};

/// RMS of the room's noise, dB relative to full scale.
const NOISE_DBFS: f64 = -62.0;

/// The room, heard from its first sample on.
#[derive(Debug)]
pub(super) struct Room {
    script: Script,
    position: u64,
    /// States of two filters that take the highs from white noise, as walls do.
    low: [f32; 2],
    heard: Vec<f32>,
}

impl Room {
    pub(super) fn new(script: Script) -> Self {
        Self {
            script,
            position: 0,
            low: [0.0; 2],
            heard: Vec::new(),
        }
    }

    pub(super) fn script(&self) -> &Script {
        &self.script
    }

    /// Hears the next samples.
    pub(super) fn listen(&mut self, to: &mut [i16]) {
        let plan = *self.script.plan();
        let full_scale = |dbfs: f64| (32_768.0 * 10.0_f64.powf(dbfs / 20.0)) as f32;
        let (cry, noise) = (full_scale(plan.loudness_dbfs), full_scale(NOISE_DBFS));
        self.heard.clear();
        self.heard.resize(to.len(), 0.0);
        self.script.add(self.position, &mut self.heard);
        for (sample, heard) in to.iter_mut().zip(&self.heard) {
            let value = cry * heard + noise * hiss(&mut self.low, plan.seed, self.position);
            *sample = value.round().clamp(-32_768.0, 32_767.0) as i16;
            self.position += 1;
        }
    }
}

/// One sample of noise with an RMS of about 1: mostly low, as a quiet room sounds.
fn hiss(low: &mut [f32; 2], seed: u64, position: u64) -> f32 {
    // Uniform from -√3 to √3 has an RMS of 1.
    let unit = (mixed(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ position) >> 40) as f32 / (1 << 24) as f32;
    let white = (2.0 * unit - 1.0) * 3.0_f32.sqrt();
    low[0] += 0.04 * (white - low[0]);
    low[1] += 0.25 * (white - low[1]);
    5.0 * low[0] + 1.2 * low[1] + 0.1 * white
}
