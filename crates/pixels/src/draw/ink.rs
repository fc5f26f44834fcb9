//! Colours in the numbers of a picture's format.

use crate::format::{ColorSpace, Matrix, PixelFormat, Range};

/// Returns what a colour is in the format: the values in the order of its planes or of a pixel's bytes.
pub(super) fn ink(format: PixelFormat, color: ColorSpace, rgb: [u8; 3]) -> [u8; 3] {
    let [red, green, blue] = rgb;
    match format {
        PixelFormat::Rgb8 => [red, green, blue],
        PixelFormat::Bgr8 => [blue, green, red],
        PixelFormat::Gray8 | PixelFormat::Jpeg => yuv(ColorSpace::JPEG, rgb),
        PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Yuyv => yuv(color, rgb),
    }
}

fn yuv(color: ColorSpace, rgb: [u8; 3]) -> [u8; 3] {
    let [red, green, blue] = rgb.map(f64::from);
    let (in_red, in_blue) = match color.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let y = in_red * red + (1.0 - in_red - in_blue) * green + in_blue * blue;
    let u = (blue - y) / (2.0 * (1.0 - in_blue));
    let v = (red - y) / (2.0 * (1.0 - in_red));
    let [y, u, v] = match color.range {
        Range::Full => [y, 128.0 + u, 128.0 + v],
        Range::Limited => [
            16.0 + y * 219.0 / 255.0,
            128.0 + u * 224.0 / 255.0,
            128.0 + v * 224.0 / 255.0,
        ],
    };
    [y, u, v].map(|value| value.round().clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_the_numbers_that_the_tables_of_video_give() {
        let limited = |matrix| ColorSpace {
            matrix,
            range: Range::Limited,
        };
        let white = ink(PixelFormat::I420, limited(Matrix::Bt709), [255; 3]);
        assert_eq!(white, [235, 128, 128]);
        assert_eq!(
            ink(PixelFormat::Nv12, limited(Matrix::Bt601), [255, 0, 0]),
            [81, 90, 240]
        );
        assert_eq!(ink(PixelFormat::I420, ColorSpace::JPEG, [0, 0, 255])[0], 29);
        assert_eq!(ink(PixelFormat::Bgr8, ColorSpace::JPEG, [1, 2, 3]), [3, 2, 1]);
    }
}
