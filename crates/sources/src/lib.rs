//! Cameras and microphones: usb, rtsp, gst, video and sound files, recordings and made scenes.

mod calibration;
mod decoded;
mod first_line;
pub mod gst;
mod h264;
pub mod http;
mod login;
pub mod microphone;
mod pace;
pub mod replay;
pub mod rtsp;
pub mod scene;
mod sound;
pub mod sound_file;
mod sound_pace;
mod sound_track;
#[cfg(test)]
mod test_node;
pub mod usb;
pub mod video_file;

use bushbaby_node::Kind;

/// The kinds of this crate.
pub const KINDS: &[Kind] = &[
    gst::KIND,
    http::KIND,
    microphone::KIND,
    replay::KIND,
    rtsp::KIND,
    scene::KIND,
    sound_file::KIND,
    usb::KIND,
    video_file::KIND,
];
