//! Takes pieces of sound from the pipe of `bushbaby-microphone`, whose header `crates/microphone/src/frame.rs` describes.
//!
//! What comes through the pipe is not trusted: another program may stand where ours should.

use std::io::{self, Read};

use bushbaby_node::audio::{MOST_CHANNELS, SAMPLE_RATES_HZ};

const HEADER_BYTES: usize = 32;
const MAGIC: &[u8] = b"BBMC";
const VERSION: u16 = 1;

/// Samples of all channels in turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Pcm {
    /// Full scale is ±32,768.
    I16(Vec<i16>),
    /// Full scale is ±1.
    F32(Vec<f32>),
}

/// A piece of sound, as the driver gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Samples a second of each channel.
    pub rate_hz: u32,
    /// How many channels there are.
    pub channels: usize,
    /// When its first sample was heard: nanoseconds on `CLOCK_MONOTONIC`.
    pub captured_ns: u64,
    /// The sound; as many samples for each channel.
    pub samples: Pcm,
}

/// Why no further piece can be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Reading itself failed.
    #[error("the pipe cannot be read: {0}")]
    Pipe(#[from] io::Error),
    /// Something else than `bushbaby-microphone` writes there.
    #[error("the pipe holds something else than sound: `{0}`")]
    OutOfStep(String),
    /// It is of another version of bushbaby.
    #[error("`bushbaby-microphone` writes version {got}, wanted {VERSION}")]
    Version {
        /// The version that it writes.
        got: u16,
    },
    /// No sound is like this.
    #[error("a piece of {length} samples, {channels} channels, {rate_hz} Hz, form {format}: no sound is like that")]
    Unlikely {
        /// Samples of each channel.
        length: u32,
        /// Channels.
        channels: u16,
        /// Samples a second.
        rate_hz: u32,
        /// Number of the form of the samples.
        format: u16,
    },
}

/// Reads pieces from a pipe.
#[derive(Debug)]
pub struct FrameReader<R> {
    pipe: R,
}

impl<R: Read> FrameReader<R> {
    /// A reader of what comes through `pipe`.
    pub fn new(pipe: R) -> Self {
        Self { pipe }
    }

    /// Waits for the next piece. `None`: the pipe was closed, maybe in the middle of one.
    ///
    /// # Errors
    /// [`FrameError`]; then nothing more can be read.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, FrameError> {
        let mut header = [0; HEADER_BYTES];
        if !self.fill(&mut header)? {
            return Ok(None);
        }
        if &header[..4] != MAGIC {
            return Err(FrameError::OutOfStep(header[..16].escape_ascii().to_string()));
        }
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if u16_at(4) != VERSION {
            return Err(FrameError::Version { got: u16_at(4) });
        }
        let (format, rate_hz, channels, length) = (u16_at(6), u32_at(8), u16_at(12), u32_at(24));
        let captured_ns = u64::from(u32_at(16)) | u64::from(u32_at(20)) << 32;
        let is_likely = SAMPLE_RATES_HZ.contains(&rate_hz)
            && (1..=MOST_CHANNELS).contains(&usize::from(channels))
            // Ten seconds: more than any driver holds.
            && (1..=10 * rate_hz).contains(&length)
            && matches!(format, 1 | 2);
        if !is_likely {
            return Err(FrameError::Unlikely {
                length,
                channels,
                rate_hz,
                format,
            });
        }
        let count = length as usize * usize::from(channels);
        let mut bytes = vec![0; count * if format == 1 { 2 } else { 4 }];
        if !self.fill(&mut bytes)? {
            return Ok(None);
        }
        let samples = if format == 1 {
            Pcm::I16(
                bytes
                    .chunks_exact(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                    .collect(),
            )
        } else {
            let float = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            Pcm::F32(bytes.chunks_exact(4).map(float).collect())
        };
        Ok(Some(Piece {
            rate_hz,
            channels: usize::from(channels),
            captured_ns,
            samples,
        }))
    }

    /// Fills a buffer; false when the pipe ends before.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool, FrameError> {
        match self.pipe.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header and its samples, as the program writes them.
    pub(in super::super) fn written(rate_hz: u32, channels: u16, captured_ns: u64, samples: &[i16]) -> Vec<u8> {
        let length = samples.len() as u32 / u32::from(channels.max(1));
        let mut all = header(1, rate_hz, channels, captured_ns, length);
        all.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        all
    }

    fn header(format: u16, rate_hz: u32, channels: u16, captured_ns: u64, length: u32) -> Vec<u8> {
        let mut all = b"BBMC\x01\0".to_vec();
        all.extend(format.to_le_bytes());
        all.extend(rate_hz.to_le_bytes());
        all.extend(channels.to_le_bytes());
        all.extend([0; 2]);
        all.extend(captured_ns.to_le_bytes());
        all.extend(length.to_le_bytes());
        all.extend([0; 4]);
        all
    }

    fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, String> {
        let mut reader = FrameReader::new(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = reader.next_piece().map_err(|error| error.to_string())? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[test]
    fn pieces_are_read_as_they_were_written() {
        let mut bytes = written(48_000, 2, 77, &[1, -1, 2, -2]);
        bytes.extend(header(2, 16_000, 1, 78, 1));
        bytes.extend(0.5_f32.to_le_bytes());
        let [first, second] = pieces(&bytes).unwrap().try_into().unwrap();
        assert_eq!((first.rate_hz, first.channels, first.captured_ns), (48_000, 2, 77));
        assert_eq!(first.samples, Pcm::I16(vec![1, -1, 2, -2]));
        assert_eq!(second.samples, Pcm::F32(vec![0.5]));
        // Cut off in the middle.
        assert_eq!(pieces(&bytes[..bytes.len() - 1]).unwrap().len(), 1);
        assert_eq!(pieces(&bytes[..20]).unwrap().len(), 0);
    }

    #[test]
    fn what_is_no_sound_is_told() {
        let told = |bytes: &[u8]| pieces(bytes).unwrap_err();
        assert_eq!(
            told(b"hello world, this is not what was wanted"),
            "the pipe holds something else than sound: `hello world, thi`"
        );
        let mut other = header(1, 16_000, 1, 0, 1);
        other[4] = 9;
        assert_eq!(told(&other), "`bushbaby-microphone` writes version 9, wanted 1");
        for (format, rate_hz, channels, length) in [
            (1, 8, 1, 10),
            (1, 400_000, 1, 10),
            (1, 16_000, 0, 10),
            (1, 16_000, 65, 10),
            (1, 16_000, 1, 0),
            (1, 16_000, 1, 160_001),
            (1, 16_000, 1, u32::MAX),
            (3, 16_000, 1, 10),
        ] {
            let told = told(&header(format, rate_hz, channels, 0, length));
            assert!(told.ends_with("no sound is like that"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = pieces(&bytes);
            let start = MAGIC.iter().chain(&[1, 0]);
            bytes.iter_mut().zip(start).for_each(|(byte, known)| *byte = *known);
            let _ = pieces(&bytes);
        }
    }
}
