//! RGB-D captures on the bus: one frame is one moment, with a picture, its depth, and whatever else was captured with it.
//!
//! | stream | array | dtype and shape | meaning |
//! |---|---|---|---|
//! | `NODE/rgbd` | `rgb` | uint8 (h, w, 3) | the picture, of the left view where there are two; encoding `rgb8`, always the first array |
//! | | `rgb_right` | uint8 (h, w, 3) | the right view; where there is one |
//! | | `depth` | float32 (h, w) | metres along the optical axis of `rgb`'s view, pixel by pixel; NaN where it is not known |
//! | | `confidence` | float32 (h, w) | how sure the depth is, 0 to 1; where the camera tells it |
//! | `NODE/points` | `points` | float32 (n, 3) | metres in the frame of `rgb`'s view: x right, y down, z ahead; NaN where depth is not known |
//! | | `colors` | uint8 (n, 3) | RGB of each point |
//!
//! Points stand in the order of the picture's pixels, row by row, and have the origin of the capture that they were made from.
//! Whoever reads pictures can read `NODE/rgbd` ([`crate::image::view`]): it sees `rgb`.
//!
//! The body of both says what is known of the camera. It stands in every frame, so that a reader that comes late has it too;
//! it is made once and is a few hundred bytes long:
//!
//! ```json
//! {"type": "rgbd", "version": 1, "camera": "table", "calibration": {…}, "calibration_right": {…},
//!  "left_from_right": {"R": [[…]], "t": [0.12, 0.0, 0.0]}, "baseline_m": 0.12, "fps": 15.0}
//! ```
//!
//! `left_from_right` is the pose of the right view in the left one: it takes a point of the right view to the left view, both
//! x right, y down, z ahead, in metres. `baseline_m` is the length of its `t`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The picture, encoding `rgb8`.
pub const RGB: &str = "rgb";
/// The right view.
pub const RGB_RIGHT: &str = "rgb_right";
/// Metres along the optical axis.
pub const DEPTH: &str = "depth";
/// How sure the depth is, 0 to 1.
pub const CONFIDENCE: &str = "confidence";
/// Points in the frame of `rgb`'s view.
pub const POINTS: &str = "points";
/// RGB of each point.
pub const COLORS: &str = "colors";

/// What the body of a capture, or of its points, says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RgbdBody {
    /// `rgbd` or `points`.
    pub r#type: String,
    /// The form of this body: 1.
    pub version: u32,
    /// The node that captured it.
    pub camera: String,
    /// The model of `rgb`'s view, as a camera model's JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Value>,
    /// The model of the right view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_right: Option<Value>,
    /// The pose of the right view in the left one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_from_right: Option<Value>,
    /// Distance of the two views in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_m: Option<f64>,
    /// Captures a second, as the camera was told; absent where it tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
}

impl RgbdBody {
    /// What a capture of `camera` says before anything is known of its lens.
    pub fn capture(camera: &str) -> Self {
        Self {
            r#type: "rgbd".to_owned(),
            version: 1,
            camera: camera.to_owned(),
            calibration: None,
            calibration_right: None,
            left_from_right: None,
            baseline_m: None,
            fps: None,
        }
    }

    /// The same for the points of that capture.
    #[must_use]
    pub fn points(&self) -> Self {
        Self {
            r#type: "points".to_owned(),
            ..self.clone()
        }
    }

    /// As the bytes of a frame's body.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Text and numbers always become JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
