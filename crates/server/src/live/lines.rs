//! One page's connections by WebRTC: by camera, as it offered them. No socket in here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use bushbaby_bus::StreamName;
use tokio::sync::Notify;

use crate::app::App;
use crate::connection::Here;
use crate::pictures::Watch;
use crate::webrtc::Line;

/// No page has more connections.
const MOST_LINES: usize = 16;
/// Each costs keys: no page offers more often in a second.
const MOST_OFFERS_A_SECOND: u32 = 32;

#[derive(Debug)]
pub(super) struct Lines {
    app: Arc<App>,
    here: Here,
    bell: Arc<Notify>,
    lines: BTreeMap<StreamName, Line>,
    second: (Instant, u32),
}

impl Lines {
    pub(super) fn new(app: Arc<App>, here: Here, bell: Arc<Notify>) -> Self {
        Self {
            app,
            here,
            bell,
            lines: BTreeMap::new(),
            second: (Instant::now(), 0),
        }
    }

    pub(super) fn has(&self, camera: &StreamName) -> bool {
        self.lines.contains_key(camera)
    }

    /// Answers an offer; the camera's connection before, if there was one, ends. The error says why there is none, in
    /// words.
    pub(super) fn offered(&mut self, camera: &StreamName, offer: &str) -> Result<String, String> {
        let webrtc = self.app.webrtc.as_ref().ok_or("WebRTC is switched off here")?;
        if self.second.0.elapsed() > Duration::from_secs(1) {
            self.second = (Instant::now(), 0);
        }
        self.second.1 += 1;
        if self.second.1 > MOST_OFFERS_A_SECOND {
            return Err("too many offers".into());
        }
        self.lines.remove(camera);
        if self.lines.len() >= MOST_LINES {
            return Err("this page has as many connections as it may have".into());
        }
        let line = webrtc
            .answer(offer, self.here.0, self.bell.clone())
            .map_err(|error| error.to_string())?;
        let answer = line.answer().to_owned();
        self.lines.insert(camera.clone(), line);
        Ok(answer)
    }

    /// Tells whoever makes a camera's pictures what their connection carries.
    pub(super) fn tell(&self, camera: &StreamName, watch: &Watch) {
        if let Some(line) = self.lines.get(camera) {
            watch.line_carries(line.carries_bits());
        }
    }

    /// Passes the camera's next picture on, if there is one, and returns its header.
    pub(super) fn pass_on(&self, camera: &StreamName, watch: &Watch) -> Option<Bytes> {
        let line = self.lines.get(camera)?;
        if line.takes_keyframe_request() {
            watch.begin_anew();
        }
        self.tell(camera, watch);
        let picture = watch.take()?;
        if !line.send(picture.video()?) {
            watch.begin_anew();
            return None;
        }
        Some(picture.message())
    }

    /// Returns a connection that is over, and why, once.
    pub(super) fn next_over(&mut self) -> Option<(StreamName, String)> {
        let (camera, why) = self
            .lines
            .iter()
            .find_map(|(camera, line)| Some((camera.clone(), line.over()?.to_owned())))?;
        self.lines.remove(&camera);
        Some((camera, why))
    }
}
