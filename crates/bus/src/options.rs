//! What a publisher and a reader may ask for.

use crate::layout::FrameLayout;

/// Most readers of one stream.
pub const MAX_READERS: usize = 24;
/// Longest queue of one reader, in frames.
pub const MAX_QUEUE: usize = 64;
/// Most frames that one reader may keep in shared memory; what it keeps beyond is copied.
pub const MAX_PIN_BUDGET: usize = 7;

/// What a publisher asks for.
#[derive(Debug, Clone, Default)]
pub struct PublisherOptions {
    /// The frames to come. Memory for a few of them is reserved and touched before the publisher is there, so that the
    /// first ones cost no more
    /// than the later ones and a full `/dev/shm` shows at once. Absent: memory is taken with the first frame.
    pub expected: Option<FrameLayout>,
    /// How many readers to reserve memory for; more may come.
    pub expected_readers: usize,
    /// Whether the publisher may be told to wait.
    pub pacing: Pacing,
}

/// Whether a publisher minds its readers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pacing {
    /// It sends, whoever reads: a camera.
    #[default]
    Free,
    /// Its readers acknowledge, and [`Publisher::wait_for_readers`](crate::Publisher::wait_for_readers) tells when to
    /// go on: a file.
    WaitForReaders {
        /// How many frames may be sent that some reader has not received yet. With 1, no reader misses a frame, not
        /// even a
        /// [`ReadPolicy::Latest`] one; with more, readers need queues as long.
        outstanding: u32,
    },
}

/// What a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadOptions {
    /// What to do when frames come faster than they are read.
    pub policy: ReadPolicy,
    /// Take only every n-th frame. Absent: each.
    pub every: Option<u32>,
    /// Take at most so many a second. Absent: no limit.
    pub max_fps: Option<f64>,
    /// Whether the last frame sent before this reader came is delivered, too.
    pub replay_last: bool,
    /// How many frames may be kept in shared memory, at most [`MAX_PIN_BUDGET`]; further ones are copied to private
    /// memory, and counted.
    pub pin_budget: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            policy: ReadPolicy::Latest,
            every: None,
            max_fps: None,
            replay_last: false,
            pin_budget: 3,
        }
    }
}

/// What to do when frames come faster than they are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadPolicy {
    /// Only the newest counts; what it replaced is counted as superseded.
    #[default]
    Latest,
    /// Up to so many wait in order (1 to [`MAX_QUEUE`]); then the oldest goes, and is counted as overflow.
    Queue(usize),
}
