//! Rows of an image with red, green and blue each by itself: what is looked at colour by colour, many pixels at a time.

use std::ops::Range;

use crate::format::PixelFormat;
use crate::i420::split_pairs;
use crate::luma::yuyv_luma;
use crate::rgb::{STRETCH, Weights};
use crate::view::ImageView;

/// Reads rows of one image, as [`to_rgb8`](crate::to_rgb8) would give them, but without a picture in between.
#[derive(Debug)]
pub struct RgbRows<'a> {
    view: ImageView<'a>,
    weights: Weights,
    /// Brightness and chroma of one row, where they do not lie by themselves.
    row: [Vec<u8>; 3],
    /// Which row that is: of YUYV its own number, of NV12 that of its chroma.
    row_is: Option<usize>,
}

impl<'a> RgbRows<'a> {
    /// Returns a reader. `None` for a JPEG, which has no rows before it is decoded.
    pub fn new(view: &ImageView<'a>) -> Option<Self> {
        (view.format() != PixelFormat::Jpeg).then(|| Self {
            view: *view,
            weights: Weights::of(view.color()),
            row: Default::default(),
            row_is: None,
        })
    }

    /// Writes the pixels in `columns` of row `y` into the first bytes of each of `rgb`. The first column must be even, as pairs of
    /// pixels may share their chroma.
    ///
    /// # Panics
    /// When row or columns are not all in the image, the first column is odd, or one of `rgb` is too short.
    pub fn read(&mut self, y: usize, columns: Range<usize>, rgb: [&mut [u8]; 3]) {
        self.check(y, &columns);
        let [r, g, b] = rgb.map(|plane| &mut plane[..columns.len()]);
        let Some([luma, u, v]) = self.yuv(y, &columns) else {
            let bytes = self.packed(y, &columns);
            return match self.view.format() {
                PixelFormat::Rgb8 => split_triples(bytes, r, g, b),
                PixelFormat::Bgr8 => split_triples(bytes, b, g, r),
                _ => [r, g, b].into_iter().for_each(|to| to.copy_from_slice(bytes)),
            };
        };
        let stretches = luma
            .chunks(STRETCH)
            .zip(u.chunks(STRETCH / 2).zip(v.chunks(STRETCH / 2)))
            .zip(
                r.chunks_mut(STRETCH)
                    .zip(g.chunks_mut(STRETCH))
                    .zip(b.chunks_mut(STRETCH)),
            );
        for ((luma, (u, v)), ((r, g), b)) in stretches {
            self.weights.planar(luma, u, v, [r, g, b]);
        }
    }

    /// Returns a bound: no red, green or blue of these pixels is above it. Sooner known than the pixels themselves.
    ///
    /// # Panics
    /// As [`RgbRows::read`].
    pub fn brightest(&mut self, y: usize, columns: Range<usize>) -> u8 {
        self.check(y, &columns);
        match self.yuv(y, &columns) {
            Some([luma, u, v]) => self
                .weights
                .brightest(most(luma), [least(u), most(u)], [least(v), most(v)]),
            None => most(self.packed(y, &columns)),
        }
    }

    fn check(&mut self, y: usize, columns: &Range<usize>) {
        let [width, height] = self.view.size();
        let is_inside = y < height && columns.start <= columns.end && columns.end <= width;
        assert!(is_inside, "row {y}, columns {columns:?} of {width}x{height}");
        assert!(
            columns.start.is_multiple_of(2),
            "columns {columns:?} begin between two that share their chroma"
        );
        self.split(y);
    }

    /// The bytes of pixels that lie one after the other.
    fn packed(&self, y: usize, columns: &Range<usize>) -> &'a [u8] {
        let each = if self.view.format() == PixelFormat::Gray8 { 1 } else { 3 };
        &self.view.plane(0).row(y, each * columns.end)[each * columns.start..]
    }

    /// Brightness and chroma of pixels, in formats that have them. The row was split.
    fn yuv(&self, y: usize, columns: &Range<usize>) -> Option<[&[u8]; 3]> {
        let half = columns.start / 2..columns.end.div_ceil(2);
        let [_, own_u, own_v] = &self.row;
        let [luma, u, v]: [&[u8]; 3] = match self.view.format() {
            PixelFormat::I420 => {
                let [u, v] = [1, 2].map(|plane| self.view.plane(plane).row(y / 2, half.end));
                [self.view.plane(0).row(y, columns.end), u, v]
            }
            PixelFormat::Nv12 => [self.view.plane(0).row(y, columns.end), own_u, own_v],
            PixelFormat::Yuyv => [&self.row[0], own_u, own_v],
            PixelFormat::Rgb8 | PixelFormat::Bgr8 | PixelFormat::Gray8 | PixelFormat::Jpeg => return None,
        };
        Some([&luma[columns.clone()], &u[half.clone()], &v[half]])
    }

    /// Makes `row` the brightness and chroma of row `y`, where they do not lie by themselves.
    fn split(&mut self, y: usize) {
        let format = self.view.format();
        let row = if format == PixelFormat::Nv12 { y / 2 } else { y };
        let is_mixed = matches!(format, PixelFormat::Nv12 | PixelFormat::Yuyv);
        if !is_mixed || self.row_is == Some(row) {
            return;
        }
        self.row_is = Some(row);
        let width = self.view.size()[0];
        let half_width = width.div_ceil(2);
        let [luma, u, v] = &mut self.row;
        u.resize(half_width, 0);
        v.resize(half_width, 0);
        if format == PixelFormat::Nv12 {
            return split_pairs(self.view.plane(1).row(row, 2 * half_width), u, v);
        }
        luma.resize(width, 0);
        let bytes = self.view.plane(0).row(row, 4 * half_width);
        yuyv_luma(bytes, luma);
        for ((quad, u), v) in bytes.chunks_exact(4).zip(u).zip(v) {
            (*u, *v) = (quad[1], quad[3]);
        }
    }
}

fn most(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |most, byte| most.max(*byte))
}

fn least(bytes: &[u8]) -> u8 {
    bytes.iter().fold(255, |least, byte| least.min(*byte))
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
                let mut image = Image::new(format, 137, 11, color).unwrap();
                for (p, plane) in image.planes_mut().into_iter().enumerate() {
                    for (i, byte) in plane.iter_mut().enumerate() {
                        *byte = (i * 37 + p * 91) as u8;
                    }
                }
                let rgb = to_rgb8(&image.view()).unwrap();
                let mut rows = RgbRows::new(&image.view()).unwrap();
                for (y, wanted) in rgb.bytes().chunks_exact(3 * 137).enumerate() {
                    for columns in [0..137, 0..64, 64..128, 128..137, 4..5, 6..6] {
                        let mut got = [[0; 140]; 3];
                        let [r, g, b] = &mut got;
                        rows.read(y, columns.clone(), [r, g, b]);
                        let most = rows.brightest(y, columns.clone());
                        let wanted = wanted.chunks_exact(3).skip(columns.start).take(columns.len());
                        for (x, pixel) in wanted.enumerate() {
                            assert_eq!(
                                pixel,
                                got.map(|plane| plane[x]),
                                "{format} {range:?} {columns:?} ({x}, {y})"
                            );
                            assert!(
                                pixel.iter().all(|level| *level <= most),
                                "{format} {pixel:?} above {most}"
                            );
                        }
                    }
                }
            }
        }
    }
}
