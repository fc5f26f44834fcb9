//! Which size of picture a watcher gets: few sizes, so that many watchers share one encode.

/// Parts of the camera's own size that the page is given, in 24ths: each step is a quarter to a half smaller.
const STEPS_24TH: [u32; 6] = [24, 18, 12, 9, 6, 3];
/// A step that is this much smaller than what is shown is still taken, in 100ths.
const ENOUGH_PERCENT: u32 = 90;

/// A size as a watcher asks for it, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedSize {
    /// As the camera gives it.
    Full,
    /// About as large as shown: the smallest of a few steps that is large enough.
    Shown([u32; 2]),
    /// Within this box.
    Inside([u32; 2]),
}

impl WantedSize {
    /// Returns the size of the picture to make of one of `source` pixels: never larger, of the same shape.
    pub(crate) fn of(self, source: [u32; 2]) -> [u32; 2] {
        match self {
            Self::Full => source,
            Self::Shown(shown) => {
                let is_enough = |size: &[u32; 2]| {
                    (0..2).any(|side| u64::from(size[side]) * 100 >= u64::from(shown[side]) * u64::from(ENOUGH_PERCENT))
                };
                // A picture is shown whole: the side that fills its place first decides, so one large enough side is enough.
                STEPS_24TH
                    .iter()
                    .rev()
                    .map(|step| scaled(source, *step, 24))
                    .find(is_enough)
                    .unwrap_or(source)
            }
            Self::Inside([width, height]) => {
                let (width, height) = (width.max(16), height.max(16));
                if source[0] <= width && source[1] <= height {
                    source
                } else if u64::from(source[0]) * u64::from(height) >= u64::from(source[1]) * u64::from(width) {
                    scaled(source, width, source[0])
                } else {
                    scaled(source, height, source[1])
                }
            }
        }
    }
}

/// Both sides times `part / whole`, even where that is possible: what the encoder likes best.
pub(super) fn scaled(source: [u32; 2], part: u32, whole: u32) -> [u32; 2] {
    if part >= whole {
        return source;
    }
    source.map(|side| {
        let exact = (u64::from(side) * u64::from(part)).div_ceil(u64::from(whole)) as u32;
        (exact & !1).max(2).min(side)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: [u32; 2] = [1280, 720];

    #[test]
    fn tiles_of_almost_the_same_size_share_one_picture() {
        for shown in [[600, 338], [640, 360], [700, 394]] {
            assert_eq!(WantedSize::Shown(shown).of(HD), [640, 360], "{shown:?}");
        }
        assert_eq!(WantedSize::Shown([1100, 620]).of(HD), HD);
        assert_eq!(WantedSize::Shown([100, 60]).of(HD), [160, 90]);
    }

    #[test]
    fn no_picture_is_made_larger_than_it_was_taken() {
        for wanted in [
            WantedSize::Shown([9000, 9000]),
            WantedSize::Inside([4000, 4000]),
            WantedSize::Full,
        ] {
            assert_eq!(wanted.of([641, 479]), [641, 479]);
        }
    }

    #[test]
    fn a_box_is_not_left_and_the_shape_stays() {
        assert_eq!(WantedSize::Inside([320, 320]).of(HD), [320, 180]);
        assert_eq!(WantedSize::Inside([320, 240]).of([480, 640]), [180, 240]);
        assert_eq!(WantedSize::Inside([0, 0]).of(HD), [16, 8]);
    }
}
