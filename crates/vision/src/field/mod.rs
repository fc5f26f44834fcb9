//! Where a camera, and the robot that carries it, is on a field of tags at known places.
//!
//! In: detections, a [`FieldLayout`], a camera. Out: a [`FieldPose`] with its error and that of every tag; from [`RobotLocator`] the robot's
//! place with its standard deviations, from tags or targets, with or without a heading known otherwise, or a [`Refusal`] in words.
//!
//! Field frame: x ahead, y left, z up, metres; a robot's frame likewise. Two tags or more leave no doubt which way a square is
//! tilted, so this is both exacter than [`tag_pose`](crate::pose::tag_pose) and free of its ambiguity.

mod deviation;
mod from_target;
mod heading;
mod layout;
mod limits;
mod locate;
mod mount;
mod named;
mod origin;
mod robot;
mod seasons;
mod sqpnp;

pub use from_target::SeenTarget;
pub use layout::{FieldLayout, LayoutError};
pub use limits::{PoseLimits, Refusal};
pub use locate::{FieldPose, LocateError, TagError, locate_camera};
pub use mount::robot_from_camera;
pub use origin::Alliance;
pub use robot::{Found, Method, Outlier, RobotLocator, RobotPose, TargetPlace, Viewpoint};

pub(crate) use sqpnp::sqpnp;

#[cfg(test)]
mod robot_tests;
#[cfg(test)]
mod tests;
