//! The grey picture that a detector looks at.

use std::borrow::Cow;

use crate::format::PixelFormat;
use crate::image::Image;
use crate::jpeg::{Decoder, JpegError};
use crate::view::{ImageView, Plane};

/// One plane of grey, borrowed where the image has one.
#[derive(Debug, Clone)]
pub struct GrayPlane<'a> {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// From the start of one row to the start of the next.
    pub stride_bytes: usize,
    /// Up to, at least, the last pixel of the last row.
    pub bytes: Cow<'a, [u8]>,
}

impl GrayPlane<'_> {
    /// Returns row `y`, `width` bytes.
    ///
    /// # Panics
    /// When `y` is not below `height`.
    pub fn row(&self, y: usize) -> &[u8] {
        assert!(y < self.height as usize, "row {y} of {}", self.height);
        &self.bytes[y * self.stride_bytes..][..self.width as usize]
    }
}

/// Returns the brightness of an image: its Y plane where it has one, without a copy; else computed with the weights of
/// BT.601; for a JPEG decoded.
///
/// Limited-range Y comes as it is, black 16 and white 235: a detector looks at differences, and the missing seventh of
/// the contrast is worth less than a pass over the picture.
///
/// # Errors
/// [`JpegError`], only for a JPEG.
pub fn luma<'a>(view: &ImageView<'a>) -> Result<GrayPlane<'a>, JpegError> {
    let (width, height) = (view.width(), view.height());
    let plane = view.plane(0);
    let (stride_bytes, bytes) = match view.format() {
        PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Gray8 => (plane.stride_bytes, Cow::Borrowed(plane.bytes)),
        PixelFormat::Yuyv => (
            width as usize,
            Cow::Owned(gathered(view, |w, row, out| yuyv_luma(&row[..2 * w], out))),
        ),
        PixelFormat::Rgb8 => (
            width as usize,
            Cow::Owned(gathered(view, |_, row, out| rgb_luma::<0, 2>(row, out))),
        ),
        PixelFormat::Bgr8 => (
            width as usize,
            Cow::Owned(gathered(view, |_, row, out| rgb_luma::<2, 0>(row, out))),
        ),
        PixelFormat::Jpeg => {
            let mut gray = Image::default();
            Decoder::new()?.gray8(plane.bytes, &mut gray)?;
            (width as usize, Cow::Owned(gray.into_bytes()))
        }
    };
    Ok(GrayPlane {
        width,
        height,
        stride_bytes,
        bytes,
    })
}

fn gathered(view: &ImageView<'_>, row_luma: impl Fn(usize, &[u8], &mut [u8])) -> Vec<u8> {
    let [width, height] = view.size();
    let mut gray = vec![0; width * height];
    let row_bytes = if view.format() == PixelFormat::Yuyv {
        4 * width.div_ceil(2)
    } else {
        3 * width
    };
    let plane: Plane<'_> = view.plane(0);
    for (y, out) in gray.chunks_exact_mut(width).enumerate() {
        row_luma(width, plane.row(y, row_bytes), out);
    }
    gray
}

pub(crate) fn yuyv_luma(row: &[u8], out: &mut [u8]) {
    for (y, pair) in out.iter_mut().zip(row.chunks_exact(2)) {
        *y = pair[0];
    }
}

/// Full-range BT.601 brightness; `R` and `B` say where red and blue lie in a pixel of three bytes.
pub(crate) fn rgb_luma<const R: usize, const B: usize>(row: &[u8], out: &mut [u8]) {
    for (y, pixel) in out.iter_mut().zip(row.chunks_exact(3)) {
        let weighed = 9_798 * u32::from(pixel[R]) + 19_235 * u32::from(pixel[1]) + 3_735 * u32::from(pixel[B]);
        *y = ((weighed + (1 << 14)) >> 15) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ColorSpace;

    #[test]
    fn a_y_plane_is_lent_not_copied() {
        let bytes = [7; 100];
        let plane = Plane {
            bytes: &bytes,
            stride_bytes: 16,
        };
        let view = ImageView::new(PixelFormat::Gray8, 10, 6, ColorSpace::JPEG, &[plane]).unwrap();
        let gray = luma(&view).unwrap();
        assert!(matches!(gray.bytes, Cow::Borrowed(_)));
        assert_eq!(gray.stride_bytes, 16);
        assert_eq!(gray.row(5), [7; 10]);
    }

    #[test]
    fn every_second_byte_of_yuyv_is_taken_at_odd_widths_too() {
        let bytes = [1, 128, 2, 128, 3, 128, 99, 128];
        let plane = Plane {
            bytes: &bytes,
            stride_bytes: 8,
        };
        let view = ImageView::new(PixelFormat::Yuyv, 3, 1, ColorSpace::JPEG, &[plane]).unwrap();
        assert_eq!(luma(&view).unwrap().row(0), [1, 2, 3]);
    }

    #[test]
    fn every_colour_is_within_half_a_level_of_the_exact_weights() {
        for r in (0..=255_u8).step_by(15) {
            for g in (0..=255_u8).step_by(5) {
                for b in (0..=255_u8).step_by(17) {
                    let exact = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
                    let (mut from_rgb, mut from_bgr) = ([0], [0]);
                    rgb_luma::<0, 2>(&[r, g, b], &mut from_rgb);
                    rgb_luma::<2, 0>(&[b, g, r], &mut from_bgr);
                    assert!((f64::from(from_rgb[0]) - exact).abs() < 0.51);
                    assert_eq!(from_rgb, from_bgr);
                }
            }
        }
    }
}
