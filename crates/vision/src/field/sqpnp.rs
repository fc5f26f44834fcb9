//! The pose of a camera from any number of known points, without a start.
//!
//! In: points and the directions in which they are seen. Out: `camera_from_points`, the least over all rotations.
//!
//! # Source
//! Terzakis and Lourakis, "A Consistently Fast and Globally Optimal Solution to the Perspective-n-Point Problem", ECCV 2020.

use crate::pose::{Transform, nearest_rotation};
use nalgebra::{Matrix3, SMatrix, SVector, Vector3};

type Matrix9 = SMatrix<f64, 9, 9>;
type Vector9 = SVector<f64, 9>;

const SQP_STEPS: u32 = 15;

/// Returns the pose with the least squared error in directions. `None` for fewer than three points, points on a line, or no pose that
/// has the points in front.
pub(crate) fn sqpnp(points_m: &[[f64; 3]], directions: &[[f64; 2]]) -> Option<Transform> {
    if points_m.len() < 3 || points_m.len() != directions.len() {
        return None;
    }
    // About their middle, the numbers stay small on a large field.
    let middle = points_m.iter().map(|&p| Vector3::from(p)).sum::<Vector3<f64>>() / points_m.len() as f64;
    let (omega, shift_of) = cost_of_rotation(points_m, directions, &middle)?;
    let scale = omega.trace();
    if !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    let eigen = omega.try_symmetric_eigen(1e-15, 1000)?;
    let mut order: Vec<usize> = (0..9).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    let mut best: Option<(f64, Transform)> = None;
    for index in order {
        // A rotation along this eigenvector or a later one costs at least three times its eigenvalue.
        let least = 3.0 * eigen.eigenvalues[index];
        if best.is_some_and(|(cost, _)| cost < least && least > 1e-9 * scale) {
            break;
        }
        let vector: Vector9 = eigen.eigenvectors.column(index).into_owned();
        for start in [vector, -vector] {
            let Some(rotation) = descend(&omega, &start) else {
                continue;
            };
            let flat = flattened(&rotation);
            let cost = (flat.transpose() * omega * flat)[0];
            let translation = shift_of * flat;
            // The middle of the points must lie in front.
            if translation.z <= 0.0 || best.is_some_and(|(known, _)| known <= cost) {
                continue;
            }
            let pose = Transform {
                rotation,
                translation: translation - rotation * middle,
            };
            if pose.is_finite() {
                best = Some((cost, pose));
            }
        }
    }
    best.map(|(_, pose)| pose)
}

/// The cost r' Ω r of a rotation r (row by row), and the matrix that gives its best shift.
fn cost_of_rotation(
    points_m: &[[f64; 3]],
    directions: &[[f64; 2]],
    middle: &Vector3<f64>,
) -> Option<(Matrix9, SMatrix<f64, 3, 9>)> {
    let mut sum_q = Matrix3::zeros();
    let mut sum_qa = SMatrix::<f64, 3, 9>::zeros();
    let mut omega = Matrix9::zeros();
    for (&point, &[x, y]) in points_m.iter().zip(directions) {
        let point = Vector3::from(point) - middle;
        let q = Matrix3::new(1.0, 0.0, -x, 0.0, 1.0, -y, -x, -y, x * x + y * y);
        let mut a = SMatrix::<f64, 3, 9>::zeros();
        for row in 0..3 {
            a.fixed_view_mut::<1, 3>(row, 3 * row).copy_from(&point.transpose());
        }
        sum_q += q;
        sum_qa += q * a;
        omega += a.transpose() * q * a;
    }
    let shift_of = -sum_q.try_inverse()? * sum_qa;
    omega += sum_qa.transpose() * shift_of;
    let symmetric = (omega + omega.transpose()) * 0.5;
    Some((symmetric, shift_of))
}

/// Sequential quadratic programming from the rotation nearest to `start`: Ω is least while the rows stay a rotation.
fn descend(omega: &Matrix9, start: &Vector9) -> Option<Matrix3<f64>> {
    let mut r = flattened(&nearest_rotation(&unflattened(start))?);
    let ridge = 1e-13 * omega.trace();
    for _ in 0..SQP_STEPS {
        let (constraints, slopes) = rotation_constraints(&r);
        let mut system = SMatrix::<f64, 15, 15>::zeros();
        system
            .fixed_view_mut::<9, 9>(0, 0)
            .copy_from(&(omega + Matrix9::identity() * ridge));
        system.fixed_view_mut::<9, 6>(0, 9).copy_from(&slopes.transpose());
        system.fixed_view_mut::<6, 9>(9, 0).copy_from(&slopes);
        let mut right = SVector::<f64, 15>::zeros();
        right.fixed_rows_mut::<9>(0).copy_from(&(-omega * r));
        right.fixed_rows_mut::<6>(9).copy_from(&-constraints);
        let Some(solution) = system.lu().solve(&right) else {
            break;
        };
        let step = solution.fixed_rows::<9>(0).into_owned();
        if !step.iter().all(|v| v.is_finite()) {
            break;
        }
        r += step;
        if step.norm_squared() < 1e-16 {
            break;
        }
    }
    nearest_rotation(&unflattened(&r))
}

/// How far the rows are from length 1 and right angles, and how that changes with them.
fn rotation_constraints(r: &Vector9) -> (SVector<f64, 6>, SMatrix<f64, 6, 9>) {
    const PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];
    let row = |i: usize| r.fixed_rows::<3>(3 * i).into_owned();
    let mut values = SVector::<f64, 6>::zeros();
    let mut slopes = SMatrix::<f64, 6, 9>::zeros();
    for (k, (i, j)) in PAIRS.into_iter().enumerate() {
        let wanted = if i == j { 1.0 } else { 0.0 };
        values[k] = row(i).dot(&row(j)) - wanted;
        for (at, other) in [(i, j), (j, i)] {
            let mut part = slopes.fixed_view_mut::<1, 3>(k, 3 * at);
            part += row(other).transpose();
        }
    }
    (values, slopes)
}

fn flattened(rotation: &Matrix3<f64>) -> Vector9 {
    Vector9::from_fn(|i, _| rotation[(i / 3, i % 3)])
}

fn unflattened(r: &Vector9) -> Matrix3<f64> {
    Matrix3::from_fn(|row, column| r[3 * row + column])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{noise::Noise, pose::Angles};

    fn random_pose(noise: &mut Noise) -> Transform {
        let angles = Angles {
            yaw_deg: noise.between(-180.0, 180.0),
            pitch_deg: noise.between(-90.0, 90.0),
            roll_deg: noise.between(-180.0, 180.0),
        };
        Transform::from_angles(
            angles,
            [
                noise.between(-1.0, 1.0),
                noise.between(-1.0, 1.0),
                noise.between(4.0, 9.0),
            ],
        )
    }

    /// Share of 300 random scenes whose pose comes back within 0.01 degrees and 1 mm.
    fn found_again(count: usize, depth: f64) -> f64 {
        let mut noise = Noise::new(11 + count as u64);
        let good = (0..300).filter(|_| {
            let truth = random_pose(&mut noise);
            let points: Vec<[f64; 3]> = (0..count)
                .map(|_| {
                    [
                        noise.between(-2.0, 2.0),
                        noise.between(-2.0, 2.0),
                        depth * noise.between(-2.0, 2.0),
                    ]
                })
                .collect();
            let directions: Vec<[f64; 2]> = points
                .iter()
                .map(|&p| truth.apply(p))
                .map(|[x, y, z]| [x / z, y / z])
                .collect();
            let Some(found) = sqpnp(&points, &directions) else {
                return false;
            };
            let between = truth.inverse() * found;
            between.rotation_angle_deg() < 0.01 && between.translation_m().iter().all(|v| v.abs() < 1e-3)
        });
        good.count() as f64 / 300.0
    }

    #[test]
    fn exact_points_in_space_and_in_a_plane_give_the_exact_pose() {
        for (count, depth) in [(6, 1.0), (8, 1.0), (20, 1.0), (4, 0.0), (8, 0.0)] {
            let share = found_again(count, depth);
            assert!(share > 0.99, "{count} points of depth {depth}: {share}");
        }
    }

    #[test]
    fn too_little_gives_none() {
        assert_eq!(sqpnp(&[[0.0; 3], [1.0, 0.0, 0.0]], &[[0.0; 2], [0.1, 0.0]]), None);
        assert_eq!(sqpnp(&[[1.0, 2.0, 3.0]; 5], &[[0.1, 0.2]; 5]), None);
        assert_eq!(sqpnp(&[[f64::NAN; 3]; 5], &[[0.1, 0.2]; 5]), None);
    }
}
