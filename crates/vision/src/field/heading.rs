//! Where a camera is when it is known how it is turned: then corners only have to tell its place.
//!
//! In: corners of tags, the rotation of the camera. Out: `camera_from_field`. One tag is enough, and it cannot be seen two ways.

use crate::{
    camera::CameraModel,
    pose::{Sighting, Transform, normal_equations, squared_error_px2},
};
use nalgebra::{Matrix2x3, Matrix3, Vector3};

const STEPS: u32 = 10;

/// Returns `camera_from_field`, turned as said, whose shift has the least error in pixels. `None` when no place in front of the camera
/// explains the corners.
///
/// # Source
/// Least squares over the directions for a start, as in section 4.3 of Collins and Bartoli, IJCV 109(3), 2014; then Gauss-Newton over
/// the pixels, through the whole camera model.
pub(super) fn place_when_turned(
    camera_from_field_rotation: &Matrix3<f64>,
    sightings: &[Sighting],
    camera: &CameraModel,
) -> Option<Transform> {
    let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
    for sighting in sightings {
        let [u, v] = camera.direction(sighting.pixel)?;
        let rows = Matrix2x3::new(1.0, 0.0, -u, 0.0, 1.0, -v);
        normal += rows.transpose() * rows;
        right -= rows.transpose() * (rows * (camera_from_field_rotation * Vector3::from(sighting.point_m)));
    }
    let mut pose = Transform {
        rotation: *camera_from_field_rotation,
        translation: normal.cholesky()?.solve(&right),
    };
    let mut error = squared_error_px2(&pose, sightings, camera)?;
    for _ in 0..STEPS {
        let (normal, slope) = normal_equations(&pose, sightings, camera)?;
        let by_shift = normal.fixed_view::<3, 3>(3, 3).into_owned();
        let step = by_shift.cholesky()?.solve(&slope.fixed_rows::<3>(3).into_owned());
        let tried = Transform {
            translation: pose.translation + step,
            ..pose
        };
        let Some(less) = squared_error_px2(&tried, sightings, camera).filter(|less| *less < error) else {
            break;
        };
        (pose, error) = (tried, less);
    }
    pose.is_finite().then_some(pose)
}
