//! Settings of the recorder.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bushbaby_node::settings::{Bitrate, ByteSize, Problem, Settings as NodeSettings, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Settings of the recorder.
///
/// It writes what comes on its inputs, each frame with its capture time, into files named by the time at which they were begun:
/// `2026-11-21_10-54-04.mcap`. A file that is renamed is no longer the recorder's: `budget` leaves it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder for the files. It is made when it is missing.
    #[serde(default = "default_folder")]
    pub to: PathBuf,
    /// What the files are: `mcap` holds all streams in one file, with their times, and opens in Foxglove, Rerun and `ros2 bag`;
    /// `mp4` is one video a camera, for any player, without results and sound; `wav` is the sound alone, one file after the other for
    /// each camera and microphone, named by the time of its first sample in UTC (`2026-11-21_10-54-04Z_door.wav`), 16 bits, silence
    /// where sound never came. `record: {wav: FOLDER}` is short for `{to: FOLDER, format: wav}`.
    #[serde(default)]
    pub format: Format,
    /// What pictures become: `h264` (small; what the eye does not see is lost), `jpeg` (each picture alone; what a JPEG camera
    /// sends is kept as it is) or `raw` (nothing is lost; 40 MB a second for 720p).
    #[serde(default)]
    pub color: Color,
    /// Bit rate of each H.264 video, as in `4Mbit`. Absent: 0.1 bit for each pixel, 2.8 Mbit/s for 720p at 30 pictures a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<Bitrate>,
    /// Quality of JPEG pictures, 1 to 100.
    #[serde(default = "default_quality")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
    /// What is kept of RGB-D captures beside `rgb`: any of `rgb_right`, `depth`, `confidence`.
    #[serde(default)]
    pub arrays: Vec<Array>,
    /// How depth is kept: `uint16` in whole millimetres, 0 where it is not known, up to 65 m; or `float32` in metres, as it came,
    /// which takes twice the space and more.
    #[serde(default)]
    pub depth: Depth,
    /// Begins a new file after this time, size or both: `10min`, `2GB`, `10min or 2GB`. Absent: one file for each run; with
    /// `budget`, at an eighth of it. Files of sound: after 10 min.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// What all files of the recorder in this folder may take. Above it the oldest go; other files are never touched.
    /// Absent: until the disk is full. Then recording pauses, and goes on when there is room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<ByteSize>,
}

/// What the files are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// All streams in one file.
    #[default]
    Mcap,
    /// One video a camera.
    Mp4,
    /// The sound alone.
    Wav,
}

/// What pictures become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    /// Video.
    #[default]
    H264,
    /// Pictures one by one.
    Jpeg,
    /// As they are.
    Raw,
}

/// An array of an RGB-D capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Array {
    /// The right view.
    RgbRight,
    /// Depth of the picture's pixels.
    Depth,
    /// How sure the depth is.
    Confidence,
}

/// How depth is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Whole millimetres.
    #[default]
    Uint16,
    /// Metres.
    Float32,
}

/// When a new file begins: `10min`, `2GB`, `10min or 2GB`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// After this time.
    pub time: Option<Time>,
    /// At this size.
    pub size: Option<ByteSize>,
}

fn default_folder() -> PathBuf {
    "recordings".into()
}

fn default_quality() -> u8 {
    85
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            to: default_folder(),
            format: Format::default(),
            color: Color::default(),
            bitrate: None,
            quality: default_quality(),
            arrays: Vec::new(),
            depth: Depth::default(),
            split: None,
            budget: None,
        }
    }
}

/// The shortest time and the smallest size of a file that `split` may ask for.
const SHORTEST: Time = Time(std::time::Duration::from_secs(5));
const SMALLEST: ByteSize = ByteSize { bytes: 1_000_000 };
/// Less than this, and there is no room for files to go.
const LEAST_BUDGET: ByteSize = ByteSize { bytes: 10_000_000 };

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let folder = base_dir.join(&self.to);
        if folder.exists() && !folder.is_dir() {
            problems.push(
                Problem::new("to", format!("`{}` is a file, wanted a folder", self.to.display()))
                    .with_hint("name a folder; it is made when it is missing"),
            );
        }
        if !(1..=100).contains(&self.quality) {
            problems.push(Problem::new(
                "quality",
                format!("got {}, wanted 1 to 100", self.quality),
            ));
        }
        if self.bitrate.is_some() && self.color != Color::H264 {
            problems.push(
                Problem::new("bitrate", "only video has a bit rate").with_hint("leave it out, or write `color: h264`"),
            );
        }
        let alone = match self.format {
            Format::Mcap => None,
            Format::Mp4 => Some("an MP4 file holds video only"),
            Format::Wav => Some("a WAV file holds sound only"),
        };
        if let Some(alone) = alone {
            if self.color != Color::H264 {
                problems.push(Problem::new("color", alone).with_hint("leave `color` out, or write `format: mcap`"));
            }
            if !self.arrays.is_empty() {
                problems.push(Problem::new("arrays", alone).with_hint("leave `arrays` out, or write `format: mcap`"));
            }
        }
        let too_short = self
            .split
            .and_then(|split| split.time)
            .is_some_and(|time| time < SHORTEST);
        let too_small = self
            .split
            .and_then(|split| split.size)
            .is_some_and(|size| size < SMALLEST);
        if too_short || too_small {
            problems.push(Problem::new(
                "split",
                format!("files that short are no use: wanted at least {SHORTEST} and {SMALLEST}"),
            ));
        }
        if self.budget.is_some_and(|budget| budget < LEAST_BUDGET) {
            problems.push(Problem::new(
                "budget",
                format!("that has no room for two files: wanted at least {LEAST_BUDGET}"),
            ));
        }
        problems
    }
}

impl FromStr for Split {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut split = Self::default();
        for part in text.split(" or ") {
            if let (Ok(time), None) = (part.parse(), split.time) {
                split.time = Some(time);
            } else if let (Ok(size), None) = (part.parse(), split.size) {
                split.size = Some(size);
            } else {
                return Err(format!(
                    "got `{text}`, wanted a time, a size or both, such as `10min`, `2GB` or `10min or 2GB`"
                ));
            }
        }
        Ok(split)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.time, self.size) {
            (Some(time), Some(size)) => write!(f, "{time} or {size}"),
            (Some(time), None) => write!(f, "{time}"),
            (None, Some(size)) => write!(f, "{size}"),
            (None, None) => Ok(()),
        }
    }
}

impl Serialize for Split {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Split {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Split {
    fn schema_name() -> Cow<'static, str> {
        "Split".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = r"[0-9.]+ ?(s|min|h|d|[kMGT]B|[KMG]iB)";
        json_schema!({ "type": "string", "pattern": format!("^{one}( or {one})?$"), "examples": ["10min or 2GB"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_read_back_as_they_are_written() {
        for text in ["10min", "2GB", "10min or 2GB"] {
            assert_eq!(text.parse::<Split>().unwrap().to_string(), text);
        }
        assert_eq!("2GB or 10min".parse::<Split>().unwrap().to_string(), "10min or 2GB");
        for text in ["", "10", "10min or 5min", "2GB and 10min"] {
            assert!(text.parse::<Split>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_excludes_each_other_is_told_before_anything_starts() {
        let keys = |settings: &Settings| -> Vec<String> {
            settings
                .check(Path::new("/"))
                .into_iter()
                .map(|problem| problem.path)
                .collect()
        };
        assert_eq!(keys(&Settings::default()), [""; 0]);
        let mp4 = Settings {
            format: Format::Mp4,
            color: Color::Raw,
            arrays: vec![Array::Depth],
            bitrate: "4Mbit".parse().ok(),
            quality: 0,
            split: "1s".parse().ok(),
            budget: "1MB".parse().ok(),
            ..Settings::default()
        };
        assert_eq!(keys(&mp4), ["quality", "bitrate", "color", "arrays", "split", "budget"]);
    }
}
