//! An owned image.

use crate::format::{ColorSpace, PixelFormat};
use crate::view::{ImageView, Plane, ViewError, check_size};

/// An image that owns its pixels: planes one after the other, rows without padding.
///
/// Meant to be kept and filled again: [`Image::reset`] keeps the memory.
#[derive(Debug, Clone)]
pub struct Image {
    format: PixelFormat,
    width: u32,
    height: u32,
    color: ColorSpace,
    bytes: Vec<u8>,
}

impl Image {
    /// Returns a black image (grey 0; in YUV formats green, as all bytes are 0).
    ///
    /// # Errors
    /// [`ViewError::Size`] for an absurd size, [`ViewError::PlaneCount`] for [`PixelFormat::Jpeg`], which has no rows.
    pub fn new(format: PixelFormat, width: u32, height: u32, color: ColorSpace) -> Result<Self, ViewError> {
        let mut image = Self::default();
        image.reset(format, width, height, color)?;
        Ok(image)
    }

    /// Makes it another image, in the same memory where that is large enough; what the pixels are is not said.
    ///
    /// # Errors
    /// As [`Image::new`]; then nothing changed.
    pub fn reset(&mut self, format: PixelFormat, width: u32, height: u32, color: ColorSpace) -> Result<(), ViewError> {
        check_size(width, height)?;
        if format == PixelFormat::Jpeg {
            return Err(ViewError::PlaneCount {
                format,
                needed: 0,
                given: 1,
            });
        }
        self.bytes.resize(plane_lens(format, width, height).iter().sum(), 0);
        (self.format, self.width, self.height, self.color) = (format, width, height, color);
        Ok(())
    }

    /// Returns the image as a view.
    pub fn view(&self) -> ImageView<'_> {
        let [first, second, _] = plane_lens(self.format, self.width, self.height);
        let (a, rest) = self.bytes.split_at(first);
        let (b, c) = rest.split_at(second);
        let strides = self.strides();
        let planes = [
            Plane {
                bytes: a,
                stride_bytes: strides[0],
            },
            Plane {
                bytes: b,
                stride_bytes: strides[1],
            },
            Plane {
                bytes: c,
                stride_bytes: strides[2],
            },
        ];
        let planes = &planes[..self.format.array_names().len()];
        ImageView::new(self.format, self.width, self.height, self.color, planes)
            .expect("the planes were cut by the shapes that the view checks")
    }

    /// Returns the planes to write to, each without padding; those that the format lacks are empty.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let [first, second, _] = plane_lens(self.format, self.width, self.height);
        let (a, rest) = self.bytes.split_at_mut(first);
        let (b, c) = rest.split_at_mut(second);
        [a, b, c]
    }

    /// Returns all planes, one after the other, rows without padding.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn strides(&self) -> [usize; 3] {
        [0, 1, 2].map(|i| {
            self.format
                .plane_shape(i, self.width, self.height)
                .map_or(0, |[row_bytes, _]| row_bytes)
        })
    }
}

impl Default for Image {
    /// One grey pixel, black: something to [`Image::reset`] or to convert into.
    fn default() -> Self {
        Self {
            format: PixelFormat::Gray8,
            width: 1,
            height: 1,
            color: ColorSpace::JPEG,
            bytes: vec![0],
        }
    }
}

fn plane_lens(format: PixelFormat, width: u32, height: u32) -> [usize; 3] {
    [0, 1, 2].map(|i| {
        format
            .plane_shape(i, width, height)
            .map_or(0, |[row_bytes, rows]| row_bytes * rows)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_image_is_a_valid_view_of_the_new_size() {
        let mut image = Image::default();
        for format in PixelFormat::ALL.into_iter().filter(|f| *f != PixelFormat::Jpeg) {
            for [width, height] in [[1, 1], [5, 3], [64, 2], [3, 40]] {
                image.reset(format, width, height, ColorSpace::JPEG).unwrap();
                let view = image.view();
                assert_eq!((view.format(), view.width(), view.height()), (format, width, height));
            }
        }
    }

    #[test]
    fn an_owned_jpeg_is_refused_because_it_has_no_rows() {
        assert!(Image::new(PixelFormat::Jpeg, 8, 8, ColorSpace::JPEG).is_err());
    }
}
