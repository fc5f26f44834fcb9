//! Only the points whose depth is known.

use super::{DepthError, Rows, Unprojection};

/// The points of a depth map whose depth is known, in the order of the pixels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownPoints {
    /// 3 values a point: x, y, z in the camera's frame (x right, y down, z ahead; metres).
    pub points: Vec<f32>,
    /// 3 values a point, as the picture has them; empty when there was no picture.
    pub colors: Vec<u8>,
}

impl Unprojection {
    /// Returns the points whose depth is a finite number above 0, each with its colour where there is a picture.
    ///
    /// - `rgb`: 3 values a pixel.
    ///
    /// # Errors
    /// [`DepthError`] when one of the arrays is too short.
    pub fn known_points(&self, depth: Rows<'_, f32>, rgb: Option<Rows<'_, u8>>) -> Result<KnownPoints, DepthError> {
        let [width, height] = self.size();
        if let Some(rgb) = &rgb {
            self.check_rows("rgb", rgb, 3)?;
        }
        self.check_rows("depth", &depth, 1)?;
        let mut known = KnownPoints::default();
        known.points.reserve_exact(3 * self.pixels());
        known.colors.reserve_exact(rgb.map_or(0, |_| 3 * self.pixels()));
        let mut row = vec![0.0; 3 * width];
        for y in 0..height {
            self.row(y, &depth, &mut row);
            let (points, _) = row.as_chunks::<3>();
            let is_known = |point: &[f32; 3]| point[2] > 0.0 && point[2].is_finite();
            for point in points.iter().filter(|point| is_known(point)) {
                known.points.extend_from_slice(point);
            }
            if let Some(rgb) = &rgb {
                let (colors, _) = rgb.values[y * rgb.stride..][..3 * width].as_chunks::<3>();
                for (_, color) in points.iter().zip(colors).filter(|(point, _)| is_known(point)) {
                    known.colors.extend_from_slice(color);
                }
            }
        }
        Ok(known)
    }
}
