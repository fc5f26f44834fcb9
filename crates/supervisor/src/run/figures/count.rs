//! A count that goes on when its process starts again at zero.

/// Counted by one process after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    before: u64,
    now: u64,
}

impl Count {
    /// The present process counted this much so far.
    pub(super) fn set(&mut self, count: u64) {
        self.now = count;
    }

    /// The next process counts from zero.
    pub(super) fn launched(&mut self) {
        self.before = self.total();
        self.now = 0;
    }

    pub(super) fn total(self) -> u64 {
        self.before.saturating_add(self.now)
    }
}
