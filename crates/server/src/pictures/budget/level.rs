//! Which step it is, decided from what was wanted in each second.

use super::Step;

/// What is left free when pictures become richer again, so that they do not become poorer a second later.
const ROOM: f64 = 0.9;
/// What a step saves, when it has not been seen yet.
const USUAL_GAIN: f64 = 1.5;
/// What a step can save: more has another cause, as a viewer who left.
const GAINS: [f64; 2] = [1.1, 3.0];
/// After so many seconds in which nobody watched, nothing is known any more.
const FORGET_S: f64 = 5.0;

/// The step, and what is known of what it saves.
#[derive(Debug, Default)]
pub(super) struct Level {
    step: Step,
    /// What was wanted in the second before the step became poorer, and by how many: until the next second tells what it saved.
    before: Option<(f64, usize)>,
    /// By the step: how much more the one before it takes.
    gains: [Option<f64>; 16],
    /// Pictures of the step before are still under way in its first second.
    is_settling: bool,
}

impl Level {
    pub(super) fn step(&self) -> Step {
        self.step
    }

    /// A second is over, in which so many bits a second were wanted.
    pub(super) fn second(&mut self, wanted: f64, budget: f64, seconds: f64) {
        if seconds > FORGET_S {
            *self = Self::default();
            return;
        }
        if std::mem::take(&mut self.is_settling) {
            return;
        }
        if let Some((before, steps)) = self.before.take()
            && wanted > 0.0
        {
            let gain = (before / wanted).powf(1.0 / steps as f64).clamp(GAINS[0], GAINS[1]);
            for step in 0..steps {
                self.gains[self.step.index() - step] = Some(gain);
            }
        }
        if wanted > budget {
            // Far off, it goes faster.
            let wished = ((wanted / budget).ln() / USUAL_GAIN.ln()).floor() as usize;
            let poorer = self.step.poorer(wished.clamp(1, 4));
            let steps = poorer.index() - self.step.index();
            if steps > 0 {
                self.before = Some((wanted, steps));
                self.step = poorer;
                self.is_settling = true;
            }
            return;
        }
        let gain = self.gains[self.step.index()].unwrap_or(USUAL_GAIN);
        if self.step.index() > 0 && wanted * gain < budget * ROOM {
            self.step = self.step.richer();
            self.is_settling = true;
        }
    }
}
