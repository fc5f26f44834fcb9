//! Settings of the `colored_target` stage, and what they mean to the detector.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use bushbaby_node::NodeError;
use bushbaby_node::settings::{Angle, Problem, Settings as NodeSettings, nearest};
use bushbaby_vision::target::{
    Aim, Filter, Grouping, HsvLimits, Limits, LimitsError, Meeting, ModelError, Preset, Sort, TargetModel,
    TargetSettings,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Crop, cameras};

/// Settings of the `colored_target` stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// From which hue to which, in OpenCV's numbers: 0 to 179, half degrees (red 0, yellow 30, green 60, blue 120). `[170, 10]` goes
    /// through 0. Absent: the green of the LEDs that most teams use, `[50, 100]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hue: Option<[u8; 2]>,
    /// From which saturation to which, 0 (grey) to 255. Absent: `[100, 255]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturation: Option<[u8; 2]>,
    /// From which value (the brightest of red, green and blue) to which, 0 to 255. Absent: `[120, 255]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<[u8; 2]>,
    /// From which brightness to which, 0 to 255, whatever the colour: for cameras that see infrared, say. Instead of `hue`,
    /// `saturation` and `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brightness: Option<[u8; 2]>,
    /// The part of the picture that is looked at: what is outside of it is found by nobody. Places and shares stay those of the whole
    /// picture.
    #[serde(default)]
    pub crop: Crop,
    /// How much of the picture a shape covers, percent.
    #[serde(default = "default_area")]
    pub area: [f64; 2],
    /// How much of the smallest rectangle around it a shape fills, percent.
    #[serde(default = "default_percent")]
    pub fullness: [f64; 2],
    /// Width of that rectangle divided by its height.
    #[serde(default = "default_aspect")]
    pub aspect: [f64; 2],
    /// How far that rectangle is turned counter-clockwise, -45 to 45 degrees.
    #[serde(default = "default_angle")]
    pub angle: [Angle; 2],
    /// How much of its convex hull a shape fills, percent: less than 100 where it is hollow or has notches.
    #[serde(default = "default_percent")]
    pub convexity: [f64; 2],
    /// How many shapes make a target; `auto`: as many as `model` has parts, else one.
    #[serde(default)]
    pub group: Group,
    /// Of a pair: on which side the long axes of its shapes meet.
    #[serde(default)]
    pub meeting: MeetingSide,
    /// Of a pair or a chain: the largest gap between two shapes, in lengths of the longer one.
    #[serde(default = "default_max_gap")]
    pub max_gap: f64,
    /// Which target comes first.
    #[serde(default)]
    pub sort: SortBy,
    /// Targets beyond this many are left out, 1 to 100.
    #[serde(default = "default_most")]
    pub most: u32,
    /// The place of a target that `yaw` and `pitch` are of.
    #[serde(default)]
    pub aim: AimAt,
    /// What a target is made of: `tape2019` (the pair of leaning strips), `port2020` (the half hexagon), `hub2022` (the ring of
    /// strips; the pose is that of its middle), or a file with `parts: [[[x, y, z], …], …]` in metres: x right, y down, z into the
    /// target; parts from left to right, corners one after the other. Absent: no poses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What targets are called in results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Calibration of the camera: a file of ours, of OpenCV, ROS, PhotonVision or WPILib. Absent: what the camera says of itself,
    /// else a guess from `field_of_view`, and targets are marked as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
    /// Horizontal field of view to guess from when the camera has no calibration.
    #[serde(default = "default_field_of_view")]
    pub field_of_view: Angle,
}

/// How many shapes make a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// As many as the model has parts, else one.
    #[default]
    Auto,
    /// One.
    Single,
    /// Two whose long axes meet on the side that `meeting` says.
    Pair,
    /// Two or more, each near to another.
    Several,
}

/// On which side the long axes of a pair meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingSide {
    /// Above: `/ \`.
    #[default]
    Up,
    /// Below: `\ /`.
    Down,
    /// On the left.
    Left,
    /// On the right.
    Right,
    /// Anywhere, or nowhere.
    Anywhere,
}

/// Which target comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// The largest.
    #[default]
    Largest,
    /// The smallest.
    Smallest,
    /// The one nearest to the top of the picture.
    Highest,
    /// To the bottom.
    Lowest,
    /// To the left edge.
    Leftmost,
    /// To the right edge.
    Rightmost,
    /// To the middle of the picture.
    Central,
}

/// The place of a target that its angles are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AimAt {
    /// The middle of the smallest rectangle around it.
    #[default]
    Middle,
    /// The middle of its upper side.
    Top,
    /// Of its lower side.
    Bottom,
    /// Of its left side.
    Left,
    /// Of its right side.
    Right,
}

fn default_area() -> [f64; 2] {
    Filter::default().area
}

fn default_percent() -> [f64; 2] {
    [0.0, 100.0]
}

fn default_aspect() -> [f64; 2] {
    Filter::default().aspect
}

fn default_angle() -> [Angle; 2] {
    Filter::default().skew_deg.map(|degrees| Angle { degrees })
}

fn default_max_gap() -> f64 {
    2.5
}

fn default_most() -> u32 {
    20
}

fn default_field_of_view() -> Angle {
    Angle { degrees: 65.0 }
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = self.limits_problems();
        problems.extend(self.crop.problem());
        let percent = [0.0, 100.0];
        let ranges = [
            ("area", self.area, percent),
            ("fullness", self.fullness, percent),
            ("aspect", self.aspect, [0.0, 1e6]),
            ("angle", self.angle.map(|angle| angle.degrees), [-45.0, 45.0]),
            ("convexity", self.convexity, percent),
        ];
        problems.extend(
            ranges
                .into_iter()
                .filter_map(|(key, got, wanted)| range_problem(key, got, wanted)),
        );
        if !(0.0..=1e6).contains(&self.max_gap) {
            problems.push(Problem::new(
                "max_gap",
                format!("got `{}`, wanted 0 or more lengths", self.max_gap),
            ));
        }
        if !(1..=100).contains(&self.most) {
            problems.push(Problem::new("most", format!("got `{}`, wanted 1 to 100", self.most)));
        }
        match self.model_of(base_dir) {
            Ok(Some(model)) => problems.extend(self.group_problem(&model)),
            Ok(None) => {}
            Err(error) => {
                let problem = Problem::new("model", error.to_string());
                let meant = self
                    .model
                    .as_deref()
                    .and_then(|got| nearest(got, ["tape2019", "port2020", "hub2022"]));
                problems.push(match meant {
                    Some(meant) => problem.with_hint(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            }
        }
        problems.extend(cameras::problems(
            base_dir,
            self.calibration.as_deref(),
            self.field_of_view,
        ));
        problems
    }
}

impl Settings {
    /// What the detector is told, for targets made of `model`.
    pub fn detector_settings(&self, model: Option<&TargetModel>) -> TargetSettings {
        // Parts with different numbers of corners: each keeps as many as stand out.
        let corner_count = model.and_then(|model| {
            let mut counts = model.parts().iter().map(Vec::len);
            let first = counts.next()?;
            counts.all(|count| count == first).then_some(first)
        });
        let grouping = match self.group_of(model) {
            Group::Single | Group::Auto => Grouping::Single,
            Group::Pair => Grouping::Pair {
                meeting: self.meeting.into(),
                max_gap: self.max_gap,
            },
            Group::Several => Grouping::Several { max_gap: self.max_gap },
        };
        TargetSettings {
            limits: self.limits(),
            filter: Filter {
                area: self.area,
                fullness: self.fullness,
                aspect: self.aspect,
                skew_deg: self.angle.map(|angle| angle.degrees),
                convexity: self.convexity,
            },
            grouping,
            sort: self.sort.into(),
            most: self.most as usize,
            corner_count,
        }
    }

    /// What targets are made of, where it is known.
    ///
    /// # Errors
    /// When the file cannot be read any more; [`NodeSettings::check`] finds that earlier.
    pub fn target_model(&self, base_dir: &Path) -> Result<Option<TargetModel>, NodeError> {
        self.model_of(base_dir)
            .map_err(|error| NodeError::new(error.to_string()))
    }

    fn model_of(&self, base_dir: &Path) -> Result<Option<TargetModel>, ModelError> {
        let Some(model) = &self.model else { return Ok(None) };
        let is_file = [".yaml", ".yml", ".json"].iter().any(|end| model.ends_with(end));
        if is_file {
            return TargetModel::from_path(&base_dir.join(model)).map(Some);
        }
        Ok(Some(Preset::from_str(model)?.model()))
    }

    fn limits(&self) -> Limits {
        match self.brightness {
            Some(brightness) => Limits::Brightness(brightness),
            None => Limits::Hsv(HsvLimits {
                hue: self.hue.unwrap_or([50, 100]),
                saturation: self.saturation.unwrap_or([100, 255]),
                value: self.value.unwrap_or([120, 255]),
            }),
        }
    }

    fn group_of(&self, model: Option<&TargetModel>) -> Group {
        let parts = model.map_or(1, |model| model.parts().len());
        match (self.group, parts) {
            (Group::Auto, 1) => Group::Single,
            (Group::Auto, 2) => Group::Pair,
            (Group::Auto, _) => Group::Several,
            (said, _) => said,
        }
    }

    fn limits_problems(&self) -> Vec<Problem> {
        let by_color = [
            ("hue", self.hue),
            ("saturation", self.saturation),
            ("value", self.value),
        ];
        let color = by_color.iter().find(|(_, limits)| limits.is_some());
        if let (Some(_), Some((key, _))) = (self.brightness, color) {
            let message = format!("`brightness` and `{key}` both say which pixels count, wanted one of them");
            return vec![Problem::new(*key, message)];
        }
        match self.limits().check() {
            Ok(()) => Vec::new(),
            Err(error @ LimitsError::Hue { .. }) => vec![Problem::new("hue", error.to_string())],
            Err(error @ LimitsError::Order { name, .. }) => vec![Problem::new(name, error.to_string())],
        }
    }

    /// A model that no target can match.
    fn group_problem(&self, model: &TargetModel) -> Option<Problem> {
        let parts = model.parts().len();
        let fits = match self.group_of(Some(model)) {
            Group::Single | Group::Auto => parts == 1,
            Group::Pair => parts == 2,
            Group::Several => parts > 1,
        };
        (!fits).then(|| {
            let message = format!("`model` has {parts} part(s), and targets of this group have another number");
            Problem::new("group", message).with_hint("leave `group` out: then it is what `model` needs")
        })
    }
}

fn range_problem(key: &str, [from, to]: [f64; 2], [least, most]: [f64; 2]) -> Option<Problem> {
    let is_good = least <= from && from <= to && to <= most;
    (!is_good).then(|| {
        let wanted = format!("wanted two numbers from {least} to {most}, the smaller first");
        Problem::new(key, format!("got `[{from}, {to}]`, {wanted}"))
    })
}

impl From<MeetingSide> for Meeting {
    fn from(side: MeetingSide) -> Self {
        match side {
            MeetingSide::Up => Self::Up,
            MeetingSide::Down => Self::Down,
            MeetingSide::Left => Self::Left,
            MeetingSide::Right => Self::Right,
            MeetingSide::Anywhere => Self::Anywhere,
        }
    }
}

impl From<SortBy> for Sort {
    fn from(sort: SortBy) -> Self {
        match sort {
            SortBy::Largest => Self::Largest,
            SortBy::Smallest => Self::Smallest,
            SortBy::Highest => Self::Highest,
            SortBy::Lowest => Self::Lowest,
            SortBy::Leftmost => Self::Leftmost,
            SortBy::Rightmost => Self::Rightmost,
            SortBy::Central => Self::Central,
        }
    }
}

impl From<AimAt> for Aim {
    fn from(aim: AimAt) -> Self {
        match aim {
            AimAt::Middle => Self::Middle,
            AimAt::Top => Self::Top,
            AimAt::Bottom => Self::Bottom,
            AimAt::Left => Self::Left,
            AimAt::Right => Self::Right,
        }
    }
}
