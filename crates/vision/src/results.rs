//! The result of one picture as the JSON that travels in a frame's body, the same for stage, command line and page.
//!
//! In: detections, and what is known about camera, tags and field. Out: [`Detections`]:
//!
//! ```json
//! {"type":"detections","version":1,"camera":"front",
//!  "items":[{"id":7,"family":"tag36h11","corners":[[x,y],[x,y],[x,y],[x,y]],"hamming":0,"margin":81.2,
//!            "pose":{"R":[[…],[…],[…]],"t":[x,y,z],"yaw":0,"pitch":0,"roll":0,"error":0.1},"pose_alt":{…},"ambiguity":0.1,
//!            "calibrated":true}],
//!  "calibration":{"width_px":1280,"height_px":720,"fx":…},
//!  "field":{"camera":{"R":…,"t":…},"robot":{"R":…,"t":…},"tags":[7,8],"error":0.3}}
//! ```

use crate::{
    apriltag::{Family, TagDetection},
    camera::CameraModel,
    field::{FieldLayout, FieldPose, locate_camera},
    pose::{TagPose, Transform, tag_pose},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod field_pose;
mod heading;
mod targets;

pub use field_pose::{
    FIELD_POSE_VERSION, FieldMap, FieldPoseKind, FieldPoseResult, MappedTag, OutlierItem, PlaceItem, map_of, refused,
};
pub use heading::{HEADING_VERSION, Heading, HeadingKind};
pub use targets::{KnownTarget, TARGETS_VERSION, TargetItem, TargetItemKind, Targets, TargetsKind, targets};

/// The version of the JSON that this code writes.
pub const DETECTIONS_VERSION: u32 = 1;

/// All tags of one picture: the body `{"type":"detections","version":1,…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detections {
    /// Always `detections`.
    #[serde(rename = "type")]
    pub kind: DetectionsKind,
    /// [`DETECTIONS_VERSION`].
    pub version: u32,
    /// The name of the camera (the node) whose picture it was.
    pub camera: String,
    /// One entry a tag, smallest id first; empty when there is none.
    pub items: Vec<DetectionItem>,
    /// The camera that poses were made with, for pictures of this size; what a reader needs to turn pixels into directions. Absent
    /// when nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CameraModel>,
    /// Where the camera is on the field. Absent without a layout, or when no tag of it is in the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldItem>,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectionsKind {
    /// `detections`.
    Detections,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionItem {
    /// The number the tag carries.
    pub id: u32,
    /// Its family, written in full: `tag36h11`.
    pub family: Family,
    /// Left-bottom, right-bottom, right-top, left-top of the upright tag, in pixels; the first pixel's centre is (0.5, 0.5).
    pub corners: [[f64; 2]; 4],
    /// Wrong bits that were put right.
    pub hamming: u32,
    /// How clearly it was read, in grey levels.
    pub margin: f32,
    /// The better pose. Absent when camera or tag size are not known, or the corners give none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<PoseItem>,
    /// The other pose that explains the corners, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose_alt: Option<PoseItem>,
    /// Error of `pose` divided by that of `pose_alt`, 0 to 1: near 1 the two cannot be told apart; 0 without a second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambiguity: Option<f64>,
    /// Whether the pose was made with a measured camera; false for one guessed from its field of view, and without a pose.
    pub calibrated: bool,
}

/// Where a tag is, seen from the camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoseItem {
    /// Rows of the rotation: a point of the tag (x right, y down, z into it) to the camera (x right, y down, z ahead).
    #[serde(rename = "R")]
    pub rotation: [[f64; 3]; 3],
    /// The tag's middle in the camera's frame, metres.
    #[serde(rename = "t")]
    pub translation: [f64; 3],
    /// About the camera's y (down), degrees; R = Ry(yaw) · Rx(pitch) · Rz(roll), all zero when the tag faces the camera upright.
    pub yaw: f64,
    /// About the camera's x (right), degrees.
    pub pitch: f64,
    /// About the camera's z (ahead), degrees.
    pub roll: f64,
    /// Root mean square distance of the corners from where this pose puts them, in pixels.
    pub error: f64,
}

/// Where camera and robot are on the field (x ahead, y left, z up).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldItem {
    /// A point of the camera (x right, y down, z ahead) to the field.
    pub camera: TransformItem,
    /// A point of the robot (x ahead, y left, z up) to the field. Absent when the camera's place on the robot is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robot: Option<TransformItem>,
    /// The ids of the tags that count; one that contradicts the others does not.
    pub tags: Vec<u32>,
    /// Root mean square distance of the corners of these tags from where this place puts them, in pixels.
    pub error: f64,
}

/// A rotation (rows) and a shift in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TransformItem {
    /// Rows of the rotation.
    #[serde(rename = "R")]
    pub rotation: [[f64; 3]; 3],
    /// The shift, metres.
    #[serde(rename = "t")]
    pub translation: [f64; 3],
}

/// Sides of the tags' reported squares, in metres.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TagSizes {
    /// The side of each tag that is not in `by_id`. Absent: such a tag gets no pose.
    pub default_m: Option<f64>,
    /// Sides of single tags.
    pub by_id: BTreeMap<u32, f64>,
}

/// What is known beside the picture; each part may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The camera, scaled to the picture's size. Absent: no poses.
    pub camera: Option<&'a CameraModel>,
    /// How large the tags are. Absent: no poses.
    pub tag_sizes: Option<&'a TagSizes>,
    /// Where the tags are. Absent: no place on the field.
    pub layout: Option<&'a FieldLayout>,
    /// How the camera sits on the robot (see [`robot_from_camera`](crate::field::robot_from_camera)). Absent: no place of the robot.
    pub robot_from_camera: Option<&'a Transform>,
}

/// Makes the result of one picture: all detections, with poses and a place on the field as far as what is known allows.
pub fn detections(camera_name: &str, tags: &[TagDetection], known: Known<'_>) -> Detections {
    Detections {
        kind: DetectionsKind::Detections,
        version: DETECTIONS_VERSION,
        camera: camera_name.to_owned(),
        items: tags.iter().map(|tag| item(tag, known)).collect(),
        calibration: known.camera.copied(),
        field: field(tags, known),
    }
}

impl TagSizes {
    /// The same side for every tag.
    pub fn all(side_m: f64) -> Self {
        Self {
            default_m: Some(side_m),
            by_id: BTreeMap::new(),
        }
    }

    /// The side of a tag in metres, if it is known.
    pub fn of(&self, id: u32) -> Option<f64> {
        self.by_id.get(&id).copied().or(self.default_m)
    }
}

impl From<&DetectionItem> for TagDetection {
    fn from(item: &DetectionItem) -> Self {
        Self {
            id: item.id,
            family: item.family,
            corners_px: item.corners,
            hamming: item.hamming,
            margin: item.margin,
        }
    }
}

impl From<&Transform> for TransformItem {
    fn from(transform: &Transform) -> Self {
        Self {
            rotation: transform.rotation(),
            translation: transform.translation_m(),
        }
    }
}

impl PoseItem {
    /// The pose as a transform, a point of the tag or target to the camera; `None` when `R` is no rotation.
    pub fn transform(&self) -> Option<Transform> {
        Transform::new(self.rotation, self.translation).ok()
    }
}

impl From<&TagPose> for PoseItem {
    fn from(pose: &TagPose) -> Self {
        let angles = pose.camera_from_tag.angles();
        Self {
            rotation: pose.camera_from_tag.rotation(),
            translation: pose.camera_from_tag.translation_m(),
            yaw: angles.yaw_deg,
            pitch: angles.pitch_deg,
            roll: angles.roll_deg,
            error: pose.error_px,
        }
    }
}

fn item(tag: &TagDetection, known: Known<'_>) -> DetectionItem {
    let side_m = known.tag_sizes.and_then(|sizes| sizes.of(tag.id));
    let poses = known
        .camera
        .zip(side_m)
        .and_then(|(camera, side_m)| tag_pose(&tag.corners_px, side_m, camera).ok());
    DetectionItem {
        id: tag.id,
        family: tag.family,
        corners: tag.corners_px,
        hamming: tag.hamming,
        margin: tag.margin,
        pose: poses.map(|poses| PoseItem::from(&poses.best)),
        pose_alt: poses.and_then(|poses| poses.alternative).as_ref().map(PoseItem::from),
        ambiguity: poses.map(|poses| poses.ambiguity),
        calibrated: poses.is_some() && known.camera.is_some_and(|camera| !camera.guessed),
    }
}

fn field(tags: &[TagDetection], known: Known<'_>) -> Option<FieldItem> {
    let (camera, layout, sizes) = (known.camera?, known.layout?, known.tag_sizes?);
    let pose: FieldPose = locate_camera(tags, layout, |id| sizes.of(id), camera).ok()?;
    let robot = known.robot_from_camera.map(|mount| pose.field_from_robot(mount));
    Some(FieldItem {
        camera: TransformItem::from(&pose.field_from_camera),
        robot: robot.as_ref().map(TransformItem::from),
        tags: pose.counted_ids(),
        error: pose.error_px,
    })
}

#[cfg(test)]
mod tests;
