//! Camera models.

use foxglove::messages::CameraCalibration;
use serde::Deserialize;
use serde_json::Value;

use super::{encoded, timestamp};

/// A camera model as it stands in a picture's body.
#[derive(Debug, Deserialize)]
struct Model {
    width_px: u32,
    height_px: u32,
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    distortion: Vec<f64>,
}

/// `foxglove.CameraCalibration` of a camera model's JSON, the `calibration` of a picture's body.
///
/// Our principal point counts from the outer corner of the first pixel, that of the message from its centre.
/// `None` when it is no camera model.
pub fn calibration(frame_id: &str, wall_ns: u64, model: &Value) -> Option<Vec<u8>> {
    let model = Model::deserialize(model).ok()?;
    let distortion_model = match (model.model.as_deref(), model.distortion.len()) {
        (Some("fisheye"), _) => "kannala_brandt",
        (_, 8) => "rational_polynomial",
        _ => "plumb_bob",
    };
    let mut distortion = model.distortion;
    if distortion.len() < 4 {
        distortion = vec![0.0; if distortion_model == "plumb_bob" { 5 } else { 4 }];
    }
    let (cx, cy) = (model.cx - 0.5, model.cy - 0.5);
    let calibration = CameraCalibration {
        timestamp: Some(timestamp(wall_ns)),
        frame_id: frame_id.to_owned(),
        width: model.width_px,
        height: model.height_px,
        distortion_model: distortion_model.to_owned(),
        d: distortion,
        k: vec![model.fx, 0.0, cx, 0.0, model.fy, cy, 0.0, 0.0, 1.0],
        r: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p: vec![model.fx, 0.0, cx, 0.0, 0.0, model.fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    };
    Some(encoded(&calibration))
}
