//! From a layout to the places of its arrays, and to the bytes of a header.

use std::ops::Range;

use super::{ALIGN, ENTRY_BYTES, FIXED_BYTES, MAGIC, VERSION, at, entry};
use crate::error::LayoutError;
use crate::frame::Origin;
use crate::layout::{ArrayLayout, FrameLayout, MAX_ARRAYS, MAX_FRAME_BYTES};
use crate::time::{CaptureTime, MonoTime};

/// Where each part of a frame goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) arrays: Vec<ArrayLayout>,
    pub(crate) ranges: Vec<Range<usize>>,
    /// Room for the body; what is set may be shorter.
    pub(crate) body: Range<usize>,
    /// Bytes of the whole frame, a multiple of 64.
    pub(crate) frame_bytes: usize,
}

/// What is only known when the frame is sent.
#[derive(Debug)]
pub(crate) struct Stamp<'a> {
    pub(crate) flags: u16,
    pub(crate) generation: u64,
    pub(crate) seq: u64,
    pub(crate) captured: CaptureTime,
    pub(crate) published_at: MonoTime,
    pub(crate) origin: &'a Origin,
    pub(crate) body_bytes: usize,
}

impl Plan {
    /// Places the parts of a frame one after the other.
    pub(crate) fn new(layout: &FrameLayout) -> Result<Self, LayoutError> {
        let refs: Vec<&ArrayLayout> = layout.arrays.iter().collect();
        Self::of_arrays(&refs, layout.body_capacity_bytes)
    }

    /// The same, from the parts of a layout.
    pub(crate) fn of_arrays(arrays: &[&ArrayLayout], body_capacity_bytes: usize) -> Result<Self, LayoutError> {
        if arrays.len() > MAX_ARRAYS {
            return Err(LayoutError::TooManyArrays { got: arrays.len() });
        }
        let mut end = FIXED_BYTES + arrays.len() * ENTRY_BYTES;
        let mut ranges = Vec::with_capacity(arrays.len());
        for (index, array) in arrays.iter().enumerate() {
            if arrays[..index].iter().any(|other| other.name == array.name) {
                return Err(LayoutError::SameName {
                    array: array.name.clone(),
                });
            }
            ranges.push(place(&mut end, array.size_bytes()?, &array.name)?);
        }
        let body = place(&mut end, body_capacity_bytes, "body")?;
        Ok(Self {
            arrays: arrays.iter().map(|array| (*array).clone()).collect(),
            ranges,
            body,
            frame_bytes: end.next_multiple_of(ALIGN),
        })
    }

    /// Writes the header at the start of `frame`, which is at least as long as planned.
    pub(crate) fn write(&self, frame: &mut [u8], stamp: &Stamp<'_>) {
        let (fixed, entries) = frame.split_at_mut(FIXED_BYTES);
        fixed.fill(0);
        put(fixed, at::MAGIC, &MAGIC);
        put(fixed, at::VERSION, &VERSION.to_le_bytes());
        put(fixed, at::FLAGS, &stamp.flags.to_le_bytes());
        put(fixed, at::ARRAYS, &(self.arrays.len() as u32).to_le_bytes());
        put_u64(fixed, at::FRAME_BYTES, self.frame_bytes as u64);
        put_u64(fixed, at::GENERATION, stamp.generation);
        put_u64(fixed, at::SEQ, stamp.seq);
        put_u64(fixed, at::CAPTURED_MONO, stamp.captured.mono.as_ns());
        put(fixed, at::CAPTURED_WALL, &stamp.captured.wall.as_ns().to_le_bytes());
        put_u64(fixed, at::PUBLISHED, stamp.published_at.as_ns());
        put_u64(fixed, at::BODY_OFFSET, self.body.start as u64);
        put_u64(fixed, at::BODY_BYTES, stamp.body_bytes as u64);
        put_u64(fixed, at::ORIGIN_GENERATION, stamp.origin.generation);
        put_u64(fixed, at::ORIGIN_SEQ, stamp.origin.seq);
        put_u64(fixed, at::ORIGIN_MONO, stamp.origin.captured.mono.as_ns());
        put(
            fixed,
            at::ORIGIN_WALL,
            &stamp.origin.captured.wall.as_ns().to_le_bytes(),
        );
        fixed[at::KNOWN_BY] = stamp.captured.known_by as u8;
        fixed[at::ORIGIN_KNOWN_BY] = stamp.origin.captured.known_by as u8;
        let stream = stamp.origin.stream.as_str().as_bytes();
        fixed[at::ORIGIN_STREAM_BYTES] = stream.len() as u8;
        put(fixed, at::ORIGIN_STREAM, stream);
        for ((array, range), slot) in self
            .arrays
            .iter()
            .zip(&self.ranges)
            .zip(entries.chunks_exact_mut(ENTRY_BYTES))
        {
            write_entry(slot, array, range);
        }
    }
}

/// Returns the next place of so many bytes, at a multiple of 64; `end` moves behind it.
fn place(end: &mut usize, bytes: usize, name: &str) -> Result<Range<usize>, LayoutError> {
    let start = end.next_multiple_of(ALIGN);
    let stop = start.checked_add(bytes).filter(|stop| *stop <= MAX_FRAME_BYTES);
    *end = stop.ok_or_else(|| LayoutError::TooLarge { array: name.to_owned() })?;
    Ok(start..*end)
}

fn write_entry(slot: &mut [u8], array: &ArrayLayout, range: &Range<usize>) {
    slot.fill(0);
    put(slot, entry::NAME, array.name.as_bytes());
    put(slot, entry::ENCODING, array.encoding.as_bytes());
    slot[entry::DTYPE] = array.dtype as u8;
    slot[entry::DIMS] = array.shape.len() as u8;
    slot[entry::MATRIX] = array.color.matrix;
    slot[entry::RANGE] = array.color.range;
    for (dim, (size, stride)) in array.shape.iter().zip(array.strides_bytes()).enumerate() {
        put_u64(slot, entry::SHAPE + 8 * dim, *size as u64);
        put_u64(slot, entry::STRIDES + 8 * dim, stride as u64);
    }
    put_u64(slot, entry::OFFSET, range.start as u64);
    put_u64(slot, entry::BYTES, range.len() as u64);
}

fn put(bytes: &mut [u8], offset: usize, what: &[u8]) {
    bytes[offset..offset + what.len()].copy_from_slice(what);
}

fn put_u64(bytes: &mut [u8], offset: usize, value: u64) {
    put(bytes, offset, &value.to_le_bytes());
}
