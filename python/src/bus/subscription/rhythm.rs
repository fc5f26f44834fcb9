//! When the next frame is due, so that whoever waits for it is awake.
//!
//! A process that slept for a frame time has gone cold: its processor was stopped or did other work, its code left the caches. To
//! wake up then costs a small frame more than its whole way. So a wait ends shortly before a frame is due, goes once through all
//! that is done between two waits, and begins again. What that costs is two looks a frame.

use std::time::Duration;

use bushbaby_bus::MonoTime;

/// So long before a frame is due a wait ends, twice: first the processor comes back, then it finds what it needs.
const EARLY: [Duration; 2] = [Duration::from_micros(600), Duration::from_micros(200)];
/// Shorter waits are not worth beginning.
const SHORTEST: Duration = Duration::from_micros(50);
/// Who waits no longer than this has not gone cold.
const STILL_WARM: Duration = Duration::from_millis(2);

/// When the last two frames were sent: cameras keep their pace.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rhythm {
    last: Option<MonoTime>,
    period: Option<Duration>,
}

impl Rhythm {
    /// A frame came that was sent at `sent_at`.
    pub(super) fn came(&mut self, sent_at: MonoTime) {
        self.period = self.last.map(|last| sent_at.since(last));
        self.last = Some(sent_at);
    }

    /// How long it is until shortly before the next frame. `None`: nobody knows, or that moment has come.
    pub(super) fn until_almost_due(&self, now: MonoTime) -> Option<Duration> {
        let due = self.last? + self.period.filter(|period| *period > STILL_WARM)?;
        let left = due.since(now);
        EARLY
            .into_iter()
            .filter_map(|early| left.checked_sub(early))
            .find(|wait| *wait > SHORTEST)
    }
}
