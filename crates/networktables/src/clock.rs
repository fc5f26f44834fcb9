//! The clock that all local times are of.

use rustix::time::{ClockId, clock_gettime};

/// Now on CLOCK_MONOTONIC, in microseconds.
pub fn local_us() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}
