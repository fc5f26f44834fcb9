//! What a page and the server say to each other: JSON texts, and pictures as binary messages.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use bushbaby_bus::{MonoTime, WallTime};
use bushbaby_sound::results::Score;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::heard::Told;
use crate::instance::{Answer, Known, PictureStream, SoundStream};
use crate::pictures::View as PictureView;
use crate::sound::Form;

/// From the page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FromPage {
    /// These cameras are in sight now, and no others.
    Watch { views: Vec<View> },
    /// The page can show this camera's pictures as H.264 by WebRTC: its offer, as SDP.
    Offer { camera: String, sdp: String },
    /// The last picture of this camera was taken: the next may come.
    Taken { camera: String },
    /// The sound of these is in sight or listened to now, and of no others.
    Hear { sounds: Vec<Ear> },
    /// For the offset of the clocks.
    Ping {
        /// The page's clock; comes back unchanged.
        at: f64,
    },
}

/// One camera in sight.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct View {
    pub(super) camera: String,
    /// What of it.
    #[serde(default)]
    pub(super) view: PictureView,
    /// Size on the screen, in its own pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether its pictures come as H.264: only once an offer was answered.
    #[serde(default)]
    pub(super) video: bool,
    /// The stream of a mask that is to come with its pictures: which of their pixels count to a stage.
    #[serde(default)]
    pub(super) mask: Option<String>,
}

/// One source of sound in sight.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ear {
    pub(super) source: String,
    /// Whether its spectrogram is shown.
    #[serde(default)]
    pub(super) spectrum: bool,
    /// Whether somebody listens to it.
    #[serde(default)]
    pub(super) listen: bool,
}

/// To the page.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToPage<'a> {
    /// The first message.
    Hello {
        instance: &'a str,
        version: &'static str,
        may_act: bool,
        has_password: bool,
        /// Whether the page is to offer WebRTC: it is there, and serves the page better than JPEG.
        has_webrtc: bool,
        now_ms: f64,
    },
    Pong {
        at: f64,
        now_ms: f64,
    },
    /// About twice a second.
    Status {
        now_ms: f64,
        wall_ms: f64,
        /// What there is to see, in the order in which it is shown.
        pictures: &'a [PictureStream],
        /// What there is to hear, likewise.
        sounds: &'a [SoundStream],
        status: &'a RawValue,
    },
    /// How loud it is and what is heard there, at most five times a second.
    Sound(SoundNow<'a>),
    /// What began or ended; first what did within the last hour.
    Heard {
        events: &'a [&'a Told],
    },
    /// A camera's frames come, but there is no picture of them.
    Trouble {
        camera: &'a str,
        why: &'a str,
    },
    /// To an offer.
    Answer {
        camera: &'a str,
        sdp: &'a str,
    },
    /// There is no H.264 of this camera, or none any more: its pictures come as JPEG.
    NoVideo {
        camera: &'a str,
        why: &'a str,
    },
    /// The supervisor gave no answer.
    NoStatus {
        error: &'a str,
    },
}

/// One source of sound as it is now.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct SoundNow<'a> {
    pub(super) source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    pub(super) form: Option<Form>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<LevelNow>,
    /// By the stream that says them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) scores: BTreeMap<&'a str, ScoresNow>,
    /// Why its frames are no sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<String>,
}

/// dB relative to full scale, with one decimal.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct LevelNow {
    pub(super) rms_dbfs: f64,
    pub(super) peak_dbfs: f64,
    /// How loud the room is when nothing happens, where a stage says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor_dbfs: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ScoresNow {
    pub(super) gate_open: bool,
    pub(super) sounds: BTreeMap<String, Score>,
}

/// A number with so many decimals: what nobody can see is not sent.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let steps = 10_f64.powi(decimals);
    (value * steps).round() / steps
}

/// The server's monotonic clock, as all times in messages: milliseconds.
pub(super) fn now_ms() -> f64 {
    MonoTime::now().as_ns() as f64 / 1e6
}

impl ToPage<'_> {
    pub(super) fn text(&self) -> Utf8Bytes {
        // Made of texts and numbers only, so it always becomes JSON.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// The message that tells an answer of the supervisor.
pub(super) fn status(answer: &Answer) -> Utf8Bytes {
    let known = match answer {
        Ok(known) => known,
        Err(error) => return ToPage::NoStatus { error }.text(),
    };
    let Some(status) = raw(known) else {
        return ToPage::NoStatus {
            error: "the status is no JSON",
        }
        .text();
    };
    let wall_ms = WallTime::now().as_ns() as f64 / 1e6;
    ToPage::Status {
        now_ms: now_ms(),
        wall_ms,
        pictures: &known.pictures,
        sounds: &known.sounds,
        status,
    }
    .text()
}

fn raw(known: &Known) -> Option<&RawValue> {
    serde_json::from_slice(&known.json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_says_is_read() {
        let watch = r#"{"type":"watch","views":[{"camera":"front/image","width":640,"height":360}]}"#;
        let FromPage::Watch { views } = serde_json::from_str(watch).unwrap() else {
            panic!("{watch}")
        };
        assert_eq!((views[0].camera.as_str(), views[0].width), ("front/image", 640));
        assert_eq!(views[0].view, PictureView::Picture);
        assert_eq!(
            serde_json::from_str::<FromPage>(r#"{"type":"ping","at":1.5}"#).unwrap(),
            FromPage::Ping { at: 1.5 }
        );
    }

    #[test]
    fn what_no_page_says_is_not() {
        for text in [
            "",
            "null",
            "{}",
            r#"{"type":"restart","node":"a"}"#,
            r#"{"type":"ping","at":"now"}"#,
            r#"{"type":"watch"}"#,
        ] {
            assert!(serde_json::from_str::<FromPage>(text).is_err(), "{text}");
        }
    }
}
