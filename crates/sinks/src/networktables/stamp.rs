//! When a result is from, and how many there were: what the dialects cannot know by themselves.

/// Of one result. Times are on the server's clock, microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stamp {
    /// Its number, from 1 on.
    pub(crate) number: i64,
    /// When its picture was captured, by the time-sync server of photonlib.
    pub(crate) captured_us: i64,
    /// Now, by the same clock.
    pub(crate) now_us: i64,
    /// How long that server has been silent.
    pub(crate) since_pong_us: i64,
    /// From capture to now.
    pub(crate) latency_ms: f64,
    /// Which pipeline of its stage is in force.
    pub(crate) pipeline: u32,
    /// Results a second, lately.
    pub(crate) fps: f64,
    /// When its picture was captured, by this machine's monotonic clock.
    pub(crate) captured_here_us: i64,
}
