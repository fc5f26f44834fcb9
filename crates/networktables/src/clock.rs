//! This machine's clock, and where another's stands beside it.

use std::collections::VecDeque;

use rustix::time::{ClockId, clock_gettime};

/// This machine's `CLOCK_MONOTONIC`, in microseconds.
pub fn local_us() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

/// So many of the last round trips are looked at: the shortest tells most exactly, and old ones do not know of drift.
const KEPT: usize = 12;

/// Where another clock stands, from round trips to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClockOffset {
    trips: VecDeque<Trip>,
}

#[derive(Debug, Clone, Copy)]
struct Trip {
    offset_us: i64,
    round_trip_us: i64,
}

impl ClockOffset {
    /// Learns from one round trip: asked and heard by our clock, told by the other.
    ///
    /// Returns whether it can be true; an answer from before its question is not.
    pub(crate) fn learn(&mut self, asked_us: i64, told_us: i64, heard_us: i64) -> bool {
        let Some(round_trip_us) = heard_us.checked_sub(asked_us).filter(|trip| *trip >= 0) else {
            return false;
        };
        let Some(offset_us) = told_us.checked_sub(asked_us + round_trip_us / 2) else {
            return false;
        };
        if self.trips.len() == KEPT {
            self.trips.pop_front();
        }
        self.trips.push_back(Trip {
            offset_us,
            round_trip_us,
        });
        true
    }

    fn best(&self) -> Option<&Trip> {
        self.trips.iter().min_by_key(|trip| trip.round_trip_us)
    }

    /// The other's time less ours.
    pub(crate) fn offset_us(&self) -> Option<i64> {
        self.best().map(|trip| trip.offset_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_round_trip_tells_the_offset() {
        let mut clock = ClockOffset::default();
        assert_eq!(clock.offset_us(), None);
        assert!(clock.learn(1_000, 51_100, 1_800));
        assert!(clock.learn(3_000, 53_010, 3_020));
        assert!(clock.learn(5_000, 56_000, 7_000));
        assert_eq!(clock.offset_us(), Some(50_000));
    }

    #[test]
    fn an_answer_from_before_its_question_is_no_answer() {
        let mut clock = ClockOffset::default();
        assert!(!clock.learn(2_000, 5, 1_000));
        assert!(!clock.learn(i64::MIN, 5, i64::MAX));
        assert!(!clock.learn(i64::MAX - 1, i64::MIN, i64::MAX));
        assert_eq!(clock.offset_us(), None);
    }

    #[test]
    fn old_round_trips_are_forgotten_because_clocks_drift() {
        let mut clock = ClockOffset::default();
        clock.learn(0, 10, 1);
        for trip in 0..KEPT as i64 {
            clock.learn(trip * 1_000, trip * 1_000 + 505, trip * 1_000 + 10);
        }
        assert_eq!(clock.offset_us(), Some(500));
    }
}
