//! The settings of the `scene` source.

use std::path::Path;
use std::time::Duration;

use bushbaby_node::settings::{Length, Problem, Settings as NodeSettings, SizePx, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field2019;
use super::nursery;
use super::render::Plan;
use super::table::{LARGEST_TAG_M, PLACES as PLACES_ON_TABLE, TablePlan};
use super::truth::FAMILY;
use super::world::PLACES;

/// Settings of the `scene` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneSettings {
    /// What it shows: `tags`, a room with AprilTags of family 36h11 in it, before a camera that moves; `rgbd`, a table-top
    /// before a stereo camera that measures depth: it writes `NAME/rgbd` and, while somebody reads them, `NAME/points` and
    /// `NAME/truth`; `field2019`, the pair of tape strips of that season before the camera of a robot that moves; `webcam`, a driver's
    /// view with a clock and the number of the picture, of which there is no truth; `nursery`, a room at night that is only heard: it
    /// writes `NAME/audio`, 16 kHz, and `NAME/truth`, which says when a cry, a dog, a sneeze or a clock begins and ends.
    #[serde(default)]
    pub scene: Shows,
    /// Size of the pictures. `nursery` has none.
    #[serde(default = "default_size")]
    pub size: SizePx,
    /// Pictures a second.
    #[serde(default = "default_fps")]
    pub fps: f64,
    /// Of `tags`: noise of the sensor, standard deviation in grey levels. Absent: 2.
    #[serde(default)]
    pub noise: Option<f64>,
    /// Of `tags`: blur of the lens, standard deviation in pixels. Absent: 0.5.
    #[serde(default)]
    pub blur: Option<f64>,
    /// Of `tags`: distortion of the lens, OpenCV's coefficients k1, k2, p1, p2, k3. Absent or empty: none.
    #[serde(default)]
    pub distortion: Option<Vec<f64>>,
    /// Of `rgbd`: what a capture holds beside `rgb`. Absent: `[rgb, rgb_right, depth, confidence]`.
    #[serde(default)]
    pub arrays: Option<Vec<CaptureArray>>,
    /// Of `rgbd`: how far the right view is from the left one. Absent: 120mm.
    #[serde(default)]
    pub baseline: Option<Length>,
    /// Of `rgbd`: whether a bottle of polished steel stands there, on which the depth is not known (NaN, with confidence 0).
    /// Absent: true; with false each pixel has a depth.
    #[serde(default)]
    pub gaps: Option<bool>,
    /// Of `nursery`: when the first cry begins. Absent: after 10s.
    #[serde(default)]
    pub cry_after: Option<Time>,
    /// Of `nursery`: how long it is from the beginning of one cry, which takes about 10s, to that of the next. Absent: 1min.
    #[serde(default)]
    pub cry_every: Option<Time>,
    /// Of `nursery`: how loud a cry is, in dB relative to full scale (RMS of its loudest second). The room is at -62. Absent: -30.
    #[serde(default)]
    pub loudness: Option<f64>,
    /// Decides how everything moves, what is heard in which turn, and the noise: the same seed gives the same pictures and sounds.
    #[serde(default)]
    pub seed: u64,
    /// Which tags there are. Of `tags`: one to eight, the first always in the picture; absent: 0 to 5. Of `rgbd`: up to four, the
    /// first upright on the table, two flat, one on the wall; absent: 0 and 1.
    #[serde(default)]
    pub tags: Option<Vec<u32>>,
    /// Side of the tags' black border. The room of `tags` grows with it.
    #[serde(default = "default_tag_size")]
    pub tag_size: Length,
}

/// What a scene shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// A room with AprilTags.
    #[default]
    Tags,
    /// A table-top with its depth.
    Rgbd,
    /// A room with a baby, to be heard.
    Nursery,
    /// The target of the season of 2019.
    Field2019,
    /// A driver's view.
    Webcam,
}

/// One array of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureArray {
    /// The picture of the left view; always there.
    Rgb,
    /// The picture of the right view.
    RgbRight,
    /// Metres along the optical axis of the left view.
    Depth,
    /// How sure the depth is.
    Confidence,
}

const ALL_ARRAYS: [CaptureArray; 4] = [
    CaptureArray::Rgb,
    CaptureArray::RgbRight,
    CaptureArray::Depth,
    CaptureArray::Confidence,
];

fn default_size() -> SizePx {
    SizePx {
        width: 1280,
        height: 720,
    }
}

fn default_fps() -> f64 {
    30.0
}

fn default_tag_size() -> Length {
    Length { metres: 0.165 }
}

impl NodeSettings for SceneSettings {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, message: String| problems.push(Problem::new(key, message));
        let SizePx { width, height } = self.size;
        if !(160..=3840).contains(&width) || !(120..=2160).contains(&height) {
            wrong("size", format!("got `{}`, wanted 160x120 to 3840x2160", self.size));
        }
        if !(0.1..=240.0).contains(&self.fps) {
            wrong("fps", format!("got `{}`, wanted 0.1 to 240", self.fps));
        }
        for (key, scene) in self.misplaced() {
            wrong(key, format!("`{key}` belongs to `scene: {scene}`"));
        }
        match self.scene {
            Shows::Tags => self.check_tags(&mut wrong),
            Shows::Rgbd => self.check_rgbd(&mut wrong),
            Shows::Nursery => self.check_nursery(&mut wrong),
            Shows::Field2019 | Shows::Webcam => {}
        }
        let tags = self.tags();
        for (index, id) in tags.iter().enumerate() {
            if *id >= FAMILY.count() {
                wrong(
                    &format!("tags.{index}"),
                    format!("got `{id}`, wanted 0 to {} ({FAMILY})", FAMILY.count() - 1),
                );
            } else if tags[..index].contains(id) {
                wrong(&format!("tags.{index}"), format!("tag `{id}` is there twice"));
            }
        }
        problems
    }
}

impl SceneSettings {
    /// Keys that say something about another scene, with its name.
    fn misplaced(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let of_tags = [
            ("noise", self.noise.is_some()),
            ("blur", self.blur.is_some()),
            ("distortion", self.distortion.is_some()),
        ];
        let of_rgbd = [
            ("arrays", self.arrays.is_some()),
            ("baseline", self.baseline.is_some()),
            ("gaps", self.gaps.is_some()),
        ];
        let of_nursery = [
            ("cry_after", self.cry_after.is_some()),
            ("cry_every", self.cry_every.is_some()),
            ("loudness", self.loudness.is_some()),
        ];
        let all = [
            (Shows::Tags, "tags", of_tags),
            (Shows::Rgbd, "rgbd", of_rgbd),
            (Shows::Nursery, "nursery", of_nursery),
        ];
        let others = all.into_iter().filter(|(scene, ..)| *scene != self.scene);
        others.flat_map(|(_, scene, keys)| {
            let given = keys.into_iter().filter(|(_, given)| *given);
            given.map(move |(key, _)| (key, scene))
        })
    }

    fn check_nursery(&self, wrong: &mut impl FnMut(&str, String)) {
        const SHORTEST: Duration = Duration::from_secs(15);
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        let plan = self.nursery_plan();
        if plan.cry_after > LONGEST {
            wrong(
                "cry_after",
                format!("got `{}`, wanted at most 24h", Time(plan.cry_after)),
            );
        }
        if !(SHORTEST..=LONGEST).contains(&plan.cry_every) {
            wrong(
                "cry_every",
                format!("got `{}`, wanted 15s to 24h", Time(plan.cry_every)),
            );
        }
        if !(-90.0..=-10.0).contains(&plan.loudness_dbfs) {
            wrong(
                "loudness",
                format!("got `{}`, wanted -90 to -10 dB", plan.loudness_dbfs),
            );
        }
    }

    fn check_tags(&self, wrong: &mut impl FnMut(&str, String)) {
        let plan = self.plan();
        if !(0.0..=50.0).contains(&plan.noise) {
            wrong("noise", format!("got `{}`, wanted 0 to 50 grey levels", plan.noise));
        }
        if !(0.0..=5.0).contains(&plan.blur_px) {
            wrong("blur", format!("got `{}`, wanted 0 to 5 pixels", plan.blur_px));
        }
        if !(0.01..=5.0).contains(&self.tag_size.metres) {
            wrong("tag_size", format!("got `{}`, wanted 10mm to 5m", self.tag_size));
        }
        if plan.tags.is_empty() || plan.tags.len() > PLACES {
            wrong("tags", format!("got {} tags, wanted one to {PLACES}", plan.tags.len()));
        }
        if let Err(error) = plan.camera() {
            wrong("distortion", error.to_string());
        }
    }

    fn check_rgbd(&self, wrong: &mut impl FnMut(&str, String)) {
        let plan = self.table_plan();
        if !(0.01..=0.5).contains(&plan.baseline_m) {
            let baseline = Length {
                metres: plan.baseline_m,
            };
            wrong("baseline", format!("got `{baseline}`, wanted 10mm to 500mm"));
        }
        if !(0.02..=LARGEST_TAG_M).contains(&self.tag_size.metres) {
            let largest = Length { metres: LARGEST_TAG_M };
            wrong("tag_size", format!("got `{}`, wanted 20mm to {largest}", self.tag_size));
        }
        if plan.tags.len() > PLACES_ON_TABLE {
            let count = plan.tags.len();
            wrong("tags", format!("got {count} tags, wanted at most {PLACES_ON_TABLE}"));
        }
        let arrays = self.arrays();
        if !arrays.contains(&CaptureArray::Rgb) {
            wrong(
                "arrays",
                "`rgb` is not among them, wanted it in each capture".to_owned(),
            );
        }
        for (index, array) in arrays.iter().enumerate() {
            if arrays[..index].contains(array) {
                wrong(&format!("arrays.{index}"), "it is there twice".to_owned());
            }
        }
    }

    fn tags(&self) -> Vec<u32> {
        let usual = match self.scene {
            Shows::Tags => 0..6,
            Shows::Rgbd => 0..2,
            Shows::Nursery | Shows::Field2019 | Shows::Webcam => 0..0,
        };
        self.tags.clone().unwrap_or_else(|| usual.collect())
    }

    /// What a capture of `rgbd` holds.
    pub(super) fn arrays(&self) -> &[CaptureArray] {
        self.arrays.as_deref().unwrap_or(&ALL_ARRAYS)
    }

    /// The plan of `tags`.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            size_px: [self.size.width, self.size.height],
            fps: self.fps,
            noise: self.noise.unwrap_or(2.0),
            blur_px: self.blur.unwrap_or(0.5),
            distortion: self.distortion.clone().unwrap_or_default(),
            seed: self.seed,
            family: FAMILY,
            tags: self.tags(),
            tag_side_m: self.tag_size.metres,
        }
    }

    /// The plan of `nursery`.
    pub(super) fn nursery_plan(&self) -> nursery::Plan {
        nursery::Plan {
            cry_after: self.cry_after.map_or(Duration::from_secs(10), |time| time.0),
            cry_every: self.cry_every.map_or(Duration::from_secs(60), |time| time.0),
            loudness_dbfs: self.loudness.unwrap_or(-30.0),
            seed: self.seed,
        }
    }

    /// The plan of `field2019`.
    pub(super) fn field_plan(&self) -> field2019::Plan {
        field2019::Plan {
            size_px: [self.size.width, self.size.height],
            fps: self.fps,
            seed: self.seed,
        }
    }

    /// The plan of `rgbd`.
    pub(super) fn table_plan(&self) -> TablePlan {
        TablePlan {
            size_px: [self.size.width, self.size.height],
            fps: self.fps,
            seed: self.seed,
            family: FAMILY,
            tags: self.tags(),
            tag_side_m: self.tag_size.metres,
            baseline_m: self.baseline.map_or(0.12, |baseline| baseline.metres),
            with_right: self.arrays().contains(&CaptureArray::RgbRight),
            with_gaps: self.gaps.unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests;
