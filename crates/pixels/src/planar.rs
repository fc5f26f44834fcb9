//! Rows of an image with red, green and blue each by itself: what is looked at colour by colour, many pixels at a time.

use crate::format::PixelFormat;
use crate::i420::split_pairs;
use crate::luma::yuyv_luma;
use crate::rgb::Weights;
use crate::view::ImageView;

/// Reads rows of one image, as [`to_rgb8`](crate::to_rgb8) would give them, but without a picture in between.
#[derive(Debug)]
pub struct RgbRows<'a> {
    view: ImageView<'a>,
    weights: Weights,
    scratch: [Vec<u8>; 3],
    /// What chroma adds to red, green and blue, for each pixel of the rows `chroma_of`.
    chroma: [Vec<i32>; 3],
    chroma_of: Option<usize>,
}

impl<'a> RgbRows<'a> {
    /// Returns a reader. `None` for a JPEG, which has no rows before it is decoded.
    pub fn new(view: &ImageView<'a>) -> Option<Self> {
        (view.format() != PixelFormat::Jpeg).then(|| Self {
            view: *view,
            weights: Weights::of(view.color()),
            scratch: Default::default(),
            chroma: Default::default(),
            chroma_of: None,
        })
    }

    /// Writes row `y` into the first `width` bytes of each of `rgb`.
    ///
    /// # Panics
    /// When `y` is not below the height, or one of `rgb` is shorter than the width.
    pub fn read(&mut self, y: usize, rgb: [&mut [u8]; 3]) {
        let [width, height] = self.view.size();
        assert!(y < height, "row {y} of {height}");
        let [r, g, b] = rgb.map(|plane| &mut plane[..width]);
        let plane = self.view.plane(0);
        match self.view.format() {
            PixelFormat::Rgb8 => split_triples(plane.row(y, 3 * width), r, g, b),
            PixelFormat::Bgr8 => split_triples(plane.row(y, 3 * width), b, g, r),
            PixelFormat::Gray8 | PixelFormat::Jpeg => [r, g, b]
                .into_iter()
                .for_each(|to| to.copy_from_slice(plane.row(y, width))),
            PixelFormat::I420 | PixelFormat::Nv12 => {
                self.read_chroma(y / 2, width);
                self.weights.planar_row(plane.row(y, width), &self.chroma, [r, g, b]);
            }
            PixelFormat::Yuyv => {
                self.read_chroma(y, width);
                let [luma, ..] = &mut self.scratch;
                luma.resize(width, 0);
                yuyv_luma(plane.row(y, 4 * width.div_ceil(2)), luma);
                self.weights.planar_row(luma, &self.chroma, [r, g, b]);
            }
        }
    }

    /// Makes `chroma` that of chroma row `row`, unless it is already.
    fn read_chroma(&mut self, row: usize, width: usize) {
        if self.chroma_of == Some(row) {
            return;
        }
        self.chroma_of = Some(row);
        let half_width = width.div_ceil(2);
        for channel in &mut self.chroma {
            channel.resize(2 * half_width, 0);
        }
        let [_, u, v] = &mut self.scratch;
        for channel in [&mut *u, &mut *v] {
            channel.resize(half_width, 0);
        }
        match self.view.format() {
            PixelFormat::Nv12 => split_pairs(self.view.plane(1).row(row, 2 * half_width), u, v),
            PixelFormat::Yuyv => {
                let quads = self.view.plane(0).row(row, 4 * half_width).chunks_exact(4);
                for ((quad, u), v) in quads.zip(&mut *u).zip(&mut *v) {
                    (*u, *v) = (quad[1], quad[3]);
                }
            }
            _ => {
                let [from_u, from_v] = [1, 2].map(|plane| self.view.plane(plane).row(row, half_width));
                return self.weights.chroma_row(from_u, from_v, &mut self.chroma);
            }
        }
        self.weights.chroma_row(u, v, &mut self.chroma);
    }
}

fn split_triples(row: &[u8], first: &mut [u8], second: &mut [u8], third: &mut [u8]) {
    for (((triple, a), b), c) in row.chunks_exact(3).zip(first).zip(second).zip(third) {
        (*a, *b, *c) = (triple[0], triple[1], triple[2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{ColorSpace, Matrix, Range};
    use crate::image::Image;
    use crate::rgb::to_rgb8;

    #[test]
    fn rows_of_every_format_are_those_of_the_rgb_picture() {
        for format in PixelFormat::ALL.into_iter().filter(|f| *f != PixelFormat::Jpeg) {
            for range in [Range::Limited, Range::Full] {
                let color = ColorSpace {
                    matrix: Matrix::Bt709,
                    range,
                };
                let mut image = Image::new(format, 37, 11, color).unwrap();
                for (p, plane) in image.planes_mut().into_iter().enumerate() {
                    for (i, byte) in plane.iter_mut().enumerate() {
                        *byte = (i * 37 + p * 91) as u8;
                    }
                }
                let rgb = to_rgb8(&image.view()).unwrap();
                let mut rows = RgbRows::new(&image.view()).unwrap();
                for (y, wanted) in rgb.bytes().chunks_exact(3 * 37).enumerate() {
                    let mut got = [[0; 40]; 3];
                    let [r, g, b] = &mut got;
                    rows.read(y, [r, g, b]);
                    for (x, pixel) in wanted.chunks_exact(3).enumerate() {
                        assert_eq!(pixel, got.map(|plane| plane[x]), "{format} {range:?} ({x}, {y})");
                    }
                }
            }
        }
    }
}
