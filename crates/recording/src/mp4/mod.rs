//! One camera's video as a fragmented MP4: a file that plays wherever it is cut off.
//!
//! In: pictures with their capture times. Out: bytes to append. A picture is shown until the next one was captured.
//!
//! # Source
//! ISO/IEC 14496-12 (boxes, fragments) and 14496-15 (H.264 in them).

mod boxes;
mod cut;
#[cfg(test)]
mod tests;

pub use cut::bytes_to_keep;

use crate::annex_b;
use bushbaby_video::EncodedPicture;

/// Units of time in a second.
const TIMESCALE: u64 = 90_000;
/// A fragment is closed at this age.
const LONGEST_NS: u64 = 1_000_000_000;
/// How long the last picture is shown when there is none before it to tell.
const USUAL_TICKS: u32 = (TIMESCALE / 30) as u32;

/// Makes an MP4 file.
///
/// Each call that returns bytes counts on their being appended to the file, in that order.
#[derive(Debug)]
pub struct Mp4Writer {
    parameter_sets: [Vec<u8>; 2],
    size: [u32; 2],
    first_ns: u64,
    /// Where the next fragment begins at the earliest.
    shown_until: u64,
    fragments: u32,
    pictures: u64,
    open: Vec<Sample>,
    opened_ns: u64,
    last_lasted: u32,
    bytes: u64,
}

/// A picture that waits for its fragment.
#[derive(Debug)]
struct Sample {
    at: u64,
    is_keyframe: bool,
    data: Vec<u8>,
}

impl Mp4Writer {
    /// Begins a file with its first picture, which must be a keyframe. Returns the first bytes with it; the picture is in it already.
    ///
    /// - `captured_ns`: capture time, any clock that goes forward, the same in all calls.
    /// - `wall_ns`: the same moment, nanoseconds since 1970: stands in the file as the time of its making.
    ///
    /// `None` when the picture brings no parameter sets: then decoding cannot begin with it.
    pub fn begin(first: &EncodedPicture, captured_ns: u64, wall_ns: u64) -> Option<(Self, Vec<u8>)> {
        let parameter_sets = parameter_sets(first)?;
        let size = [first.width, first.height];
        let head = boxes::head(size, &parameter_sets, wall_ns)?;
        let mut writer = Self {
            parameter_sets,
            size,
            first_ns: captured_ns,
            shown_until: 0,
            fragments: 0,
            pictures: 0,
            open: Vec::new(),
            opened_ns: captured_ns,
            last_lasted: USUAL_TICKS,
            bytes: head.len() as u64,
        };
        writer.push(first, captured_ns);
        Some((writer, head))
    }

    /// Whether a picture can go on in this file: it has the same size, and a keyframe the same parameter sets.
    pub fn fits(&self, picture: &EncodedPicture) -> bool {
        [picture.width, picture.height] == self.size
            && (!picture.is_keyframe || parameter_sets(picture).as_ref() == Some(&self.parameter_sets))
    }

    /// Adds a picture. Returns a fragment when one is complete.
    pub fn add(&mut self, picture: &EncodedPicture, captured_ns: u64) -> Vec<u8> {
        let is_old = captured_ns.saturating_sub(self.opened_ns) >= LONGEST_NS;
        // A fragment that begins with a keyframe can be played alone.
        let is_due = !self.open.is_empty() && (picture.is_keyframe || is_old);
        let out = if is_due {
            self.fragment(Some(self.ticks(captured_ns)))
        } else {
            Vec::new()
        };
        self.push(picture, captured_ns);
        out
    }

    /// Closes a fragment that has waited for the next picture too long. Empty when there is none.
    pub fn take_due(&mut self, now_ns: u64) -> Vec<u8> {
        if !self.open.is_empty() && now_ns.saturating_sub(self.opened_ns) >= 2 * LONGEST_NS {
            return self.fragment(None);
        }
        Vec::new()
    }

    /// Ends the file: the last fragment.
    pub fn finish(mut self) -> Vec<u8> {
        self.fragment(None)
    }

    /// Bytes of the file so far, with what waits.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.open.iter().map(|sample| sample.data.len() as u64).sum::<u64>()
    }

    /// Pictures so far.
    pub fn pictures(&self) -> u64 {
        self.pictures
    }

    fn ticks(&self, captured_ns: u64) -> u64 {
        let since_ns = captured_ns.saturating_sub(self.first_ns);
        (u128::from(since_ns) * u128::from(TIMESCALE) / 1_000_000_000) as u64
    }

    fn push(&mut self, picture: &EncodedPicture, captured_ns: u64) {
        if self.open.is_empty() {
            self.opened_ns = captured_ns;
        }
        let before = self.open.last().map_or(self.shown_until, |sample| sample.at + 1);
        self.open.push(Sample {
            at: self.ticks(captured_ns).max(before),
            is_keyframe: picture.is_keyframe,
            data: length_prefixed(&picture.annex_b),
        });
        self.pictures += 1;
    }

    /// Closes the open fragment. `next_at`: when the picture after it is shown.
    fn fragment(&mut self, next_at: Option<u64>) -> Vec<u8> {
        let Some(first_at) = self.open.first().map(|sample| sample.at) else {
            return Vec::new();
        };
        let mut lasting: Vec<u32> = self
            .open
            .windows(2)
            .map(|pair| u32::try_from(pair[1].at - pair[0].at).unwrap_or(u32::MAX))
            .collect();
        let last_at = self.open.last().map_or(first_at, |sample| sample.at);
        let usual = lasting.last().copied().unwrap_or(self.last_lasted);
        let last = next_at.and_then(|next| u32::try_from(next.saturating_sub(last_at)).ok());
        lasting.push(last.unwrap_or(usual).max(1));
        self.last_lasted = usual;
        self.shown_until = last_at + u64::from(lasting.last().copied().unwrap_or(1));
        self.fragments += 1;
        let samples: Vec<boxes::FragmentSample<'_>> = self
            .open
            .iter()
            .zip(&lasting)
            .map(|(sample, lasts)| boxes::FragmentSample {
                lasts: *lasts,
                is_keyframe: sample.is_keyframe,
                data: &sample.data,
            })
            .collect();
        let out = boxes::fragment(self.fragments, first_at, &samples);
        self.bytes += out.len() as u64;
        self.open.clear();
        out
    }
}

/// Sequence and picture parameter set of a keyframe.
fn parameter_sets(picture: &EncodedPicture) -> Option<[Vec<u8>; 2]> {
    let of = |kind| {
        annex_b::units(&picture.annex_b)
            .find(|unit| annex_b::kind(unit) == kind)
            .map(<[u8]>::to_vec)
    };
    Some([of(annex_b::SPS)?, of(annex_b::PPS)?])
}

/// An access unit as MP4 keeps it: each unit behind its length, parameter sets only in the head.
fn length_prefixed(annex_b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(annex_b.len() + 8);
    for unit in annex_b::units(annex_b).filter(|unit| !matches!(annex_b::kind(unit), annex_b::SPS | annex_b::PPS)) {
        out.extend((unit.len() as u32).to_be_bytes());
        out.extend_from_slice(unit);
    }
    out
}
