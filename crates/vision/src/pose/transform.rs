//! Rigid transforms between frames of reference, named target first: `field_from_camera * camera_from_tag`.

use nalgebra::{Matrix3, Quaternion, Rotation3, UnitQuaternion, Vector3};
use std::ops::Mul;

/// A rotation and a shift that take a point of one frame to another, in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    pub(crate) rotation: Matrix3<f64>,
    pub(crate) translation: Vector3<f64>,
}

/// How something is turned in camera axes (x right, y down, z ahead), in degrees: R = Ry(yaw) · Rx(pitch) · Rz(roll).
///
/// All zero for a tag that faces the camera upright. At a pitch of 90 degrees yaw and roll turn about the same axis: roll is then 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Angles {
    /// About y (down), -180 to 180.
    pub yaw_deg: f64,
    /// About x (right), -90 to 90.
    pub pitch_deg: f64,
    /// About z (ahead), -180 to 180.
    pub roll_deg: f64,
}

/// Nine numbers, or four, that are not a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a rotation: rows must be at right angles and of length 1 (a quaternion: not all zero), and every number finite"
)]
pub struct NotARotation;

impl Transform {
    /// The transform that changes nothing.
    pub fn identity() -> Self {
        Self {
            rotation: Matrix3::identity(),
            translation: Vector3::zeros(),
        }
    }

    /// Makes a transform from a rotation matrix (rows) and a shift in metres. Small errors of rounding are put right.
    ///
    /// # Errors
    /// [`NotARotation`] when the matrix is further than 0.001 from a rotation or a number is not finite.
    pub fn new(rotation: [[f64; 3]; 3], translation_m: [f64; 3]) -> Result<Self, NotARotation> {
        let raw = Matrix3::from_fn(|row, column| rotation[row][column]);
        let translation = Vector3::from(translation_m);
        if !raw.iter().chain(translation.iter()).all(|v| v.is_finite()) {
            return Err(NotARotation);
        }
        let rotation = nearest_rotation(&raw).ok_or(NotARotation)?;
        if (rotation - raw).amax() > 1e-3 {
            return Err(NotARotation);
        }
        Ok(Self { rotation, translation })
    }

    /// Makes a transform from a quaternion (of any length but zero) and a shift in metres.
    ///
    /// # Errors
    /// [`NotARotation`] when the quaternion is zero or a number is not finite.
    pub fn from_quaternion([w, x, y, z]: [f64; 4], translation_m: [f64; 3]) -> Result<Self, NotARotation> {
        let length = (w * w + x * x + y * y + z * z).sqrt();
        let finite = length.is_finite() && translation_m.iter().all(|v| v.is_finite());
        if !finite || length < 1e-9 {
            return Err(NotARotation);
        }
        let unit = UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z));
        Ok(Self {
            rotation: unit.to_rotation_matrix().into_inner(),
            translation: Vector3::from(translation_m),
        })
    }

    /// Makes a transform from [`Angles`] and a shift in metres.
    pub fn from_angles(angles: Angles, translation_m: [f64; 3]) -> Self {
        let turn = |axis, degrees: f64| Rotation3::from_axis_angle(&axis, degrees.to_radians());
        let rotation = turn(Vector3::y_axis(), angles.yaw_deg)
            * turn(Vector3::x_axis(), angles.pitch_deg)
            * turn(Vector3::z_axis(), angles.roll_deg);
        Self {
            rotation: rotation.into_inner(),
            translation: Vector3::from(translation_m),
        }
    }

    /// The rotation matrix, row by row.
    pub fn rotation(&self) -> [[f64; 3]; 3] {
        self.rotation.transpose().into()
    }

    /// The shift: where the source frame's origin is in the target frame, in metres.
    pub fn translation_m(&self) -> [f64; 3] {
        self.translation.into()
    }

    /// The rotation as a quaternion `[w, x, y, z]` of length 1 with `w` not negative.
    pub fn quaternion(&self) -> [f64; 4] {
        let q = UnitQuaternion::from_matrix(&self.rotation);
        let sign = if q.w < 0.0 { -1.0 } else { 1.0 };
        [q.w, q.i, q.j, q.k].map(|v| v * sign)
    }

    /// The rotation as yaw, pitch and roll.
    pub fn angles(&self) -> Angles {
        let r = &self.rotation;
        let cos_pitch = r[(0, 2)].hypot(r[(2, 2)]);
        let pitch = (-r[(1, 2)]).atan2(cos_pitch);
        let (yaw, roll) = if cos_pitch > 1e-9 {
            (r[(0, 2)].atan2(r[(2, 2)]), r[(1, 0)].atan2(r[(1, 1)]))
        } else {
            ((-r[(2, 0)]).atan2(r[(0, 0)]), 0.0)
        };
        Angles {
            yaw_deg: yaw.to_degrees(),
            pitch_deg: pitch.to_degrees(),
            roll_deg: roll.to_degrees(),
        }
    }

    /// Takes a point of the source frame to the target frame (metres).
    pub fn apply(&self, point_m: [f64; 3]) -> [f64; 3] {
        (self.rotation * Vector3::from(point_m) + self.translation).into()
    }

    /// The way back: `b_from_a` becomes `a_from_b`.
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.transpose();
        Self {
            rotation,
            translation: -(rotation * self.translation),
        }
    }

    /// How far the rotation turns, 0 to 180 degrees.
    pub fn rotation_angle_deg(&self) -> f64 {
        let r = &self.rotation;
        let sine = Vector3::new(r[(2, 1)] - r[(1, 2)], r[(0, 2)] - r[(2, 0)], r[(1, 0)] - r[(0, 1)]).norm();
        sine.atan2(r.trace() - 1.0).to_degrees()
    }

    /// Whether each of its numbers is one.
    pub fn is_finite(&self) -> bool {
        self.rotation
            .iter()
            .chain(self.translation.iter())
            .all(|v| v.is_finite())
    }
}

impl Mul for Transform {
    type Output = Self;

    /// `a_from_b * b_from_c` is `a_from_c`.
    fn mul(self, other: Self) -> Self {
        Self {
            rotation: self.rotation * other.rotation,
            translation: self.rotation * other.translation + self.translation,
        }
    }
}

/// The rotation nearest to a matrix, in the sum of squares; `None` for a matrix without one.
pub(crate) fn nearest_rotation(matrix: &Matrix3<f64>) -> Option<Matrix3<f64>> {
    if !matrix.iter().all(|v| v.is_finite()) {
        return None;
    }
    let svd = matrix.try_svd(true, true, 1e-15, 100)?;
    let (u, v_t) = (svd.u?, svd.v_t?);
    let sign = (u * v_t).determinant().signum();
    let smallest = svd.singular_values.imin();
    let mut flip = Matrix3::identity();
    flip[(smallest, smallest)] = sign;
    let rotation = u * flip * v_t;
    rotation.iter().all(|v| v.is_finite()).then_some(rotation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn angles(yaw_deg: f64, pitch_deg: f64, roll_deg: f64) -> Angles {
        Angles {
            yaw_deg,
            pitch_deg,
            roll_deg,
        }
    }

    #[test]
    fn each_angle_turns_about_its_camera_axis() {
        let turned = |a: Angles, point| {
            Transform::from_angles(a, [0.0; 3])
                .apply(point)
                .map(|v| v.round() as i32)
        };
        // Yaw turns z (into the tag) towards x (right), pitch turns it up, roll turns x down.
        assert_eq!(turned(angles(90.0, 0.0, 0.0), [0.0, 0.0, 1.0]), [1, 0, 0]);
        assert_eq!(turned(angles(0.0, 90.0, 0.0), [0.0, 0.0, 1.0]), [0, -1, 0]);
        assert_eq!(turned(angles(0.0, 0.0, 90.0), [1.0, 0.0, 0.0]), [0, 1, 0]);
        assert_eq!(Transform::identity().angles(), angles(0.0, 0.0, 0.0));
    }

    #[test]
    fn looking_straight_up_gives_angles_that_mean_the_same_rotation() {
        for pitch in [90.0, -90.0] {
            let transform = Transform::from_angles(angles(30.0, pitch, 20.0), [0.0; 3]);
            let found = transform.angles();
            assert_eq!(found.roll_deg, 0.0);
            let again = Transform::from_angles(found, [0.0; 3]);
            assert!((transform.inverse() * again).rotation_angle_deg() < 1e-6);
        }
    }

    #[test]
    fn what_is_no_rotation_is_refused() {
        let identity = Transform::identity().rotation();
        assert!(Transform::new(identity, [0.0; 3]).is_ok());
        assert_eq!(Transform::new(identity, [f64::NAN, 0.0, 0.0]), Err(NotARotation));
        let mirror = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]];
        assert_eq!(Transform::new(mirror, [0.0; 3]), Err(NotARotation));
        assert_eq!(Transform::from_quaternion([0.0; 4], [0.0; 3]), Err(NotARotation));
        assert_eq!(
            Transform::from_quaternion([f64::INFINITY, 0.0, 0.0, 0.0], [0.0; 3]),
            Err(NotARotation)
        );
    }

    proptest! {
        #[test]
        fn every_form_of_a_rotation_comes_back(yaw in -179.0..179.0, pitch in -89.0..89.0, roll in -179.0..179.0,
                                               t in prop::array::uniform3(-9.0..9.0)) {
            let transform = Transform::from_angles(angles(yaw, pitch, roll), t);
            let found = transform.angles();
            prop_assert!((found.yaw_deg - yaw).abs() < 1e-6 && (found.pitch_deg - pitch).abs() < 1e-6 && (found.roll_deg - roll).abs() < 1e-6);
            let others = [
                Transform::from_quaternion(transform.quaternion(), t).unwrap(),
                Transform::new(transform.rotation(), t).unwrap(),
            ];
            for other in others {
                let nothing = transform.inverse() * other;
                prop_assert!(nothing.rotation_angle_deg() < 1e-6);
                prop_assert!(nothing.translation_m().iter().all(|v| v.abs() < 1e-9));
            }
            let (there, back) = (transform.apply([1.0, 2.0, 3.0]), transform.inverse());
            prop_assert!(back.apply(there).iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }
}
