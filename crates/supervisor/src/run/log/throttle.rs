//! Keeps one talkative node from drowning the others.

use std::time::Duration;

use bushbaby_bus::MonoTime;

/// Lets bursts through, and a steady rate after them.
#[derive(Debug)]
pub(in crate::run) struct Throttle {
    burst: f64,
    per_second: f64,
    left: f64,
    refilled: MonoTime,
}

impl Throttle {
    /// Lets `burst` through at once and `per_second` for ever.
    pub(in crate::run) fn new(burst: u32, per_second: u32, now: MonoTime) -> Self {
        Self {
            burst: burst.into(),
            per_second: per_second.into(),
            left: burst.into(),
            refilled: now,
        }
    }

    /// Whether one more may pass now.
    pub(in crate::run) fn allows(&mut self, now: MonoTime) -> bool {
        let since: Duration = now.since(self.refilled);
        self.left = (self.left + since.as_secs_f64() * self.per_second).min(self.burst);
        self.refilled = now;
        let allows = self.left >= 1.0;
        if allows {
            self.left -= 1.0;
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let mut throttle = Throttle::new(10, 100, at(0));
        assert_eq!((0..100).filter(|_| throttle.allows(at(0))).count(), 10);
        let passed = (1..=1000).filter(|ms| throttle.allows(at(*ms))).count();
        assert!((99..=101).contains(&passed), "{passed}");
        assert_eq!((0..100).filter(|_| throttle.allows(at(100_000))).count(), 10);
    }
}
