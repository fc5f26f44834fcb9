//! From our axes to those that robot code knows.
//!
//! | frame | ours | WPILib's | Limelight's |
//! |---|---|---|---|
//! | camera | x right, y down, z ahead | x ahead, y left, z up | as ours |
//! | tag | x right, y down, z into it | x out of it, y right, z up, as one looks at it | as ours |
//! | field, robot | x ahead, y left, z up | the same | field the same; things beside a robot x right, y down, z ahead |

use bushbaby_vision::field::robot_from_camera;
use bushbaby_vision::pose::Transform;

/// A point of our camera in WPILib's axes, which are those of a robot that looks the same way.
pub(crate) fn wpilib_from_camera() -> Transform {
    robot_from_camera([0.0; 3], 0.0, 0.0, 0.0)
}

/// A target seen from the camera, both in WPILib's axes: one that faces the camera upright is turned by 180 degrees about z.
pub(crate) fn wpilib_target(camera_from_target: &Transform) -> Transform {
    let wpilib_from_target = robot_from_camera([0.0; 3], 0.0, 0.0, 180.0);
    wpilib_from_camera() * *camera_from_target * wpilib_from_target.inverse()
}

/// The camera on the field, in WPILib's axes.
pub(crate) fn wpilib_camera(field_from_camera: &Transform) -> Transform {
    *field_from_camera * wpilib_from_camera().inverse()
}

/// From one alliance's right corner of a field of this length and width to the other's.
pub(crate) fn across_field([length, width]: [f64; 2]) -> Transform {
    robot_from_camera([length, width, 0.0], 0.0, 0.0, 180.0) * wpilib_from_camera().inverse()
}

/// `x, y, z` in metres, then the turns about x, y and z in degrees, in this order about axes that stay (WPILib's `Rotation3d`).
pub(crate) fn six(transform: &Transform) -> [f64; 6] {
    let [x, y, z] = transform.translation_m();
    let r = transform.rotation();
    let cos_y = r[0][0].hypot(r[1][0]);
    let about_y = (-r[2][0]).atan2(cos_y);
    let (about_x, about_z) = if cos_y > 1e-9 {
        (r[2][1].atan2(r[2][2]), r[1][0].atan2(r[0][0]))
    } else {
        ((-r[1][2]).atan2(r[1][1]), 0.0)
    };
    [
        x,
        y,
        z,
        about_x.to_degrees(),
        about_y.to_degrees(),
        about_z.to_degrees(),
    ]
}

/// How far away the source frame's origin is, in metres.
pub(crate) fn distance_m(transform: &Transform) -> f64 {
    transform.translation_m().iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_vision::pose::Angles;

    fn near(found: [f64; 6], wanted: [f64; 6]) {
        let close = |(a, b): (f64, f64)| (a - b).abs() < 1e-9;
        assert!(
            found.into_iter().zip(wanted).all(close),
            "got {found:?}, wanted {wanted:?}"
        );
    }

    fn seen(yaw_deg: f64, pitch_deg: f64, roll_deg: f64, t: [f64; 3]) -> Transform {
        let angles = Angles {
            yaw_deg,
            pitch_deg,
            roll_deg,
        };
        Transform::from_angles(angles, t)
    }

    #[test]
    fn a_tag_that_faces_the_camera_has_a_yaw_of_180_degrees() {
        // 2 m ahead, 0.3 m to the right, 0.1 m above the axis.
        let tag = wpilib_target(&seen(0.0, 0.0, 0.0, [0.3, -0.1, 2.0]));
        let mut found = six(&tag);
        found[5] = found[5].abs();
        near(found, [2.0, -0.3, 0.1, 0.0, 0.0, 180.0]);
    }

    #[test]
    fn a_tag_that_turns_its_face_to_the_left_of_the_picture_is_turned_less_than_180_degrees() {
        // Our yaw of 30 turns what goes into the tag to the right, so its face looks left: WPILib's yaw grows to the left.
        let tag = wpilib_target(&seen(30.0, 0.0, 0.0, [0.0, 0.0, 2.0]));
        near(six(&tag), [2.0, 0.0, 0.0, 0.0, 0.0, 150.0]);
    }

    #[test]
    fn a_tag_on_its_side_is_rolled() {
        // Clockwise as seen by the camera; about x out of the tag, which looks back at the camera, that is negative.
        let found = wpilib_target(&seen(0.0, 0.0, 90.0, [0.0, 0.0, 1.0]));
        let up = found.apply([0.0, 0.0, 1.0]);
        assert!((up[1] + 1.0).abs() < 1e-9, "its upper side points right: {up:?}");
    }

    #[test]
    fn a_camera_on_the_field_looks_along_its_x() {
        // The camera of a robot that stands at (3, 1) and looks to the left: our z ahead is the field's y.
        let field_from_camera = robot_from_camera([3.0, 1.0, 0.5], 0.0, 0.0, 90.0);
        near(six(&wpilib_camera(&field_from_camera)), [3.0, 1.0, 0.5, 0.0, 0.0, 90.0]);
    }

    #[test]
    fn the_six_numbers_are_those_of_rotation3d() {
        for (roll, pitch, yaw) in [(10.0, 20.0, 30.0), (-170.0, -45.0, 120.0), (0.0, 89.0, -90.0)] {
            let turned = robot_from_camera([1.0, 2.0, 3.0], roll, pitch, yaw) * wpilib_from_camera().inverse();
            near(six(&turned), [1.0, 2.0, 3.0, roll, pitch, yaw]);
        }
        let straight_down = robot_from_camera([0.0; 3], 0.0, 90.0, 0.0) * wpilib_from_camera().inverse();
        assert!((six(&straight_down)[4] - 90.0).abs() < 1e-9);
    }
}
