//! How much poorer pictures are made than they were asked for.

use std::fmt;

use crate::pictures::size;

/// One step: quality goes first, as the eye misses it least; then size; then rate, on which steering depends. The poorer is the
/// greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(in crate::pictures) struct Step(usize);

/// Percent of the quality asked for, 24ths of each side, pictures a second at most.
const STEPS: [(u8, u32, Option<f64>); 13] = [
    (100, 24, None),
    (80, 24, None),
    (64, 24, None),
    (50, 24, None),
    (40, 24, None),
    (40, 18, None),
    (40, 12, None),
    (40, 9, None),
    (40, 6, None),
    (40, 6, Some(15.0)),
    (40, 6, Some(8.0)),
    (40, 6, Some(4.0)),
    (40, 6, Some(2.0)),
];

impl Step {
    /// All of them, the richest first.
    pub(in crate::pictures) fn all() -> impl Iterator<Item = Self> {
        (0..STEPS.len()).map(Self)
    }

    pub(super) fn poorer(self, steps: usize) -> Self {
        Self((self.0 + steps).min(STEPS.len() - 1))
    }

    pub(super) fn richer(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// As which of all steps it counts, 0 being the richest.
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// Whether a picture is what was asked for: then a camera's own JPEG is handed on as it is.
    pub(in crate::pictures) fn is_as_asked(self) -> bool {
        self.0 == 0
    }

    pub(in crate::pictures) fn quality(self, asked: u8) -> u8 {
        let lowered = u32::from(asked) * u32::from(STEPS[self.0].0) / 100;
        // Below this letters can no longer be read, and little is saved.
        (lowered as u8).max(asked.min(15))
    }

    pub(in crate::pictures) fn size_px(self, asked: [u32; 2]) -> [u32; 2] {
        size::scaled(asked, STEPS[self.0].1, 24)
    }

    pub(in crate::pictures) fn max_fps(self, asked: Option<f64>) -> Option<f64> {
        match (asked, STEPS[self.0].2) {
            (Some(asked), Some(most)) => Some(asked.min(most)),
            (asked, most) => asked.or(most),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (quality, part, fps) = STEPS[self.0];
        if quality == 100 {
            return f.write_str("as asked");
        }
        write!(f, "quality {quality} %")?;
        if part < 24 {
            write!(f, ", sides {} %", part * 100 / 24)?;
        }
        if let Some(fps) = fps {
            write!(f, ", {fps} a second")?;
        }
        Ok(())
    }
}
