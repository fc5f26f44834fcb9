//! One picture as it goes to browsers and other programs.

use std::sync::Arc;

use axum::body::Bytes;
use bushbaby_bus::{Frame, Origin, WallTime};
use serde::Serialize;
use serde_json::Value;

use super::view::{Legend, View};
use crate::binary;

/// A picture with what the page must know of it. All watchers of one camera and size share it.
#[derive(Debug)]
pub(crate) struct Picture {
    /// When it was taken, on the wall clock.
    pub(crate) captured: WallTime,
    /// Its width and height, in pixels.
    pub(crate) size_px: [u32; 2],
    /// Length of the header as four bytes (little endian), the header (JSON), the JPEG if it is one: the WebSocket's message.
    message: Bytes,
    jpeg_at: usize,
    video: Option<VideoPicture>,
}

/// A picture of a video, which goes another way than its header.
#[derive(Debug, Clone)]
pub(crate) struct VideoPicture {
    /// H.264 with start codes.
    pub(crate) annex_b: Arc<[u8]>,
    /// Whether decoding may begin here.
    pub(crate) is_keyframe: bool,
    /// Its time in RTP: 90,000ths of a second since any moment. The header has the lower 32 bits, which packets have, too.
    pub(crate) ticks: u64,
}

/// What a packet of 1,100 bytes of video has besides: IP, UDP, RTP with its extensions, and its authentication.
const PACKET_BYTES: usize = 1100;
const AROUND_PACKET_BYTES: usize = 70;

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
    /// Joins a picture of a video to its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtp: Option<u32>,
    /// What the picture takes on the network, where that is not the length of this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
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
        Self::with(frame, jpeg, None, size_px, content)
    }

    /// A picture of a video and its header.
    pub(super) fn of_video(frame: &Frame, video: VideoPicture, size_px: [u32; 2], content: &Content) -> Self {
        Self::with(frame, &[], Some(video), size_px, content)
    }

    fn with(frame: &Frame, jpeg: &[u8], video: Option<VideoPicture>, size_px: [u32; 2], content: &Content) -> Self {
        let captured = frame.captured();
        let header = Header {
            r#type: if video.is_some() { "video" } else { "picture" },
            camera: frame.stream().as_str(),
            origin: origin_key(frame.origin()),
            captured_ms: captured.mono.as_ns() as f64 / 1e6,
            captured_by: captured.known_by.as_str(),
            sent_ms: frame.published_at().as_ns() as f64 / 1e6,
            width_px: size_px[0],
            height_px: size_px[1],
            rtp: video.as_ref().map(|video| video.ticks as u32),
            bytes: video.as_ref().map(VideoPicture::bytes),
            content,
        };
        let (message, jpeg_at) = binary::message(&header, jpeg);
        Self {
            captured: captured.wall,
            size_px,
            message: message.into(),
            jpeg_at,
            video,
        }
    }

    /// How much is sent with it.
    pub(super) fn bytes(&self) -> usize {
        self.message.len() + self.video.as_ref().map_or(0, VideoPicture::bytes)
    }

    /// The picture itself, where it goes as video.
    pub(crate) fn video(&self) -> Option<&VideoPicture> {
        self.video.as_ref()
    }

    /// The message that brings it over the WebSocket.
    pub(crate) fn message(&self) -> Bytes {
        self.message.clone()
    }

    /// The JPEG alone; nothing, where it is no JPEG.
    pub(crate) fn jpeg(&self) -> Bytes {
        self.message.slice(self.jpeg_at..)
    }
}

impl VideoPicture {
    /// What it takes on the network.
    fn bytes(&self) -> usize {
        self.annex_b.len() + self.annex_b.len().div_ceil(PACKET_BYTES) * AROUND_PACKET_BYTES
    }
}
