//! What looks at frames and listens to them: AprilTags, coloured targets, a robot's place, sound events; and what draws on pictures what
//! others found.

use bushbaby_node::Kind;

pub mod apriltag;
mod cameras;
pub mod colored_target;
mod crop;
pub mod field_pose;
mod layouts;
mod on_robot;
pub mod overlay;
pub mod sound_events;

pub use crop::Crop;
pub use on_robot::OnRobot;

/// Every kind of stage, one line each.
pub const KINDS: &[Kind] = &[
    apriltag::KIND,
    colored_target::KIND,
    field_pose::KIND,
    overlay::KIND,
    sound_events::KIND,
];
