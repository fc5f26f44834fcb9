//! `microphone`: what is plugged in, or built in, and hears.
//!
//! ```text
//! microphone → `bushbaby-microphone` (a child; links libasound) → pipe → pieces → bus
//! ```
//!
//! In: the name of a microphone. Out: `audio`, as the microphone gives it. The capture time is that of the driver, brought to the
//! first sample of each piece.

mod child;
mod frame;
mod line;
mod program;
mod source;
mod survey;
#[cfg(test)]
mod tests;

use std::path::Path;

use bushbaby_node::audio::{MOST_CHANNELS, SAMPLE_RATES_HZ};
use bushbaby_node::{Kind, Problem, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use frame::{FrameError, FrameReader, Pcm, Piece};
pub use source::MicrophoneSource;
pub use survey::{MicrophoneInfo, SurveyError, survey};

/// The `microphone` source.
pub const KIND: Kind = Kind::source::<MicrophoneSource>("microphone", "A microphone that is plugged in or built in.");

/// Settings of the `microphone` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MicrophoneSettings {
    /// Which microphone: `default`, or a name that `bushbaby cameras` lists, or a part of one that no other has. `usb:NAME` looks
    /// among those on USB alone.
    #[serde(default = "default_mic")]
    pub mic: String,
    /// Samples a second asked of it. Absent: 48000 where it has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Channels asked of it. Absent: as few as it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<u16>,
}

fn default_mic() -> String {
    "default".to_owned()
}

impl Settings for MicrophoneSettings {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.mic.trim().is_empty() || self.mic.starts_with('-') {
            let message = format!("got `{}`, wanted the name of a microphone", self.mic);
            problems.push(
                Problem::new("mic", message).with_hint("`bushbaby cameras` lists them; `default` is the usual one"),
            );
        }
        if let Some(rate) = self.rate.filter(|rate| !SAMPLE_RATES_HZ.contains(rate)) {
            let (least, most) = (SAMPLE_RATES_HZ.start(), SAMPLE_RATES_HZ.end());
            problems.push(Problem::new(
                "rate",
                format!("got `{rate}`, wanted {least} to {most} samples a second"),
            ));
        }
        if let Some(channels) = self
            .channels
            .filter(|channels| !(1..=MOST_CHANNELS).contains(&usize::from(*channels)))
        {
            problems.push(Problem::new(
                "channels",
                format!("got `{channels}`, wanted 1 to {MOST_CHANNELS}"),
            ));
        }
        problems
    }
}
