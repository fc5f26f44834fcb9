//! Rows of a raw image: as a picture, as depth, as numbers.

use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat, Plane};
use bytes::Bytes;

/// Rows of pixels or of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Numbers in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How they are encoded, as Foxglove names it: `rgb8`, `16UC1`.
    pub encoding: String,
    /// Bytes from one row to the next.
    pub step: u32,
    /// The rows.
    pub data: Bytes,
}

impl Pixels {
    /// Its pixel format on the bus; `None` for numbers that are no pixels, and for formats that do not travel there.
    pub fn format(&self) -> Option<PixelFormat> {
        Some(match self.encoding.as_str() {
            "rgb8" => PixelFormat::Rgb8,
            "bgr8" | "8UC3" => PixelFormat::Bgr8,
            "mono8" | "8UC1" => PixelFormat::Gray8,
            "yuyv" | "yuv422_yuy2" => PixelFormat::Yuyv,
            "nv12" => PixelFormat::Nv12,
            _ => return None,
        })
    }

    /// Looks at it as a picture; `None` when it is none, or its rows are not all there.
    pub fn view(&self, color: ColorSpace) -> Option<ImageView<'_>> {
        let format = self.format()?;
        let stride_bytes = self.step as usize;
        let mut planes = Vec::new();
        let mut rest = &self.data[..];
        for plane in 0..format.array_names().len() {
            let [_, rows] = format.plane_shape(plane, self.width, self.height)?;
            let bytes = rest.len().min(stride_bytes.checked_mul(rows)?);
            let (bytes, behind) = rest.split_at(bytes);
            planes.push(Plane { bytes, stride_bytes });
            rest = behind;
        }
        ImageView::new(format, self.width, self.height, color, &planes).ok()
    }

    /// Its rows without padding, of `bytes` bytes a number; `None` when they are not all there.
    fn rows(&self, bytes: usize) -> Option<impl Iterator<Item = &[u8]>> {
        let row_bytes = (self.width as usize).checked_mul(bytes)?;
        let step = (self.step as usize).max(1);
        let last = step.checked_mul((self.height as usize).checked_sub(1)?)?;
        let is_there = row_bytes > 0 && step >= row_bytes && last.checked_add(row_bytes)? <= self.data.len();
        is_there.then(|| (0..self.height as usize).map(move |row| &self.data[row * step..][..row_bytes]))
    }

    /// Its numbers as float32: `32FC1` as they are, `16UC1` in millimetres as metres with NaN for 0. What depth is.
    pub fn depth_m(&self) -> Option<Vec<f32>> {
        match self.encoding.as_str() {
            "32FC1" => {
                let numbers = self.rows(4)?.flat_map(|row| row.as_chunks::<4>().0);
                Some(numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect())
            }
            "16UC1" | "mono16" => {
                let numbers = self.rows(2)?.flat_map(|row| row.as_chunks::<2>().0);
                let metres = |bytes: &[u8; 2]| match u16::from_le_bytes(*bytes) {
                    0 => f32::NAN,
                    millimetres => f32::from(millimetres) / 1000.0,
                };
                Some(numbers.map(metres).collect())
            }
            _ => None,
        }
    }

    /// Its bytes without padding, and what they are as NumPy names it, for numbers that are no picture: masks.
    pub fn numbers(&self) -> Option<(&'static str, Vec<u8>)> {
        let (dtype, bytes) = match self.encoding.as_str() {
            "mono8" | "8UC1" => ("uint8", 1),
            "mono16" | "16UC1" => ("uint16", 2),
            "32FC1" => ("float32", 4),
            _ => return None,
        };
        Some((dtype, self.rows(bytes)?.flatten().copied().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(width: u32, height: u32, encoding: &str, step: u32, data: &[u8]) -> Pixels {
        Pixels {
            width,
            height,
            encoding: encoding.to_owned(),
            step,
            data: Bytes::copy_from_slice(data),
        }
    }

    #[test]
    fn whole_millimetres_become_metres_and_zero_is_not_known() {
        let depth = raw(2, 2, "16UC1", 6, &[0, 0, 0xe8, 3, 9, 9, 1, 0, 0, 1])
            .depth_m()
            .unwrap();
        assert!(depth[0].is_nan());
        assert_eq!(depth[1..], [1.0, 0.001, 0.256]);
    }

    #[test]
    fn rows_that_are_not_all_there_are_no_picture() {
        assert!(raw(2, 2, "rgb8", 6, &[0; 12]).view(ColorSpace::JPEG).is_some());
        assert!(raw(2, 2, "rgb8", 6, &[0; 11]).view(ColorSpace::JPEG).is_none());
        assert!(raw(4, 2, "nv12", 4, &[0; 12]).view(ColorSpace::JPEG).is_some());
        assert!(raw(4, 2, "nv12", 4, &[0; 8]).view(ColorSpace::JPEG).is_none());
        assert!(raw(u32::MAX, u32::MAX, "32FC1", u32::MAX, &[0; 8]).depth_m().is_none());
        assert!(raw(2, 0, "32FC1", 8, &[]).depth_m().is_none());
    }

    proptest! {
        #[test]
        fn any_size_is_viewed_or_refused(width: u16, height: u16, step: u16, length in 0_usize..3000, encoding in "rgb8|nv12|yuyv|mono8|16UC1|32FC1") {
            let pixels = raw(width.into(), height.into(), &encoding, step.into(), &vec![1; length]);
            let _ = pixels.view(ColorSpace::JPEG);
            let _ = pixels.depth_m();
            let _ = pixels.numbers();
        }
    }
}
