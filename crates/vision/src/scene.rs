//! Small made pictures for this crate's tests.

use crate::apriltag::{GrayView, TagBitmap};

/// A grey picture, rows without gaps.
pub(crate) struct GrayImage {
    width: usize,
    bytes: Vec<u8>,
}

impl GrayImage {
    pub(crate) fn new(width: usize, height: usize, level: u8) -> Self {
        Self {
            width,
            bytes: vec![level; width * height],
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.bytes.len() / self.width
    }

    pub(crate) fn view(&self) -> GrayView<'_> {
        GrayView {
            bytes: &self.bytes,
            width_px: self.width as u32,
            height_px: self.height() as u32,
            stride_bytes: self.width,
        }
    }

    /// Draws a tag upright, `cell_px` pixels a cell.
    pub(crate) fn draw_tag(&mut self, tag: &TagBitmap, cell_px: usize, [left, top]: [usize; 2]) {
        let side = tag.side_cells() * cell_px;
        for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
            let white = tag.is_white(x / cell_px, y / cell_px);
            self.bytes[(top + y) * self.width + left + x] = if white { 230 } else { 20 };
        }
    }

    pub(crate) fn set(&mut self, x: usize, y: usize, level: u8) {
        self.bytes[y * self.width + x] = level;
    }

    /// Gives each pixel the mean level of `grid` x `grid` places in it.
    pub(crate) fn fill_by(&mut self, grid: usize, level: impl Fn(f64, f64) -> f64) {
        let part = |i: usize| (i as f64 + 0.5) / grid as f64;
        for (index, pixel) in self.bytes.iter_mut().enumerate() {
            let (x, y) = ((index % self.width) as f64, (index / self.width) as f64);
            let places = (0..grid).flat_map(|i| (0..grid).map(move |j| (i, j)));
            let sum: f64 = places.map(|(i, j)| level(x + part(i), y + part(j))).sum();
            *pixel = (sum / (grid * grid) as f64).round() as u8;
        }
    }

    pub(crate) fn invert(&mut self, x: usize, y: usize) {
        let pixel = &mut self.bytes[y * self.width + x];
        *pixel = 250 - *pixel;
    }

    pub(crate) fn turned_clockwise(&self) -> Self {
        let (width, height) = (self.width, self.height());
        let mut turned = Self::new(height, width, 0);
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            turned.bytes[x * height + (height - 1 - y)] = self.bytes[y * width + x];
        }
        turned
    }
}
