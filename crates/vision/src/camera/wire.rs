//! The camera model as it travels in a frame's body.

use super::{CameraError, CameraModel, Distortion, Intrinsics};
use serde::{Deserialize, Serialize};

/// Flat form of [`CameraModel`], so that a page or a script reads it without knowing our types.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    width_px: u32,
    height_px: u32,
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    model: String,
    #[serde(default)]
    distortion: Vec<f64>,
    #[serde(default)]
    guessed: bool,
}

impl From<CameraModel> for Wire {
    fn from(camera: CameraModel) -> Self {
        let Intrinsics { fx, fy, cx, cy } = camera.intrinsics;
        Self {
            width_px: camera.width_px,
            height_px: camera.height_px,
            fx,
            fy,
            cx,
            cy,
            model: camera.distortion.model_name().to_owned(),
            distortion: camera.distortion.coefficients().to_vec(),
            guessed: camera.guessed,
        }
    }
}

impl TryFrom<Wire> for CameraModel {
    type Error = CameraError;

    fn try_from(wire: Wire) -> Result<Self, CameraError> {
        let distortion = Distortion::from_model(&wire.model, &wire.distortion)?;
        let intrinsics = Intrinsics {
            fx: wire.fx,
            fy: wire.fy,
            cx: wire.cx,
            cy: wire.cy,
        };
        let camera = CameraModel::new(wire.width_px, wire.height_px, intrinsics, distortion)?;
        Ok(CameraModel {
            guessed: wire.guessed,
            ..camera
        })
    }
}
