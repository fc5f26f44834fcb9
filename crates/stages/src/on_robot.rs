//! How a camera sits on a robot, as the pipeline file says it.

use bushbaby_node::settings::{Angle, Offset};
use bushbaby_vision::field::robot_from_camera;
use bushbaby_vision::pose::Transform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the lens is on the robot (x ahead, y left, z up from the robot's middle on the floor), and how it is turned.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnRobot {
    /// How far ahead of the middle.
    pub ahead: Offset,
    /// How far left of the middle.
    pub left: Offset,
    /// How far above the floor.
    pub up: Offset,
    /// Turn about the vertical axis; positive looks left.
    pub yaw: Angle,
    /// Turn about the sideways axis; positive looks down, as in WPILib.
    pub pitch: Angle,
    /// Turn about the axis ahead; positive lowers the right side.
    pub roll: Angle,
}

impl OnRobot {
    /// A point in the camera's frame becomes one in the robot's.
    pub fn robot_from_camera(&self) -> Transform {
        let place_m = [self.ahead.metres, self.left.metres, self.up.metres];
        robot_from_camera(place_m, self.roll.degrees, self.pitch.degrees, self.yaw.degrees)
    }
}
