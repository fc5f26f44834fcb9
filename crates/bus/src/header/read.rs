//! From the bytes that came to a checked header, or to the reason why they are none.

use std::ops::Range;

use super::{ALIGN, ENTRY_BYTES, FIXED_BYTES, Header, MAGIC, VERSION, at, entry};
use crate::error::LayoutError;
use crate::frame::{ArrayInfo, Origin};
use crate::layout::{ArrayLayout, ColorTag, DType, MAX_ARRAYS, MAX_DIMS};
use crate::names::StreamName;
use crate::time::{CaptureClock, CaptureTime, MonoTime, WallTime};

/// What is wrong with the header of a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Too short to hold a header.
    #[error("{got} bytes are no frame, its header alone takes {wanted}")]
    TooShort {
        /// Bytes that came.
        got: usize,
        /// Bytes that the header takes.
        wanted: usize,
    },
    /// Not ours.
    #[error("it does not begin with `BUSHBABY`")]
    Magic,
    /// Ours, from another version of the bus.
    #[error("its format is version {got}, this program reads version {VERSION}: update the older of the two")]
    Version {
        /// The version that came.
        got: u16,
    },
    /// A number that cannot be.
    #[error("its {field} cannot be {got}")]
    Value {
        /// Which number.
        field: &'static str,
        /// What it is.
        got: u64,
    },
    /// A text that is none.
    #[error("its {field} is no proper text")]
    Text {
        /// Which text.
        field: &'static str,
    },
    /// A part that does not lie in the frame where parts may lie.
    #[error(
        "its part {part} from byte {offset}, {bytes} bytes long, does not lie in the frame of {frame_bytes} bytes as it must"
    )]
    Place {
        /// Index of the array; the number of arrays for the body.
        part: usize,
        /// Where the part would begin.
        offset: u64,
        /// How long it would be.
        bytes: u64,
        /// Bytes of the frame.
        frame_bytes: usize,
    },
    /// Two parts share bytes.
    #[error("its parts {first} and {second} overlap")]
    Overlap {
        /// Index of the first array.
        first: usize,
        /// Index of the second; the number of arrays for the body.
        second: usize,
    },
    /// Shape, strides and length do not agree, or two names are the same.
    #[error("its array {array}: {cause}")]
    Layout {
        /// Index of the array.
        array: usize,
        /// What is wrong with it.
        #[source]
        cause: LayoutError,
    },
    /// Strides that are not those of rows one after the other, or a length that is not the product.
    #[error("its array {array}: {field} does not follow from its shape and type")]
    Shape {
        /// Index of the array.
        array: usize,
        /// Which of the two.
        field: &'static str,
    },
}

impl Header {
    /// Reads and checks the header at the start of `frame`. Whatever the bytes are, a returned range lies in `frame`.
    pub(crate) fn read(frame: &[u8]) -> Result<Self, HeaderError> {
        // One copy first: what is checked is then what is used, whatever happens to shared memory meanwhile.
        let fixed: [u8; FIXED_BYTES] = frame.first_chunk().copied().ok_or(HeaderError::TooShort {
            got: frame.len(),
            wanted: FIXED_BYTES,
        })?;
        if fixed[at::MAGIC..at::MAGIC + MAGIC.len()] != MAGIC {
            return Err(HeaderError::Magic);
        }
        let version = u16_at(&fixed, at::VERSION);
        if version != VERSION {
            return Err(HeaderError::Version { got: version });
        }
        let number = read_number(&fixed)?;
        let header_bytes = FIXED_BYTES + number * ENTRY_BYTES;
        let frame_bytes = usize::try_from(u64_at(&fixed, at::FRAME_BYTES)).unwrap_or(usize::MAX);
        if frame_bytes > frame.len() || frame_bytes < header_bytes {
            return Err(HeaderError::Value {
                field: "length",
                got: frame_bytes as u64,
            });
        }
        let place = Place {
            header_bytes,
            frame_bytes,
        };
        let captured = capture_time(&fixed, at::CAPTURED_MONO, at::CAPTURED_WALL, at::KNOWN_BY)?;
        let origin = read_origin(&fixed)?;
        let (arrays, ranges) = read_arrays(&frame[FIXED_BYTES..header_bytes], &place)?;
        let body = place.check(number, u64_at(&fixed, at::BODY_OFFSET), u64_at(&fixed, at::BODY_BYTES))?;
        check_overlap(&ranges, &body)?;
        Ok(Self {
            flags: u16_at(&fixed, at::FLAGS),
            generation: u64_at(&fixed, at::GENERATION),
            seq: u64_at(&fixed, at::SEQ),
            captured,
            published_at: MonoTime::from_ns(u64_at(&fixed, at::PUBLISHED)),
            origin,
            arrays,
            ranges,
            body,
            frame_bytes,
        })
    }
}

fn read_number(fixed: &[u8]) -> Result<usize, HeaderError> {
    let number = u32::from_le_bytes(bytes_at(fixed, at::ARRAYS));
    match usize::try_from(number) {
        Ok(count) if count <= MAX_ARRAYS => Ok(count),
        _ => Err(HeaderError::Value {
            field: "number of arrays",
            got: u64::from(number),
        }),
    }
}

/// Where parts may lie: behind the header, in the frame, at multiples of 64.
struct Place {
    header_bytes: usize,
    frame_bytes: usize,
}

impl Place {
    fn check(&self, part: usize, offset: u64, bytes: u64) -> Result<Range<usize>, HeaderError> {
        let range = || {
            let start = usize::try_from(offset).ok()?;
            let end = start.checked_add(usize::try_from(bytes).ok()?)?;
            let good = start % ALIGN == 0 && start >= self.header_bytes && end <= self.frame_bytes;
            good.then_some(start..end)
        };
        range().ok_or(HeaderError::Place {
            part,
            offset,
            bytes,
            frame_bytes: self.frame_bytes,
        })
    }
}

fn read_origin(fixed: &[u8]) -> Result<Origin, HeaderError> {
    let text = HeaderError::Text { field: "origin" };
    let length = usize::from(fixed[at::ORIGIN_STREAM_BYTES]);
    let room = &fixed[at::ORIGIN_STREAM..at::ORIGIN_STREAM + StreamName::MAX_BYTES];
    let bytes = room.get(..length).ok_or(HeaderError::Value {
        field: "length of the origin's name",
        got: length as u64,
    })?;
    let stream = str::from_utf8(bytes).map_err(|_| text.clone())?;
    Ok(Origin {
        stream: stream.parse().map_err(|_| text)?,
        generation: u64_at(fixed, at::ORIGIN_GENERATION),
        seq: u64_at(fixed, at::ORIGIN_SEQ),
        captured: capture_time(fixed, at::ORIGIN_MONO, at::ORIGIN_WALL, at::ORIGIN_KNOWN_BY)?,
    })
}

fn capture_time(fixed: &[u8], mono: usize, wall: usize, known_by: usize) -> Result<CaptureTime, HeaderError> {
    let known_by = fixed[known_by];
    let unknown = HeaderError::Value {
        field: "kind of capture time",
        got: u64::from(known_by),
    };
    Ok(CaptureTime {
        mono: MonoTime::from_ns(u64_at(fixed, mono)),
        wall: WallTime::from_ns(i64::from_le_bytes(bytes_at(fixed, wall))),
        known_by: CaptureClock::from_wire(known_by).ok_or(unknown)?,
    })
}

fn read_arrays(entries: &[u8], place: &Place) -> Result<(Vec<ArrayInfo>, Vec<Range<usize>>), HeaderError> {
    let mut arrays: Vec<ArrayInfo> = Vec::with_capacity(entries.len() / ENTRY_BYTES);
    let mut ranges = Vec::with_capacity(entries.len() / ENTRY_BYTES);
    for (index, slot) in entries.chunks_exact(ENTRY_BYTES).enumerate() {
        let slot: [u8; ENTRY_BYTES] = bytes_at(slot, 0);
        let (info, range) = read_entry(index, &slot, place)?;
        if arrays.iter().any(|other| other.name == info.name) {
            let cause = LayoutError::SameName { array: info.name };
            return Err(HeaderError::Layout { array: index, cause });
        }
        arrays.push(info);
        ranges.push(range);
    }
    Ok((arrays, ranges))
}

fn read_entry(index: usize, slot: &[u8], place: &Place) -> Result<(ArrayInfo, Range<usize>), HeaderError> {
    let value = |field, got: u8| HeaderError::Value {
        field,
        got: u64::from(got),
    };
    let dims = usize::from(slot[entry::DIMS]);
    if dims > MAX_DIMS {
        return Err(value("number of dimensions", slot[entry::DIMS]));
    }
    let words = |offset: usize| -> Result<Vec<usize>, HeaderError> {
        let word = |dim| u64_at(slot, offset + 8 * dim);
        let fits = |got| usize::try_from(got).map_err(|_| HeaderError::Value { field: "shape", got });
        (0..dims).map(|dim| fits(word(dim))).collect()
    };
    let strides = words(entry::STRIDES)?;
    let layout = ArrayLayout {
        name: text(&slot[entry::NAME..entry::NAME + entry::NAME_ROOM], "array name")?,
        dtype: DType::from_wire(slot[entry::DTYPE]).ok_or(value("dtype", slot[entry::DTYPE]))?,
        shape: words(entry::SHAPE)?,
        row_stride_bytes: strides.first().copied(),
        encoding: text(
            &slot[entry::ENCODING..entry::ENCODING + entry::ENCODING_ROOM],
            "encoding",
        )?,
        color: ColorTag {
            matrix: slot[entry::MATRIX],
            range: slot[entry::RANGE],
        },
    };
    let bytes = layout
        .size_bytes()
        .map_err(|cause| HeaderError::Layout { array: index, cause })?;
    if layout.strides_bytes() != strides {
        return Err(HeaderError::Shape {
            array: index,
            field: "strides",
        });
    }
    if u64_at(slot, entry::BYTES) != bytes as u64 {
        return Err(HeaderError::Shape {
            array: index,
            field: "length",
        });
    }
    let range = place.check(index, u64_at(slot, entry::OFFSET), bytes as u64)?;
    let ArrayLayout {
        name,
        dtype,
        shape,
        encoding,
        color,
        ..
    } = layout;
    Ok((
        ArrayInfo {
            name,
            dtype,
            shape,
            strides_bytes: strides,
            encoding,
            color,
        },
        range,
    ))
}

/// Parts without bytes touch nobody.
fn check_overlap(ranges: &[Range<usize>], body: &Range<usize>) -> Result<(), HeaderError> {
    let mut parts: Vec<(usize, &Range<usize>)> = ranges.iter().chain([body]).enumerate().collect();
    parts.retain(|(_, range)| !range.is_empty());
    parts.sort_by_key(|(_, range)| range.start);
    match parts.windows(2).find(|pair| pair[0].1.end > pair[1].1.start) {
        Some(pair) => Err(HeaderError::Overlap {
            first: pair[0].0.min(pair[1].0),
            second: pair[0].0.max(pair[1].0),
        }),
        None => Ok(()),
    }
}

/// Returns the text before the first zero byte; there must be one.
fn text(room: &[u8], field: &'static str) -> Result<String, HeaderError> {
    let end = room
        .iter()
        .position(|byte| *byte == 0)
        .ok_or(HeaderError::Text { field })?;
    str::from_utf8(&room[..end])
        .map(str::to_owned)
        .map_err(|_| HeaderError::Text { field })
}

/// The caller knows that so many bytes are there.
fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[offset..offset + N]);
    out
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, offset))
}

fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, offset))
}
