//! How long a destination that failed is left alone.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// At most. With an attempt's usual deadline of 10 s on top, whatever waits is on its way 30 s after the destination is back.
const MOST: Duration = Duration::from_secs(15);

/// The delays between attempts.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure: between half and all of a time that doubles.
    ///
    /// - `chance`: 0 to 1, so that many that failed together do not come back together.
    pub(super) fn failed(&mut self, chance: f64) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(10)).min(MOST);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_the_limit() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..7).map(|_| backoff.failed(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(backoff.failed(0.0), MOST / 2);
        backoff.succeeded();
        assert_eq!(backoff.failed(0.0), FIRST / 2);
    }
}
