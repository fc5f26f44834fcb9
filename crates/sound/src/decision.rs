//! From scores to "it began" and "it is over".
//!
//! One window may be wrong: the mean of the last two decides. It began when that mean reaches the threshold, and it is over when it
//! has stayed under half of it for three seconds, so that a pause for breath is no end.

/// How long the mean must stay low before a sound is over, in seconds.
const OVER_AFTER_S: f64 = 3.0;
/// Two looks further apart than this do not support each other, in seconds.
const APART_S: f64 = 4.0;
/// How long a sound must have lasted, in the middle, before a window that ends with it scores for it; in seconds.
const RISE_S: f64 = 1.4;
/// How long it was over, in the middle, when the last window scored for it; in seconds.
const FALL_S: f64 = 3.5;

/// A beginning or an end; seconds of the stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// It is heard from now on.
    Began {
        /// Where its score first rose.
        start_s: f64,
        /// The end of the window that decided.
        decided_s: f64,
        /// The mean that decided.
        score: f32,
    },
    /// It is no longer heard.
    Ended {
        /// Where its score first rose.
        start_s: f64,
        /// The end of the window that had decided that it began.
        decided_s: f64,
        /// When it was last heard.
        end_s: f64,
        /// The highest mean.
        score: f32,
    },
}

/// Watches the score of one sound.
#[derive(Debug, Clone)]
pub struct Decision {
    threshold: f32,
    /// End and score of the last window.
    last: Option<(f64, f32)>,
    /// Since when windows score half of the threshold or more, each of them.
    rising_s: Option<f64>,
    heard: Option<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    start_s: f64,
    decided_s: f64,
    last_s: f64,
    score: f32,
}

impl Decision {
    /// Nothing heard yet.
    pub fn new(threshold: f32) -> Self {
        Self {
            threshold,
            last: None,
            rising_s: None,
            heard: None,
        }
    }

    /// Whether it is heard now.
    pub fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// Whether the last window is reason enough to look at the next, whatever the gate thinks.
    pub fn is_near(&self) -> bool {
        self.is_heard() || self.last.is_some_and(|(_, score)| score >= self.threshold / 4.0)
    }

    /// Takes in the score of a window that ends at `end_s`.
    pub fn look(&mut self, end_s: f64, score: f32) -> Option<Change> {
        let before = self
            .last
            .filter(|(last_s, _)| end_s - last_s <= APART_S)
            .map(|(_, score)| score);
        self.last = Some((end_s, score));
        let low = self.threshold / 2.0;
        self.rising_s = if score >= low {
            self.rising_s.or(Some(end_s))
        } else {
            None
        };
        let mean = before.map(|before| (before + score) / 2.0)?;
        self.decide(end_s, mean)
    }

    /// Takes in the only window of a recording that is shorter than a window: it decides alone.
    pub fn look_alone(&mut self, end_s: f64, score: f32) -> Option<Change> {
        self.last = Some((end_s, score));
        self.rising_s = Some(end_s);
        self.decide(end_s, score)
    }

    /// Ends what is heard, because the stream does, at `end_s`.
    pub fn finish(&mut self, end_s: f64) -> Option<Change> {
        self.last = None;
        self.rising_s = None;
        let heard = self.heard.take()?;
        Some(heard.ended(heard.last_s.min(end_s)))
    }

    fn decide(&mut self, end_s: f64, mean: f32) -> Option<Change> {
        let low = self.threshold / 2.0;
        if let Some(heard) = &mut self.heard {
            heard.score = heard.score.max(mean);
            if mean >= low {
                heard.last_s = end_s;
            } else if end_s - heard.last_s >= OVER_AFTER_S {
                let heard = *heard;
                self.heard = None;
                return Some(heard.ended(heard.last_s - FALL_S));
            }
            return None;
        }
        if mean < self.threshold {
            return None;
        }
        let heard = Heard {
            start_s: (self.rising_s.unwrap_or(end_s) - RISE_S).max(0.0),
            decided_s: end_s,
            last_s: end_s,
            score: mean,
        };
        self.heard = Some(heard);
        Some(Change::Began {
            start_s: heard.start_s,
            decided_s: end_s,
            score: mean,
        })
    }
}

impl Heard {
    fn ended(&self, end_s: f64) -> Change {
        Change::Ended {
            start_s: self.start_s,
            decided_s: self.decided_s,
            end_s: end_s.max(self.start_s),
            score: self.score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks every half second, the first window ending at 5 s.
    fn changes(threshold: f32, scores: &[f32]) -> Vec<Change> {
        let mut decision = Decision::new(threshold);
        let looks = scores.iter().enumerate();
        looks
            .filter_map(|(i, score)| decision.look(5.0 + i as f64 / 2.0, *score))
            .collect()
    }

    #[test]
    fn one_window_alone_is_not_believed() {
        assert_eq!(changes(0.2, &[0.0, 0.3, 0.0, 0.0]), []);
    }

    #[test]
    fn two_windows_decide_and_the_start_is_where_the_score_rose() {
        let changes = changes(0.2, &[0.0, 0.15, 0.25, 0.5]);
        let [
            Change::Began {
                start_s,
                decided_s,
                score,
            },
        ] = changes[..]
        else {
            panic!("{changes:?}")
        };
        assert_eq!((start_s, decided_s), (5.5 - RISE_S, 6.0));
        assert!((score - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_pause_for_breath_is_no_end_and_three_quiet_seconds_are() {
        let mut scores = vec![0.5; 4];
        scores.extend([0.0; 5]);
        scores.extend([0.5; 4]);
        scores.extend([0.0; 12]);
        let changes = changes(0.2, &scores);
        let [Change::Began { .. }, Change::Ended { end_s, score, .. }] = changes[..] else {
            panic!("{changes:?}")
        };
        // The thirteenth window is the last that scores, the mean of the one behind it still does.
        assert_eq!((end_s, score), (5.0 + 13.0 / 2.0 - FALL_S, 0.5));
    }

    #[test]
    fn what_is_heard_when_the_stream_ends_ends_with_it() {
        let mut decision = Decision::new(0.2);
        decision.look(5.0, 0.6);
        assert!(decision.look(5.5, 0.6).is_some());
        let ended = decision.finish(5.6);
        assert!(
            matches!(ended, Some(Change::Ended { end_s, .. }) if end_s == 5.5),
            "{ended:?}"
        );
        assert_eq!(decision.finish(5.6), None);
    }

    #[test]
    fn looks_far_apart_do_not_support_each_other() {
        let mut decision = Decision::new(0.2);
        assert_eq!(decision.look(5.0, 0.9), None);
        assert_eq!(decision.look(60.0, 0.9), None);
        assert!(decision.look(60.5, 0.9).is_some());
    }
}
