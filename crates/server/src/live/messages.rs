//! What a page and the server say to each other: JSON texts, and pictures as binary messages.

use axum::extract::ws::Utf8Bytes;
use bushbaby_bus::{MonoTime, WallTime};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::instance::{Answer, Known, PictureStream};
use crate::pictures::View as PictureView;

/// From the page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FromPage {
    /// These cameras are in sight now, and no others.
    Watch { views: Vec<View> },
    /// The last picture of this camera was taken: the next may come.
    Taken { camera: String },
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
        status: &'a RawValue,
    },
    /// A camera's frames come, but there is no picture of them.
    Trouble {
        camera: &'a str,
        why: &'a str,
    },
    /// The supervisor gave no answer.
    NoStatus {
        error: &'a str,
    },
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
