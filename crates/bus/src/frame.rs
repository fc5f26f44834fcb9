//! A received frame: what it says about itself, and views of its bytes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::LayoutError;
use crate::header::{Header, HeaderError, Plan, Stamp};
use crate::layout::{ArrayLayout, ColorTag, DType};
use crate::memory::{self, FrameBytes};
use crate::names::StreamName;
use crate::time::{CaptureTime, MonoTime};

/// The frame that everything came from, handed on unchanged by every stage on the way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The stream of the source.
    pub stream: StreamName,
    /// Which start of its publisher.
    pub generation: u64,
    /// Which frame since then.
    pub seq: u64,
    /// When it was captured.
    pub captured: CaptureTime,
}

/// What one array of a frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Unlike any other in the frame.
    pub name: String,
    /// Type of an element.
    pub dtype: DType,
    /// Up to 4 dimensions, the outermost first.
    pub shape: Vec<usize>,
    /// Bytes from one element to the next, for each dimension; only the first may leave a gap.
    pub strides_bytes: Vec<usize>,
    /// What the numbers are: `i420`, `rgb8`, `jpeg`; empty: just numbers.
    pub encoding: String,
    /// Meaning of YUV.
    pub color: ColorTag,
}

impl ArrayInfo {
    /// Returns whether no gap lies between rows.
    pub fn is_tight(&self) -> bool {
        let inner: usize = self.shape.iter().skip(1).product();
        self.strides_bytes
            .first()
            .is_none_or(|stride| *stride == inner * self.dtype.size_bytes())
    }
}

/// One array of a frame: what it is, and its bytes, 64-byte aligned.
#[derive(Debug, Clone, Copy)]
pub struct ArrayView<'f> {
    /// What it is.
    pub info: &'f ArrayInfo,
    /// All of it, gaps between rows included.
    pub bytes: &'f [u8],
}

/// One frame of a stream, as it was sent. Cloning it copies nothing.
///
/// It owns its memory: it may be kept as long as one likes, also past the end of its subscriber, its publisher and the
/// bus. It is never overwritten.
#[derive(Clone)]
pub struct Frame(Arc<Inner>);

struct Inner {
    stream: StreamName,
    header: Header,
    received_at: MonoTime,
    bytes: FrameBytes,
}

impl Frame {
    /// The header was read from `bytes` by [`Header::read`], which checked every range in it.
    pub(crate) fn new(stream: StreamName, header: Header, received_at: MonoTime, bytes: FrameBytes) -> Self {
        Self(Arc::new(Inner {
            stream,
            header,
            received_at,
            bytes,
        }))
    }

    /// Returns a frame that was never sent: a reader's own, made of frames of `stream`, as a window is of several pieces of sound.
    ///
    /// - `seq`: its number among those that the reader made.
    /// - `last`: the newest of the frames that it was made of; it has its generation and origin.
    /// - `arrays`: what each is, and its bytes; bytes that are not given are zero.
    ///
    /// # Errors
    /// When a frame cannot be laid out so.
    pub fn made(
        last: &Self,
        seq: u64,
        captured: CaptureTime,
        arrays: &[(&ArrayLayout, &[u8])],
        body: &[u8],
    ) -> Result<Self, MadeError> {
        let layouts: Vec<&ArrayLayout> = arrays.iter().map(|(layout, _)| *layout).collect();
        let plan = Plan::of_arrays(&layouts, body.len())?;
        let mut lines = memory::zeroed(plan.frame_bytes);
        let bytes = memory::as_bytes_mut(&mut lines);
        for (range, (_, data)) in plan.ranges.iter().zip(arrays) {
            let room = &mut bytes[range.clone()];
            let count = room.len().min(data.len());
            room[..count].copy_from_slice(&data[..count]);
        }
        bytes[plan.body.clone()].copy_from_slice(body);
        let now = MonoTime::now();
        plan.write(
            bytes,
            &Stamp {
                flags: 0,
                generation: last.generation(),
                seq,
                captured,
                published_at: now,
                origin: last.origin(),
                body_bytes: body.len(),
            },
        );
        let header = Header::read(memory::as_bytes(&lines))?;
        Ok(Self::new(
            last.stream().clone(),
            header,
            now,
            FrameBytes::Private(lines),
        ))
    }

    /// Returns the stream that it came by.
    pub fn stream(&self) -> &StreamName {
        &self.0.stream
    }

    /// Returns which start of the publisher sent it: larger for a later start.
    pub fn generation(&self) -> u64 {
        self.0.header.generation
    }

    /// Returns its number since that start, from 0. A gap to the one before is frames that were missed.
    pub fn seq(&self) -> u64 {
        self.0.header.seq
    }

    /// Returns when it was captured.
    pub fn captured(&self) -> CaptureTime {
        self.0.header.captured
    }

    /// Returns when it was sent.
    pub fn published_at(&self) -> MonoTime {
        self.0.header.published_at
    }

    /// Returns when this reader took it.
    pub fn received_at(&self) -> MonoTime {
        self.0.received_at
    }

    /// Returns the frame that everything came from; itself, for a source's.
    pub fn origin(&self) -> &Origin {
        &self.0.header.origin
    }

    /// Returns how long ago it was captured.
    pub fn age(&self) -> Duration {
        MonoTime::now().since(self.captured().mono)
    }

    /// Returns what its arrays are, in the order in which they were laid out.
    pub fn arrays(&self) -> &[ArrayInfo] {
        &self.0.header.arrays
    }

    /// Returns the array of that name.
    pub fn array(&self, name: &str) -> Option<ArrayView<'_>> {
        self.arrays()
            .iter()
            .position(|info| info.name == name)
            .and_then(|index| self.array_at(index))
    }

    /// Returns the array at that place of [`Self::arrays`].
    pub fn array_at(&self, index: usize) -> Option<ArrayView<'_>> {
        let info = self.arrays().get(index)?;
        let range = self.0.header.ranges.get(index)?;
        Some(ArrayView {
            info,
            bytes: &self.0.bytes.as_slice()[range.clone()],
        })
    }

    /// Returns the structured body: JSON, for results. Empty when there is none.
    pub fn body(&self) -> &[u8] {
        &self.0.bytes.as_slice()[self.0.header.body.clone()]
    }

    /// Returns whether it lies in private memory, because its reader kept as many as its pin budget allows.
    pub fn is_copy(&self) -> bool {
        self.0.bytes.is_private()
    }
}

/// Why no frame can be made so.
#[derive(Debug, thiserror::Error)]
pub enum MadeError {
    /// Its arrays cannot be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// What it says of itself makes no sense.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("stream", &self.stream().as_str())
            .field("generation", &self.generation())
            .field("seq", &self.seq())
            .field("arrays", &self.arrays().len())
            .field("body_bytes", &self.body().len())
            .finish_non_exhaustive()
    }
}
