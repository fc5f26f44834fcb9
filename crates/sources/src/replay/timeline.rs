//! When what was recorded is due, and what its capture time then is. Plain numbers: every time comes in as an argument.

use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, WallTime};
use bushbaby_recording::read::{Carried, RecordedStream};

use super::{Speed, Times};

/// The part of a recording that is played, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeline {
    from_ns: u64,
    to_ns: u64,
    /// From the first frame of a round to the first of the next.
    round: Duration,
    speed: Speed,
    times: Times,
}

/// A place in what is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// How often it began anew.
    pub round: u64,
    /// When that was captured, in nanoseconds since 1970.
    pub ns: u64,
}

impl Timeline {
    /// Plays what was captured from `from_ns` to `to_ns`. `streams`: all of the recording, so that every player of it takes the same
    /// time for a round.
    pub fn new(from_ns: u64, to_ns: u64, streams: &[RecordedStream], speed: Speed, times: Times) -> Self {
        let gap = |stream: &RecordedStream| {
            let gaps = stream.count.saturating_sub(1);
            (stream.last_ns - stream.first_ns).checked_div(gaps)
        };
        // The last picture is shown as long as the others are, and the last piece of sound is heard to its end.
        let busiest = |is_sound: bool| {
            let of_it = streams
                .iter()
                .filter(|stream| (stream.carries == Carried::Sound) == is_sound);
            of_it.max_by_key(|stream| stream.count).and_then(gap)
        };
        let last = busiest(false).max(busiest(true)).unwrap_or(0);
        let last = last.clamp(1_000_000, 1_000_000_000);
        Self {
            from_ns,
            to_ns,
            round: Duration::from_nanos(to_ns.saturating_sub(from_ns).saturating_add(last)),
            speed,
            times,
        }
    }

    /// What is played, in nanoseconds since 1970.
    pub fn range_ns(&self) -> (u64, u64) {
        (self.from_ns, self.to_ns)
    }

    /// From the first frame of a round to the first of the next, at the pace of the recording.
    pub fn round(&self) -> Duration {
        self.round
    }

    /// How long one round takes; `None` when the readers say so.
    pub fn round_takes(&self) -> Option<Duration> {
        self.speed.factor().map(|factor| scaled(self.round, factor))
    }

    /// How long after the epoch a frame is due; `None` when it is due as soon as its readers are ready.
    pub fn due(&self, at: Position) -> Option<Duration> {
        self.speed.factor().map(|factor| scaled(self.played(at), factor))
    }

    /// How much was played before that, at the pace of the recording.
    fn played(&self, at: Position) -> Duration {
        let rounds = Duration::from_nanos((self.round.as_nanos() as u64).saturating_mul(at.round));
        rounds.saturating_add(Duration::from_nanos(at.ns.saturating_sub(self.from_ns)))
    }

    /// What is due so long after the epoch; without an end, as one that is looped has none.
    pub fn position(&self, since_epoch: Duration) -> Position {
        let factor = self.speed.factor().unwrap_or(1.0);
        let played = scaled(since_epoch, 1.0 / factor).as_nanos();
        let round = self.round.as_nanos().max(1);
        Position {
            round: u64::try_from(played / round).unwrap_or(u64::MAX),
            ns: self.from_ns.saturating_add((played % round) as u64),
        }
    }

    /// The capture time of a frame that is sent at `now` and was due at `due`.
    pub fn captured(&self, at: Position, epoch: MonoTime, due: Option<MonoTime>) -> CaptureTime {
        match (self.times, due) {
            (Times::New, Some(due)) => CaptureTime::at(due, CaptureClock::File),
            (Times::New, None) => CaptureTime::now(CaptureClock::File),
            // One offset brings every wall time to the monotonic clock, so that spaces stay as they were.
            (Times::Recorded, _) => CaptureTime {
                mono: epoch + self.played(at),
                wall: WallTime::from_ns(i64::try_from(at.ns).unwrap_or(i64::MAX)),
                known_by: CaptureClock::File,
            },
        }
    }
}

fn scaled(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() / factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn timeline(speed: Speed, times: Times) -> Timeline {
        Timeline {
            from_ns: 100 * SECOND,
            to_ns: 109 * SECOND,
            round: Duration::from_secs(10),
            speed,
            times,
        }
    }

    fn at(round: u64, second: u64) -> Position {
        Position {
            round,
            ns: second * SECOND,
        }
    }

    #[test]
    fn half_the_speed_takes_twice_as_long_and_each_round_follows_the_one_before() {
        let slow = timeline(Speed::Factor(0.5), Times::New);
        assert_eq!(slow.due(at(0, 103)), Some(Duration::from_secs(6)));
        assert_eq!(slow.due(at(2, 100)), Some(Duration::from_secs(40)));
        assert_eq!(timeline(Speed::Max, Times::New).due(at(0, 103)), None);
    }

    #[test]
    fn what_is_due_is_found_again_by_its_time() {
        let fast = timeline(Speed::Factor(4.0), Times::New);
        for position in [at(0, 100), at(0, 107), at(3, 102)] {
            assert_eq!(fast.position(fast.due(position).unwrap()), position);
        }
    }

    #[test]
    fn recorded_times_are_those_of_then_and_new_ones_those_of_now() {
        let epoch = MonoTime::from_ns(5 * SECOND);
        let recorded = timeline(Speed::Max, Times::Recorded).captured(at(1, 102), epoch, None);
        assert_eq!(
            (recorded.wall.as_ns() as u64, recorded.mono.as_ns()),
            (102 * SECOND, 17 * SECOND)
        );
        let due = MonoTime::from_ns(8 * SECOND);
        let new = timeline(Speed::Factor(1.0), Times::New).captured(at(0, 103), epoch, Some(due));
        assert_eq!(new.mono, due);
        assert_eq!(new.known_by, CaptureClock::File);
    }
}
