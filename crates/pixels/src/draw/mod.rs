//! Drawing into a picture in its own format: polygons, lines, circles, and masks such as text.
//!
//! Everything becomes coverage, pixel by pixel from 0 to 255, two rows at a time, so that shapes have smooth edges and colour at half
//! size is as exact as it can be. What is outside the picture is cut off; what is not finite, or absurdly far out, is not drawn.

mod coverage;
mod ink;
mod surface;
#[cfg(test)]
mod tests;

use coverage::Coverage;
use ink::ink;
use surface::Surface;

use crate::format::{ColorSpace, PixelFormat};
use crate::view::ViewError;

/// A shape with a corner farther out than this, in pixels, is not drawn.
pub const FARTHEST_PX: f64 = 1e6;

/// A colour, and how much of it covers what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Red, green, blue.
    pub rgb: [u8; 3],
    /// 0 (nothing is seen of it) to 255 (nothing is seen through it).
    pub opacity: u8,
}

impl Paint {
    /// Paint that nothing is seen through.
    pub const fn solid(rgb: [u8; 3]) -> Self {
        Self { rgb, opacity: 255 }
    }
}

/// Coverage of a rectangle, pixel by pixel: what text is drawn once into, and then laid over many pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    width: usize,
    alpha: Vec<u8>,
}

impl Mask {
    /// A mask that covers nothing yet.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            alpha: vec![0; width * height],
        }
    }

    /// In pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> usize {
        self.alpha.len().checked_div(self.width).unwrap_or(0)
    }

    /// The coverage of row `y`; empty outside the mask.
    pub fn row(&self, y: usize) -> &[u8] {
        self.alpha.chunks_exact(self.width.max(1)).nth(y).unwrap_or_default()
    }

    /// Covers a pixel at least so much. One outside the mask is left out.
    pub fn cover(&mut self, x: usize, y: usize, coverage: u8) {
        if x < self.width
            && let Some(alpha) = self.alpha.get_mut(y * self.width + x)
        {
            *alpha = coverage.max(*alpha);
        }
    }
}

/// A picture that is drawn on.
///
/// Coordinates are pixels, x right, y down; (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5).
#[derive(Debug)]
pub struct Canvas<'a> {
    surface: Surface<'a>,
    color: ColorSpace,
    coverage: Coverage,
}

impl<'a> Canvas<'a> {
    /// A canvas over the planes of a picture, rows without padding, in the order of [`PixelFormat::array_names`].
    ///
    /// # Errors
    /// [`ViewError`], when planes are missing or too short, the size is absurd, or for [`PixelFormat::Jpeg`], which has no rows.
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        color: ColorSpace,
        planes: impl IntoIterator<Item = &'a mut [u8]>,
    ) -> Result<Self, ViewError> {
        Ok(Self {
            surface: Surface::new(format, width, height, planes)?,
            color,
            coverage: Coverage::default(),
        })
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.surface.size()[0] as u32
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.surface.size()[1] as u32
    }

    /// Fills the inside of a polygon; where it goes over itself, every second layer is outside.
    pub fn polygon(&mut self, corners: &[[f64; 2]], paint: Paint) {
        let is_near = |corner: &[f64; 2]| corner.iter().all(|at| at.abs() <= FARTHEST_PX);
        if corners.len() < 3 || !corners.iter().all(is_near) {
            return;
        }
        let ink = ink(self.surface.format(), self.color, paint.rgb);
        let Self { surface, coverage, .. } = self;
        let [width, height] = surface.size();
        let Some([left, right, first, last]) = coverage::reach(corners, [width, height]) else {
            return;
        };
        coverage.begin_polygon(corners);
        for y in (first..last).step_by(2) {
            let rows = coverage.polygon(y, [left, right], paint.opacity);
            surface.lay(y, left, rows, ink);
        }
    }

    /// Fills a rectangle: left, top, right, bottom.
    pub fn rectangle(&mut self, [left, top, right, bottom]: [f64; 4], paint: Paint) {
        self.polygon(&[[left, top], [right, top], [right, bottom], [left, bottom]], paint);
    }

    /// Draws a line, and half its width beyond each end: lines that meet at a right angle make a whole corner.
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], width_px: f64, paint: Paint) {
        let along = [to[0] - from[0], to[1] - from[1]];
        let length = along[0].hypot(along[1]);
        let half = width_px / 2.0;
        // A line without length is a dot.
        let [x, y] = match length > 1e-6 {
            true => along.map(|part| part / length * half),
            false => [half, 0.0],
        };
        let corners = [
            [from[0] - x + y, from[1] - y - x],
            [to[0] + x + y, to[1] + y - x],
            [to[0] + x - y, to[1] + y + x],
            [from[0] - x - y, from[1] - y + x],
        ];
        self.polygon(&corners, paint);
    }

    /// Draws lines from corner to corner, and from the last back to the first.
    pub fn outline(&mut self, corners: &[[f64; 2]], width_px: f64, paint: Paint) {
        for (index, from) in corners.iter().enumerate() {
            self.line(*from, corners[(index + 1) % corners.len()], width_px, paint);
        }
    }

    /// Fills a circle.
    pub fn disc(&mut self, center: [f64; 2], radius_px: f64, paint: Paint) {
        self.polygon(&around(center, radius_px), paint);
    }

    /// Draws a circle.
    pub fn circle(&mut self, center: [f64; 2], radius_px: f64, width_px: f64, paint: Paint) {
        let half = width_px / 2.0;
        // There and back: between the two circles is inside.
        let mut ring = around(center, radius_px + half);
        ring.extend(ring.first().copied());
        let inner = around(center, (radius_px - half).max(0.0));
        ring.extend(&inner);
        ring.extend(inner.first());
        self.polygon(&ring, paint);
    }

    /// Lays a mask over the picture, its upper left corner at this pixel.
    pub fn mask(&mut self, mask: &Mask, [left, top]: [i32; 2], paint: Paint) {
        let [width, height] = self.surface.size().map(|side| side as i64);
        let [left, top] = [i64::from(left), i64::from(top)];
        let [right, bottom] = [left + mask.width() as i64, top + mask.height() as i64];
        let [from, to] = [left.clamp(0, width), right.clamp(0, width)];
        let [first, last] = [top.clamp(0, height), bottom.clamp(0, height)];
        if from >= to || first >= last {
            return;
        }
        let ink = ink(self.surface.format(), self.color, paint.rgb);
        let Self { surface, coverage, .. } = self;
        let seen = (from - left) as usize..(to - left) as usize;
        // Rows are laid in pairs that share their colour; the first of the picture is the first of a pair.
        for y in (first & !1..last).step_by(2) {
            coverage.begin(from as usize, to as usize);
            for row in 0..2 {
                if let Ok(y) = usize::try_from(y + row as i64 - top) {
                    let covered = mask.row(y).get(seen.clone()).unwrap_or_default();
                    coverage.add_row(covered, from as usize, row);
                }
            }
            surface.lay(y as usize, coverage.left(), coverage.rows(paint.opacity), ink);
        }
    }
}

/// Corners of a polygon that looks like a circle.
fn around([x, y]: [f64; 2], radius_px: f64) -> Vec<[f64; 2]> {
    if !radius_px.is_finite() {
        return Vec::new();
    }
    let corners = (radius_px * 2.0).clamp(12.0, 96.0) as usize;
    let corner = |index: usize| {
        let (sin, cos) = (index as f64 / corners as f64 * std::f64::consts::TAU).sin_cos();
        [x + radius_px * cos, y + radius_px * sin]
    };
    (0..corners).map(corner).collect()
}
