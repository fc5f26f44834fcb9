//! The targets of one picture as the JSON that travels in a frame's body: results, whose items are of the type `target`.
//!
//! ```json
//! {"type":"results","version":1,"camera":"front",
//!  "items":[{"type":"target","label":"cargo","yaw":-3.1,"pitch":4.0,"area":1.2,"skew":0.4,"aim":[x,y],
//!            "corners":[[x,y],[x,y],[x,y],[x,y]],"polygon":[[x,y],…],
//!            "pose":{…},"pose_alt":{…},"ambiguity":0.1,"calibrated":true}],
//!  "calibration":{"width_px":1280,"height_px":720,"fx":…}}
//! ```

use super::PoseItem;
use crate::{
    camera::CameraModel,
    target::{Aim, Target, TargetModel, target_pose, yaw_pitch_deg},
};
use serde::{Deserialize, Serialize};

/// The version of the JSON that this code writes.
pub const TARGETS_VERSION: u32 = 1;

/// All targets of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// Always `results`.
    #[serde(rename = "type")]
    pub kind: TargetsKind,
    /// [`TARGETS_VERSION`].
    pub version: u32,
    /// The name of the camera (the node) whose picture it was.
    pub camera: String,
    /// Best first; empty when there is none.
    pub items: Vec<TargetItem>,
    /// The camera that directions and poses were made with, for pictures of this size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CameraModel>,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetsKind {
    /// `results`.
    Results,
}

/// The word in `type` of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetItemKind {
    /// `target`.
    Target,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetItem {
    /// Always `target`.
    #[serde(rename = "type")]
    pub kind: TargetItemKind,
    /// What targets like this are called, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How far right of the camera's axis it is, degrees.
    pub yaw: f64,
    /// How far above the camera's axis it is, degrees.
    pub pitch: f64,
    /// Its share of the picture, percent.
    pub area: f64,
    /// How far the smallest rectangle around it is turned counter-clockwise as seen, -45 to 45 degrees.
    pub skew: f64,
    /// The place that `yaw` and `pitch` are of, in pixels; the first pixel's centre is (0.5, 0.5).
    pub aim: [f64; 2],
    /// Left-bottom, right-bottom, right-top, left-top of the smallest rectangle around it.
    pub corners: [[f64; 2]; 4],
    /// The corners of the convex hull around it, counter-clockwise as seen.
    pub polygon: Vec<[f64; 2]>,
    /// The pose that fits better. Absent when camera or the target's own shape are not known, or its corners give none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<PoseItem>,
    /// The other pose that explains the corners of a flat target, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose_alt: Option<PoseItem>,
    /// Error of `pose` divided by that of `pose_alt`, 0 to 1: near 1 the two cannot be told apart; 0 without a second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambiguity: Option<f64>,
    /// Whether the camera was measured; false for one guessed from its field of view, by which the angles are then known too.
    pub calibrated: bool,
}

/// What is known of targets beside the picture.
#[derive(Debug, Clone, Copy)]
pub struct KnownTarget<'a> {
    /// The camera, scaled to the picture's size.
    pub camera: &'a CameraModel,
    /// What the target is made of. Absent: no poses.
    pub model: Option<&'a TargetModel>,
    /// Which place of it the angles are of.
    pub aim: Aim,
    /// What it is called.
    pub label: Option<&'a str>,
}

/// Makes the result of one picture.
pub fn targets(camera_name: &str, found: &[Target], known: KnownTarget<'_>) -> Targets {
    Targets {
        kind: TargetsKind::Results,
        version: TARGETS_VERSION,
        camera: camera_name.to_owned(),
        items: found.iter().map(|target| item(target, known)).collect(),
        calibration: Some(*known.camera),
    }
}

fn item(target: &Target, known: KnownTarget<'_>) -> TargetItem {
    let aim = target.aim_px(known.aim);
    let [yaw, pitch] = yaw_pitch_deg(aim, known.camera);
    let poses = known
        .model
        .and_then(|model| target_pose(&target.parts, model, known.camera));
    TargetItem {
        kind: TargetItemKind::Target,
        label: known.label.map(str::to_owned),
        yaw,
        pitch,
        area: target.area,
        skew: target.rect.skew_deg,
        aim,
        corners: target.rect.corners(),
        polygon: target.polygon.clone(),
        pose: poses.map(|poses| PoseItem::from(&poses.best)),
        pose_alt: poses.and_then(|poses| poses.alternative).as_ref().map(PoseItem::from),
        ambiguity: poses.map(|poses| poses.ambiguity),
        calibrated: !known.camera.guessed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Filter, Grouping, HsvLimits, Limits, Sort, TargetDetector, TargetSettings};
    use bushbaby_pixels::{ColorSpace, Image, PixelFormat};

    #[test]
    fn a_target_is_written_with_its_direction_and_corners() {
        let mut image = Image::new(PixelFormat::Rgb8, 64, 48, ColorSpace::JPEG).unwrap();
        let [rgb, ..] = image.planes_mut();
        for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
            if (16..24).contains(&(i % 64)) && (8..24).contains(&(i / 64)) {
                pixel.copy_from_slice(&[0, 255, 0]);
            }
        }
        let found = TargetDetector::new(TargetSettings {
            limits: Limits::Hsv(HsvLimits {
                hue: [60, 60],
                saturation: [200, 255],
                value: [200, 255],
            }),
            filter: Filter::default(),
            grouping: Grouping::Single,
            sort: Sort::Largest,
            most: 5,
            corner_count: None,
        })
        .detect(&image.view())
        .unwrap();
        let camera = CameraModel::from_fov(64, 48, 90.0).unwrap();
        let known = KnownTarget {
            camera: &camera,
            model: None,
            aim: Aim::Bottom,
            label: Some("port"),
        };
        let written = targets("front", &found, known);
        let value = serde_json::to_value(&written).unwrap();
        let item = &value["items"][0];
        assert_eq!(value["type"], "results");
        assert_eq!(written.calibration, Some(camera));
        assert_eq!(
            (&item["type"], &item["label"], &item["calibrated"]),
            (&"target".into(), &"port".into(), &false.into())
        );
        assert_eq!(item["aim"], serde_json::json!([20.0, 24.0]));
        assert!((written.items[0].yaw + (12.0_f64 / 32.0).atan().to_degrees()).abs() < 1e-9);
        assert_eq!(written.items[0].pitch, 0.0);
        assert!((written.items[0].area - 100.0 / 24.0).abs() < 1e-9);
        assert_eq!(
            item["corners"],
            serde_json::json!([[16.0, 24.0], [24.0, 24.0], [24.0, 8.0], [16.0, 8.0]])
        );
        assert!(item.get("pose").is_none() && item.get("ambiguity").is_none());
        assert_eq!(serde_json::from_value::<Targets>(value).unwrap(), written);
    }
}
