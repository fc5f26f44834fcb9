//! The index of a film: which bytes of the file are which picture, and when it is shown (ISO/IEC 14496-12, 8.4 to 8.7).

use super::boxes::{Reader, child, children, descendant};

/// More pictures than a film of a day at 100 a second has.
pub(super) const MOST_PICTURES: usize = 10_000_000;

/// One encoded picture, in the order of decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// From the file's beginning.
    pub(super) at: u64,
    pub(super) bytes: u32,
    /// In the track's units of time.
    pub(super) shown_at: i64,
    /// In the track's units of time.
    pub(super) lasts: u32,
    pub(super) is_keyframe: bool,
}

/// A film's pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) id: u32,
    /// How the file names its codec: `avc1`, `hvc1`.
    pub(super) codec: [u8; 4],
    /// Units of time in a second, at least 1.
    pub(super) timescale: u32,
    /// Bytes of the length before each unit, 1 to 4.
    pub(super) length_bytes: usize,
    /// Sequence and picture parameter sets, without start codes.
    pub(super) parameter_sets: Vec<Vec<u8>>,
    /// Whether it is to be turned or mirrored before it is shown.
    pub(super) is_turned: bool,
    pub(super) samples: Vec<Sample>,
}

/// Finds the first track of pictures in the index (`moov`); `None` when there is none that makes sense.
pub(super) fn video_track(moov: &[u8]) -> Option<Track> {
    children(moov)
        .filter(|(name, _)| name == b"trak")
        .find_map(|(_, trak)| track(trak))
}

fn track(trak: &[u8]) -> Option<Track> {
    let media = child(trak, b"mdia")?;
    let handler = child(media, b"hdlr")?.get(8..12)?;
    if handler != b"vide" {
        return None;
    }
    let header = child(trak, b"tkhd")?;
    let table = descendant(media, &[b"minf", b"stbl"])?;
    let (codec, configuration) = description(child(table, b"stsd")?)?;
    let (length_bytes, parameter_sets) = configuration.and_then(parameter_sets).unwrap_or((4, Vec::new()));
    Some(Track {
        id: track_id(header)?,
        codec,
        timescale: timescale(child(media, b"mdhd")?)?.max(1),
        length_bytes,
        parameter_sets,
        is_turned: is_turned(header)?,
        samples: samples(table)?,
    })
}

fn track_id(header: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(header);
    let (version, _) = reader.version_and_flags()?;
    reader.time(version)?;
    reader.time(version)?;
    reader.u32()
}

/// Whether the matrix says anything but "as it is".
fn is_turned(header: &[u8]) -> Option<bool> {
    let mut reader = Reader::new(header);
    let (version, _) = reader.version_and_flags()?;
    // times, id and duration; then layer, group, volume and what is reserved
    reader.skip(if version == 0 { 20 } else { 32 } + 16)?;
    let [a, b] = [reader.u32()?, reader.u32()?];
    reader.u32()?;
    let [c, d] = [reader.u32()?, reader.u32()?];
    Some([b, c] != [0, 0] || (a as i32) < 0 || (d as i32) < 0)
}

fn timescale(header: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(header);
    let (version, _) = reader.version_and_flags()?;
    reader.time(version)?;
    reader.time(version)?;
    reader.u32()
}

/// The codec's name and, for H.264, its configuration.
fn description(stsd: &[u8]) -> Option<([u8; 4], Option<&[u8]>)> {
    let (codec, entry) = children(stsd.get(8..)?).next()?;
    // What stands before the boxes of a visual sample entry.
    Some((codec, entry.get(78..).and_then(|boxes| child(boxes, b"avcC"))))
}

/// From `avcC`: bytes of a length, and the parameter sets.
fn parameter_sets(configuration: &[u8]) -> Option<(usize, Vec<Vec<u8>>)> {
    let mut reader = Reader::new(configuration);
    reader.skip(4)?;
    let length_bytes = usize::from(reader.u8()? & 3) + 1;
    let mut sets = Vec::new();
    for mask in [0x1f, 0xff] {
        for _ in 0..reader.u8()? & mask {
            let length = reader.u16()?;
            sets.push(reader.bytes(usize::from(length))?.to_vec());
        }
    }
    Some((length_bytes, sets))
}

/// Follows the tables side by side. Where they contradict each other the film ends there.
fn samples(table: &[u8]) -> Option<Vec<Sample>> {
    let Some(mut sizes) = Sizes::of(child(table, b"stsz")?) else {
        return Some(Vec::new());
    };
    let mut chunks = Chunks::of(table)?;
    let mut durations = Runs::of(child(table, b"stts")?)?;
    let mut delays = child(table, b"ctts").and_then(Runs::of);
    let mut keyframes = child(table, b"stss").and_then(Keyframes::of);
    let mut samples = Vec::with_capacity(sizes.left.min(1 << 16));
    let mut decoded_at = 0_i64;
    for number in 1..=MOST_PICTURES as u32 {
        let Some(bytes) = sizes.next() else { break };
        let (Some(at), Some(lasts)) = (chunks.place(bytes), durations.next()) else {
            break;
        };
        // Signed in version 1, and taken so by everybody in version 0 too.
        let delay = delays.as_mut().and_then(Runs::next).unwrap_or(0) as i32;
        let is_keyframe = keyframes.as_mut().is_none_or(|keyframes| keyframes.has(number));
        samples.push(Sample {
            at,
            bytes,
            shown_at: decoded_at + i64::from(delay),
            lasts,
            is_keyframe,
        });
        decoded_at += i64::from(lasts);
    }
    Some(samples)
}

/// `stsz`: one size for all, or one for each.
struct Sizes<'a> {
    same: u32,
    left: usize,
    each: Reader<'a>,
}

impl<'a> Sizes<'a> {
    /// `None`: no samples.
    fn of(stsz: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(stsz);
        reader.version_and_flags()?;
        let same = reader.u32()?;
        let count = reader.u32()? as usize;
        let left = if same == 0 {
            count.min(reader.room_for(4))
        } else {
            count
        };
        (left > 0).then_some(Self {
            same,
            left,
            each: reader,
        })
    }

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        if self.same == 0 {
            self.each.u32()
        } else {
            Some(self.same)
        }
    }
}

/// `stsc` and `stco` or `co64`: samples lie in chunks, one behind the other.
struct Chunks<'a> {
    runs: Reader<'a>,
    /// The first chunk that the next run is about.
    next_run_at: Option<u32>,
    in_each: u32,
    offsets: Reader<'a>,
    are_wide: bool,
    /// Of the present chunk, from 1.
    chunk: u32,
    left_in_chunk: u32,
    at: u64,
}

impl<'a> Chunks<'a> {
    fn of(table: &'a [u8]) -> Option<Self> {
        let (offsets, are_wide) = match child(table, b"stco") {
            Some(offsets) => (offsets, false),
            None => (child(table, b"co64")?, true),
        };
        let [mut runs, mut offsets] = [child(table, b"stsc")?, offsets].map(Reader::new);
        for reader in [&mut runs, &mut offsets] {
            reader.skip(8)?;
        }
        let mut chunks = Self {
            next_run_at: runs.u32(),
            runs,
            in_each: 0,
            offsets,
            are_wide,
            chunk: 0,
            left_in_chunk: 0,
            at: 0,
        };
        chunks.next_run()?;
        Some(chunks)
    }

    fn next_run(&mut self) -> Option<()> {
        self.in_each = self.runs.u32()?;
        self.runs.u32()?;
        self.next_run_at = self.runs.u32();
        Some(())
    }

    /// Where the next sample lies, which is so many bytes long.
    fn place(&mut self, bytes: u32) -> Option<u64> {
        while self.left_in_chunk == 0 {
            self.chunk = self.chunk.checked_add(1)?;
            if self.next_run_at == Some(self.chunk) {
                self.next_run()?;
            }
            self.at = if self.are_wide {
                self.offsets.u64()?
            } else {
                u64::from(self.offsets.u32()?)
            };
            self.left_in_chunk = self.in_each;
        }
        self.left_in_chunk -= 1;
        let here = self.at;
        self.at = here.checked_add(u64::from(bytes))?;
        Some(here)
    }
}

/// `stts` and `ctts`: a value for so many samples, then the next.
struct Runs<'a> {
    entries: Reader<'a>,
    left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn of(content: &'a [u8]) -> Option<Self> {
        let mut entries = Reader::new(content);
        entries.skip(8)?;
        Some(Self {
            entries,
            left: 0,
            value: 0,
        })
    }

    fn next(&mut self) -> Option<u32> {
        while self.left == 0 {
            (self.left, self.value) = (self.entries.u32()?, self.entries.u32()?);
        }
        self.left -= 1;
        Some(self.value)
    }
}

/// `stss`: the numbers of the keyframes, ascending from 1.
struct Keyframes<'a> {
    numbers: Reader<'a>,
    next: Option<u32>,
}

impl<'a> Keyframes<'a> {
    fn of(content: &'a [u8]) -> Option<Self> {
        let mut numbers = Reader::new(content);
        numbers.skip(8)?;
        Some(Self {
            next: numbers.u32(),
            numbers,
        })
    }

    fn has(&mut self, number: u32) -> bool {
        let is_it = self.next == Some(number);
        while self.next.is_some_and(|next| next <= number) {
            self.next = self.numbers.u32();
        }
        is_it
    }
}
