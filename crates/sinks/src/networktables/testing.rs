//! Results as stages write them, for the tests of all dialects.

use serde_json::{Value, json};

use super::seen::{Found, Seen};
use super::stamp::Stamp;

/// A camera of 640x480 pixels, 90 degrees wide, axis in the middle.
pub(crate) fn calibration() -> Value {
    json!({"width_px": 640, "height_px": 480, "fx": 320.0, "fy": 320.0, "cx": 320.0, "cy": 240.0,
           "model": "pinhole", "distortion": [0.1, 0.0, 0.0, 0.0, 0.0], "guessed": false})
}

/// A pose that faces the camera upright.
pub(crate) fn facing(t: [f64; 3]) -> Value {
    json!({"R": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "t": t, "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "error": 0.1})
}

/// A tag whose square begins there, upright.
pub(crate) fn tag(id: u32, left_top: [f64; 2], side: f64, t: [f64; 3]) -> Value {
    let [x, y] = left_top;
    json!({"id": id, "family": "tag36h11", "corners": [[x, y + side], [x + side, y + side], [x + side, y], [x, y]],
           "hamming": 0, "margin": 80.0, "pose": facing(t), "pose_alt": facing(t), "ambiguity": 0.25, "calibrated": true})
}

/// Two tags, 2 m and 4 m ahead: the first 64 px wide in the middle of the picture, the second smaller, to its right. The camera is at
/// (3, 1, 0.5) on the field and looks along its x.
pub(crate) fn two_tags() -> Value {
    json!({"type": "detections", "version": 1, "camera": "front",
           "items": [tag(3, [464.0, 224.0], 32.0, [2.0, 0.0, 4.0]), tag(7, [288.0, 208.0], 64.0, [0.0, 0.0, 2.0])],
           "calibration": calibration(),
           "field": {"camera": {"R": [[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]], "t": [3.0, 1.0, 0.5]},
                     "robot": {"R": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "t": [2.5, 1.0, 0.0]},
                     "tags": [3, 7], "error": 0.5}})
}

/// One coloured target with its pose.
pub(crate) fn colored() -> Value {
    json!({"type": "results", "version": 1, "camera": "front",
           "items": [{"type": "target", "label": "port", "yaw": -3.0, "pitch": 4.0, "area": 1.5, "skew": 2.0, "aim": [303.2, 217.6],
                      "corners": [[290.0, 230.0], [316.0, 230.0], [316.0, 205.0], [290.0, 205.0]],
                      "polygon": [[290.0, 229.0], [303.0, 231.0], [316.0, 229.0], [316.0, 205.0], [290.0, 205.0]],
                      "pose": facing([-0.1, -0.14, 2.0]), "calibrated": true}],
           "calibration": calibration()})
}

/// A picture without anything.
pub(crate) fn nothing() -> Value {
    json!({"type": "detections", "version": 1, "camera": "front", "items": [], "calibration": calibration()})
}

/// As the sink reads it.
pub(crate) fn seen(body: &Value) -> Seen {
    match Found::read(body.to_string().as_bytes()) {
        Ok(Found::Seen(seen)) => seen,
        other => panic!("{other:?}"),
    }
}

/// The twelfth result, 12.5 ms old.
pub(crate) fn stamp() -> Stamp {
    Stamp {
        number: 12,
        captured_us: 5_000_000,
        now_us: 5_012_500,
        since_pong_us: 300_000,
        latency_ms: 12.5,
        pipeline: 0,
        fps: 30.0,
        captured_here_us: 9_000_000,
    }
}
