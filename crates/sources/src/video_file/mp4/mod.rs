//! The video track of an MP4 file: found, whatever state the file is in.
//!
//! In: a file. Out: a [`Film`]: which bytes are which picture, when each is shown, and whether the file is whole. Written for
//! this source because it must take files that are cut off or made to do harm; everything is read within bounds.

mod boxes;
mod fragments;
mod index;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};

use fragments::Defaults;
use index::{Sample, Track};

/// An index is never longer: 10 million pictures need a quarter of it.
const MOST_INDEX_BYTES: u64 = 1 << 30;

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Film {
    /// How the file names its codec, as text: `avc1`, `hvc1`.
    pub(super) codec: String,
    /// Bytes of the length before each unit, 1 to 4.
    pub(super) length_bytes: usize,
    /// Sequence and picture parameter sets, without start codes.
    pub(super) parameter_sets: Vec<Vec<u8>>,
    /// Whether it is to be turned or mirrored before it is shown.
    pub(super) is_turned: bool,
    /// In the order of decoding.
    pub(super) pictures: Vec<Placed>,
    /// Pictures that the index names but the file no longer holds.
    pub(super) missing: usize,
    /// Whether the file ends within a piece.
    pub(super) is_cut_off: bool,
}

/// An encoded picture in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// From the file's beginning.
    pub(super) at: u64,
    pub(super) bytes: u32,
    /// Since the film's first picture is shown, in nanoseconds.
    pub(super) shown_ns: u64,
    /// How long it is shown, in nanoseconds.
    pub(super) lasts_ns: u64,
    pub(super) is_keyframe: bool,
}

/// Why there is no film in a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoFilm {
    /// It is something else.
    #[error("it is no MP4 file")]
    OtherFormat,
    /// It ends before its index, or within it.
    #[error("its index (moov) is missing: the recording was cut off before it was finished")]
    NoIndex,
    /// Only sound, or nothing that makes sense.
    #[error("it holds no video")]
    NoVideo,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Reads the index of a file.
pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Film, NoFilm> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut scan = Scan::default();
    let mut at = 0;
    while at < length && !scan.is_cut_off {
        at = scan.top_level(file, at, length)?;
    }
    if !scan.is_mp4 {
        return Err(NoFilm::OtherFormat);
    }
    if !scan.has_index {
        return Err(NoFilm::NoIndex);
    }
    let track = scan.track.ok_or(NoFilm::NoVideo)?;
    Ok(film(track, length, scan.is_cut_off))
}

/// What was found so far.
#[derive(Debug, Default)]
struct Scan {
    is_mp4: bool,
    has_index: bool,
    is_cut_off: bool,
    track: Option<Track>,
    defaults: Defaults,
    decode_time: i64,
}

impl Scan {
    /// Looks at the box that begins at `at`; returns where the next begins.
    fn top_level(&mut self, file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<u64> {
        let mut header = [0; 16];
        let available = usize::try_from(length - at).unwrap_or(usize::MAX).min(16);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header[..available])?;
        let mut reader = boxes::Reader::new(&header[..available]);
        let (Some(size), Some(name)) = (reader.u32(), reader.bytes(4)) else {
            self.is_cut_off = true;
            return Ok(length);
        };
        let (header_bytes, size) = match size {
            0 => (8, length - at),
            1 => (16, reader.u64().unwrap_or(u64::MAX)),
            size => (8, u64::from(size)),
        };
        self.is_mp4 |= matches!(name, b"ftyp" | b"moov" | b"moof" | b"styp");
        if size < header_bytes || at == 0 && !name.is_ascii() {
            // No box: another format, or what somebody appended.
            return Ok(length);
        }
        let end = at.saturating_add(size);
        if end > length {
            self.is_cut_off = true;
            return Ok(length);
        }
        if matches!(name, b"moov" | b"moof") && size <= MOST_INDEX_BYTES {
            let mut content = vec![0; (size - header_bytes) as usize];
            file.seek(SeekFrom::Start(at + header_bytes))?;
            file.read_exact(&mut content)?;
            self.index(name == b"moov", &content, at);
        }
        Ok(end)
    }

    fn index(&mut self, is_whole: bool, content: &[u8], at: u64) {
        if is_whole {
            self.has_index = true;
            self.track = index::video_track(content);
            self.defaults = self
                .track
                .as_ref()
                .map(|track| Defaults::of(content, track.id))
                .unwrap_or_default();
        } else if let Some(track) = &mut self.track {
            fragments::append(track, content, at, self.defaults, &mut self.decode_time);
        }
    }
}

fn film(track: Track, length: u64, is_cut_off: bool) -> Film {
    let first = track.samples.iter().map(|sample| sample.shown_at).min().unwrap_or(0);
    let ns =
        |ticks: u64| u64::try_from(u128::from(ticks) * 1_000_000_000 / u128::from(track.timescale)).unwrap_or(u64::MAX);
    let place = |sample: &Sample| Placed {
        at: sample.at,
        bytes: sample.bytes,
        shown_ns: ns(sample.shown_at.abs_diff(first)),
        lasts_ns: ns(u64::from(sample.lasts)),
        is_keyframe: sample.is_keyframe,
    };
    let is_there = |sample: &&Sample| {
        sample
            .at
            .checked_add(u64::from(sample.bytes))
            .is_some_and(|end| end <= length)
    };
    // What follows a missing picture is built on it.
    let pictures: Vec<Placed> = track.samples.iter().take_while(is_there).map(place).collect();
    Film {
        codec: track
            .codec
            .iter()
            .map(|byte| char::from(*byte))
            .filter(|c| c.is_ascii_graphic())
            .collect(),
        length_bytes: track.length_bytes,
        parameter_sets: track.parameter_sets,
        is_turned: track.is_turned,
        missing: track.samples.len() - pictures.len(),
        pictures,
        is_cut_off,
    }
}
