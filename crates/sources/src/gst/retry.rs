//! When to start an ended pipeline again.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// A child that gave pictures for this long was a good one.
const PROVEN: Duration = Duration::from_secs(5);

/// The wait before the next start: 100 ms after a good run, twice as long after each bad one, 5 s at most.
#[derive(Debug)]
pub(super) struct Retry {
    wait: Duration,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self { wait: FIRST }
    }

    /// Returns when to start again after a child ended at `now` that gave pictures from `first_frame` on.
    pub(super) fn after(&mut self, first_frame: Option<Instant>, now: Instant) -> Instant {
        if first_frame.is_some_and(|first| now.duration_since(first) >= PROVEN) {
            self.wait = FIRST;
        }
        let at = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_start_doubles_the_wait_up_to_five_seconds() {
        let (mut retry, now) = (Retry::new(), Instant::now());
        let waits: Vec<u128> = (0..8)
            .map(|_| (retry.after(Some(now), now) - now).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn a_run_of_five_seconds_starts_the_waits_anew() {
        let (mut retry, start) = (Retry::new(), Instant::now());
        (0..5).for_each(|_| assert!(retry.after(None, start) > start));
        let now = start + Duration::from_secs(5);
        assert_eq!(retry.after(Some(start), now) - now, FIRST);
    }
}
