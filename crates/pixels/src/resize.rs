//! Smaller (or larger) pictures.

use fast_image_resize as fir;
use fir::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fir::pixels::{U8, U8x2, U8x3};

use crate::format::PixelFormat;
use crate::i420::to_i420_into;
use crate::image::Image;
use crate::jpeg::JpegError;
use crate::view::{ImageView, Plane, ViewError};

/// Resizes images; kept between frames for its buffers.
#[derive(Debug, Default)]
pub struct Resizer {
    resizer: fir::Resizer,
    converted: Image,
    tight: Vec<u8>,
}

impl Resizer {
    /// Returns a resizer that uses what this processor offers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `out` the same picture, stretched to `width` by `height` pixels.
    ///
    /// I420, NV12, RGB, BGR and grey keep their format; YUYV and JPEG become I420. Going down to half or less each
    /// new pixel is the mean of those it covers, else they are weighed by distance (bilinear).
    ///
    /// # Errors
    /// [`ResizeError`], for an absurd size or a JPEG that cannot be decoded.
    pub fn resize(
        &mut self,
        view: &ImageView<'_>,
        width: u32,
        height: u32,
        out: &mut Image,
    ) -> Result<(), ResizeError> {
        if matches!(view.format(), PixelFormat::Yuyv | PixelFormat::Jpeg) {
            let mut converted = std::mem::take(&mut self.converted);
            let done = to_i420_into(view, &mut converted).map_err(ResizeError::from);
            let done = done.and_then(|()| self.resize(&converted.view(), width, height, out));
            self.converted = converted;
            return done;
        }
        out.reset(view.format(), width, height, view.color())?;
        let (from, to) = ([view.width(), view.height()], [width, height]);
        let half = |size: [u32; 2]| size.map(|side| side.div_ceil(2));
        let [a, b, c] = out.planes_mut();
        match view.format() {
            PixelFormat::I420 => {
                self.plane::<U8>(view.plane(0), from, to, a)?;
                self.plane::<U8>(view.plane(1), half(from), half(to), b)?;
                self.plane::<U8>(view.plane(2), half(from), half(to), c)
            }
            PixelFormat::Nv12 => {
                self.plane::<U8>(view.plane(0), from, to, a)?;
                self.plane::<U8x2>(view.plane(1), half(from), half(to), b)
            }
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => self.plane::<U8x3>(view.plane(0), from, to, a),
            PixelFormat::Gray8 | PixelFormat::Yuyv | PixelFormat::Jpeg => self.plane::<U8>(view.plane(0), from, to, a),
        }
    }

    fn plane<P: fir::PixelTrait>(
        &mut self,
        plane: Plane<'_>,
        from: [u32; 2],
        to: [u32; 2],
        out: &mut [u8],
    ) -> Result<(), ResizeError> {
        let [width, height] = from.map(|side| side as usize);
        let row_bytes = width * P::size();
        // Padding is taken along as pixels and left out of the view, where it is whole pixels and also follows the last row.
        let as_it_lies = plane.stride_bytes >= row_bytes
            && plane.stride_bytes.is_multiple_of(P::size())
            && plane.bytes.len() >= plane.stride_bytes * height;
        let (bytes, stride_px) = if as_it_lies {
            (plane.bytes, plane.stride_bytes / P::size())
        } else {
            self.tight.clear();
            (0..height).for_each(|y| self.tight.extend_from_slice(plane.row(y, row_bytes)));
            (&self.tight[..], width)
        };
        let codec = |error: &dyn std::fmt::Display| ResizeError::Library {
            reason: error.to_string(),
        };
        let stride_px = u32::try_from(stride_px).map_err(|e| codec(&e))?;
        let source = TypedImageRef::<P>::from_buffer(stride_px, from[1], bytes).map_err(|e| codec(&e))?;
        // A view of its own: what a crop of the options leaves out would still be blended into the pixels beside it.
        let source = TypedCroppedImage::from_ref(&source, 0, 0, from[0], from[1]).map_err(|e| codec(&e))?;
        let mut target = TypedImage::<P>::from_buffer(to[0], to[1], out).map_err(|e| codec(&e))?;
        let halved = from[0] >= 2 * to[0] && from[1] >= 2 * to[1];
        let filter = if halved {
            fir::FilterType::Box
        } else {
            fir::FilterType::Bilinear
        };
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(filter))
            // Two channels are U and V here, not grey and alpha.
            .use_alpha(false);
        self.resizer
            .resize_typed(&source, &mut target, &options)
            .map_err(|e| codec(&e))
    }
}

/// Why a picture was not resized.
#[derive(Debug, thiserror::Error)]
pub enum ResizeError {
    /// The size asked for is zero or absurd.
    #[error(transparent)]
    Size(#[from] ViewError),
    /// It is a JPEG that cannot be decoded.
    #[error(transparent)]
    Jpeg(#[from] JpegError),
    /// The library refused, for reasons of its own.
    #[error("resizing: {reason}")]
    Library {
        /// In the words of the library.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ColorSpace;

    #[test]
    fn half_the_size_is_the_mean_of_each_four_and_padding_is_not_seen() {
        // Two rows of four pixels, padded with what must not show.
        let bytes = [10, 20, 50, 60, 255, 255, 30, 40, 70, 80, 255, 255];
        for len in [10, 12] {
            let plane = Plane {
                bytes: &bytes[..len],
                stride_bytes: 6,
            };
            let view = ImageView::new(PixelFormat::Gray8, 4, 2, ColorSpace::JPEG, &[plane]).unwrap();
            let mut out = Image::default();
            Resizer::new().resize(&view, 2, 1, &mut out).unwrap();
            assert_eq!(out.bytes(), [25, 65], "{len} bytes");
        }
    }

    #[test]
    fn the_last_pixel_of_a_row_is_not_blended_with_the_padding_beside_it() {
        let bytes = [100, 100, 100, 0, 100, 100, 100, 0];
        let plane = Plane {
            bytes: &bytes,
            stride_bytes: 4,
        };
        let view = ImageView::new(PixelFormat::Gray8, 3, 2, ColorSpace::JPEG, &[plane]).unwrap();
        let mut out = Image::default();
        for width in [2, 4, 7] {
            Resizer::new().resize(&view, width, 2, &mut out).unwrap();
            assert!(out.bytes().iter().all(|v| *v == 100), "{width}: {:?}", out.bytes());
        }
    }

    #[test]
    fn every_format_with_rows_is_resized_to_every_odd_size() {
        let mut resizer = Resizer::new();
        let mut out = Image::default();
        for format in PixelFormat::ALL.into_iter().filter(|f| *f != PixelFormat::Jpeg) {
            let mut image = Image::new(format, 33, 21, ColorSpace::JPEG).unwrap();
            image.planes_mut().into_iter().for_each(|p| p.fill(90));
            for [width, height] in [[1, 1], [7, 50], [33, 21], [16, 10]] {
                resizer.resize(&image.view(), width, height, &mut out).unwrap();
                assert_eq!([out.view().width(), out.view().height()], [width, height]);
                assert!(out.bytes().iter().all(|v| *v == 90), "{format} {width}x{height}");
            }
        }
    }

    #[test]
    fn a_size_of_zero_is_refused() {
        let image = Image::default();
        let refused = Resizer::new().resize(&image.view(), 0, 5, &mut Image::default());
        assert!(matches!(refused, Err(ResizeError::Size(_))));
    }
}
