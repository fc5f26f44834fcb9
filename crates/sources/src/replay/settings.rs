//! What a person may say about a replay.

use std::path::{Path, PathBuf};

use bushbaby_node::settings::Time;
use bushbaby_node::{Problem, Settings};
use bushbaby_recording::read::{RecordedCamera, Recording, cameras};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{At, Speed};

/// Settings of the `replay` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySettings {
    /// The recording: an MCAP file.
    pub replay: PathBuf,
    /// Which camera of the recording, or which microphone. Absent: the one with this node's name; in recordings of others that is the
    /// `frame_id` of its pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// How fast: `1` as it was recorded, `0.5` half as fast, or `max`, as fast as its readers go: then no frame is missed, and without
    /// readers it waits.
    #[serde(default)]
    pub speed: Speed,
    /// Whether it begins anew at its end. Otherwise the node stays, without frames.
    #[serde(default, rename = "loop")]
    pub is_loop: bool,
    /// Which capture times the frames have.
    #[serde(default)]
    pub times: Times,
    /// Where it begins: `90s` after the recording's beginning, or a time of then, `2026-02-28T14:30:00Z`. Absent: its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<At>,
    /// Where it ends, likewise. Absent: its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<At>,
    /// Sends a capture each so long, as `500ms`, whatever their spacing was; the sound of a camera is then left out. Absent: spaced as
    /// they were, at `speed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Time>,
}

/// Which capture times replayed frames have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Those of now, spaced as they are played: whoever reads sees a camera.
    #[default]
    New,
    /// The wall times of then; monotonic times are spaced as they were recorded, whatever the speed.
    Recorded,
}

impl Settings for ReplaySettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let path = base_dir.join(&self.replay);
        let recording = match Recording::open(&path) {
            Ok(recording) => recording,
            Err(error) => {
                let hint = "a path is relative to the pipeline file; films are cameras of kind `video_file`";
                return vec![Problem::new("replay", error.to_string()).with_hint(hint)];
            }
        };
        let mut problems = Vec::new();
        if self.step.is_some() && self.speed != Speed::default() {
            let message = "`step` and `speed` both say how fast it is played, wanted one of them";
            problems.push(Problem::new("step", message));
        }
        if let Some(name) = &self.camera {
            problems.extend(no_camera(name, &path).map(|message| Problem::new("camera", message)));
        }
        let times = recording.times_ns().unwrap_or_default();
        problems.extend(
            range_ns(times, self.from, self.to)
                .err()
                .map(|message| Problem::new("from", message)),
        );
        problems
    }
}

/// Words that a camera is not in a recording, and who is; `None` when it is there.
pub(super) fn no_camera(name: &str, path: &Path) -> Option<String> {
    let there = cameras(path).unwrap_or_default();
    if there.iter().any(|camera| camera.name == name) {
        return None;
    }
    Some(format!(
        "there is no camera `{name}` in `{}`; {}",
        path.display(),
        those_there(&there)
    ))
}

/// Which cameras a recording has, in words.
pub(super) fn those_there(cameras: &[RecordedCamera]) -> String {
    let names: Vec<String> = cameras.iter().map(|camera| format!("`{}`", camera.name)).collect();
    match names.as_slice() {
        [] => "no camera was recorded in it".to_owned(),
        [only] => format!("only {only} is"),
        [all @ .., last] => format!("{} and {last} are", all.join(", ")),
    }
}

/// The part of a recording to play, in nanoseconds since 1970.
///
/// # Errors
/// Words, when nothing was recorded then.
pub fn range_ns((first, last): (u64, u64), from: Option<At>, to: Option<At>) -> Result<(u64, u64), String> {
    let begin = from.map_or(first, |at| at.in_recording(first)).max(first);
    let end = to.map_or(last, |at| at.in_recording(first)).min(last);
    if begin <= end {
        return Ok((begin, end));
    }
    let length = Time(std::time::Duration::from_nanos(last - first));
    let begins = jiff::Timestamp::from_nanosecond(i128::from(first)).unwrap_or_default();
    Err(format!(
        "nothing was recorded then: the recording begins at {begins} and lasts {length}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_before_or_behind_the_recording_is_refused() {
        let at = |text: &str| Some(text.parse::<At>().unwrap());
        let recorded = (10_000_000_000, 20_000_000_000);
        assert_eq!(
            range_ns(recorded, at("2s"), at("5s")),
            Ok((12_000_000_000, 15_000_000_000))
        );
        assert_eq!(range_ns(recorded, None, at("1h")), Ok(recorded));
        let error = range_ns(recorded, at("11s"), None).unwrap_err();
        assert!(
            error.ends_with("begins at 1970-01-01T00:00:10Z and lasts 10s"),
            "{error}"
        );
        assert!(range_ns(recorded, at("5s"), at("2s")).is_err());
    }
}
