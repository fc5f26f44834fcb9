//! The bytes of frames: lines of shared memory that a sample holds, or a private copy of them.
#![allow(unsafe_code)] // Lines of shared memory become bytes here, and a sample's bytes outlive the call that found them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use iceoryx2::prelude::ZeroCopySend;

use crate::populate::Place;
use crate::subscriber::ReaderPort;
use crate::transport::{Sample, SampleMut, SampleMutUninit};

/// What slots are made of, so that every slot, and every array in it, begins at a multiple of 64 bytes.
#[repr(C)]
#[repr(align(64))]
#[derive(Debug, Clone, Copy, ZeroCopySend)]
pub(crate) struct Line([u8; LINE_BYTES]);

pub(crate) const LINE_BYTES: usize = 64;

/// Returns private memory for so many bytes, all zero.
pub(crate) fn zeroed(bytes: usize) -> Box<[Line]> {
    vec![Line([0; LINE_BYTES]); bytes.div_ceil(LINE_BYTES)].into()
}

/// Returns the lines as bytes.
pub(crate) fn as_bytes(lines: &[Line]) -> &[u8] {
    // SAFETY: a `Line` is 64 bytes without padding, of which every value is good, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), size_of_val(lines)) }
}

/// Returns the lines as bytes to be written.
pub(crate) fn as_bytes_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: as above; and any byte written makes a good `Line`. The one mutable borrow is handed on.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), size_of_val(lines)) }
}

/// Returns where the lines of a taken slot are.
pub(crate) fn place_of(lines: &mut [Line]) -> Place {
    Place {
        address: lines.as_mut_ptr() as usize,
        bytes: size_of_val(lines),
    }
}

/// Returns where the slot itself begins, with iceoryx2's own header.
pub(crate) fn head_of(sample: &SampleMut) -> usize {
    std::ptr::from_ref(sample.header()) as usize
}

/// Takes the lines of a slot as they are: what an earlier frame left there, or zero.
pub(crate) fn assume_lines(sample: SampleMutUninit) -> SampleMut {
    // SAFETY: shared memory always holds some bytes, and any bytes make a good `Line`.
    unsafe { sample.assume_init() }
}

/// The bytes of a received frame, for as long as this lives.
pub(crate) enum FrameBytes {
    Pinned(Pinned),
    Private(Box<[Line]>),
}

impl FrameBytes {
    /// Keeps the sample.
    pub(crate) fn pinned(sample: Sample, port: Arc<ReaderPort>, pin: Pin) -> Self {
        let lines = sample.payload();
        let (start, count) = (lines.as_ptr(), lines.len());
        Self::Pinned(Pinned {
            start,
            count,
            _sample: sample,
            _port: port,
            _pin: pin,
        })
    }

    /// Copies the first so many bytes of the lines.
    pub(crate) fn private(lines: &[Line], bytes: usize) -> Self {
        let count = bytes.div_ceil(LINE_BYTES).min(lines.len());
        Self::Private(lines[..count].into())
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Pinned(pinned) => pinned.as_slice(),
            Self::Private(lines) => as_bytes(lines),
        }
    }

    pub(crate) fn is_private(&self) -> bool {
        matches!(self, Self::Private(_))
    }
}

/// A sample, with the place of its lines: asking the sample itself takes a lock each time.
pub(crate) struct Pinned {
    start: *const Line,
    count: usize,
    // Given back first.
    _sample: Sample,
    // As long as a reader's port is there, its publisher leaves the slots alone that were handed to it; when it goes,
    // they are all taken back.
    _port: Arc<ReaderPort>,
    _pin: Pin,
}

impl Pinned {
    fn as_slice(&self) -> &[u8] {
        // SAFETY: these are the sample's own lines, mapped for reading and neither reused nor unmapped before the
        // sample is dropped, and it is ours.
        as_bytes(unsafe { std::slice::from_raw_parts(self.start, self.count) })
    }
}

// SAFETY: the lines are read-only shared memory, which belongs to no thread. The sample is `Send`; its drop takes the
// lock of its subscriber's state.
unsafe impl Send for Pinned {}
// SAFETY: as above, and through a shared `Pinned` the sample itself is never touched.
unsafe impl Sync for Pinned {}

/// One frame of a reader's pin budget; given back on drop.
pub(crate) struct Pin(Arc<AtomicUsize>);

impl Pin {
    /// Takes one, if fewer than `budget` are taken.
    pub(crate) fn take(taken: &Arc<AtomicUsize>, budget: usize) -> Option<Self> {
        let more = |count| (count < budget).then_some(count + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(taken.clone()))
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for FrameBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameBytes")
            .field("private", &self.is_private())
            .finish_non_exhaustive()
    }
}
