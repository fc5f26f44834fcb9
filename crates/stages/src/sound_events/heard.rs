//! What a listener tells, as the JSON that travels: seconds of the stream become times of day.

use bushbaby_bus::WallTime;
use bushbaby_sound::decision::Change;
use bushbaby_sound::results::{EventState, SoundEvent};

/// Gives each event a name that no other has, also not after a restart.
#[derive(Debug)]
pub(super) struct Ids {
    prefix: String,
    next: u64,
}

impl Ids {
    pub(super) fn new(node: &str, opened_at: WallTime) -> Self {
        Self {
            prefix: format!("{node}-{:x}", opened_at.as_ns()),
            next: 1,
        }
    }

    pub(super) fn take(&mut self) -> String {
        let id = format!("{}-{}", self.prefix, self.next);
        self.next += 1;
        id
    }
}

/// One moment by two clocks: seconds of the stream, and the time of day at which it was captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) at_s: f64,
    pub(super) wall: WallTime,
}

impl Anchor {
    /// The time of day of another second of the stream.
    fn time_of_day(self, second: f64) -> String {
        let ns = self.wall.as_ns().saturating_add(((second - self.at_s) * 1e9) as i64);
        // To the millisecond: what is known is not finer.
        let ms = ns.div_euclid(1_000_000);
        jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
    }
}

/// An event as it is told.
pub(super) fn event(id: String, sound: &str, change: Change, anchor: Anchor) -> SoundEvent {
    let (state, start_s, decided_s, end_s, score) = match change {
        Change::Began {
            start_s,
            decided_s,
            score,
        } => (EventState::Began, start_s, decided_s, None, score),
        Change::Ended {
            start_s,
            decided_s,
            end_s,
            score,
        } => (EventState::Ended, start_s, decided_s, Some(end_s), score),
    };
    SoundEvent {
        id,
        sound: sound.to_owned(),
        state,
        score: rounded(f64::from(score), 1e4),
        start_at: anchor.time_of_day(start_s),
        decided_at: anchor.time_of_day(decided_s),
        end_at: end_s.map(|end_s| anchor.time_of_day(end_s)),
        start_s: rounded(start_s, 1e3),
        decided_s: rounded(decided_s, 1e3),
        end_s: end_s.map(|end_s| rounded(end_s, 1e3)),
    }
}

/// A number with as many digits as mean something.
pub(super) fn rounded(value: f64, digits: f64) -> f64 {
    (value * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_of_the_stream_become_times_of_day() {
        let anchor = Anchor {
            at_s: 100.0,
            wall: WallTime::from_ns(1_767_323_045_000_000_000),
        };
        let change = Change::Ended {
            start_s: 98.5,
            decided_s: 100.25,
            end_s: 103.0,
            score: 0.123_456,
        };
        let event = event("cry-1-1".to_owned(), "baby_cry", change, anchor);
        assert_eq!(event.start_at, "2026-01-02T03:04:03.5Z");
        assert_eq!(event.decided_at, "2026-01-02T03:04:05.25Z");
        assert_eq!(event.end_at.as_deref(), Some("2026-01-02T03:04:08Z"));
        assert_eq!((event.score, event.start_s, event.end_s), (0.1235, 98.5, Some(103.0)));
    }

    #[test]
    fn ids_of_two_starts_differ() {
        let mut first = Ids::new("cry@door", WallTime::from_ns(1));
        let mut second = Ids::new("cry@door", WallTime::from_ns(2));
        let ids = [first.take(), first.take(), second.take()];
        assert_eq!(ids, ["cry@door-1-1", "cry@door-1-2", "cry@door-2-1"]);
    }
}
