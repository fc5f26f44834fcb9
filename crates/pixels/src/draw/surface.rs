//! The planes of a picture, and how ink gets on them.

use crate::format::PixelFormat;
use crate::view::{ViewError, check_size};

/// A picture's planes, rows without padding, known to be long enough.
#[derive(Debug)]
pub(super) struct Surface<'a> {
    format: PixelFormat,
    width: usize,
    height: usize,
    planes: [&'a mut [u8]; 3],
}

impl<'a> Surface<'a> {
    pub(super) fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: impl IntoIterator<Item = &'a mut [u8]>,
    ) -> Result<Self, ViewError> {
        check_size(width, height)?;
        let given: Vec<&'a mut [u8]> = planes.into_iter().collect();
        let count = given.len();
        let needed = if format == PixelFormat::Jpeg {
            0
        } else {
            format.array_names().len()
        };
        if count != needed || needed == 0 {
            return Err(ViewError::PlaneCount {
                format,
                needed,
                given: count,
            });
        }
        let mut planes: [&'a mut [u8]; 3] = [&mut [], &mut [], &mut []];
        for (index, plane) in given.into_iter().enumerate() {
            let [row_bytes, rows] = format.plane_shape(index, width, height).unwrap_or_default();
            if plane.len() < row_bytes * rows {
                return Err(ViewError::ShortPlane {
                    format,
                    array: format.array_names()[index],
                    needed_bytes: row_bytes * rows,
                    given_bytes: plane.len(),
                });
            }
            planes[index] = plane;
        }
        Ok(Self {
            format,
            width: width as usize,
            height: height as usize,
            planes,
        })
    }

    pub(super) fn format(&self) -> PixelFormat {
        self.format
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    /// Lays ink on rows `y` and `y + 1` from column `left` on, both even. What of the rows is outside the picture is left out.
    pub(super) fn lay(&mut self, y: usize, left: usize, rows: [&[u8]; 2], ink: [u8; 3]) {
        self.lay_row(y, left, rows[0], ink);
        if y + 1 < self.height {
            self.lay_row(y + 1, left, rows[1], ink);
        }
        self.lay_quartered(y, left, rows, ink);
    }

    /// What every pixel has of its own.
    fn lay_row(&mut self, y: usize, left: usize, row: &[u8], ink: [u8; 3]) {
        let row = &row[..row.len().min(self.width - left)];
        let width = self.width;
        let plane = &mut *self.planes[0];
        match self.format {
            PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Gray8 => {
                for (value, covered) in plane[y * width + left..].iter_mut().zip(row) {
                    blend(value, ink[0], *covered);
                }
            }
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => {
                let pixels = plane[3 * (y * width + left)..].chunks_exact_mut(3);
                for (pixel, covered) in pixels.zip(row).filter(|(_, covered)| **covered > 0) {
                    for (value, ink) in pixel.iter_mut().zip(ink) {
                        blend(value, ink, *covered);
                    }
                }
            }
            PixelFormat::Yuyv => {
                let row_bytes = 4 * width.div_ceil(2);
                let pairs = plane[y * row_bytes + 2 * left..].chunks_exact_mut(4);
                for (pair, covered) in pairs.zip(row.chunks(2)) {
                    let [first, second] = [covered[0], covered.last().copied().unwrap_or_default()];
                    blend(&mut pair[0], ink[0], first);
                    blend(&mut pair[2], ink[0], second);
                    let of_both = ((u16::from(first) + u16::from(second) + 1) >> 1) as u8;
                    blend(&mut pair[1], ink[1], of_both);
                    blend(&mut pair[3], ink[2], of_both);
                }
            }
            PixelFormat::Jpeg => {}
        }
    }

    /// What four pixels have together: covered as much as they are on average.
    fn lay_quartered(&mut self, y: usize, left: usize, [upper, lower]: [&[u8]; 2], ink: [u8; 3]) {
        let columns = upper.len().min(self.width - left);
        // At an odd border the pixels that are there count for those that are not.
        let lower = if y + 1 < self.height { lower } else { upper };
        let of_pair = |pair: &[u8]| [pair[0], pair[pair.len() - 1]].map(u16::from);
        let four = |(upper, lower): (&[u8], &[u8])| {
            let [[a, b], [c, d]] = [of_pair(upper), of_pair(lower)];
            ((a + b + c + d + 2) >> 2) as u8
        };
        let half_width = self.width.div_ceil(2);
        let [_, second, third] = &mut self.planes;
        let start = y / 2 * half_width + left / 2;
        let covered = upper[..columns].chunks(2).zip(lower[..columns].chunks(2)).map(four);
        match self.format {
            PixelFormat::I420 => {
                let values = second[start..].iter_mut().zip(&mut third[start..]);
                for ((u, v), covered) in values.zip(covered) {
                    blend(u, ink[1], covered);
                    blend(v, ink[2], covered);
                }
            }
            PixelFormat::Nv12 => {
                for (pair, covered) in second[2 * start..].chunks_exact_mut(2).zip(covered) {
                    blend(&mut pair[0], ink[1], covered);
                    blend(&mut pair[1], ink[2], covered);
                }
            }
            _ => {}
        }
    }
}

/// Mixes ink into a value: 0 leaves it, 255 replaces it.
fn blend(value: &mut u8, ink: u8, covered: u8) {
    let covered = u16::from(covered);
    let mixed = u16::from(*value) * (255 - covered) + u16::from(ink) * covered + 127;
    // Divided by 255, in 16 bits: eight values at a time.
    *value = ((mixed + 1 + (mixed >> 8)) >> 8) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_mixed_in_to_the_nearest_value() {
        for (before, ink, covered) in
            (0..=255u8).flat_map(|a| (0..=255).flat_map(move |c| [0, 77, 255].map(|b| (a, b, c))))
        {
            let share = f64::from(covered) / 255.0;
            let exact = f64::from(before) * (1.0 - share) + f64::from(ink) * share;
            let mut value = before;
            blend(&mut value, ink, covered);
            assert!(
                (f64::from(value) - exact).abs() <= 0.5 + 1e-9,
                "{before} {ink} {covered}: {value}"
            );
        }
    }
}
