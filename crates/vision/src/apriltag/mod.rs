//! AprilTags: found in grey pictures, and drawn.
//!
//! In: a [`GrayView`] of somebody's pixels, not copied. Out: a [`TagDetection`] for every tag, sorted by id; none is an empty list.
//! [`CDetector`] is the AprilTag C library behind the [`TagDetector`] trait. [`TagBitmap`] is a tag as black and white cells.
//!
//! Corners come in one order: left-bottom, right-bottom, right-top, left-top of the tag as it stands upright, so
//! counter-clockwise as printed, in pixels whose first has its centre at (0.5, 0.5).

mod bitmap;
mod c_detector;
mod c_library;
mod edges;
mod error;
mod family;
mod second_reading;
mod settings;

pub use bitmap::{TagBitmap, UnknownTag};
pub use c_detector::CDetector;
pub use error::DetectError;
pub use family::{Family, UnknownFamily};
pub use settings::{DetectorSettings, MAX_THREADS};

/// Finds AprilTags in grey pictures.
pub trait TagDetector: Send {
    /// Returns the tags in one picture, sorted by id; a picture without tags gives an empty list.
    ///
    /// # Errors
    /// [`DetectError`] when the picture cannot be one (empty, too large, buffer too short) or the detector cannot work.
    fn detect(&mut self, image: GrayView<'_>) -> Result<Vec<TagDetection>, DetectError>;
}

/// A grey picture in somebody's memory: one byte a pixel, rows `stride_bytes` apart.
#[derive(Clone, Copy)]
pub struct GrayView<'a> {
    /// The pixels, row after row; the last row may end with its last pixel.
    pub bytes: &'a [u8],
    /// Pixels in a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Bytes from the start of one row to the start of the next, at least the width.
    pub stride_bytes: usize,
}

/// One tag in one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TagDetection {
    /// The number the tag carries.
    pub id: u32,
    /// The family it belongs to.
    pub family: Family,
    /// Corners of the [reported square](Family::reported_square) in pixels: left-bottom, right-bottom, right-top, left-top of
    /// the upright tag.
    pub corners_px: [[f64; 2]; 4],
    /// Wrong bits that were put right.
    pub hamming: u32,
    /// Mean grey levels between the bits and the threshold that read them: how clearly the tag was read.
    pub margin: f32,
}

impl TagDetection {
    /// Length of the shortest side of the reported square, in pixels.
    pub fn shortest_side_px(&self) -> f64 {
        let corner = |i: usize| self.corners_px[i % 4];
        let side = |i| {
            let ([ax, ay], [bx, by]) = (corner(i), corner(i + 1));
            (ax - bx).hypot(ay - by)
        };
        (0..4).map(side).fold(f64::INFINITY, f64::min)
    }
}

impl std::fmt::Debug for GrayView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            width_px,
            height_px,
            stride_bytes,
            ..
        } = self;
        write!(f, "GrayView({width_px}x{height_px}, stride {stride_bytes} bytes)")
    }
}

#[cfg(test)]
mod tests;

#[cfg(all(test, target_os = "linux"))]
mod thread_start_tests;
