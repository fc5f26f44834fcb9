//! Settings of the `overlay` stage.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::settings::{Angle, Percent, Problem, Settings as NodeSettings, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::Template;
use crate::cameras;

mod color;
mod crosshair;

pub use color::{Color, ColorError};
pub use crosshair::{Crosshair, CrosshairAt};

/// Settings of the `overlay` stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether tags, targets, boxes and poses are drawn where they were found. Only results of the picture's own camera have places in it;
    /// those of others are values for `text`.
    #[serde(default = "default_results")]
    pub results: bool,
    /// Lines of text. `{INPUT.PATH}` is a value of what an input said last: `{targets.count}` the number of its items, `{targets.0.yaw:.1f}`
    /// a value of the first with one decimal, `{tags.field.robot.t.0}` what else is in its JSON; `–` where it is not known. `{{` is a
    /// bracket.
    #[serde(default)]
    pub text: Vec<String>,
    /// In which corner the lines stand.
    #[serde(default)]
    pub corner: Corner,
    /// How high letters are, of the picture's height.
    #[serde(default = "default_text_size")]
    pub text_size: Percent,
    /// Colour of the lines.
    #[serde(default)]
    pub color: Color,
    /// A cross to aim with: `true` in the middle, or where and how: `{x: 50%, y: 40%, size: 5%, color: "#00ff00"}`.
    #[serde(default)]
    pub crosshair: Crosshair,
    /// How long a picture waits for results of itself, at most 1 s; then it goes with the newest there are.
    #[serde(default = "default_hold")]
    pub hold: Time,
    /// Results that are older than the picture by more than this are not drawn and their values not known: of a camera that stands still,
    /// or a stage that fell.
    #[serde(default = "default_max_age")]
    pub max_age: Time,
    /// Calibration of the camera, for the axes of poses: a file of ours, of OpenCV, ROS, PhotonVision or WPILib. Absent: what the camera
    /// says of itself, else a guess from `field_of_view`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
    /// Horizontal field of view to guess from when the camera has no calibration.
    #[serde(default = "default_field_of_view")]
    pub field_of_view: Angle,
}

/// A corner of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// Top left.
    #[default]
    TopLeft,
    /// Top right.
    TopRight,
    /// Bottom left.
    BottomLeft,
    /// Bottom right.
    BottomRight,
}

/// More lines than fit on any picture.
const MOST_LINES: usize = 20;
const LONGEST_HOLD: Time = Time(Duration::from_secs(1));
const LONGEST_AGE: Time = Time(Duration::from_secs(60 * 60));

fn default_results() -> bool {
    true
}

fn default_text_size() -> Percent {
    Percent { percent: 4.0 }
}

fn default_hold() -> Time {
    Time(Duration::from_millis(30))
}

fn default_max_age() -> Time {
    Time(Duration::from_millis(500))
}

fn default_field_of_view() -> Angle {
    Angle { degrees: 65.0 }
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, text) in self.text.iter().enumerate() {
            if let Err(error) = Template::parse(text) {
                problems.push(Problem::new(format!("text.{index}"), error.to_string()));
            }
        }
        if self.text.len() > MOST_LINES {
            let message = format!("got {} lines, wanted at most {MOST_LINES}", self.text.len());
            problems.push(Problem::new("text", message));
        }
        if !(1.0..=25.0).contains(&self.text_size.percent) {
            let message = format!("got `{}`, wanted 1% to 25% of the picture's height", self.text_size);
            problems.push(Problem::new("text_size", message));
        }
        problems.extend(self.crosshair.problems());
        if self.hold > LONGEST_HOLD {
            let message = format!("got `{}`, wanted at most {LONGEST_HOLD}", self.hold);
            problems.push(Problem::new("hold", message));
        }
        if self.max_age > LONGEST_AGE {
            let message = format!("got `{}`, wanted at most {LONGEST_AGE}", self.max_age);
            problems.push(Problem::new("max_age", message));
        }
        problems.extend(cameras::problems(
            base_dir,
            self.calibration.as_deref(),
            self.field_of_view,
        ));
        problems
    }
}
