//! One stream of sound, listened to: windows, gate, model and decision in one, in the stream's own time.
//!
//! Live stages and `bushbaby sound` run this same code; only where the samples come from differs.

use std::time::Duration;

use crate::RATE_HZ;
use crate::classes::{Classes, UnknownSound};
use crate::decision::{Change, Decision};
use crate::gate::{Gate, GateSettings, STEP};
use crate::level::loudness;
use crate::tagger::{Tagger, TaggerError};

/// To what the loudest quarter of a second of a window is brought before the model sees it: a far microphone is no reason to miss
/// a cry.
const LOUDEST_DBFS: f64 = -25.0;
/// By how much at the most: what is softer still is silence.
const MOST_GAIN_DB: f64 = 60.0;
/// From how much sound on the first windows are looked at, repeated to full length.
const FIRST_LOOK: usize = 2 * RATE_HZ as usize;
/// Steps of a quarter second between two looks (each of two windows) past a gate that is shut: three seconds.
const LOOK_ANYWAY: usize = 12;

/// One sound that is listened for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// As it was asked for.
    pub name: String,
    /// From where on it counts as heard, 0 to 1.
    pub threshold: f32,
    /// Places of its classes in the model's scores: the highest counts.
    classes: Vec<usize>,
}

impl Sound {
    /// A sound by name; without a threshold, its usual one.
    ///
    /// # Errors
    /// When no class has that name.
    pub fn new(name: &str, threshold: Option<f32>, classes: &Classes) -> Result<Self, UnknownSound> {
        Ok(Self {
            name: name.to_owned(),
            threshold: threshold.unwrap_or_else(|| classes.default_threshold(name)),
            classes: classes.find(name)?,
        })
    }
}

/// How a stream is listened to.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerSettings {
    /// What for.
    pub sounds: Vec<Sound>,
    /// From one window to the next.
    pub hop: Duration,
    /// The noise gate.
    pub gate: GateSettings,
}

/// What there is to tell. Sounds are told by their place in [`ListenerSettings::sounds`].
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Four times a second.
    Level {
        /// The end of the quarter second; seconds of the stream.
        end_s: f64,
        /// Root mean square, dB relative to full scale.
        rms_dbfs: f64,
        /// The largest sample.
        peak_dbfs: f64,
        /// How loud the room is when nothing happens.
        floor_dbfs: f64,
    },
    /// With every window.
    Scores {
        /// The end of the window; seconds of the stream.
        end_s: f64,
        /// Whether the model looked at it; if not, all scores are 0.
        gate_open: bool,
        /// Whether the window was full, not repeated from less.
        is_whole: bool,
        /// Of each sound.
        scores: Vec<f32>,
    },
    /// When a sound began or ended.
    Event {
        /// Which.
        sound: usize,
        /// What happened.
        change: Change,
    },
}

/// Listens to one stream.
#[derive(Debug)]
pub struct Listener {
    sounds: Vec<Sound>,
    decisions: Vec<Decision>,
    gate: Gate,
    hop: usize,
    window: usize,
    /// The last window's worth of sound, and at most one hop more.
    kept: Vec<f32>,
    /// Samples that a level was told of, counted like `heard`.
    levelled: u64,
    heard: u64,
    next_look: u64,
    /// Seconds of the stream before the first sample.
    begins_s: f64,
    /// Looks in a row that the gate kept from the model.
    passed_over: usize,
    last_look: Option<u64>,
    /// Whether looks that come sooner than a second after the one before are left out.
    is_in_a_hurry: bool,
    scaled: Vec<f32>,
}

impl Listener {
    /// Begins to listen at `begins_s` seconds of a stream.
    pub fn new(settings: &ListenerSettings, tagger: &Tagger, begins_s: f64) -> Self {
        let samples = settings.hop.as_secs_f64() * f64::from(RATE_HZ);
        let window = tagger.window_samples();
        let hop = (samples as usize).clamp(RATE_HZ as usize / 20, window);
        Self {
            decisions: settings
                .sounds
                .iter()
                .map(|sound| Decision::new(sound.threshold))
                .collect(),
            sounds: settings.sounds.clone(),
            gate: Gate::new(settings.gate),
            hop,
            window,
            kept: Vec::with_capacity(window + STEP),
            levelled: 0,
            heard: 0,
            next_look: FIRST_LOOK.max(hop).min(window) as u64,
            begins_s,
            passed_over: 0,
            last_look: None,
            is_in_a_hurry: false,
            scaled: Vec::new(),
        }
    }

    /// Seconds of the stream up to now.
    pub fn now_s(&self) -> f64 {
        self.seconds(self.heard)
    }

    /// What is listened for.
    pub fn sounds(&self) -> &[Sound] {
        &self.sounds
    }

    /// Whether a sound is heard now.
    pub fn is_heard(&self, sound: usize) -> bool {
        self.decisions.get(sound).is_some_and(Decision::is_heard)
    }

    /// Whether the machine cannot keep up: then there is no more than one look a second, before sound is lost.
    pub fn set_hurry(&mut self, is_in_a_hurry: bool) {
        self.is_in_a_hurry = is_in_a_hurry;
    }

    /// Takes in mono samples at 16 kHz and tells what they bring.
    ///
    /// # Errors
    /// When the model cannot be run.
    pub fn push(
        &mut self,
        samples: &[f32],
        tagger: &mut Tagger,
        tell: &mut impl FnMut(Told),
    ) -> Result<(), TaggerError> {
        let mut rest = samples;
        while !rest.is_empty() {
            let until = (self.levelled + STEP as u64).min(self.next_look);
            let takes = usize::try_from(until - self.heard)
                .unwrap_or(usize::MAX)
                .min(rest.len());
            self.kept.extend(
                rest[..takes]
                    .iter()
                    .map(|sample| if sample.is_finite() { *sample } else { 0.0 }),
            );
            self.heard += takes as u64;
            rest = &rest[takes..];
            if self.heard == self.levelled + STEP as u64 {
                self.level(tell);
            }
            if self.heard == self.next_look {
                self.next_look += self.hop as u64;
                self.look(tagger, tell)?;
            }
            // What no window will hold again goes, seldom, because it costs a copy.
            if self.kept.len() >= 2 * self.window {
                self.kept.drain(..self.kept.len() - self.window);
            }
        }
        Ok(())
    }

    /// Looks at what came since the last window, and ends what is heard: the stream is over.
    ///
    /// # Errors
    /// When the model cannot be run.
    pub fn finish(&mut self, tagger: &mut Tagger, tell: &mut impl FnMut(Told)) -> Result<(), TaggerError> {
        let end_s = self.now_s();
        if self.heard > 0 && self.last_look != Some(self.heard) {
            let scores = self.scores(tagger)?;
            let is_short = self.heard < self.window as u64;
            for (sound, score) in scores.iter().enumerate() {
                let decision = &mut self.decisions[sound];
                let change = if is_short {
                    // Repeated windows before it are parts of this one.
                    if decision.is_heard() {
                        None
                    } else {
                        decision.look_alone(end_s, *score)
                    }
                } else {
                    decision.look(end_s, *score)
                };
                if let Some(change) = change {
                    tell(Told::Event { sound, change });
                }
            }
            tell(Told::Scores {
                end_s,
                gate_open: true,
                is_whole: !is_short,
                scores,
            });
        }
        self.end(tell);
        Ok(())
    }

    /// Ends what is heard without a further look: the stream broke off.
    pub fn end(&mut self, tell: &mut impl FnMut(Told)) {
        let end_s = self.now_s();
        for (sound, decision) in self.decisions.iter_mut().enumerate() {
            if let Some(change) = decision.finish(end_s) {
                tell(Told::Event { sound, change });
            }
        }
    }

    fn level(&mut self, tell: &mut impl FnMut(Told)) {
        self.levelled = self.heard;
        let quarter = &self.kept[self.kept.len() - STEP..];
        let level = loudness(quarter);
        self.gate.step(quarter, level.rms_dbfs);
        tell(Told::Level {
            end_s: self.seconds(self.heard),
            rms_dbfs: level.rms_dbfs,
            peak_dbfs: level.peak_dbfs,
            floor_dbfs: self.gate.floor_dbfs(),
        });
    }

    fn look(&mut self, tagger: &mut Tagger, tell: &mut impl FnMut(Told)) -> Result<(), TaggerError> {
        let since = self.last_look.map_or(u64::MAX, |last| self.heard - last);
        if self.is_in_a_hurry && since < u64::from(RATE_HZ) {
            return Ok(());
        }
        self.last_look = Some(self.heard);
        let end_s = self.now_s();
        let gate_open = self.is_gate_open();
        let scores = if gate_open {
            self.scores(tagger)?
        } else {
            vec![0.0; self.sounds.len()]
        };
        for (sound, score) in scores.iter().enumerate() {
            if let Some(change) = self.decisions[sound].look(end_s, *score) {
                tell(Told::Event { sound, change });
            }
        }
        tell(Told::Scores {
            end_s,
            gate_open,
            is_whole: self.heard >= self.window as u64,
            scores,
        });
        Ok(())
    }

    /// Open for what rose, while anything is heard or nearly, and every few seconds for two windows: the mean of two decides.
    fn is_gate_open(&mut self) -> bool {
        let is_open = self.gate.is_open(self.window) || self.decisions.iter().any(Decision::is_near);
        let looks_between = (LOOK_ANYWAY * STEP).div_ceil(self.hop);
        self.passed_over = if is_open { 0 } else { self.passed_over + 1 };
        let turn = self.passed_over % (looks_between + 2);
        is_open || turn == 0 || turn == looks_between + 1
    }

    /// The scores of the window that ends now, each the highest of its classes.
    fn scores(&mut self, tagger: &mut Tagger) -> Result<Vec<f32>, TaggerError> {
        let window = &self.kept[self.kept.len().saturating_sub(self.window)..];
        let gain = gain(window);
        self.scaled.clear();
        self.scaled.extend(window.iter().map(|sample| sample * gain));
        let all = tagger.scores(&self.scaled)?;
        let highest = |sound: &Sound| {
            sound
                .classes
                .iter()
                .filter_map(|class| all.get(*class))
                .copied()
                .fold(0.0, f32::max)
        };
        Ok(self.sounds.iter().map(highest).collect())
    }

    fn seconds(&self, samples: u64) -> f64 {
        self.begins_s + samples as f64 / f64::from(RATE_HZ)
    }
}

/// What brings the loudest quarter of a second of a window to [`LOUDEST_DBFS`].
fn gain(window: &[f32]) -> f32 {
    let square = |sample: &f32| f64::from(*sample) * f64::from(*sample);
    let quarter = STEP.min(window.len());
    let mut sum: f64 = window[..quarter].iter().map(square).sum();
    let mut largest = sum;
    for (leaves, enters) in window.iter().zip(&window[quarter..]) {
        sum += square(enters) - square(leaves);
        largest = largest.max(sum);
    }
    let loudest = (largest / quarter.max(1) as f64).sqrt();
    let most = 10_f64.powf(MOST_GAIN_DB / 20.0);
    (10_f64.powf(LOUDEST_DBFS / 20.0) / loudest.max(1e-12)).min(most) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_quarter_second_is_brought_to_its_place_from_both_sides() {
        for amplitude in [1.0_f32, 0.01, 0.001] {
            let mut window = vec![0.0; 20 * STEP];
            window[5 * STEP..6 * STEP].fill(amplitude);
            let brought = amplitude * gain(&window);
            assert!(
                (f64::from(brought) - 10_f64.powf(-25.0 / 20.0)).abs() < 1e-4,
                "{amplitude}: {brought}"
            );
        }
    }

    #[test]
    fn silence_is_not_blown_up_without_end() {
        assert!((gain(&[0.0; 8_000]) - 1_000.0).abs() < 0.1);
        assert!(gain(&[]).is_finite());
    }
}
