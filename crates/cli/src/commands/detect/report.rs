//! What is printed: JSON lines for programs, a table for people.

use std::fmt::Write;
use std::path::Path;

use bushbaby_vision::results::{DetectionItem, PoseItem};
use serde_json::{Value, json};

use super::{Found, picture::Picture};

/// The first line: who speaks, and where the first pixel's centre lies.
pub(super) fn header() -> Value {
    json!({"type": "header", "detector": "bushbaby", "version": env!("CARGO_PKG_VERSION"), "pixel_center": 0.5})
}

/// One picture's line.
pub(super) fn frame(path: &Path, picture: &Picture, found: &Found) -> Value {
    let (width_px, height_px) = picture.size_px();
    let detections: Vec<Value> = found.result.items.iter().map(detection).collect();
    json!({"type": "frame", "image": path.to_string_lossy(), "w": width_px, "h": height_px, "ms": found.ms,
           "detections": detections})
}

/// The line of a picture that could not be looked at.
pub(super) fn error(path: &Path, message: &str) -> Value {
    json!({"type": "error", "image": path.to_string_lossy(), "error": message})
}

fn detection(item: &DetectionItem) -> Value {
    let mut line = json!({"id": item.id, "corners": item.corners, "hamming": item.hamming, "margin": item.margin});
    for (key, pose) in [("pose", &item.pose), ("pose_alt", &item.pose_alt)] {
        if let Some(pose) = pose {
            line[key] = json!({"R": pose.rotation, "t": pose.translation, "err": pose.error});
        }
    }
    line
}

/// One picture for a person: a line about it, then one for every tag.
pub(super) fn table(path: &Path, picture: &Picture, found: &Found) -> String {
    let (width_px, height_px) = picture.size_px();
    let items = &found.result.items;
    let fastest_ms = found.ms.iter().copied().fold(f64::INFINITY, f64::min);
    let count = match items.len() {
        0 => "no tags".to_owned(),
        1 => "1 tag".to_owned(),
        more => format!("{more} tags"),
    };
    let mut text = format!(
        "{}: {width_px}x{height_px}, {count}, {fastest_ms:.1} ms\n",
        path.display()
    );
    if items.is_empty() {
        return text;
    }
    let with_poses = items.iter().any(|item| item.pose.is_some());
    text += "    ID  FAMILY            BITS PUT RIGHT  MARGIN  MIDDLE px         SIDE px";
    if with_poses {
        text += "   X m right  Y m down  Z m ahead   YAW   PITCH    ROLL °  ERROR px  AMBIGUITY";
    }
    text.push('\n');
    for item in items {
        text += line(item).trim_end();
        text.push('\n');
    }
    text
}

fn line(item: &DetectionItem) -> String {
    let [x, y] = [0, 1].map(|axis| item.corners.iter().map(|corner| corner[axis]).sum::<f64>() / 4.0);
    let side = |i: usize| {
        let ([ax, ay], [bx, by]) = (item.corners[i], item.corners[(i + 1) % 4]);
        (ax - bx).hypot(ay - by)
    };
    let side_px = (0..4).map(side).sum::<f64>() / 4.0;
    let mut text = format!(
        "{:6}  {:16}  {:14}  {:6.1}  {:7.1},{:7.1}  {side_px:9.1}",
        item.id, item.family, item.hamming, item.margin, x, y
    );
    if let Some(pose) = &item.pose {
        let PoseItem {
            translation: [x, y, z],
            yaw,
            pitch,
            roll,
            error,
            ..
        } = pose;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "   {x:9.3}  {y:8.3}  {z:9.3}  {yaw:6.1}  {pitch:6.1}  {roll:6.1}    {error:8.3}  {:9.2}",
            item.ambiguity.unwrap_or_default()
        );
    }
    text
}
