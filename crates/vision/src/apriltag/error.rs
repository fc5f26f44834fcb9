//! What can go wrong when tags are looked for; finding none is not among it.

use super::Family;

/// Why a detector could not be made or could not look at a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetectError {
    /// The picture has no pixels.
    #[error("tag detector: the picture is {width_px}x{height_px}, both sides must be at least 1 px")]
    EmptyImage { width_px: u32, height_px: u32 },
    /// The picture is larger than any camera's.
    #[error(
        "tag detector: the picture is {width_px}x{height_px}; \
         at most {max_side_px} px a side and {max_px} px in all are looked at: make it smaller"
    )]
    ImageTooLarge {
        width_px: u32,
        height_px: u32,
        max_side_px: u32,
        max_px: u64,
    },
    /// Rows would overlap.
    #[error(
        "tag detector: the rows are {stride_bytes} bytes apart but {width_px} px wide; the stride must be at least the width"
    )]
    Stride { stride_bytes: usize, width_px: u32 },
    /// The buffer ends before the last row.
    #[error("tag detector: the picture has {got_bytes} bytes, its size and stride ask for {wanted_bytes}")]
    ShortBuffer { got_bytes: usize, wanted_bytes: usize },
    /// A setting that the detector cannot follow.
    #[error("tag detector: `{name}` is {got}, {wanted}")]
    Setting {
        name: &'static str,
        got: String,
        wanted: String,
    },
    /// The system refused a thread.
    #[error(
        "tag detector: the system would not start {threads} threads (limit of processes or of memory); \
         use fewer `threads` (1 starts none) or raise the limit"
    )]
    ThreadStart { threads: u32 },
    /// The table of a family's codes did not fit into memory.
    #[error("tag detector: no memory for the codes of {family} with {max_hamming} allowed bit errors; allow fewer")]
    OutOfMemory { family: Family, max_hamming: u32 },
}
