//! Settings of the `field_pose` stage, and what they mean to the locator.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bushbaby_node::NodeError;
use bushbaby_node::settings::{Angle, Length, Offset, Problem, Settings as NodeSettings, Time};
use bushbaby_vision::field::{self, FieldLayout, Method, PoseLimits, RobotLocator, TargetPlace, robot_from_camera};
use bushbaby_vision::pose::Transform;
use bushbaby_vision::results::TagSizes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{OnRobot, layouts};

/// Settings of the `field_pose` stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the tags are. A season, by the name that WPILib gives it: `2026-rebuilt-welded`, `2026-rebuilt-andymark`,
    /// `2025-reefscape-welded`, `2025-reefscape-andymark`, `2024-crescendo`, `2023-chargedup`, `2022-rapidreact`. Or a file in WPILib's
    /// AprilTag field format; a name alone is a file of that name with `.json` beside the pipeline file or in `layouts` there, and goes
    /// before the season. Absent: only `targets` tell a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Side of the tags: of the square whose corners are reported (for 36h11 the outer edge of the black border).
    #[serde(default = "default_tag_size")]
    pub tag_size: Length,
    /// Sides of single tags that differ from `tag_size`, by id: `{3: 80mm}`.
    #[serde(default)]
    pub tag_sizes: BTreeMap<u32, Length>,
    /// How each camera sits on the robot, by the camera's name: `{front: {ahead: 30cm, up: 50cm, pitch: -15deg}}`. Its keys are those of
    /// `on_robot` of `apriltag`: where the lens is (`ahead`, `left`, `up` from the robot's middle on the floor) and how it is turned (`yaw`
    /// looks left, `pitch` looks down, `roll` lowers the right side); what is left out is 0. Pictures of other cameras tell no place.
    pub camera_on_robot: BTreeMap<String, OnRobot>,
    /// Where coloured targets are on the field, counted from blue's wall: `[{label: bay, x: 7.12m, y: 4.6m, z: 72cm, yaw: 90deg}]`. `yaw` is
    /// which way its face looks: 0deg away from blue's wall, 180deg towards it, 90deg to the left; `label` and `z` may be left out.
    /// With a heading, one of them tells the place.
    #[serde(default)]
    pub targets: Vec<TargetOnField>,
    /// From whose wall places are told: its right end is the origin, x goes ahead from it, y to the left. Layout and heading always count
    /// from blue's. `red` needs a layout that says how large the field is.
    #[serde(default)]
    pub alliance: Wall,
    /// Which ways to a place are used; the first of them that fits what a picture shows, in this order: `multi_tag`, `tag_and_heading`,
    /// `single_tag`, `target_and_heading`.
    #[serde(default = "default_methods")]
    pub methods: Vec<By>,
    /// By how much corners are off, standard deviation in pixels: what `std_devs` are made from. Where a place explains the corners worse
    /// than this, what is seen counts.
    #[serde(default = "default_corner_error_px")]
    pub corner_error_px: f64,
    /// By how much the heading is off, standard deviation.
    #[serde(default = "default_heading_error")]
    pub heading_error: Angle,
    /// A heading counts for pictures at most this long before or after it.
    #[serde(default = "default_heading_age")]
    pub heading_age: Time,
    /// Of a tag alone: the largest ambiguity, 0 to 1.
    #[serde(default = "default_max_ambiguity")]
    pub max_ambiguity: f64,
    /// Largest root mean square error of the corners, pixels.
    #[serde(default = "default_max_error_px")]
    pub max_error_px: f64,
    /// Tags and targets further from the camera are passed over.
    #[serde(default = "default_max_distance")]
    pub max_distance: Length,
    /// How far from upright the robot may be.
    #[serde(default = "default_max_tilt")]
    pub max_tilt: Angle,
    /// How far above or below the floor it may be.
    #[serde(default = "default_max_height")]
    pub max_height: Length,
    /// How far outside of the field its middle may be, where the layout says how large that is.
    #[serde(default = "default_max_outside")]
    pub max_outside: Length,
}

/// A coloured target at a known place.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetOnField {
    /// Only targets that their stage calls so (its `label`) are meant. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How far ahead of blue's wall the origin of its `model` is.
    pub x: Offset,
    /// How far left of the right end of that wall, as seen from it.
    pub y: Offset,
    /// How far above the floor.
    #[serde(default)]
    pub z: Offset,
    /// Which way its face looks: 0deg away from blue's wall, 180deg towards it, 90deg to the left.
    pub yaw: Angle,
}

/// Whose wall places are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wall {
    /// Blue's, as in WPILib.
    #[default]
    Blue,
    /// Red's.
    Red,
}

/// A way to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Two tags or more.
    MultiTag,
    /// One tag or more, and the heading.
    TagAndHeading,
    /// One tag that can be seen one way only.
    SingleTag,
    /// A target, and the heading.
    TargetAndHeading,
}

fn default_tag_size() -> Length {
    Length { metres: 0.1651 }
}

fn default_methods() -> Vec<By> {
    vec![By::MultiTag, By::TagAndHeading, By::SingleTag, By::TargetAndHeading]
}

fn default_corner_error_px() -> f64 {
    0.5
}

fn default_heading_error() -> Angle {
    Angle { degrees: 1.0 }
}

fn default_heading_age() -> Time {
    Time(Duration::from_millis(250))
}

fn default_max_ambiguity() -> f64 {
    PoseLimits::default().ambiguity
}

fn default_max_error_px() -> f64 {
    PoseLimits::default().error_px
}

fn default_max_distance() -> Length {
    Length {
        metres: PoseLimits::default().distance_m,
    }
}

fn default_max_tilt() -> Angle {
    Angle {
        degrees: PoseLimits::default().tilt_deg,
    }
}

fn default_max_height() -> Length {
    Length {
        metres: PoseLimits::default().height_m,
    }
}

fn default_max_outside() -> Length {
    Length {
        metres: PoseLimits::default().outside_m,
    }
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let layout = self.field_layout(base_dir).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        if self.layout.is_none() && self.targets.is_empty() {
            problems.push(
                Problem::new("", "nothing on the field has a known place")
                    .with_hint("say where the tags are, `layout: FILE`, or where `targets` are"),
            );
        }
        let has_size = layout.as_ref().is_some_and(|layout| layout.size_m().is_some());
        if self.alliance == Wall::Red && !has_size && problems.is_empty() {
            let message = "`red` counts from the far wall, and no layout says how far that is";
            problems.push(Problem::new("alliance", message).with_hint("name a `layout` with `field: {length, width}`"));
        }
        if self.camera_on_robot.is_empty() {
            problems.push(
                Problem::new("camera_on_robot", "no camera is on the robot")
                    .with_hint("for example `camera_on_robot: {front: {ahead: 30cm, up: 50cm}}`"),
            );
        }
        if self.methods.is_empty() {
            problems.push(Problem::new("methods", "no method is left, wanted one or more"));
        }
        let sizes = self
            .tag_sizes
            .iter()
            .map(|(id, size)| (format!("tag_sizes.{id}"), size));
        for (path, size) in std::iter::once(("tag_size".to_owned(), &self.tag_size)).chain(sizes) {
            if size.metres <= 0.0 {
                problems.push(Problem::new(
                    path,
                    format!("got `{size}`, wanted a side longer than nothing"),
                ));
            }
        }
        problems.extend(self.range_problems());
        problems
    }
}

impl Settings {
    fn range_problems(&self) -> impl Iterator<Item = Problem> + '_ {
        let ranges = [
            ("corner_error_px", self.corner_error_px, [0.01, 20.0], ""),
            ("heading_error", self.heading_error.degrees, [0.01, 45.0], "deg"),
            ("max_ambiguity", self.max_ambiguity, [0.0, 1.0], ""),
            ("max_error_px", self.max_error_px, [0.01, 1000.0], ""),
            ("max_tilt", self.max_tilt.degrees, [0.0, 180.0], "deg"),
        ];
        ranges.into_iter().filter_map(|(key, got, [least, most], unit)| {
            let is_good = (least..=most).contains(&got);
            (!is_good).then(|| {
                let wanted = format!("wanted {least}{unit} to {most}{unit}");
                Problem::new(key, format!("got `{got}{unit}`, {wanted}"))
            })
        })
    }

    fn field_layout(&self, base_dir: &Path) -> Result<Option<FieldLayout>, Problem> {
        let Some(name) = &self.layout else { return Ok(None) };
        layouts::layout("layout", name, base_dir).map(Some)
    }

    /// What the locator is told.
    ///
    /// # Errors
    /// When the layout cannot be read any more; [`NodeSettings::check`] finds that earlier.
    pub fn locator(&self, base_dir: &Path) -> Result<RobotLocator, NodeError> {
        let layout = self.field_layout(base_dir);
        let sizes = self.tag_sizes.iter().map(|(id, side)| (*id, side.metres));
        Ok(RobotLocator {
            layout: layout.map_err(|problem| NodeError::new(problem.message))?,
            tag_sizes: TagSizes {
                default_m: Some(self.tag_size.metres),
                by_id: sizes.collect(),
            },
            targets: self.targets.iter().map(TargetOnField::place).collect(),
            methods: self.methods.iter().map(|by| Method::from(*by)).collect(),
            limits: PoseLimits {
                ambiguity: self.max_ambiguity,
                error_px: self.max_error_px,
                distance_m: self.max_distance.metres,
                tilt_deg: self.max_tilt.degrees,
                height_m: self.max_height.metres,
                outside_m: self.max_outside.metres,
            },
            corner_px: self.corner_error_px,
            heading_deg: self.heading_error.degrees,
        })
    }

    /// By the camera's name: a point in the camera's frame becomes one in the robot's.
    pub fn mountings(&self) -> BTreeMap<String, Transform> {
        let cameras = self.camera_on_robot.iter();
        cameras
            .map(|(camera, mount)| (camera.clone(), mount.robot_from_camera()))
            .collect()
    }
}

impl TargetOnField {
    fn place(&self) -> TargetPlace {
        let place_m = [self.x.metres, self.y.metres, self.z.metres];
        TargetPlace {
            label: self.label.clone(),
            // Who looks into it looks against its face, with the camera's axes.
            field_from_target: robot_from_camera(place_m, 0.0, 0.0, self.yaw.degrees + 180.0),
        }
    }
}

impl From<Wall> for field::Alliance {
    fn from(wall: Wall) -> Self {
        match wall {
            Wall::Blue => Self::Blue,
            Wall::Red => Self::Red,
        }
    }
}

impl From<By> for Method {
    fn from(by: By) -> Self {
        match by {
            By::MultiTag => Self::MultiTag,
            By::TagAndHeading => Self::TagAndHeading,
            By::SingleTag => Self::SingleTag,
            By::TargetAndHeading => Self::TargetAndHeading,
        }
    }
}
