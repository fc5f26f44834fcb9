//! How far a robot's place may be off: standard deviations from the geometry.
//!
//! In: a solution, and how far corners are off. Out: standard deviations of x, y (metres) and yaw (degrees) in the field's frame.
//!
//! # Source
//! Backward transport of covariance, Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, section 5.2: near
//! the solution the parameters have the covariance σ²(JᵀJ)⁻¹, J being how the corners move with them. From them to the robot it is
//! carried on linearly, G Σ Gᵀ.

use crate::{
    camera::CameraModel,
    pose::{Sighting, Transform, normal_equations},
};
use nalgebra::{Matrix3, SMatrix, Vector3, Vector6};

/// How the robot's x, y and yaw change with a small turn (3) and shift (3) of `camera_from_field`, both in the camera's axes.
type Slopes = SMatrix<f64, 3, 6>;

/// Standard deviations where turn and place both come from the corners.
pub(super) fn free(
    camera_from_field: &Transform,
    camera_from_robot: &Transform,
    sightings: &[Sighting],
    camera: &CameraModel,
    corner_px: f64,
) -> Option<[f64; 3]> {
    let (normal, _) = normal_equations(camera_from_field, sightings, camera)?;
    let slopes = slopes(camera_from_field, camera_from_robot);
    let covariance = slopes * normal.cholesky()?.inverse() * slopes.transpose() * corner_px.powi(2);
    deviations(&covariance)
}

/// Standard deviations where the corners tell the place and something else the heading, which is off by `heading_deg`.
pub(super) fn with_heading(
    camera_from_field: &Transform,
    camera_from_robot: &Transform,
    sightings: &[Sighting],
    camera: &CameraModel,
    corner_px: f64,
    heading_deg: f64,
) -> Option<[f64; 3]> {
    let (normal, _) = normal_equations(camera_from_field, sightings, camera)?;
    let slopes = slopes(camera_from_field, camera_from_robot);
    let by_shift = normal.fixed_view::<3, 3>(3, 3).into_owned().cholesky()?.inverse();
    let shift_slopes = slopes.fixed_columns::<3>(3).into_owned();
    // A heading that is off by one radian turns the camera about the field's z; the shift then follows the corners.
    let turn = -camera_from_field.rotation * Vector3::z();
    let shift = -by_shift * (normal.fixed_view::<3, 3>(3, 0) * turn);
    let by_heading =
        slopes * Vector6::new(turn.x, turn.y, turn.z, shift.x, shift.y, shift.z) * heading_deg.to_radians();
    let covariance =
        shift_slopes * by_shift * shift_slopes.transpose() * corner_px.powi(2) + by_heading * by_heading.transpose();
    deviations(&covariance)
}

/// The covariance, in m² and the camera's axes, of the place of a target whose turn comes from the same corners.
pub(super) fn of_target(
    camera_from_target: &Transform,
    sightings: &[Sighting],
    camera: &CameraModel,
    corner_px: f64,
) -> Option<Matrix3<f64>> {
    let (normal, _) = normal_equations(camera_from_target, sightings, camera)?;
    let covariance = normal.cholesky()?.inverse() * corner_px.powi(2);
    Some(covariance.fixed_view::<3, 3>(3, 3).into_owned())
}

fn slopes(camera_from_field: &Transform, camera_from_robot: &Transform) -> Slopes {
    let field_from_camera = camera_from_field.rotation.transpose();
    let to_robot = camera_from_robot.translation - camera_from_field.translation;
    let by_turn = field_from_camera * to_robot.cross_matrix();
    let mut slopes = Slopes::zeros();
    for row in 0..2 {
        slopes.fixed_view_mut::<1, 3>(row, 0).copy_from(&by_turn.row(row));
        slopes
            .fixed_view_mut::<1, 3>(row, 3)
            .copy_from(&-field_from_camera.row(row));
    }
    // Of a robot that stands level, the part of the turn about the field's z.
    slopes
        .fixed_view_mut::<1, 3>(2, 0)
        .copy_from(&-field_from_camera.row(2));
    slopes
}

/// From the covariance of x, y (m²) and yaw (rad²).
fn deviations(covariance: &Matrix3<f64>) -> Option<[f64; 3]> {
    let [x, y, yaw] = [0, 1, 2].map(|i| covariance[(i, i)].max(0.0).sqrt());
    let deviations = [x, y, yaw.to_degrees()];
    deviations.iter().all(|v| v.is_finite()).then_some(deviations)
}
