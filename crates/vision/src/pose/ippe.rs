//! The two poses of a square from the slope of its homography.
//!
//! In: the directions of four corners. Out: two transforms, neither refined.
//!
//! # Source
//! Collins and Bartoli, "Infinitesimal Plane-Based Pose Estimation", IJCV 109(3), 2014, section 4.

use super::{Transform, tag_corners_m};
use nalgebra::{Matrix2, Matrix2x3, Matrix3, SMatrix, SVector, Vector2, Vector3};

/// Returns `camera_from_tag` twice. `None` when the directions are no picture of a square.
pub(super) fn square_poses(directions: &[[f64; 2]; 4], side_m: f64) -> Option<[Transform; 2]> {
    // In units of half a side, so that the numbers stay near 1 for tags of any size.
    let half = side_m / 2.0;
    let homography = homography(directions)?;
    let middle = Vector2::new(homography[(0, 2)], homography[(1, 2)]);
    // Slope of the homography in the middle of the tag.
    let slope = Matrix2::from_fn(|i, j| homography[(i, j)] - middle[i] * homography[(2, j)]);
    let towards = turn_axis_to(&middle);
    let plane = Matrix2x3::new(1.0, 0.0, -middle.x, 0.0, 1.0, -middle.y) * towards;
    let local = plane.fixed_columns::<2>(0).into_owned().try_inverse()? * slope;
    // `local` is the upper left of the tag's rotation (seen along the line of sight) divided by the distance, and the larger singular
    // value of a rotation's corner is 1.
    let squared = local * local.transpose();
    let spread = (squared[(0, 0)] - squared[(1, 1)]).hypot(2.0 * squared[(0, 1)]);
    let inverse_distance = (0.5 * (squared.trace() + spread)).sqrt();
    let corner = local / inverse_distance;
    let missing = Matrix2::identity() - corner.transpose() * corner;
    let lower = Vector2::new(
        missing[(0, 0)].max(0.0).sqrt(),
        missing[(1, 1)].max(0.0).sqrt().copysign(missing[(0, 1)]),
    );
    let pose = |lower: Vector2<f64>| {
        let x = Vector3::new(corner[(0, 0)], corner[(1, 0)], lower.x);
        let y = Vector3::new(corner[(0, 1)], corner[(1, 1)], lower.y);
        let rotation = towards * Matrix3::from_columns(&[x, y, x.cross(&y)]);
        let translation = place(&rotation, directions)? * half;
        let transform = Transform { rotation, translation };
        transform.is_finite().then_some(transform)
    };
    Some([pose(lower)?, pose(-lower)?])
}

/// The corners in units of half a side.
fn unit_corners() -> [Vector3<f64>; 4] {
    tag_corners_m(2.0).map(Vector3::from)
}

/// The homography from the unit corners to the directions, its last entry 1.
fn homography(directions: &[[f64; 2]; 4]) -> Option<Matrix3<f64>> {
    let mut a = SMatrix::<f64, 8, 8>::zeros();
    let mut b = SVector::<f64, 8>::zeros();
    for (i, (corner, &[u, v])) in unit_corners().iter().zip(directions).enumerate() {
        let (x, y) = (corner.x, corner.y);
        let rows = [
            [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y],
            [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y],
        ];
        for (k, (row, value)) in rows.into_iter().zip([u, v]).enumerate() {
            a.set_row(2 * i + k, &SVector::from(row).transpose());
            b[2 * i + k] = value;
        }
    }
    let h = a.lu().solve(&b)?;
    let homography = Matrix3::new(h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0);
    homography.iter().all(|v| v.is_finite()).then_some(homography)
}

/// The rotation that turns the optical axis to the direction `at` by the shortest way.
fn turn_axis_to(at: &Vector2<f64>) -> Matrix3<f64> {
    let line = Vector3::new(at.x, at.y, 1.0).normalize();
    let axis = Vector3::z().cross(&line).cross_matrix();
    Matrix3::identity() + axis + axis * axis / (1.0 + line.z)
}

/// Where the tag's middle must be for a rotation, by least squares over the corners, in units of half a side.
fn place(rotation: &Matrix3<f64>, directions: &[[f64; 2]; 4]) -> Option<Vector3<f64>> {
    let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
    for (corner, &[u, v]) in unit_corners().iter().zip(directions) {
        let turned = rotation * corner;
        let rows = Matrix2x3::new(1.0, 0.0, -u, 0.0, 1.0, -v);
        normal += rows.transpose() * rows;
        right -= rows.transpose() * (rows * turned);
    }
    normal.cholesky().map(|solver| solver.solve(&right))
}
