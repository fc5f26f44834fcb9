//! When the next picture is due.

use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::Stop;

/// One picture each frame time by the monotonic clock; a picture whose time is over is left out rather than sent late.
#[derive(Debug)]
pub(super) struct Pace {
    start: MonoTime,
    frame_time: Duration,
    next: u64,
}

impl Pace {
    pub(super) fn new(fps: f64) -> Self {
        Self {
            start: MonoTime::now(),
            frame_time: Duration::from_secs_f64(1.0 / fps),
            next: 0,
        }
    }

    /// Waits until the next picture is due and returns its number; `None` when that takes longer than a step may.
    pub(super) fn wait_for_next(&mut self, stop: &Stop) -> Option<u64> {
        const MOST: Duration = Duration::from_millis(200);
        let early = self.early(MonoTime::now().since(self.start));
        if early > Duration::ZERO && (stop.wait(early.min(MOST)) || early > MOST) {
            return None;
        }
        Some(self.take(MonoTime::now().since(self.start)))
    }

    /// How long it is until the next picture, `elapsed` after the start.
    fn early(&self, elapsed: Duration) -> Duration {
        self.frame_time.mul_f64(self.next as f64).saturating_sub(elapsed)
    }

    /// Returns the number of the picture whose time it is.
    fn take(&mut self, elapsed: Duration) -> u64 {
        let now = elapsed.as_secs_f64() / self.frame_time.as_secs_f64();
        let picture = self.next.max(now as u64);
        self.next = picture + 1;
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_pace_and_those_whose_time_is_over_are_left_out() {
        let mut pace = Pace::new(50.0);
        let ms = Duration::from_millis;
        assert_eq!(pace.early(ms(0)), ms(0));
        assert_eq!(pace.take(ms(0)), 0);
        assert_eq!(pace.early(ms(5)), ms(15));
        // Woken a little too late, then much too late.
        assert_eq!(pace.take(ms(21)), 1);
        assert_eq!(pace.early(ms(30)), ms(10));
        assert_eq!(pace.take(ms(171)), 8);
        assert_eq!(pace.early(ms(175)), ms(5));
    }
}
