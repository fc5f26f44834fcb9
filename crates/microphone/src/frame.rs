//! What is written to standard output: pieces of sound, each behind a header of 32 bytes. All numbers are little-endian.
//!
//! | Bytes | What |
//! |---|---|
//! | 0 to 3 | `BBMC` |
//! | 4, 5 | 1: the version of this table |
//! | 6, 7 | 1: samples are int16; 2: float32, full scale ±1 |
//! | 8 to 11 | samples a second of each channel |
//! | 12, 13 | channels |
//! | 14, 15 | 0 |
//! | 16 to 23 | when the first sample was heard: nanoseconds on `CLOCK_MONOTONIC` |
//! | 24 to 27 | samples of each channel that follow |
//! | 28 to 31 | 0 |
//!
//! Then come the samples, of all channels in turn. The reader is `crates/sources/src/microphone/frame.rs`.

use std::io::{self, Write};

/// Samples of all channels in turn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Samples {
    I16(Vec<i16>),
    F32(Vec<f32>),
}

/// A piece of sound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
    /// When its first sample was heard.
    pub(crate) captured_ns: u64,
    pub(crate) samples: Samples,
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }
}

impl Piece {
    /// Writes header and samples in one go.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (format, bytes): (u16, Vec<u8>) = match &self.samples {
            Samples::I16(samples) => (1, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()),
            Samples::F32(samples) => (2, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()),
        };
        let length = self.samples.len() / usize::from(self.channels.max(1));
        let length = u32::try_from(length).map_err(io::Error::other)?;
        let mut all = Vec::with_capacity(32 + bytes.len());
        all.extend(b"BBMC");
        all.extend(1_u16.to_le_bytes());
        all.extend(format.to_le_bytes());
        all.extend(self.rate_hz.to_le_bytes());
        all.extend(self.channels.to_le_bytes());
        all.extend([0; 2]);
        all.extend(self.captured_ns.to_le_bytes());
        all.extend(length.to_le_bytes());
        all.extend([0; 4]);
        all.extend(bytes);
        to.write_all(&all)?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_written_as_the_table_says() {
        let piece = Piece {
            rate_hz: 48_000,
            channels: 2,
            captured_ns: 0x0102_0304_0506_0708,
            samples: Samples::I16(vec![1, -1, 2, -2]),
        };
        let mut written = Vec::new();
        piece.write(&mut written).unwrap();
        let header = b"BBMC\x01\0\x01\0\x80\xbb\0\0\x02\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x02\0\0\0\0\0\0\0";
        assert_eq!(&written[..32], header);
        assert_eq!(written[32..], [1, 0, 255, 255, 2, 0, 254, 255]);
    }
}
