//! `usb`: cameras that the kernel knows (V4L2), webcams first of all.
//!
//! In: which camera, and what to ask of it. Out: `image` as the camera gives it (JPEG or pixels), with the driver's capture time,
//! and for a camera that gives JPEG also `decoded`, its pixels, made only while somebody reads them.
//!
//! A camera is found by a name that stays with it. One that is unplugged is waited for, and its pictures go on when it is
//! plugged in again, also into another socket.

mod camera;
mod choose;
mod controls;
#[cfg(test)]
mod fake;
mod listing;
mod pick;
mod picture;
mod settings;
mod source;
mod stamp;
mod survey;
#[cfg(test)]
mod tests;
mod trouble;
mod v4l2;

use bushbaby_node::Kind;

pub use settings::{Format, UsbSettings};
pub use source::UsbSource;
pub use survey::{CameraInfo, ModeInfo, survey};

/// The `usb` source.
pub const KIND: Kind = Kind::source::<UsbSource>("usb", "A webcam or another camera that the kernel knows.");
