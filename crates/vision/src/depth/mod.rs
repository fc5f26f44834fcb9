//! Points from depth: what a depth camera measured, as places in space.
//!
//! In: metres along the optical axis, pixel by pixel, and the camera's model. Out: points in the camera's frame (x right,
//! y down, z ahead; metres), in the order of the pixels, row by row. Where the depth is not known (NaN), so is the point, or it
//! is left out.

mod error;
mod known;
mod rays;

pub use error::DepthError;
pub use known::KnownPoints;

use crate::camera::CameraModel;
use rays::Rays;

/// Makes points of the depth maps of one camera; made once, it is quick for each map.
///
/// It holds the directions of the pixels' centres: one number for each column and each row without distortion, two for each
/// pixel with a lens that distorts. Those of a large picture then take up to some seconds to work out.
#[derive(Debug, Clone)]
pub struct Unprojection {
    width_px: u32,
    height_px: u32,
    rays: Rays,
}

/// A picture's values where they lie in memory.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    values: &'a [T],
    stride: usize,
}

impl<'a, T> Rows<'a, T> {
    /// Values of which each row starts `stride` values after the one before it.
    pub fn new(values: &'a [T], stride: usize) -> Self {
        Self { values, stride }
    }
}

/// Makes points of one depth map; whoever has many makes an [`Unprojection`] once.
///
/// - `depth`: metres along the optical axis, NaN where it is not known; of the size of the camera's pictures.
/// - `row_stride`: values from the start of a row to the start of the next; the width, when rows have no padding.
/// - `out`: 3 values a pixel: x, y, z in the camera's frame (x right, y down, z ahead; metres), of the pixel's centre.
///   All three are NaN where the depth is.
///
/// # Errors
/// [`DepthError`] when `depth` or `out` is too short for the camera's pictures.
pub fn points_from_depth(
    depth: &[f32],
    row_stride: usize,
    camera: &CameraModel,
    out: &mut [f32],
) -> Result<(), DepthError> {
    Unprojection::new(camera).points(Rows::new(depth, row_stride), out)
}

impl Unprojection {
    /// Works out the directions of all pixels of `camera`'s pictures.
    pub fn new(camera: &CameraModel) -> Self {
        Self {
            width_px: camera.width_px,
            height_px: camera.height_px,
            rays: Rays::new(camera),
        }
    }

    /// Pixels of a picture, and so points of a depth map.
    pub fn pixels(&self) -> usize {
        self.size()[0] * self.size()[1]
    }

    /// Writes the points of a depth map, as [`points_from_depth`] does.
    ///
    /// # Errors
    /// [`DepthError`] when `depth` or `out` is too short.
    pub fn points(&self, depth: Rows<'_, f32>, out: &mut [f32]) -> Result<(), DepthError> {
        let width = self.size()[0];
        self.check_rows("depth", &depth, 1)?;
        self.check_length("points", out.len(), 3 * self.pixels())?;
        for (y, points) in out[..3 * self.pixels()].chunks_exact_mut(3 * width).enumerate() {
            self.row(y, &depth, points);
        }
        Ok(())
    }

    /// Writes the points of a depth map and the colour of each: `colors` gets the 3 values of each pixel of `rgb`, without
    /// padding between rows.
    ///
    /// # Errors
    /// [`DepthError`] when one of the arrays is too short.
    pub fn colored_points(
        &self,
        depth: Rows<'_, f32>,
        rgb: Rows<'_, u8>,
        points: &mut [f32],
        colors: &mut [u8],
    ) -> Result<(), DepthError> {
        let row = 3 * self.size()[0];
        self.check_rows("rgb", &rgb, 3)?;
        self.check_length("colors", colors.len(), 3 * self.pixels())?;
        self.points(depth, points)?;
        for (y, colors) in colors[..3 * self.pixels()].chunks_exact_mut(row).enumerate() {
            colors.copy_from_slice(&rgb.values[y * rgb.stride..][..row]);
        }
        Ok(())
    }

    /// The points of one row.
    fn row(&self, y: usize, depth: &Rows<'_, f32>, points: &mut [f32]) {
        let width = self.size()[0];
        let depth = &depth.values[y * depth.stride..][..width];
        match &self.rays {
            Rays::Straight { x, y: down } => along_row(depth, x, down[y], points),
            Rays::Bent(rays) => along_bent_row(depth, &rays[y * width..][..width], points),
        }
    }

    fn size(&self) -> [usize; 2] {
        [self.width_px as usize, self.height_px as usize]
    }

    fn check_rows<T>(&self, array: &'static str, rows: &Rows<'_, T>, per_pixel: usize) -> Result<(), DepthError> {
        let [width, height] = self.size();
        let wanted = per_pixel * width;
        if rows.stride < wanted {
            return Err(DepthError::RowStride {
                array,
                got: rows.stride,
                wanted,
            });
        }
        self.check_length(
            array,
            rows.values.len(),
            rows.stride.saturating_mul(height - 1) + wanted,
        )
    }

    fn check_length(&self, array: &'static str, got: usize, wanted: usize) -> Result<(), DepthError> {
        if got >= wanted {
            return Ok(());
        }
        Err(DepthError::TooShort {
            array,
            got,
            wanted,
            width_px: self.width_px,
            height_px: self.height_px,
        })
    }
}

fn along_row(depth: &[f32], x: &[f32], down: f32, points: &mut [f32]) {
    let (points, _) = points.as_chunks_mut::<3>();
    for ((point, z), x) in points.iter_mut().zip(depth).zip(x) {
        *point = [x * z, down * z, *z];
    }
}

fn along_bent_row(depth: &[f32], rays: &[[f32; 2]], points: &mut [f32]) {
    let (points, _) = points.as_chunks_mut::<3>();
    for ((point, z), [x, y]) in points.iter_mut().zip(depth).zip(rays) {
        // A pixel without a direction has no place either, also none straight ahead.
        *point = [x * z, y * z, if x.is_nan() { f32::NAN } else { *z }];
    }
}

#[cfg(test)]
mod tests;
