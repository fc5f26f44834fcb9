//! Camera models, AprilTag detection, coloured targets, poses, points from depth and calibration files; pure.
//!
//! In: pixels, corners, numbers and the text of files. Out: detections, poses, results ready for JSON.
//! Nothing here opens a device, waits or prints.
//!
//! - [`apriltag`]: tags found in grey pictures, and drawn.
//! - [`calibration`]: camera models read from files: ours, OpenCV's, ROS, PhotonVision's, WPILib's.
//! - [`camera`]: how a point in front of a camera becomes a pixel, and back.
//! - [`depth`]: points in space from the depth of each pixel.
//! - [`field`]: where a camera and its robot are on a field of known tags.
//! - [`pose`]: where one tag is, twice, with the errors of both.
//! - [`results`]: all of it as the JSON that travels in a frame's body.
//! - [`target`]: targets that stand out by colour or brightness, with their poses.
//!
//! Frames of reference, everywhere: *camera* x right, y down, z ahead; *tag* x right, y down, z into the tag; *field* x ahead,
//! y left, z up. Lengths are metres. Pixel (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5).

pub mod apriltag;
pub mod calibration;
pub mod camera;
pub mod depth;
pub mod field;
pub mod pose;
pub mod results;
pub mod target;

mod nearest;

#[cfg(test)]
mod noise;
#[cfg(test)]
mod scene;
