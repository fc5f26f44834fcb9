//! Where the robot stands, as the JSON that travels in a frame's body.
//!
//! ```json
//! {"type":"field_pose","version":1,"camera":"front","alliance":"blue",
//!  "robot":{"x":3.2,"y":4.1,"z":0.0,"roll":0.1,"pitch":-0.2,"yaw":178.2},"camera_pose":{…},
//!  "method":"multi_tag","tags":[7,8],"std_devs":[0.01,0.02,0.3],"error_px":0.3,"calibrated":true,
//!  "outliers":[{"id":5,"why":"it contradicts the other tags: 40.1 px off, moved or misread"}],
//!  "field":{"length":16.54,"width":8.07,"tags":[{"id":7,"x":16.5,"y":5.5,"yaw":180}]}}
//! ```
//!
//! Places are metres from the origin's corner (x ahead from its wall, y left, z up), angles degrees, as WPILib's `Rotation3d` has them.

use crate::{
    field::{Alliance, FieldLayout, Found, Method, Outlier, robot_from_camera},
    pose::Transform,
};
use nalgebra::Rotation3;
use serde::{Deserialize, Serialize};

/// The version of the JSON that this code writes.
pub const FIELD_POSE_VERSION: u32 = 1;

/// Where the robot was when one picture was taken, or why that is not told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldPoseResult {
    /// Always `field_pose`.
    #[serde(rename = "type")]
    pub kind: FieldPoseKind,
    /// [`FIELD_POSE_VERSION`].
    pub version: u32,
    /// The name of the camera (the node) whose picture it was.
    pub camera: String,
    /// Whose wall places are counted from.
    pub alliance: Alliance,
    /// The robot: its middle on the floor. Absent when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robot: Option<PlaceItem>,
    /// The camera's lens; all angles zero when it looks along x, upright. Absent when the robot is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_pose: Option<PlaceItem>,
    /// How it was found. Absent when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The ids of the tags that count.
    pub tags: Vec<u32>,
    /// Standard deviations of the robot's x and y in metres and of its yaw in degrees. Absent when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std_devs: Option<[f64; 3]>,
    /// Root mean square distance of the corners from where this place puts them, in pixels. Absent when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_px: Option<f64>,
    /// Of a single tag: error of its better pose divided by that of the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambiguity: Option<f64>,
    /// Whether the camera was measured; false for one guessed from its field of view.
    pub calibrated: bool,
    /// What was seen and does not count.
    pub outliers: Vec<OutlierItem>,
    /// Why there is no place. Absent when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What the field looks like from above. Only in the first result of a camera, and in one each second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldMap>,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldPoseKind {
    /// `field_pose`.
    FieldPose,
}

/// A place on the field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlaceItem {
    /// Metres ahead of the origin.
    pub x: f64,
    /// Metres left of it.
    pub y: f64,
    /// Metres above the floor.
    pub z: f64,
    /// About x, degrees.
    pub roll: f64,
    /// About y, degrees; positive looks down.
    pub pitch: f64,
    /// About z, degrees, -180 to 180: 0 looks along x.
    pub yaw: f64,
}

/// Something that does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutlierItem {
    /// The tag. Absent for a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// Why, in words.
    pub why: String,
}

/// A field from above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldMap {
    /// Metres along x. Absent when the layout does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<f64>,
    /// Metres along y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Every tag of the layout.
    pub tags: Vec<MappedTag>,
}

/// A tag from above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MappedTag {
    /// Its id.
    pub id: u32,
    /// Metres ahead of the origin.
    pub x: f64,
    /// Metres left of it.
    pub y: f64,
    /// Where its face looks, degrees, as a robot's yaw.
    pub yaw: f64,
}

impl FieldPoseResult {
    /// Makes the result of one picture.
    ///
    /// - `origin_from_field`: as [`Alliance::origin_from_field`] says for `alliance`.
    /// - `calibrated`: whether its camera was measured.
    pub fn new(
        camera_name: &str,
        found: &Found,
        alliance: Alliance,
        origin_from_field: &Transform,
        calibrated: bool,
    ) -> Self {
        let mut result = refused(camera_name, alliance, String::new());
        result.calibrated = calibrated;
        result.outliers = found.outliers.iter().map(OutlierItem::from).collect();
        match &found.pose {
            Err(why) => result.refused = Some(why.to_string()),
            Ok(pose) => {
                let [x, y, yaw] = pose.std_devs;
                result.refused = None;
                result.robot = Some(PlaceItem::of(&(*origin_from_field * pose.field_from_robot)));
                result.camera_pose = Some(PlaceItem::of_camera(&(*origin_from_field * pose.field_from_camera)));
                result.method = Some(pose.method);
                result.tags = pose.tags.clone();
                result.std_devs = Some([rounded(x), rounded(y), rounded(yaw)]);
                result.error_px = Some(rounded(pose.error_px));
                result.ambiguity = pose.ambiguity.map(rounded);
            }
        }
        result
    }
}

/// The result of a picture that tells no place.
pub fn refused(camera_name: &str, alliance: Alliance, why: String) -> FieldPoseResult {
    FieldPoseResult {
        kind: FieldPoseKind::FieldPose,
        version: FIELD_POSE_VERSION,
        camera: camera_name.to_owned(),
        alliance,
        robot: None,
        camera_pose: None,
        method: None,
        tags: Vec::new(),
        std_devs: None,
        error_px: None,
        ambiguity: None,
        calibrated: false,
        outliers: Vec::new(),
        refused: Some(why),
        field: None,
    }
}

/// What a layout looks like from above, counted from an origin.
pub fn map_of(layout: &FieldLayout, origin_from_field: &Transform) -> FieldMap {
    let [length, width] = layout.size_m().map_or([None; 2], |size| size.map(Some));
    let tags = layout.ids().filter_map(|id| {
        let tag = *origin_from_field * layout.field_from_tag(id)?;
        // A tag's z goes into it.
        let [x, y] = [-tag.rotation[(0, 2)], -tag.rotation[(1, 2)]];
        Some(MappedTag {
            id,
            x: rounded(tag.translation.x),
            y: rounded(tag.translation.y),
            yaw: rounded(y.atan2(x).to_degrees()),
        })
    });
    FieldMap {
        length,
        width,
        tags: tags.collect(),
    }
}

impl PlaceItem {
    /// Of something whose own frame is x ahead, y left, z up.
    pub fn of(origin_from_thing: &Transform) -> Self {
        let (roll, pitch, yaw) = Rotation3::from_matrix_unchecked(origin_from_thing.rotation).euler_angles();
        let [x, y, z] = origin_from_thing.translation_m().map(rounded);
        let [roll, pitch, yaw] = [roll, pitch, yaw].map(|angle| rounded(angle.to_degrees()));
        Self {
            x,
            y,
            z,
            roll,
            pitch,
            yaw,
        }
    }

    /// Of a camera, whose own frame is x right, y down, z ahead.
    pub fn of_camera(origin_from_camera: &Transform) -> Self {
        let ahead = robot_from_camera([0.0; 3], 0.0, 0.0, 0.0);
        Self::of(&(*origin_from_camera * ahead.inverse()))
    }
}

impl From<&Outlier> for OutlierItem {
    fn from(outlier: &Outlier) -> Self {
        Self {
            id: outlier.id,
            why: outlier.why.clone(),
        }
    }
}

/// To a hundredth of a millimetre: what is finer is noise, and takes room.
fn rounded(value: f64) -> f64 {
    // Without the sign of nothing.
    (value * 1e5).round() / 1e5 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Refusal, RobotPose};
    use std::collections::BTreeMap;

    fn found() -> Found {
        let field_from_robot =
            robot_from_camera([3.0, 2.0, 0.0], 0.0, 0.0, 90.0) * robot_from_camera([0.0; 3], 0.0, 0.0, 0.0).inverse();
        let pose = RobotPose {
            field_from_robot,
            field_from_camera: field_from_robot * robot_from_camera([0.2, 0.0, 0.5], 0.0, -20.0, 0.0),
            method: Method::MultiTag,
            tags: vec![3, 4],
            std_devs: [0.012, 0.034, 0.5],
            error_px: 0.25,
            ambiguity: None,
        };
        let why = "it is not in the layout".to_owned();
        let outliers = vec![Outlier { id: Some(9), why }];
        Found {
            pose: Ok(pose),
            outliers,
        }
    }

    #[test]
    fn a_place_is_written_in_metres_and_degrees_from_either_wall() {
        let blue = Alliance::Blue.origin_from_field([16.0, 8.0]);
        let result = FieldPoseResult::new("front", &found(), Alliance::Blue, &blue, true);
        let text = serde_json::to_string(&result).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"type":"field_pose","version":1,"camera":"front","alliance":"blue","#,
                r#""robot":{"x":3.0,"y":2.0,"z":0.0,"roll":0.0,"pitch":0.0,"yaw":90.0},"#,
                r#""camera_pose":{"x":3.0,"y":2.2,"z":0.5,"roll":0.0,"pitch":-20.0,"yaw":90.0},"#,
                r#""method":"multi_tag","tags":[3,4],"std_devs":[0.012,0.034,0.5],"error_px":0.25,"calibrated":true,"#,
                r#""outliers":[{"id":9,"why":"it is not in the layout"}]}"#
            )
        );
        assert_eq!(serde_json::from_str::<FieldPoseResult>(&text).unwrap(), result);
        let red = Alliance::Red.origin_from_field([16.0, 8.0]);
        let robot = FieldPoseResult::new("front", &found(), Alliance::Red, &red, true)
            .robot
            .unwrap();
        assert_eq!([robot.x, robot.y, robot.yaw], [13.0, 6.0, -90.0]);
    }

    #[test]
    fn a_refusal_has_its_reason_and_no_numbers() {
        let blue = Transform::identity();
        let refused = Found {
            pose: Err(Refusal::Outside { x: -3.0, y: 2.0 }),
            ..found()
        };
        let value =
            serde_json::to_value(FieldPoseResult::new("front", &refused, Alliance::Blue, &blue, false)).unwrap();
        assert_eq!(
            value["refused"],
            "the robot would be outside of the field, at x -3.00 m, y 2.00 m"
        );
        for key in ["robot", "camera_pose", "method", "std_devs", "error_px", "field"] {
            assert!(value.get(key).is_none(), "{key}");
        }
        assert_eq!(value["outliers"][0]["id"], 9);
    }

    #[test]
    fn a_map_tells_where_each_tag_looks() {
        // At the far wall, looking back.
        let at = Transform::new(robot_from_camera([0.0; 3], 0.0, 0.0, 0.0).rotation(), [16.0, 3.0, 1.5]).unwrap();
        let layout = FieldLayout::new(BTreeMap::from([(7, at)])).unwrap();
        let map = map_of(&layout, &Transform::identity());
        let tag = map.tags[0];
        assert_eq!((tag.id, tag.x, tag.y, tag.yaw.abs()), (7, 16.0, 3.0, 180.0));
        assert_eq!((map.length, map.width), (None, None));
    }
}
