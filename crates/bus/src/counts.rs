//! What became of the frames of a stream at one reader.

use serde::Serialize;

/// Frames since the reader came, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReadCounts {
    /// Handed to the caller.
    pub delivered: u64,
    /// Replaced by a newer one before they were read.
    pub superseded: u64,
    /// Pushed out of a full queue.
    pub overflow: u64,
    /// With a header that makes no sense.
    pub damaged: u64,
    /// Left out by `every` or `max_fps`.
    pub skipped: u64,
    /// Delivered, but in private memory, because the reader keeps as many frames as its pin budget allows.
    pub copied: u64,
}
