//! Where a camera, and the robot that carries it, is on a field of tags at known places.
//!
//! In: detections, a [`FieldLayout`], a camera. Out: a [`FieldPose`] with its error and that of every tag.
//!
//! Field frame: x ahead, y left, z up, metres; a robot's frame likewise. Two tags or more leave no doubt which way a square is
//! tilted, so this is both exacter than [`tag_pose`](crate::pose::tag_pose) and free of its ambiguity.

mod layout;
mod locate;
mod mount;
mod sqpnp;

pub use layout::{FieldLayout, LayoutError};
pub use locate::{FieldPose, LocateError, TagError, locate_camera};
pub use mount::robot_from_camera;

pub(crate) use sqpnp::sqpnp;

#[cfg(test)]
mod tests;
