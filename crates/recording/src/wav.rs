//! WAV files of 16-bit samples: the head that every one begins with, and mending one whose recorder was killed.
//!
//! The head says how much sound there is, so it is written again as the file grows: a file that is cut off anywhere opens in any
//! player, with at most the last block missing from it. It names its maker and when its first sample was captured.
//!
//! # Source
//! Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991 (RIFF, WAVE, INFO).

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Length of every head of ours.
pub const HEAD_BYTES: usize = 108;

/// The most sound that a file holds: players count bytes in 31 bits.
pub const MOST_DATA_BYTES: u64 = (1 << 31) - (1 << 20);

/// What the samples of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WavFormat {
    /// Samples a second of each channel.
    pub sample_rate_hz: u32,
    /// How many channels there are.
    pub channels: u16,
}

impl WavFormat {
    /// Bytes of one moment: a sample of each channel.
    pub const fn block_bytes(self) -> u64 {
        2 * self.channels as u64
    }

    /// The time that so many bytes of sound last, in nanoseconds.
    pub fn lasts_ns(self, data_bytes: u64) -> u64 {
        let blocks = u128::from(data_bytes / self.block_bytes().max(1));
        u64::try_from(blocks * 1_000_000_000 / u128::from(self.sample_rate_hz.max(1))).unwrap_or(u64::MAX)
    }
}

/// The head of a file with so many bytes of sound.
///
/// `wall_ns`: when its first sample was captured, nanoseconds since 1970.
pub fn head(format: WavFormat, data_bytes: u64, wall_ns: u64) -> [u8; HEAD_BYTES] {
    let data_bytes = u32::try_from(data_bytes).unwrap_or(u32::MAX - HEAD_BYTES as u32);
    let WavFormat {
        sample_rate_hz,
        channels,
    } = format;
    let block = channels.saturating_mul(2);
    let mut out = Vec::with_capacity(HEAD_BYTES);
    out.extend(b"RIFF");
    out.extend((data_bytes + (HEAD_BYTES - 8) as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend(1_u16.to_le_bytes()); // plain PCM
    out.extend(channels.to_le_bytes());
    out.extend(sample_rate_hz.to_le_bytes());
    out.extend(sample_rate_hz.saturating_mul(u32::from(block)).to_le_bytes());
    out.extend(block.to_le_bytes());
    out.extend(16_u16.to_le_bytes());
    out.extend(b"LIST");
    out.extend(((HEAD_BYTES - 52) as u32).to_le_bytes());
    out.extend(b"INFOISFT");
    out.extend(10_u32.to_le_bytes());
    out.extend(b"bushbaby\0\0");
    out.extend(b"ICRD");
    out.extend(26_u32.to_le_bytes());
    out.extend(rfc3339(wall_ns).bytes().chain([0; 26]).take(26));
    out.extend(b"data");
    out.extend(data_bytes.to_le_bytes());
    out.try_into().unwrap_or([0; HEAD_BYTES])
}

/// To the millisecond: 24 characters.
fn rfc3339(wall_ns: u64) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(wall_ns)).unwrap_or_default();
    format!("{time:.3}")
}

/// Samples as they stand in a file; ±1 is full scale, what is no number is silence.
pub fn from_float(samples: &[f32]) -> Vec<u8> {
    let as_i16 = |sample: &f32| {
        let sample = if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) };
        (sample * 32_767.0).round() as i16
    };
    samples.iter().flat_map(|sample| as_i16(sample).to_le_bytes()).collect()
}

/// Samples as they stand in a file.
pub fn from_int(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Lets the head of a file of ours say what is in it. Returns whether it said something else.
///
/// # Errors
/// When the file cannot be read or written, or is none of ours: then nothing is changed.
pub fn mend(file: &mut (impl Read + Write + Seek)) -> io::Result<bool> {
    let not_ours = || io::Error::new(io::ErrorKind::InvalidData, "it is no sound that bushbaby recorded");
    let length = file.seek(SeekFrom::End(0))?;
    let mut found = [0; HEAD_BYTES];
    file.rewind()?;
    file.read_exact(&mut found).map_err(|_| not_ours())?;
    let u16_at = |at: usize| u16::from_le_bytes([found[at], found[at + 1]]);
    let u32_at = |at: usize| u32::from_le_bytes([found[at], found[at + 1], found[at + 2], found[at + 3]]);
    let format = WavFormat {
        sample_rate_hz: u32_at(24),
        channels: u16_at(22),
    };
    // All of it but the two sizes and the time must be as we write it.
    let mut expected = head(format, u64::from(u32_at(HEAD_BYTES - 4)), 0);
    let is_free = [4..8, 74..100, HEAD_BYTES - 4..HEAD_BYTES];
    is_free
        .into_iter()
        .for_each(|range| expected[range.clone()].copy_from_slice(&found[range]));
    if expected != found || format.channels == 0 {
        return Err(not_ours());
    }
    let block = format.block_bytes();
    let there = (length - HEAD_BYTES as u64) / block * block;
    let there = u32::try_from(there).map_err(|_| not_ours())?;
    if there == u32_at(HEAD_BYTES - 4) && there + (HEAD_BYTES - 8) as u32 == u32_at(4) {
        return Ok(false);
    }
    found[4..8].copy_from_slice(&(there + (HEAD_BYTES - 8) as u32).to_le_bytes());
    found[HEAD_BYTES - 4..].copy_from_slice(&there.to_le_bytes());
    file.rewind()?;
    file.write_all(&found)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const FORMAT: WavFormat = WavFormat {
        sample_rate_hz: 16_000,
        channels: 2,
    };

    fn file(said_bytes: u64, data: &[u8]) -> Vec<u8> {
        let mut file = head(FORMAT, said_bytes, 1_780_000_000_123_000_000).to_vec();
        file.extend_from_slice(data);
        file
    }

    #[test]
    fn the_head_says_what_players_ask() {
        let head = head(FORMAT, 400, 1_780_000_000_123_000_000);
        assert_eq!((&head[..4], &head[8..16]), (b"RIFF".as_slice(), b"WAVEfmt ".as_slice()));
        assert_eq!(
            u32::from_le_bytes(head[28..32].try_into().unwrap()),
            64_000,
            "bytes a second"
        );
        assert_eq!(&head[74..98], b"2026-05-28T20:26:40.123Z");
        assert_eq!(&head[100..104], b"data");
        assert_eq!(FORMAT.lasts_ns(64_000), 1_000_000_000);
    }

    #[test]
    fn a_file_that_was_cut_off_says_what_it_holds() {
        let mut cut = Cursor::new(file(0, &[1; 403]));
        assert!(mend(&mut cut).unwrap());
        assert_eq!(cut.get_ref()[..HEAD_BYTES], file(400, &[])[..]);
        assert!(!mend(&mut cut).unwrap(), "it was mended already");
        assert_eq!(cut.get_ref().len(), HEAD_BYTES + 403, "nothing of it is lost");
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let mut renamed = file(400, &[1; 400]);
        renamed[60] ^= 1;
        for other in [Vec::new(), b"RIFF".to_vec(), vec![0; 500], renamed] {
            let mut cursor = Cursor::new(other.clone());
            assert!(mend(&mut cursor).is_err());
            assert_eq!(cursor.into_inner(), other);
        }
    }

    #[test]
    fn what_is_no_number_is_silence_and_too_loud_is_full_scale() {
        let bytes = from_float(&[f32::NAN, 2.0, -7.0, 0.5]);
        assert_eq!(bytes, from_int(&[0, 32_767, -32_767, 16_384]));
    }
}
