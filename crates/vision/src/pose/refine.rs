//! A pose made as good as the pixels allow: Levenberg-Marquardt over the reprojection, through the whole camera model.

use super::Transform;
use crate::camera::CameraModel;
use nalgebra::{Matrix2x3, Matrix3, Matrix6, Rotation3, SMatrix, Vector2, Vector3, Vector6};

/// A known point and the pixel where it was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting {
    /// The point in the source frame, in metres.
    pub(crate) point_m: [f64; 3],
    /// Where it was seen.
    pub(crate) pixel: [f64; 2],
    /// How much its squared error counts.
    pub(crate) weight: f64,
}

const STEPS: u32 = 40;

/// Returns the pose with the least weighted squared error near `start`. `None` when a point is not in front of the camera at the start.
pub(crate) fn refine(start: Transform, sightings: &[Sighting], camera: &CameraModel) -> Option<Transform> {
    let mut pose = start;
    let mut error = squared_error_px2(&pose, sightings, camera)?;
    let mut damping = 1e-3;
    for _ in 0..STEPS {
        let (normal, slope) = normal_equations(&pose, sightings, camera)?;
        let mut better = None;
        while damping < 1e9 {
            let damped = normal + Matrix6::from_diagonal(&normal.diagonal().add_scalar(1e-12)) * damping;
            let step = damped.cholesky()?.solve(&slope);
            let tried = moved(&pose, &step);
            let tried_error = squared_error_px2(&tried, sightings, camera).filter(|e| *e <= error);
            if let Some(tried_error) = tried_error {
                better = Some((tried, tried_error));
                damping = (damping * 0.1).max(1e-12);
                break;
            }
            damping *= 10.0;
        }
        let Some((tried, tried_error)) = better else {
            break;
        };
        let gained = error - tried_error;
        (pose, error) = (tried, tried_error);
        if gained <= 1e-10 * error + 1e-18 {
            break;
        }
    }
    pose.is_finite().then_some(pose)
}

/// Weighted sum of squared distances in pixels. `None` when a point is not in front of the camera.
pub(crate) fn squared_error_px2(pose: &Transform, sightings: &[Sighting], camera: &CameraModel) -> Option<f64> {
    let mut sum = 0.0;
    for sighting in sightings {
        let [u, v] = camera.project(pose.apply(sighting.point_m))?;
        sum += sighting.weight * ((u - sighting.pixel[0]).powi(2) + (v - sighting.pixel[1]).powi(2));
    }
    sum.is_finite().then_some(sum)
}

/// Turns and shifts a pose by a small step, both in the target's axes: three radians, then three metres.
fn moved(pose: &Transform, step: &Vector6<f64>) -> Transform {
    let turn = Rotation3::from_scaled_axis(Vector3::new(step[0], step[1], step[2]));
    let mut rotation = Rotation3::from_matrix_unchecked(turn.matrix() * pose.rotation);
    rotation.renormalize();
    Transform {
        rotation: rotation.into_inner(),
        translation: pose.translation + Vector3::new(step[3], step[4], step[5]),
    }
}

/// Returns JᵀWJ and JᵀW(seen - expected), for a small turn (3) and shift (3) of a pose, both in the target's axes. `None` when a point
/// is not in front of the camera.
pub(crate) fn normal_equations(
    pose: &Transform,
    sightings: &[Sighting],
    camera: &CameraModel,
) -> Option<(Matrix6<f64>, Vector6<f64>)> {
    let (mut normal, mut slope) = (Matrix6::zeros(), Vector6::zeros());
    for sighting in sightings {
        let turned = pose.rotation * Vector3::from(sighting.point_m);
        let (pixel, by_point) = pixel_and_slope(camera, turned + pose.translation)?;
        let mut by_pose = SMatrix::<f64, 3, 6>::zeros();
        by_pose.fixed_columns_mut::<3>(0).copy_from(&-turned.cross_matrix());
        by_pose.fixed_columns_mut::<3>(3).copy_from(&Matrix3::identity());
        let jacobian = by_point * by_pose;
        let missing = Vector2::from(sighting.pixel) - pixel;
        normal += jacobian.transpose() * jacobian * sighting.weight;
        slope += jacobian.transpose() * missing * sighting.weight;
    }
    Some((normal, slope))
}

/// A point's pixel and how it changes with the point.
fn pixel_and_slope(camera: &CameraModel, point: Vector3<f64>) -> Option<(Vector2<f64>, Matrix2x3<f64>)> {
    if point.z.is_nan() || point.z <= 1e-9 {
        return None;
    }
    let (x, y) = (point.x / point.z, point.y / point.z);
    let bent = camera.distortion.distort_with_jacobian([x, y]);
    let pixel = Vector2::from(camera.pixel_of(bent.point));
    let [[a, b], [c, d]] = bent.jacobian;
    let (fx, fy) = (camera.intrinsics.fx / point.z, camera.intrinsics.fy / point.z);
    let by_point = Matrix2x3::new(
        fx * a,
        fx * b,
        -fx * (a * x + b * y),
        fy * c,
        fy * d,
        -fy * (c * x + d * y),
    );
    Some((pixel, by_point))
}
