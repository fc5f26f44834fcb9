//! How rich the pictures of one watcher's video are, decided by what its connection carries.
//!
//! Poorer at once, as what does not fit waits in queues and is old when it is seen; richer only when there was room for a while.

use std::time::{Duration, Instant};

use super::budget::Step;

/// Pictures take this part of what a connection carries: headers, what is sent once more, and a little room take the rest.
const SHARE: f64 = 0.85;
/// Richer pictures are tried when they take no more than this part of it, and have for so long.
const ROOM: f64 = 0.7;
const CALM: Duration = Duration::from_secs(2);
/// What a change brought is seen after so long.
const SETTLED: Duration = Duration::from_secs(1);

/// The step of one connection.
#[derive(Debug, Default)]
pub(super) struct LineLevel {
    step: Step,
    changed: Option<Instant>,
    /// Since when there is room for richer pictures.
    room_since: Option<Instant>,
}

impl LineLevel {
    /// Returns how pictures are made now. `carries`: what the connection carries; `takes`: what pictures take at a step; both in bits
    /// a second.
    pub(super) fn follow(&mut self, carries: f64, takes: impl Fn(Step) -> f64, now: Instant) -> Step {
        // What pictures take falls with each step.
        let richest = |share: f64| Step::all().find(|step| takes(*step) <= carries * share);
        if takes(self.step) > carries * SHARE {
            self.room_since = None;
            let step = richest(SHARE).or(Step::all().last()).unwrap_or_default();
            if step != self.step && self.changed.is_none_or(|changed| now - changed >= SETTLED) {
                self.turn(step, now);
            }
        } else if let Some(step) = richest(ROOM).filter(|step| *step < self.step) {
            if now - *self.room_since.get_or_insert(now) >= CALM {
                self.turn(step, now);
            }
        } else {
            self.room_since = None;
        }
        self.step
    }

    fn turn(&mut self, step: Step, now: Instant) {
        (self.step, self.changed, self.room_since) = (step, Some(now), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits a second of video: 640x360 at 30 a second.
    fn takes(step: Step) -> f64 {
        let hz = step.max_fps(Some(30.0)).unwrap();
        f64::from(bushbaby_video::live_bits_per_second(
            step.size_px([640, 360]),
            hz,
            step.quality(100),
        ))
    }

    /// What pictures take after each second on a connection that carries so much.
    fn seconds(level: &mut LineLevel, begin: Instant, carries: &[f64]) -> Vec<f64> {
        let second = |at: usize| begin + Duration::from_secs(at as u64);
        let steps = carries.iter().enumerate();
        steps
            .map(|(at, carries)| takes(level.follow(*carries, takes, second(at))))
            .collect()
    }

    #[test]
    fn pictures_fit_at_once_and_become_richer_after_a_while() {
        let (mut level, begin) = (LineLevel::default(), Instant::now());
        let full = takes(Step::default());
        assert_eq!(seconds(&mut level, begin, &[2e6]), [full]);
        let poor = seconds(&mut level, begin + Duration::from_secs(10), &[5e5; 20]);
        assert!(poor.iter().all(|bits| *bits <= 0.85 * 5e5), "{poor:?}");
        assert!(poor.iter().all(|bits| *bits == poor[0]), "it stands still: {poor:?}");
        let more = seconds(&mut level, begin + Duration::from_secs(40), &[8e5; 5]);
        assert_eq!(more[..2], [poor[0]; 2], "not at once");
        assert!(
            poor[0] < more[2] && more[2] <= 0.7 * 8e5 && more[2..] == [more[2]; 3],
            "{more:?}"
        );
        let rich = seconds(&mut level, begin + Duration::from_secs(50), &[2e6; 3]);
        assert_eq!(rich, [more[2], more[2], full]);
    }

    #[test]
    fn a_short_respite_changes_nothing() {
        let (mut level, begin) = (LineLevel::default(), Instant::now());
        let poor = seconds(&mut level, begin, &[4e5; 3])[2];
        let carries: Vec<f64> = [2e6, 2e6, 4e5].repeat(10);
        let after = seconds(&mut level, begin + Duration::from_secs(3), &carries);
        assert!(after.iter().all(|bits| *bits == poor), "{after:?}");
    }

    #[test]
    fn where_nothing_fits_pictures_are_as_poor_as_they_get() {
        let (mut level, begin) = (LineLevel::default(), Instant::now());
        let last = Step::all().last().map(takes);
        assert_eq!(seconds(&mut level, begin, &[1.0, 0.0, 1.0]).last().copied(), last);
    }
}
