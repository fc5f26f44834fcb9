//! Colours for numbers: from a dark violet over blue and green to a bright yellow, in steps that look alike.
//!
//! # Source
//! Computed here: lightness and hue go straight from one end to the other in Oklab's polar coordinates, as colourful as sRGB
//! allows. The conversion is Björn Ottosson's, "A perceptual color space for image processing", 2020.

use std::sync::LazyLock;

/// The darkest and the brightest colour.
const LIGHTNESS: [f64; 2] = [0.25, 0.92];
/// In degrees.
const HUE: [f64; 2] = [305.0, 100.0];
/// What a chroma is tried from; less where sRGB ends before.
const CHROMA: f64 = 0.16;
/// Colours that a legend is told.
const STOPS: usize = 11;

/// From dark to bright.
pub(super) static TABLE: LazyLock<[[u8; 3]; 256]> =
    LazyLock::new(|| std::array::from_fn(|index| color(index as f64 / 255.0)));

/// For a legend whose first number is the dark one.
pub(super) fn dark_to_bright() -> &'static [String] {
    static STOPS_UP: LazyLock<Vec<String>> = LazyLock::new(|| (0..STOPS).map(hex).collect());
    &STOPS_UP
}

/// For a legend whose first number is the bright one.
pub(super) fn bright_to_dark() -> &'static [String] {
    static STOPS_DOWN: LazyLock<Vec<String>> = LazyLock::new(|| (0..STOPS).rev().map(hex).collect());
    &STOPS_DOWN
}

fn hex(stop: usize) -> String {
    let [red, green, blue] = TABLE[stop * 255 / (STOPS - 1)];
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn color(share: f64) -> [u8; 3] {
    let between = |[from, to]: [f64; 2]| from + (to - from) * share;
    let (lightness, hue) = (between(LIGHTNESS), between(HUE).to_radians());
    let mut chroma = CHROMA;
    let mut linear = linear_srgb(lightness, chroma, hue);
    while linear.iter().any(|part| !(0.0..=1.0).contains(part)) && chroma > 0.001 {
        chroma *= 0.98;
        linear = linear_srgb(lightness, chroma, hue);
    }
    linear.map(encoded)
}

fn linear_srgb(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

/// sRGB's own curve (IEC 61966-2-1).
fn encoded(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let value = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_colour_is_brighter_than_the_one_before() {
        let bright = |[red, green, blue]: [u8; 3]| {
            0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue)
        };
        for pair in TABLE
            .chunks_exact(8)
            .map(|eight| bright(eight[0]))
            .collect::<Vec<_>>()
            .windows(2)
        {
            assert!(pair[1] > pair[0], "{pair:?}");
        }
        assert!(bright(TABLE[0]) < 50.0 && bright(TABLE[255]) > 200.0);
    }

    #[test]
    fn a_legend_has_the_colours_of_the_pictures() {
        let [red, green, blue] = TABLE[255];
        assert_eq!(bright_to_dark()[0], format!("#{red:02x}{green:02x}{blue:02x}"));
        assert_eq!(dark_to_bright().first(), bright_to_dark().last());
        assert_eq!(dark_to_bright().len(), STOPS);
    }
}
