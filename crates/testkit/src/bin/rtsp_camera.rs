//! `testkit-rtsp-camera [PORT [WIDTHxHEIGHT [FPS]]]`: a moving, stamped picture over RTSP, until standard input ends.
//!
//! Prints its address. Other options come as JSON in `BUSHBABY_TESTKIT_CAMERA`, see `bushbaby_testkit::rtsp::CameraOptions`.

use std::process::ExitCode;

use bushbaby_testkit::rtsp::CameraOptions;
use bushbaby_testkit::rtsp::process::{be_camera, be_camera_if_asked};

fn main() -> ExitCode {
    be_camera_if_asked();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match options(&words).map(|options| be_camera(options, std::io::stdout())) {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

fn options(words: &[String]) -> Option<CameraOptions> {
    let mut options = CameraOptions::default();
    if let Some(port) = words.first() {
        options.port = port.parse().ok()?;
    }
    if let Some(size) = words.get(1) {
        let (width, height) = size.split_once('x')?;
        (options.width, options.height) = (width.parse().ok()?, height.parse().ok()?);
    }
    if let Some(fps) = words.get(2) {
        options.fps = fps.parse().ok().filter(|fps| *fps > 0)?;
    }
    Some(options)
}
