//! One picture as it goes to browsers and other programs.

use axum::body::Bytes;
use bushbaby_bus::{Frame, Origin, WallTime};
use serde::Serialize;
use serde_json::Value;

use super::view::{Legend, View};
use crate::binary;

/// A JPEG with what the page must know of it. All watchers of one camera and size share it.
#[derive(Debug)]
pub(crate) struct Picture {
    /// When it was taken, on the wall clock.
    pub(crate) captured: WallTime,
    /// Width and height of the JPEG, in pixels.
    pub(crate) size_px: [u32; 2],
    /// Length of the header as four bytes (little endian), the header (JSON), the JPEG: the WebSocket's message.
    message: Bytes,
    jpeg_at: usize,
}

#[derive(Serialize)]
struct Header<'a> {
    r#type: &'static str,
    camera: &'a str,
    /// Joins results to it: see [`origin_key`].
    origin: String,
    captured_ms: f64,
    captured_by: &'static str,
    sent_ms: f64,
    width_px: u32,
    height_px: u32,
    #[serde(flatten)]
    content: &'a Content,
}

/// What is in a picture.
#[derive(Debug, Serialize)]
pub(super) struct Content {
    /// Size of the picture that results are in, in pixels.
    pub(super) source_px: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calibration: Option<Value>,
    pub(super) view: View,
    /// The views that this frame has.
    pub(super) views: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) legend: Option<Legend>,
}

/// Names a captured frame; a text, as its numbers are too large for JavaScript's.
pub(crate) fn origin_key(origin: &Origin) -> String {
    format!("{}:{}:{}", origin.stream, origin.generation, origin.seq)
}

impl Picture {
    /// Puts header and JPEG together.
    pub(super) fn new(frame: &Frame, jpeg: &[u8], size_px: [u32; 2], content: &Content) -> Self {
        let captured = frame.captured();
        let header = Header {
            r#type: "picture",
            camera: frame.stream().as_str(),
            origin: origin_key(frame.origin()),
            captured_ms: captured.mono.as_ns() as f64 / 1e6,
            captured_by: captured.known_by.as_str(),
            sent_ms: frame.published_at().as_ns() as f64 / 1e6,
            width_px: size_px[0],
            height_px: size_px[1],
            content,
        };
        let (message, jpeg_at) = binary::message(&header, jpeg);
        Self {
            captured: captured.wall,
            size_px,
            message: message.into(),
            jpeg_at,
        }
    }

    /// How much is sent with it.
    pub(super) fn bytes(&self) -> usize {
        self.message.len()
    }

    /// The message that brings it over the WebSocket.
    pub(crate) fn message(&self) -> Bytes {
        self.message.clone()
    }

    /// The JPEG alone.
    pub(crate) fn jpeg(&self) -> Bytes {
        self.message.slice(self.jpeg_at..)
    }
}
