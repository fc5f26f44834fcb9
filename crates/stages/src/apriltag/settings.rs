//! Settings of the `apriltag` stage, and what they mean to the detector and to the pose.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bushbaby_node::NodeError;
use bushbaby_node::settings::{Angle, Length, Problem, Settings as NodeSettings};
use bushbaby_vision::apriltag::{DetectError, DetectorSettings, Family};
use bushbaby_vision::field::FieldLayout;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Crop, OnRobot, cameras, layouts};

/// Settings of the `apriltag` stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which tags: `36h11`, `16h5`, `25h9`, `36h10`, `Standard41h12`, `Standard52h13`, `Circle21h7`, `Circle49h12` or `Custom48h12`.
    #[serde(default = "default_family")]
    pub family: String,
    /// Side of the tags: of the square whose corners are reported (for 36h11 the outer edge of the black border). Absent: tags
    /// are found, but without poses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_size: Option<Length>,
    /// Sides of single tags that differ from `tag_size`, by id: `{3: 80mm}`.
    #[serde(default)]
    pub tag_sizes: BTreeMap<u32, Length>,
    /// Looks for squares in a picture this many times smaller: 1, 1.5 or a whole number up to 8. 2 is about four times as fast and
    /// misses tags of less than about 30 pixels; corners are still read from the full picture.
    #[serde(default = "default_decimate")]
    pub decimate: f32,
    /// Threads that share one picture, 1 to 64.
    #[serde(default = "default_threads")]
    pub threads: u32,
    /// Only these tags count. Empty: all of the family.
    #[serde(default)]
    pub ids: BTreeSet<u32>,
    /// The part of the picture that is looked at.
    #[serde(default)]
    pub crop: Crop,
    /// Bit errors that may be put right in a tag's code. Absent: as many as the family stands without inventing tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hamming: Option<u32>,
    /// Tags with a side of fewer pixels are left out.
    #[serde(default)]
    pub min_side_px: f32,
    /// Least grey levels between black and white. 5 finds no more tags than 20 and spends most of its time on sensor noise.
    #[serde(default = "default_contrast")]
    pub contrast: u8,
    /// Whether sides are fitted once more to the edges of the full picture: exacter corners for little time.
    #[serde(default = "default_refine_edges")]
    pub refine_edges: bool,
    /// Calibration of the camera: a file of ours, of OpenCV, ROS, PhotonVision or WPILib. Absent: what the camera says of itself,
    /// else a guess from `field_of_view`, and poses are marked as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
    /// Horizontal field of view to guess from when the camera has no calibration.
    #[serde(default = "default_field_of_view")]
    pub field_of_view: Angle,
    /// Where the tags are on the field: a season such as `2026-rebuilt-welded`, or a file in WPILib's AprilTag field format. Then the
    /// camera's place on the field comes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How the camera sits on the robot. With `field`, the robot's place on the field comes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_robot: Option<OnRobot>,
}

fn default_family() -> String {
    "36h11".to_owned()
}

fn default_decimate() -> f32 {
    1.0
}

fn default_threads() -> u32 {
    1
}

fn default_contrast() -> u8 {
    20
}

fn default_refine_edges() -> bool {
    true
}

fn default_field_of_view() -> Angle {
    Angle { degrees: 65.0 }
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        match Family::from_str(&self.family) {
            Ok(family) => {
                if let Err(error) = self.detector(family).check() {
                    problems.push(setting_problem(&error));
                }
            }
            Err(unknown) => problems.push(
                Problem::new("family", format!("unknown tag family `{}`", self.family))
                    .with_hint(format!("did you mean `{}`?", unknown.nearest)),
            ),
        }
        problems.extend(self.crop.problem());
        for (id, size) in self
            .tag_sizes
            .iter()
            .map(|(id, size)| (Some(id), size))
            .chain(self.tag_size.iter().map(|size| (None, size)))
        {
            if size.metres <= 0.0 {
                let path = id.map_or_else(|| "tag_size".to_owned(), |id| format!("tag_sizes.{id}"));
                problems.push(Problem::new(
                    path,
                    format!("got `{size}`, wanted a side longer than nothing"),
                ));
            }
        }
        problems.extend(cameras::problems(
            base_dir,
            self.calibration.as_deref(),
            self.field_of_view,
        ));
        problems.extend(self.layout(base_dir).err());
        if self.on_robot.is_some() && self.field.is_none() {
            problems.push(
                Problem::new("on_robot", "`on_robot` says nothing without a `field`")
                    .with_hint("add `field: FILE`, or leave this out"),
            );
        }
        problems
    }
}

fn setting_problem(error: &DetectError) -> Problem {
    match error {
        DetectError::Setting { name, got, wanted } => {
            let key = if *name == "max_hamming" {
                "hamming"
            } else if *name == "min_side" {
                "min_side_px"
            } else {
                name
            };
            Problem::new(key, format!("got `{got}`: {wanted}"))
        }
        other => Problem::new("", other.to_string()),
    }
}

impl Settings {
    fn detector(&self, family: Family) -> DetectorSettings {
        DetectorSettings {
            family,
            decimate: self.decimate,
            threads: self.threads,
            max_hamming: self.hamming,
            min_side_px: self.min_side_px,
            contrast: self.contrast,
            refine_edges: self.refine_edges,
        }
    }

    /// What the detector is told.
    ///
    /// # Errors
    /// When the family is not known; [`NodeSettings::check`] finds that earlier.
    pub fn detector_settings(&self) -> Result<DetectorSettings, NodeError> {
        let family = Family::from_str(&self.family).map_err(|error| NodeError::new(error.to_string()).for_good())?;
        Ok(self.detector(family))
    }

    /// The field that `field` describes, where it is set.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn field_layout(&self, base_dir: &Path) -> Result<Option<FieldLayout>, NodeError> {
        self.layout(base_dir).map_err(|problem| NodeError::new(problem.message))
    }

    fn layout(&self, base_dir: &Path) -> Result<Option<FieldLayout>, Problem> {
        let Some(name) = &self.field else { return Ok(None) };
        layouts::layout("field", name, base_dir).map(Some)
    }
}
