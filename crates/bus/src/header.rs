//! The header of a frame as it lies in shared memory: written once by the publisher, trusted by nobody.
//!
//! All numbers are little-endian. `256` bytes that every frame has, then one entry of `136` bytes for each array; then,
//! each at a multiple of 64
//! bytes, the arrays and the body. In `repr(C)` words:
//!
//! | at | what |
//! |---|---|
//! | 0 | magic `BUSHBABY` |
//! | 8 | `u16` version, `u16` flags, `u32` number of arrays |
//! | 16 | `u64` bytes of the whole frame |
//! | 24 | `u64` generation, `u64` seq |
//! | 40 | capture time: `u64` monotonic, `i64` wall |
//! | 56 | `u64` publish time |
//! | 64 | `u64` offset and `u64` length of the body |
//! | 80 | origin: `u64` generation, `u64` seq, `u64` monotonic, `i64` wall |
//! | 112 | `u8` how the capture time is known, `u8` the same of the origin, `u8` length of the origin's stream |
//! | 128 | `[u8; 64]` the origin's stream |
//! | 192 | zero, for later |
//! | 256 | per array: `[u8; 32]` name, `[u8; 16]` encoding (both end with a zero), `u8` dtype, dims, matrix, range, `[u8; 4]` zero, `[u64; 4]` shape, `[u64; 4]` strides, `u64` offset, `u64` length |

mod read;
mod write;

use std::ops::Range;

use crate::frame::{ArrayInfo, Origin};
use crate::time::{CaptureTime, MonoTime};

pub use read::HeaderError;
pub(crate) use write::{Plan, Stamp};

pub(crate) const MAGIC: [u8; 8] = *b"BUSHBABY";
pub(crate) const VERSION: u16 = 1;
/// Arrays, the body and the slot itself begin at multiples of this, in bytes.
pub(crate) const ALIGN: usize = 64;
pub(crate) const FIXED_BYTES: usize = 256;
pub(crate) const ENTRY_BYTES: usize = 136;
/// The publisher waits for its readers: acknowledge each frame.
pub(crate) const FLAG_PACED: u16 = 1;

/// A header that was read and checked: every range in it lies in the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) flags: u16,
    pub(crate) generation: u64,
    pub(crate) seq: u64,
    pub(crate) captured: CaptureTime,
    pub(crate) published_at: MonoTime,
    pub(crate) origin: Origin,
    pub(crate) arrays: Vec<ArrayInfo>,
    /// Where each array's bytes are, counted from the start of the header.
    pub(crate) ranges: Vec<Range<usize>>,
    /// Where the body is.
    pub(crate) body: Range<usize>,
    /// Bytes of the whole frame, the header included.
    pub(crate) frame_bytes: usize,
}

/// Offsets in the fixed part.
pub(crate) mod at {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 8;
    pub(crate) const FLAGS: usize = 10;
    pub(crate) const ARRAYS: usize = 12;
    pub(crate) const FRAME_BYTES: usize = 16;
    pub(crate) const GENERATION: usize = 24;
    pub(crate) const SEQ: usize = 32;
    pub(crate) const CAPTURED_MONO: usize = 40;
    pub(crate) const CAPTURED_WALL: usize = 48;
    pub(crate) const PUBLISHED: usize = 56;
    pub(crate) const BODY_OFFSET: usize = 64;
    pub(crate) const BODY_BYTES: usize = 72;
    pub(crate) const ORIGIN_GENERATION: usize = 80;
    pub(crate) const ORIGIN_SEQ: usize = 88;
    pub(crate) const ORIGIN_MONO: usize = 96;
    pub(crate) const ORIGIN_WALL: usize = 104;
    pub(crate) const KNOWN_BY: usize = 112;
    pub(crate) const ORIGIN_KNOWN_BY: usize = 113;
    pub(crate) const ORIGIN_STREAM_BYTES: usize = 114;
    pub(crate) const ORIGIN_STREAM: usize = 128;
}

/// Offsets in the entry of an array.
pub(crate) mod entry {
    pub(crate) const NAME: usize = 0;
    pub(crate) const NAME_ROOM: usize = 32;
    pub(crate) const ENCODING: usize = 32;
    pub(crate) const ENCODING_ROOM: usize = 16;
    pub(crate) const DTYPE: usize = 48;
    pub(crate) const DIMS: usize = 49;
    pub(crate) const MATRIX: usize = 50;
    pub(crate) const RANGE: usize = 51;
    pub(crate) const SHAPE: usize = 56;
    pub(crate) const STRIDES: usize = 88;
    pub(crate) const OFFSET: usize = 120;
    pub(crate) const BYTES: usize = 128;
}

#[cfg(test)]
mod tests;
