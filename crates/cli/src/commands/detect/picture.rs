//! A picture file as grey pixels.

use std::path::Path;

use bushbaby_vision::apriltag::GrayView;
use image::{DynamicImage, GrayImage, ImageReader, Limits, Luma};

/// Sides beyond this are refused before anything is decoded.
const MAX_SIDE_PX: u32 = 32_767;
/// Memory that decoding one file may take.
const MAX_BYTES: u64 = 1 << 30;

pub(super) struct Picture {
    gray: GrayImage,
}

impl Picture {
    /// Reads PNG, JPEG or PNM, by content. Colours become grey as in a camera's Y (BT.601); what is transparent lies on white.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let words = |error: &dyn std::fmt::Display| format!("cannot be read: {error}");
        let reader = ImageReader::open(path).map_err(|error| words(&error))?;
        let mut reader = reader.with_guessed_format().map_err(|error| words(&error))?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE_PX);
        limits.max_image_height = Some(MAX_SIDE_PX);
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits);
        let image = reader.decode().map_err(|error| words(&error))?;
        Ok(Self { gray: gray(image) })
    }

    pub(super) fn size_px(&self) -> (u32, u32) {
        self.gray.dimensions()
    }

    pub(super) fn view(&self) -> GrayView<'_> {
        let (width_px, height_px) = self.gray.dimensions();
        GrayView {
            bytes: self.gray.as_raw(),
            width_px,
            height_px,
            stride_bytes: width_px as usize,
        }
    }
}

fn gray(image: DynamicImage) -> GrayImage {
    match image {
        DynamicImage::ImageLuma8(gray) => gray,
        DynamicImage::ImageLuma16(_) => image.into_luma8(),
        other => {
            let colours = other.into_rgba8();
            GrayImage::from_fn(colours.width(), colours.height(), |x, y| {
                let [r, g, b, a] = colours.get_pixel(x, y).0.map(u32::from);
                let level = (299 * r + 587 * g + 114 * b + 500) / 1000;
                Luma([((level * a + 255 * (255 - a) + 127) / 255) as u8])
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    #[test]
    fn colours_weigh_as_in_a_camera_and_nothing_is_white() {
        let pixels = [
            [255, 0, 0, 255],
            [0, 255, 0, 255],
            [0, 0, 255, 255],
            [9, 9, 9, 255],
            [0, 0, 0, 0],
        ];
        let image = RgbaImage::from_fn(5, 1, |x, _| Rgba(pixels[x as usize]));
        assert_eq!(gray(image.into()).into_raw(), [76, 150, 29, 9, 255]);
    }
}
