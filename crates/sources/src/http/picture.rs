//! Whether what a camera sent is a whole picture; and how often it is not. Pure.

use std::fmt;
use std::time::{Duration, Instant};

use bushbaby_pixels::ImageView;

/// What is wrong with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// There is nothing in it.
    Empty,
    /// It is no JPEG.
    NoJpeg,
    /// Its head is damaged or says an absurd size.
    Head,
    /// Its end is missing.
    CutOff,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::NoJpeg => "no JPEG",
            Self::Head => "a damaged head",
            Self::CutOff => "cut off",
        })
    }
}

/// How many bytes, which mean nothing, may stand behind the end of a picture: cameras fill up to their blocks.
const MOST_PADDING: usize = 64 * 1024;

/// Looks whether this is a whole JPEG; its pixels are not decoded. Returns its length without what stands behind its end.
pub(super) fn whole(bytes: &[u8]) -> Result<usize, Damage> {
    if bytes.is_empty() {
        return Err(Damage::Empty);
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(Damage::NoJpeg);
    }
    ImageView::jpeg(bytes).map_err(|_| Damage::Head)?;
    let tail = &bytes[bytes.len().saturating_sub(MOST_PADDING)..];
    let end = tail.windows(2).rposition(|two| two == [0xff, 0xd9]);
    end.map(|at| bytes.len() - tail.len() + at + 2).ok_or(Damage::CutOff)
}

/// Tells whether a picture that is asked for again and again is another one.
#[derive(Debug, Default)]
pub(super) struct Still {
    last: Vec<u8>,
    /// When it last was another one.
    changed: Option<Instant>,
    /// Between the last two changes.
    pace: Duration,
}

impl Still {
    /// A picture is not called frozen sooner.
    const LEAST: Duration = Duration::from_secs(2);

    /// Whether this picture, which came at `now`, differs from the one before.
    pub(super) fn is_new(&mut self, picture: &[u8], now: Instant) -> bool {
        if self.changed.is_some() && self.last == picture {
            return false;
        }
        self.last.clear();
        self.last.extend_from_slice(picture);
        if let Some(before) = self.changed.replace(now) {
            self.pace = now - before;
        }
        true
    }

    /// Whether it has been the same for long, being asked for every `period`.
    pub(super) fn has_frozen(&self, now: Instant, period: Duration) -> bool {
        let limit = Self::LEAST.max(self.pace * 5).max(period * 5);
        self.changed.is_some_and(|changed| now - changed > limit)
    }
}

/// Counts damaged pictures, and says so from time to time.
#[derive(Debug, Default)]
pub(super) struct DamageCount {
    damaged: u64,
    told: Option<Instant>,
}

impl DamageCount {
    /// Between two times that it is told.
    const EVERY: Duration = Duration::from_secs(10);

    /// One more is left out; what to say, if it is time for that.
    pub(super) fn add(&mut self, why: Damage, now: Instant) -> Option<String> {
        self.damaged += 1;
        if self.told.is_some_and(|told| now - told < Self::EVERY) {
            return None;
        }
        self.told = Some(now);
        let count = self.damaged;
        Some(format!(
            "a picture came damaged ({why}) and is left out; {count} since the start"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_pixels::jpeg::Encoder;
    use bushbaby_pixels::{ColorSpace, Image, PixelFormat};

    #[test]
    fn only_a_whole_jpeg_is_a_picture() {
        let image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
        let jpeg = Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned();
        assert_eq!(whole(&jpeg), Ok(jpeg.len()));
        assert_eq!(whole(&[&jpeg[..], &[0; 100]].concat()), Ok(jpeg.len()));
        assert_eq!(whole(&jpeg[..jpeg.len() - 2]), Err(Damage::CutOff));
        assert_eq!(whole(&jpeg[..20]), Err(Damage::Head));
        assert_eq!(whole(b"<html>"), Err(Damage::NoJpeg));
        assert_eq!(whole(b""), Err(Damage::Empty));
    }

    #[test]
    fn a_picture_is_frozen_when_it_is_the_same_for_five_of_its_changes() {
        let (mut still, start) = (Still::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let asked = Duration::from_millis(200);
        assert!(!still.has_frozen(start, asked));
        assert!(still.is_new(b"", at(0)) && !still.is_new(b"", at(1)));
        assert!(!still.has_frozen(at(2), asked) && still.has_frozen(at(3), asked));
        assert!(!still.has_frozen(at(40), Duration::from_secs(10)));
        assert!(still.is_new(b"other", at(10)));
        assert!(!still.has_frozen(at(60), asked) && still.has_frozen(at(61), asked));
    }

    #[test]
    fn damage_is_counted_always_and_told_every_ten_seconds() {
        let (mut count, start) = (DamageCount::default(), Instant::now());
        let told: Vec<String> = (0..25)
            .filter_map(|second| count.add(Damage::CutOff, start + Duration::from_secs(second)))
            .collect();
        assert_eq!(told.len(), 3);
        assert_eq!(
            told[2],
            "a picture came damaged (cut off) and is left out; 21 since the start"
        );
    }
}
