//! Where `field_pose` says that the robot is.

use bushbaby_vision::field::{Alliance, robot_from_camera};
use bushbaby_vision::pose::Transform;
use bushbaby_vision::results::{FieldPoseResult, PlaceItem};

use super::axes::{six, wpilib_from_camera};

/// The robot's place when one picture was taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RobotPlace {
    /// Whose right corner it is counted from.
    pub(crate) alliance: Alliance,
    /// Absent when it is not known.
    pub(crate) robot: Option<Standing>,
}

/// How it stands there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    /// A point of the robot becomes one of the field, as counted from that corner.
    pub(crate) origin_from_robot: Transform,
    /// How the camera sits on the robot.
    pub(crate) robot_from_camera: Transform,
    /// The tags that it was found by.
    pub(crate) tags: Vec<u32>,
    /// Of x and y in metres, of yaw in degrees.
    pub(crate) std_devs: [f64; 3],
}

impl From<&FieldPoseResult> for RobotPlace {
    fn from(found: &FieldPoseResult) -> Self {
        let standing = || {
            let origin_from_robot = placed(&found.robot?) * wpilib_from_camera().inverse();
            let standing = Standing {
                origin_from_robot,
                robot_from_camera: origin_from_robot.inverse() * placed(&found.camera_pose?),
                tags: found.tags.clone(),
                std_devs: found.std_devs?,
            };
            let is_finite = is_finite(&origin_from_robot) && is_finite(&standing.robot_from_camera);
            (is_finite && standing.std_devs.iter().all(|deviation| deviation.is_finite())).then_some(standing)
        };
        Self {
            alliance: found.alliance,
            robot: standing(),
        }
    }
}

/// A place of something whose axes are a camera's when all angles are zero.
fn placed(at: &PlaceItem) -> Transform {
    robot_from_camera([at.x, at.y, at.z], at.roll, at.pitch, at.yaw)
}

/// JSON has no NaN, but numbers whose products are none.
fn is_finite(transform: &Transform) -> bool {
    six(transform).iter().all(|number| number.is_finite())
}
