//! How a camera sits on a robot.

use crate::pose::Transform;
use nalgebra::{Matrix3, Rotation3, Vector3};

/// Returns `robot_from_camera` from how one would measure it.
///
/// - `place_m`: where the lens is in the robot's frame (x ahead, y left, z up).
/// - `roll_deg`, `pitch_deg`, `yaw_deg`: how the camera is turned, as WPILib's `Rotation3d` has it: about x ahead, y left and z up, in
///   this order about the robot's axes. Positive yaw looks left, **positive pitch looks down**; all zero looks ahead, upright.
///
/// The camera's own frame is ours: x right, y down, z ahead.
pub fn robot_from_camera(place_m: [f64; 3], roll_deg: f64, pitch_deg: f64, yaw_deg: f64) -> Transform {
    let turn = Rotation3::from_euler_angles(roll_deg.to_radians(), pitch_deg.to_radians(), yaw_deg.to_radians());
    // Ahead is the camera's z, left its -x, up its -y.
    let looking_ahead = Matrix3::new(0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0);
    Transform {
        rotation: turn.matrix() * looking_ahead,
        translation: Vector3::from(place_m),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_angle_turns_the_view_the_way_wpilib_says() {
        let sees = |roll, pitch, yaw, camera_point| {
            let point = robot_from_camera([0.0, 0.0, 0.0], roll, pitch, yaw).apply(camera_point);
            point.map(|v| v.round() as i32)
        };
        let (ahead, right) = ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]);
        assert_eq!(sees(0.0, 0.0, 0.0, ahead), [1, 0, 0]);
        assert_eq!(sees(0.0, 0.0, 0.0, right), [0, -1, 0]);
        assert_eq!(sees(0.0, 0.0, 90.0, ahead), [0, 1, 0], "yaw looks left");
        assert_eq!(sees(0.0, 90.0, 0.0, ahead), [0, 0, -1], "pitch looks down");
        assert_eq!(sees(90.0, 0.0, 0.0, right), [0, 0, -1], "roll lowers the right side");
    }

    #[test]
    fn the_place_is_that_of_the_lens() {
        let transform = robot_from_camera([0.3, -0.1, 0.6], 5.0, -20.0, 180.0);
        assert_eq!(transform.apply([0.0; 3]), [0.3, -0.1, 0.6]);
    }
}
