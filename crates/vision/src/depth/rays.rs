//! The directions of the centres of a camera's pixels.

use crate::camera::{CameraModel, Distortion, Intrinsics};

/// `x / z` and `y / z` of what each pixel sees.
#[derive(Debug, Clone)]
pub(super) enum Rays {
    /// Without distortion: the first for each column, the second for each row.
    Straight { x: Vec<f32>, y: Vec<f32> },
    /// Both for each pixel, row by row; NaN where the lens model gives none.
    Bent(Vec<[f32; 2]>),
}

impl Rays {
    pub(super) fn new(camera: &CameraModel) -> Self {
        let Intrinsics { fx, fy, cx, cy } = camera.intrinsics;
        if camera.distortion != Distortion::None {
            return Self::Bent(bent(camera));
        }
        let of = |count: u32, centre: f64, focal: f64| {
            (0..count)
                .map(|i| ((f64::from(i) + 0.5 - centre) / focal) as f32)
                .collect()
        };
        Self::Straight {
            x: of(camera.width_px, cx, fx),
            y: of(camera.height_px, cy, fy),
        }
    }
}

fn bent(camera: &CameraModel) -> Vec<[f32; 2]> {
    let centres = (0..camera.height_px).flat_map(|y| (0..camera.width_px).map(move |x| [x, y]));
    let mut last = None;
    centres
        .map(|[x, y]| {
            let pixel = [f64::from(x) + 0.5, f64::from(y) + 0.5];
            // The pixel beside it is a good place to start from, save at the start of a row.
            last = if x == 0 {
                camera.direction(pixel)
            } else {
                camera.direction_near(pixel, last)
            };
            last.map_or([f32::NAN; 2], |ray: [f64; 2]| ray.map(|v| v as f32))
        })
        .collect()
}
