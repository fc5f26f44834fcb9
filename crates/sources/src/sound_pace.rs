//! When the next piece of made or stored sound is due.

use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::Stop;

/// A step of a source returns after this long, with or without sound.
const STEP: Duration = Duration::from_millis(150);
/// Sound that is further behind its pace goes on from where it is, rather than racing after it.
const FURTHEST_BEHIND: Duration = Duration::from_secs(1);

/// Real time, or a multiple of it, by the monotonic clock. A piece is there once its last sample is over, as a microphone's is.
#[derive(Debug)]
pub(crate) struct SoundPace {
    /// When the very first sample was heard, or would have been at the pace since then.
    started: MonoTime,
    rate_hz: u32,
    speed: f64,
}

impl SoundPace {
    /// Begins now. `speed`: 1 is real time; above 0.
    pub(crate) fn new(rate_hz: u32, speed: f64) -> Self {
        Self {
            started: MonoTime::now(),
            rate_hz,
            speed,
        }
    }

    /// Waits until a piece is over, a step at most, and returns when its first sample was heard. `position` and `length` in
    /// samples. `None`: not yet.
    pub(crate) fn wait_for(&mut self, position: u64, length: usize, stop: &Stop) -> Option<MonoTime> {
        let early = self.early(position + length as u64, MonoTime::now());
        if !early.is_zero() && (stop.wait(early.min(STEP)) || early > STEP) {
            return None;
        }
        Some(self.started + self.after(position))
    }

    /// How long it is until a sample is due.
    fn early(&mut self, position: u64, now: MonoTime) -> Duration {
        let due = self.started + self.after(position);
        let behind = now.since(due);
        if behind > FURTHEST_BEHIND {
            self.started = self.started + behind;
        }
        due.since(now)
    }

    /// How long after the first sample another is heard.
    fn after(&self, position: u64) -> Duration {
        Duration::try_from_secs_f64(position as f64 / f64::from(self.rate_hz) / self.speed).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(speed: f64) -> SoundPace {
        SoundPace {
            started: MonoTime::from_ns(1_000_000_000),
            ..SoundPace::new(16_000, speed)
        }
    }

    #[test]
    fn a_sample_is_due_when_it_would_be_heard() {
        let now = MonoTime::from_ns(1_000_000_000);
        assert_eq!(pace(1.0).early(8_000, now), Duration::from_millis(500));
        assert_eq!(pace(4.0).early(8_000, now), Duration::from_millis(125));
        assert_eq!(pace(1.0).early(8_000, now + Duration::from_millis(600)), Duration::ZERO);
    }

    #[test]
    fn what_is_far_behind_goes_on_from_where_it_is() {
        let mut pace = pace(1.0);
        let now = MonoTime::from_ns(11_000_000_000);
        assert_eq!(pace.early(16_000, now), Duration::ZERO);
        assert_eq!(pace.early(32_000, now), Duration::from_secs(1));
    }
}
