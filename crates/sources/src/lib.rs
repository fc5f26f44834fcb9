//! Cameras: usb, rtsp, gst, video files, recordings and a made scene.

mod calibration;
mod decoded;
pub mod gst;
mod h264;
pub mod replay;
pub mod rtsp;
pub mod scene;
mod sound;
#[cfg(test)]
mod test_node;
pub mod usb;
pub mod video_file;

use bushbaby_node::Kind;

/// The kinds of this crate.
pub const KINDS: &[Kind] = &[
    gst::KIND,
    replay::KIND,
    rtsp::KIND,
    scene::KIND,
    usb::KIND,
    video_file::KIND,
];
