//! What was heard in one recording.

use bushbaby_sound::decision::Change;
use bushbaby_sound::listener::Told;

/// All that a recording brought.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Length of the recording.
    pub(super) seconds: f64,
    /// Seconds of silence in the place of what was damaged.
    pub(super) filled_s: f64,
    /// What was heard, in order of its decision.
    pub(super) events: Vec<HeardEvent>,
    /// The loudest quarter second, and the room.
    pub(super) loudest_dbfs: f64,
    pub(super) floor_dbfs: f64,
    /// Windows, and how many of them the gate kept from the model.
    pub(super) windows: u64,
    pub(super) passed_over: u64,
    whole: Vec<Highest>,
    repeated: Vec<Highest>,
}

/// One sound from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HeardEvent {
    pub(super) sound: usize,
    pub(super) at_s: f64,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    pub(super) score: f32,
}

/// The highest score of a sound, and the end of its window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Highest {
    pub(super) score: f32,
    pub(super) end_s: f64,
}

impl Heard {
    pub(super) fn new(sounds: usize) -> Self {
        Self {
            whole: vec![Highest::default(); sounds],
            repeated: vec![Highest::default(); sounds],
            loudest_dbfs: bushbaby_sound::level::SILENCE_DBFS,
            floor_dbfs: bushbaby_sound::level::SILENCE_DBFS,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, told: Told) {
        match told {
            Told::Level {
                rms_dbfs, floor_dbfs, ..
            } => {
                self.loudest_dbfs = self.loudest_dbfs.max(rms_dbfs);
                self.floor_dbfs = floor_dbfs;
            }
            Told::Scores {
                end_s,
                gate_open,
                is_whole,
                scores,
            } => {
                self.windows += 1;
                self.passed_over += u64::from(!gate_open);
                let highest = if is_whole { &mut self.whole } else { &mut self.repeated };
                for (highest, score) in highest.iter_mut().zip(scores) {
                    // Of repeated windows the last holds all that the others do, and more.
                    if !is_whole || highest.end_s == 0.0 || score > highest.score {
                        *highest = Highest { score, end_s };
                    }
                }
            }
            Told::Event { sound, change } => {
                // It is told twice; the second time says all of it.
                if let Change::Ended {
                    start_s,
                    decided_s,
                    end_s,
                    score,
                } = change
                {
                    self.events.push(HeardEvent {
                        sound,
                        at_s: decided_s,
                        start_s,
                        end_s,
                        score,
                    });
                }
            }
        }
    }

    /// The highest score of a sound over the recording. Of one that is shorter than a window, the score of all of it, repeated: what
    /// is repeated from a second or two scores high for much that it is not.
    pub(super) fn highest(&self, sound: usize) -> Highest {
        let of = |highest: &[Highest]| highest.get(sound).copied().unwrap_or_default();
        let whole = of(&self.whole);
        if whole.end_s > 0.0 { whole } else { of(&self.repeated) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(end_s: f64, is_whole: bool, score: f32) -> Told {
        Told::Scores {
            end_s,
            gate_open: true,
            is_whole,
            scores: vec![score],
        }
    }

    #[test]
    fn of_a_short_recording_all_of_it_counts_and_of_a_long_one_the_highest_whole_window() {
        let mut heard = Heard::new(1);
        heard.take(scores(2.0, false, 0.9));
        heard.take(scores(3.5, false, 0.2));
        assert_eq!(heard.highest(0), Highest { score: 0.2, end_s: 3.5 });
        heard.take(scores(5.0, true, 0.1));
        heard.take(scores(5.5, true, 0.3));
        heard.take(scores(6.0, true, 0.25));
        assert_eq!(heard.highest(0), Highest { score: 0.3, end_s: 5.5 });
    }
}
