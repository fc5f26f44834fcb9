//! `video_file`: a film or a folder of pictures as a camera.
//!
//! In: a path. Out: `image`, each picture in the order in which it is shown; `audio`, where the film has sound that is decoded here.
//!
//! ```text
//! H.264 in MP4 → decoder here ─┐
//! PNG, JPEG, PNM in a folder ──┼→ source (when each picture is due) → bus
//! anything else → ffmpeg child ┘
//! ```
//!
//! The capture time is the moment at which the picture is due at the film's own pace, or at which it is sent when the readers
//! set the pace ([`CaptureClock::File`](bushbaby_bus::CaptureClock)).

mod ffmpeg;
mod footage;
mod movie;
mod mp4;
#[cfg(test)]
mod sound_tests;
mod soundtrack;
mod source;
mod stills;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::access_units;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::{Kind, Problem, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calibration;
pub use source::VideoFileSource;

/// The `video_file` source.
pub const KIND: Kind = Kind::source::<VideoFileSource>(
    "video_file",
    "A film, with its sound, or a folder of pictures, played like a camera.",
);

/// Settings of the `video_file` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoFileSettings {
    /// The film, the picture, or the folder of pictures (PNG, JPEG, PNM; in the order of their names, `2` before `10`).
    pub video_file: PathBuf,
    /// Pictures a second. Absent: the film's own; 10 for a folder. A film whose pictures have a pace of their own has no sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Whether it begins anew at its end. Otherwise the node stays, without pictures.
    #[serde(default = "yes", rename = "loop")]
    pub is_loop: bool,
    /// Who sets the pace.
    #[serde(default)]
    pub pace: Pace,
    /// The calibration file of the camera that took the pictures, whose numbers travel with every one. Absent: poses rest on a
    /// guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

const SLOWEST_FPS: f64 = 0.001;
const FASTEST_FPS: f64 = 1000.0;

/// How long each of so many pictures a second is shown.
fn frame_time(fps: f64) -> Duration {
    let seconds = 1.0 / fps.clamp(SLOWEST_FPS, FASTEST_FPS);
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1))
}

fn yes() -> bool {
    true
}

/// Who sets the pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// The film: each picture comes when it is due, like a camera's. A slow reader misses some.
    #[default]
    Film,
    /// The readers: the next picture comes when every reader has taken the one before. None is missed; without readers it waits.
    Readers,
}

impl Settings for VideoFileSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = std::fs::metadata(base_dir.join(&self.video_file)) {
            let problem = Problem::new(
                "video_file",
                format!("`{}` cannot be read: {error}", self.video_file.display()),
            );
            problems.push(problem.with_hint("a path is relative to the pipeline file"));
        }
        if let Some(fps) = self.fps.filter(|fps| !(SLOWEST_FPS..=FASTEST_FPS).contains(fps)) {
            let wanted = format!("got {fps}, wanted {SLOWEST_FPS} to {FASTEST_FPS} pictures a second");
            problems.push(Problem::new("fps", wanted));
        }
        problems.extend(calibration::check(self.calibration.as_deref(), base_dir));
        problems
    }
}
