//! Which colours count: limits of hue, saturation and value, or of brightness alone.

/// Which pixels count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// By colour.
    Hsv(HsvLimits),
    /// By brightness (full-range Y), both ends included.
    Brightness([u8; 2]),
}

/// Limits of a colour, both ends included, in OpenCV's 8-bit numbers: hue 0 to 179 (half degrees: red 0, green 60, blue 120),
/// saturation and value 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HsvLimits {
    /// From the first round to the second: `[170, 10]` is red, through 179 and 0.
    pub hue: [u8; 2],
    /// From grey to pure colour.
    pub saturation: [u8; 2],
    /// The brightest of red, green and blue.
    pub value: [u8; 2],
}

/// Limits that no pixel can be within, or that are no numbers of their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// Hue has 180 numbers.
    #[error("hue is {got}, wanted 0 to 179: half degrees, red 0, green 60, blue 120")]
    Hue {
        /// As given.
        got: u8,
    },
    /// Only hue goes round.
    #[error("{name} goes from {from} to {to}, wanted the smaller number first")]
    Order {
        /// `saturation`, `value` or `brightness`.
        name: &'static str,
        /// As given.
        from: u8,
        /// As given.
        to: u8,
    },
}

/// One past the highest hue.
const HUES: i32 = 180;

impl Limits {
    /// Looks for numbers that cannot be.
    ///
    /// # Errors
    /// [`LimitsError`] for a hue beyond 179, or limits of anything else that are the wrong way round.
    pub fn check(&self) -> Result<(), LimitsError> {
        let in_order = |name, [from, to]: [u8; 2]| match from <= to {
            true => Ok(()),
            false => Err(LimitsError::Order { name, from, to }),
        };
        match self {
            Self::Brightness(limits) => in_order("brightness", *limits),
            Self::Hsv(limits) => {
                if let Some(&got) = limits.hue.iter().find(|hue| i32::from(**hue) >= HUES) {
                    return Err(LimitsError::Hue { got });
                }
                in_order("saturation", limits.saturation)?;
                in_order("value", limits.value)
            }
        }
    }
}

impl HsvLimits {
    /// Whether a colour is within them.
    pub fn contains(&self, rgb: [u8; 3]) -> bool {
        let [hue, saturation, value] = hsv(rgb);
        let within = |number: u8, [from, to]: [u8; 2]| (from..=to).contains(&number);
        let [from, to] = self.hue;
        let hue_is_within = if from <= to {
            within(hue, self.hue)
        } else {
            hue >= from || hue <= to
        };
        hue_is_within && within(saturation, self.saturation) && within(value, self.value)
    }
}

/// Returns hue, saturation and value of a colour in OpenCV's 8-bit numbers (see [`HsvLimits`]); grey has hue 0.
///
/// # Source
/// Smith, "Color gamut transform pairs", SIGGRAPH 1978; the scale and the rounding as OpenCV's documentation of `COLOR_RGB2HSV`
/// states them.
pub fn hsv(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(i32::from);
    let value = r.max(g).max(b);
    let spread = value - r.min(g).min(b);
    if spread == 0 {
        return [0, 0, value as u8];
    }
    let saturation = (255 * spread + value / 2) / value;
    let sixty_times_spread = if value == r {
        30 * (g - b)
    } else if value == g {
        30 * (b - r) + 60 * spread
    } else {
        30 * (r - g) + 120 * spread
    };
    // To the nearest, halves up.
    let hue = (2 * sixty_times_spread + spread)
        .div_euclid(2 * spread)
        .rem_euclid(HUES);
    [hue as u8, saturation as u8, value as u8]
}

/// [`HsvLimits`] as sums and comparisons of 16 bits, without a division: many pixels at a time.
///
/// A hue is a direction around the grey axis of the colour cube, so a limit is a half-space whose border holds that axis, and all
/// hues between two limits are where two of them meet (or, past half a turn, where either is).
#[derive(Debug, Clone, Copy)]
pub(super) struct HsvTest {
    /// What red, green and blue count for on the side of the first limit, and of the second.
    from: [i16; 3],
    to: [i16; 3],
    /// Less than half a turn lies between the limits.
    is_narrow: bool,
    /// Every hue counts.
    is_any: bool,
    /// Hue 0, which grey has, counts.
    has_grey: bool,
    saturation: [u16; 2],
    value: [u8; 2],
}

/// Pixels that are tested at once.
pub(super) const LANES: usize = 64;

impl HsvTest {
    pub(super) fn new(limits: &HsvLimits) -> Self {
        let [from, to] = limits.hue.map(i32::from);
        // In half units, so that the rounding to whole hues is half a unit on either side.
        let (from, to) = ((2 * from - 1).rem_euclid(2 * HUES), (2 * to + 1).rem_euclid(2 * HUES));
        let turn = (to - from).rem_euclid(2 * HUES);
        let [saturation_from, saturation_to] = limits.saturation.map(u16::from);
        Self {
            from: half_space(from),
            to: half_space(to),
            is_narrow: turn < HUES,
            is_any: turn == 0,
            has_grey: limits.hue[0] == 0 || limits.hue[0] > limits.hue[1],
            saturation: [saturation_from, saturation_to + 1],
            value: limits.value,
        }
    }

    /// Colours whose red, green and blue are all below this never pass.
    pub(super) fn least_value(&self) -> u8 {
        self.value[0]
    }

    /// Returns a bit for each pixel, the first in the lowest.
    pub(super) fn bits(&self, r: &[u8; LANES], g: &[u8; LANES], b: &[u8; LANES]) -> u64 {
        let mut passes = [0; LANES];
        for i in 0..LANES {
            let value = r[i].max(g[i]).max(b[i]);
            let spread = u16::from(value - r[i].min(g[i]).min(b[i]));
            // Black has saturation 0.
            let whole = u16::from(value.max(1));
            let saturation = 255 * spread + (whole >> 1);
            let side = |weights: &[i16; 3]| {
                weights[0] * i16::from(r[i]) + weights[1] * i16::from(g[i]) + weights[2] * i16::from(b[i])
            };
            let (after_from, before_to) = (side(&self.from) >= 0, side(&self.to) < 0);
            let hue = ((after_from & before_to) | (!self.is_narrow & (after_from | before_to)) | self.is_any)
                & (spread != 0)
                | (self.has_grey & (spread == 0));
            let passing = hue
                & (value >= self.value[0])
                & (value <= self.value[1])
                & (saturation >= self.saturation[0] * whole)
                & (saturation < self.saturation[1] * whole);
            passes[i] = u8::from(passing);
        }
        packed(&passes)
    }
}

/// The half-space of all colours up to half a turn after a hue, as weights of red, green and blue; `hue` in 360ths of a turn.
fn half_space(hue: i32) -> [i16; 3] {
    let (sixth, part) = (hue / 60, (hue % 60) as i16);
    // The purest colour of this hue.
    let [r, g, b] = match sixth {
        0 => [60, part, 0],
        1 => [60 - part, 60, 0],
        2 => [0, 60, part],
        3 => [0, 60 - part, 60],
        4 => [part, 0, 60],
        _ => [60, 0, 60 - part],
    };
    // At right angles to it and to grey. Weights are at most 60 and sum up to 0, so sums of bytes stay within 16 bits.
    [b - g, r - b, g - r]
}

/// One bit for each byte, all of which are 0 or 1.
pub(super) fn packed(bytes: &[u8; LANES]) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut bits = 0;
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * index);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: HsvLimits = HsvLimits {
        hue: [0, 179],
        saturation: [0, 255],
        value: [0, 255],
    };

    #[test]
    fn known_colours_have_opencvs_numbers() {
        for (rgb, wanted) in [
            ([255, 0, 0], [0, 255, 255]),
            ([0, 255, 0], [60, 255, 255]),
            ([0, 0, 255], [120, 255, 255]),
            ([255, 255, 0], [30, 255, 255]),
            ([255, 0, 10], [179, 255, 255]),
            ([255, 0, 4], [0, 255, 255]),
            ([128, 128, 128], [0, 0, 128]),
            ([0, 0, 0], [0, 0, 0]),
            ([10, 200, 120], [77, 242, 200]),
        ] {
            assert_eq!(hsv(rgb), wanted, "{rgb:?}");
        }
    }

    #[test]
    fn many_at_once_are_judged_as_one_by_one() {
        let around = [
            [0, 179],
            [0, 0],
            [60, 100],
            [170, 10],
            [179, 0],
            [10, 170],
            [100, 99],
            [30, 120],
            [91, 1],
            [0, 90],
        ];
        for hue in around {
            for (saturation, value) in [([0, 255], [0, 255]), ([100, 255], [190, 255]), ([0, 90], [20, 200])] {
                let limits = HsvLimits { hue, saturation, value };
                let test = HsvTest::new(&limits);
                for r in (0..=255).step_by(5) {
                    for g in (0..=255).step_by(5) {
                        let b: [u8; LANES] = std::array::from_fn(|i| (4 * i + i / 21) as u8);
                        let bits = test.bits(&[r; LANES], &[g; LANES], &b);
                        for (i, &b) in b.iter().enumerate() {
                            // Opposite hues at exactly half a turn are the border of both sides.
                            let [found, wanted] = [bits >> i & 1 == 1, limits.contains([r, g, b])];
                            assert_eq!(found, wanted, "{limits:?} {:?} {:?}", [r, g, b], hsv([r, g, b]));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_that_cannot_be_are_named() {
        let hue = Limits::Hsv(HsvLimits { hue: [60, 200], ..ANY });
        assert_eq!(hue.check(), Err(LimitsError::Hue { got: 200 }));
        let order = Limits::Hsv(HsvLimits { value: [9, 3], ..ANY });
        assert_eq!(
            order.check().unwrap_err().to_string(),
            "value goes from 9 to 3, wanted the smaller number first"
        );
        assert!(Limits::Brightness([3, 2]).check().is_err());
        assert!(Limits::Hsv(HsvLimits { hue: [170, 10], ..ANY }).check().is_ok());
    }
}
