//! `sound_file`: a recording as a microphone.
//!
//! In: a path. Out: `audio`, piece by piece.
//!
//! The capture time is the moment at which a piece's first sample is due at the recording's own pace, or at which it is sent when the
//! readers set the pace ([`CaptureClock::File`](bushbaby_bus::CaptureClock)).

mod source;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use bushbaby_node::{Kind, Problem, Settings};
use bushbaby_sound::file::SoundFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use source::SoundFileSource;

/// The `sound_file` source.
pub const KIND: Kind = Kind::source::<SoundFileSource>(
    "sound_file",
    "A sound file (WAV, FLAC, MP3, M4A, MP4), played like a microphone.",
);

/// Settings of the `sound_file` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoundFileSettings {
    /// The file; of a film only the sound is played. Under `mics:` also written `file:`.
    pub sound_file: PathBuf,
    /// Whether it begins anew at its end. Otherwise the node stays, without sound.
    #[serde(default = "yes", rename = "loop")]
    pub is_loop: bool,
    /// Who sets the pace.
    #[serde(default)]
    pub pace: Pace,
    /// How fast it is played at its own pace: 2 is twice as fast as it was recorded. The sound is not changed, only sent sooner.
    #[serde(default = "one")]
    pub speed: f64,
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

/// Who sets the pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// The recording: each piece comes when it is due, like a microphone's.
    #[default]
    File,
    /// The readers: the next piece comes when every reader has taken the one before. None is missed; without readers it waits.
    Readers,
}

impl Settings for SoundFileSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let path = base_dir.join(&self.sound_file);
        if let Err(error) = std::fs::metadata(&path) {
            let message = format!("`{}` cannot be read: {error}", self.sound_file.display());
            problems.push(Problem::new("sound_file", message).with_hint("a path is relative to the pipeline file"));
        } else if let Err(error) = SoundFile::open(&path) {
            problems.push(Problem::new("sound_file", error.to_string()));
        }
        if !(0.01..=1000.0).contains(&self.speed) {
            problems.push(Problem::new(
                "speed",
                format!("got `{}`, wanted 0.01 to 1000", self.speed),
            ));
        }
        problems
    }
}
