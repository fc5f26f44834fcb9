//! Which shapes may be a target, or a part of one.

use super::shape::Shape;

/// Limits of what is measured of a shape, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// Its share of the picture, percent.
    pub area: [f64; 2],
    /// Its share of the smallest rectangle around it, percent.
    pub fullness: [f64; 2],
    /// Width of that rectangle divided by its height.
    pub aspect: [f64; 2],
    /// How far that rectangle is turned counter-clockwise as seen, -45 to 45 degrees.
    pub skew_deg: [f64; 2],
    /// Its share of its convex hull, percent.
    pub convexity: [f64; 2],
}

impl Default for Filter {
    /// Everything but specks.
    fn default() -> Self {
        Self {
            area: [0.02, 100.0],
            fullness: [0.0, 100.0],
            aspect: [0.0, 20.0],
            skew_deg: [-45.0, 45.0],
            convexity: [0.0, 100.0],
        }
    }
}

impl Filter {
    pub(super) fn passes(&self, shape: &Shape, picture_px: f64) -> bool {
        // What is computed may be a hair above 100 percent.
        let within = |value: f64, [from, to]: [f64; 2]| from - 1e-9 <= value && value <= to + 1e-9;
        within(100.0 * shape.area_px / picture_px, self.area)
            && within(shape.fullness(), self.fullness)
            && within(shape.aspect(), self.aspect)
            && within(shape.rect.skew_deg, self.skew_deg)
            && within(shape.convexity(), self.convexity)
    }
}
