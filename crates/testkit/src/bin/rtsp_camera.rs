//! `testkit-rtsp-camera [PORT [WIDTHxHEIGHT [FPS]]] [--sound FILE --codec CODEC [--rate HZ]] [--no-video]`: a moving, stamped
//! picture and a sound file over RTSP, until standard input ends.
//!
//! The codec is `pcmu` (unless another is named), `pcma`, `l16`, `aac`, `heaac` or `opus`. Prints its address. Other options come
//! as JSON in `BUSHBABY_TESTKIT_CAMERA`, see `bushbaby_testkit::rtsp::CameraOptions`.

use std::process::ExitCode;

use bushbaby_testkit::rtsp::process::{be_camera, be_camera_if_asked};
use bushbaby_testkit::rtsp::sound::{Heard, SoundCodec, SoundOptions};
use bushbaby_testkit::rtsp::{CameraOptions, Offer};

fn main() -> ExitCode {
    be_camera_if_asked();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match options(&words).map(|options| be_camera(options, std::io::stdout())) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => ExitCode::from(2),
    }
}

fn options(words: &[String]) -> Option<CameraOptions> {
    let mut options = CameraOptions::default();
    let mut sound = None;
    let mut codec = SoundCodec::Pcmu;
    let mut rate_hz = None;
    let mut places = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--sound" => sound = Some(Heard::File(words.next()?.into())),
            "--codec" => codec = serde_json::from_value(words.next()?.as_str().into()).ok()?,
            "--rate" => rate_hz = Some(words.next()?.parse().ok()?),
            "--no-video" => options.offer = Offer::SoundOnly,
            place if !place.starts_with('-') => places.push(place),
            _ => return None,
        }
    }
    options.sound = sound.map(|heard| {
        let usual = SoundOptions::new(codec, heard);
        SoundOptions {
            sample_rate_hz: rate_hz.unwrap_or(usual.sample_rate_hz),
            ..usual
        }
    });
    if let Some(port) = places.first() {
        options.port = port.parse().ok()?;
    }
    if let Some(size) = places.get(1) {
        let (width, height) = size.split_once('x')?;
        (options.width, options.height) = (width.parse().ok()?, height.parse().ok()?);
    }
    if let Some(fps) = places.get(2) {
        options.fps = fps.parse().ok().filter(|fps| *fps > 0)?;
    }
    Some(options)
}
