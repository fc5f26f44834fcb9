//! The clock that limits are measured on: it stands still while the supervisor itself does.

use std::time::Duration;

use bushbaby_bus::MonoTime;

/// The loop looks at least this often; a longer gap means that it was stopped (Ctrl-Z, a debugger, a starved machine).
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// `CLOCK_MONOTONIC`, which stands still while the machine sleeps, less the time in which this process did not run: then its
/// nodes' reports waited unread, and no node is to blame for that.
#[derive(Debug)]
pub(super) struct LoopClock {
    last: MonoTime,
    missed: Duration,
}

impl LoopClock {
    pub(super) fn new(now: MonoTime) -> Self {
        Self {
            last: now,
            missed: Duration::ZERO,
        }
    }

    /// Takes the time and returns it without the gaps.
    pub(super) fn at(&mut self, now: MonoTime) -> MonoTime {
        let gap = now.since(self.last);
        if gap > LONGEST_GAP {
            self.missed += gap;
        }
        self.last = now;
        let missed_ns = u64::try_from(self.missed.as_nanos()).unwrap_or(u64::MAX);
        MonoTime::from_ns(now.as_ns().saturating_sub(missed_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_in_which_the_supervisor_was_stopped_is_no_time() {
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let mut clock = LoopClock::new(at(100_000));
        assert_eq!(clock.at(at(100_250)), at(100_250));
        assert_eq!(clock.at(at(160_250)), at(100_250));
        assert_eq!(clock.at(at(160_500)), at(100_500));
    }
}
