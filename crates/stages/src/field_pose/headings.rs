//! Where the robot looked at the moment of a picture, from what a gyroscope said before and after it.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::MonoTime;

/// Headings that are kept: a second of a fast gyroscope, and more.
const MOST: usize = 256;
/// No robot turns faster, degrees a second; nor are more whole turns counted than this many degrees.
const FASTEST: f64 = 1e4;
const FARTHEST: f64 = 1e9;

/// What was heard of the robot's heading lately.
#[derive(Debug)]
pub(super) struct Headings {
    /// Oldest first.
    known: VecDeque<Known>,
    /// A heading this long before or after a picture still tells something about it.
    age: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    at: MonoTime,
    yaw_deg: f64,
    rate_deg_per_s: f64,
}

impl Headings {
    pub(super) fn new(age: Duration) -> Self {
        Self {
            known: VecDeque::new(),
            age,
        }
    }

    /// Takes in a heading; returns whether its numbers can be those of a robot.
    pub(super) fn take(&mut self, at: MonoTime, yaw_deg: f64, rate_deg_per_s: f64) -> bool {
        if !(yaw_deg.abs() <= FARTHEST && rate_deg_per_s.abs() <= FASTEST) {
            return false;
        }
        // A clock that goes back is another gyroscope, or one that was started anew.
        if self.known.back().is_some_and(|last| at < last.at) {
            self.known.clear();
        }
        if self.known.len() == MOST {
            self.known.pop_front();
        }
        self.known.push_back(Known {
            at,
            yaw_deg,
            rate_deg_per_s,
        });
        true
    }

    /// Returns the heading at a moment, degrees: between two of them, or from one near enough, carried on by its rate.
    pub(super) fn at(&self, moment: MonoTime) -> Option<f64> {
        let after = self.known.partition_point(|known| known.at <= moment);
        let before = after.checked_sub(1).and_then(|index| self.known.get(index));
        match (before, self.known.get(after)) {
            (Some(before), Some(after)) if after.at.since(before.at) <= self.age => {
                let whole_s = after.at.since(before.at).as_secs_f64();
                let share = moment.since(before.at).as_secs_f64() / whole_s;
                // By the shorter way round.
                let turn = (after.yaw_deg - before.yaw_deg + 180.0).rem_euclid(360.0) - 180.0;
                Some(before.yaw_deg + share * turn)
            }
            (before, after) => {
                let carried = |known: &Known, seconds: f64| known.yaw_deg + seconds * known.rate_deg_per_s;
                let from_before = before.map(|known| (moment.since(known.at), 1.0, known));
                let from_after = after.map(|known| (known.at.since(moment), -1.0, known));
                let nearest = from_before
                    .into_iter()
                    .chain(from_after)
                    .min_by_key(|(apart, ..)| *apart);
                let (apart, sign, known) = nearest.filter(|(apart, ..)| *apart <= self.age)?;
                Some(carried(known, sign * apart.as_secs_f64()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> MonoTime {
        MonoTime::from_ns(1_000_000_000 + ms * 1_000_000)
    }

    fn headings() -> Headings {
        Headings::new(Duration::from_millis(100))
    }

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < 1e-9)
    }

    #[test]
    fn between_two_headings_it_is_the_share_of_the_way_by_the_shorter_turn() {
        let mut headings = headings();
        assert!(headings.take(ms(0), 179.0, 0.0) && headings.take(ms(20), -179.0, 0.0));
        assert!(near(headings.at(ms(5)), 179.5));
        assert!(near(headings.at(ms(10)), 180.0));
        assert!(near(headings.at(ms(20)), -179.0));
    }

    #[test]
    fn beyond_them_the_rate_carries_it_on_for_a_while() {
        let mut headings = headings();
        assert_eq!(headings.at(ms(0)), None);
        headings.take(ms(200), 10.0, 50.0);
        assert!(near(headings.at(ms(300)), 15.0));
        assert!(near(headings.at(ms(150)), 7.5));
        assert_eq!(headings.at(ms(301)), None);
        assert_eq!(headings.at(ms(99)), None);
        // A gap between two that is too long is none to cross.
        headings.take(ms(500), 90.0, 0.0);
        assert!(near(headings.at(ms(240)), 12.0));
        assert_eq!(headings.at(ms(350)), None);
        assert!(near(headings.at(ms(450)), 90.0));
    }

    #[test]
    fn what_no_gyroscope_says_is_not_taken_in() {
        let mut headings = headings();
        for (yaw, rate) in [(1e300, 0.0), (f64::NAN, 0.0), (0.0, f64::INFINITY), (0.0, 1e5)] {
            assert!(!headings.take(ms(0), yaw, rate));
        }
        assert_eq!(headings.at(ms(0)), None);
        for step in 0..1000 {
            headings.take(ms(step), step as f64, 0.0);
        }
        assert_eq!(headings.known.len(), MOST);
        headings.take(ms(10), 5.0, 0.0);
        assert_eq!(headings.known.len(), 1);
    }
}
