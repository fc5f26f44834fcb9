//! The segments before the pixels of a JPEG, read without decoding anything.
//!
//! Source: ITU-T T.81, annex B.

/// What the frame header of a JPEG says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// In pixels, at least 1.
    pub width: u32,
    /// In pixels, at least 1.
    pub height: u32,
}

/// Why the header of a JPEG cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Something else, or the start is missing.
    #[error("not a JPEG: it does not begin with FF D8")]
    NotJpeg,
    /// The bytes end, or turn into something else, before the frame header.
    #[error("damaged JPEG: no frame header in its {bytes} bytes")]
    NoFrame {
        /// Length of the file.
        bytes: usize,
    },
    /// The frame header says zero, or leaves the height for later (which no camera does).
    #[error("damaged JPEG: its header says {width}x{height} pixels")]
    Empty {
        /// As the header says.
        width: u32,
        /// As the header says.
        height: u32,
    },
}

impl Header {
    /// Reads the size from the first frame header.
    ///
    /// # Errors
    /// [`HeaderError`], for whatever is not the start of a JPEG up to there.
    pub fn read(jpeg: &[u8]) -> Result<Self, HeaderError> {
        let frame = segments(jpeg)?.find(|s| is_frame_header(s.marker));
        let no_frame = HeaderError::NoFrame { bytes: jpeg.len() };
        let &[_precision, h1, h0, w1, w0, ..] = frame.ok_or(no_frame)?.body else {
            return Err(no_frame);
        };
        let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        if width == 0 || height == 0 {
            Err(HeaderError::Empty { width, height })
        } else {
            Ok(Self { width, height })
        }
    }
}

pub(super) const DEFINE_HUFFMAN: u8 = 0xC4;
pub(super) const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// One marker segment before the first scan, that scan's own header included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub marker: u8,
    /// Where its `FF` lies in the file.
    pub start: usize,
    /// What follows the length.
    pub body: &'a [u8],
}

/// Walks through the segments up to the first scan; ends at anything damaged.
pub(super) fn segments(jpeg: &[u8]) -> Result<impl Iterator<Item = Segment<'_>>, HeaderError> {
    if !jpeg.starts_with(&[0xFF, 0xD8]) {
        return Err(HeaderError::NotJpeg);
    }
    let mut at = 2;
    let mut over = false;
    Ok(std::iter::from_fn(move || {
        let segment = if over { None } else { segment_at(jpeg, at) };
        if let Some(s) = segment {
            at = s.start + 4 + s.body.len();
            over = s.marker == START_OF_SCAN;
        }
        segment
    }))
}

fn segment_at(jpeg: &[u8], mut start: usize) -> Option<Segment<'_>> {
    // A marker may be preceded by any number of FF.
    while jpeg.get(start) == Some(&0xFF) && jpeg.get(start + 1) == Some(&0xFF) {
        start += 1;
    }
    let &[0xFF, marker, l1, l0] = jpeg.get(start..start + 4)? else {
        return None;
    };
    let len = usize::from(u16::from_be_bytes([l1, l0]));
    if marker == 0 || marker == END_OF_IMAGE || len < 2 {
        return None;
    }
    let body = jpeg.get(start + 4..start + 2 + len)?;
    Some(Segment { marker, start, body })
}

/// Huffman, arithmetic and lossless frames; C4, C8 and CC are other segments.
pub(super) fn is_frame_header(marker: u8) -> bool {
    (0xC0..=0xCF).contains(&marker) && !matches!(marker, DEFINE_HUFFMAN | 0xC8 | 0xCC)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 13] = [0xFF, 0xD8, 0xFF, 0xFF, 0xC0, 0, 9, 8, 0, 48, 0, 64, 1];

    #[test]
    fn the_size_is_read_from_the_frame_header() {
        let bytes = [&FRAME[..], &[0, 0]].concat();
        assert_eq!(Header::read(&bytes), Ok(Header { width: 64, height: 48 }));
    }

    #[test]
    fn what_ends_early_or_is_something_else_is_told_apart() {
        assert_eq!(Header::read(b"GIF89a"), Err(HeaderError::NotJpeg));
        assert_eq!(Header::read(&[]), Err(HeaderError::NotJpeg));
        assert_eq!(Header::read(&FRAME[..9]), Err(HeaderError::NoFrame { bytes: 9 }));
        let mut empty = [&FRAME[..], &[0, 0]].concat();
        empty[11] = 0;
        assert_eq!(Header::read(&empty), Err(HeaderError::Empty { width: 0, height: 48 }));
    }
}
