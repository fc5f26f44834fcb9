//! The pictures of one stream in their order: the camera's, or the one that says that it is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use bushbaby_bus::{StreamName, WallTime};
use bushbaby_node::status::NodeState;
use tokio::sync::Notify;

use crate::app::App;
use crate::no_video;
use crate::pictures::{WantedSize, Watch, Wish};

/// A camera that is silent for less is not called gone.
const LEAST_SILENCE: Duration = Duration::from_secs(1);
/// A stage that makes pictures only while somebody looks has so long for the first one, and from one to the next.
const STAGE_SILENCE: Duration = Duration::from_secs(5);
/// How often the picture that says so is sent: its age goes on.
const NO_VIDEO_EVERY: Duration = Duration::from_secs(1);
/// Its size when the camera never sent a picture.
const NO_VIDEO_PX: [u32; 2] = [640, 360];

/// A picture to send.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) jpeg: Bytes,
    pub(super) captured: WallTime,
    /// False for the one that says that the camera is gone.
    pub(super) is_live: bool,
}

/// Where a stream's pictures come from.
#[derive(Debug)]
pub(super) struct Parts {
    app: Arc<App>,
    camera: StreamName,
    is_camera: bool,
    watch: Watch,
    opened: WallTime,
    bell: Arc<Notify>,
    /// When the last picture was sent; before the first, when this stream was opened.
    last_live: Instant,
    /// From which silence on the camera counts as gone.
    patience: Duration,
    size_px: [u32; 2],
    last_no_video: Option<Instant>,
}

impl Parts {
    /// - `is_camera`: whether it has pictures also while nobody looks.
    /// - `fps`: pictures a second as far as known, so that a slow camera is not called gone.
    pub(super) fn open(
        app: &Arc<App>,
        camera: StreamName,
        is_camera: bool,
        wish: Wish,
        fps: f64,
    ) -> std::io::Result<Self> {
        let bell = Arc::new(Notify::new());
        let watch = app.pictures.watch(&camera, wish, bell.clone())?;
        let size_px = match wish.size {
            WantedSize::Inside(size) => WantedSize::Inside(size).of(NO_VIDEO_PX),
            _ => NO_VIDEO_PX,
        };
        let frame_time = if fps > 0.0 {
            Duration::from_secs_f64((1.0 / fps).min(60.0))
        } else {
            Duration::ZERO
        };
        let patience = if is_camera {
            LEAST_SILENCE.max(frame_time * 5)
        } else {
            STAGE_SILENCE
        };
        Ok(Self {
            app: app.clone(),
            camera,
            is_camera,
            watch,
            opened: WallTime::now(),
            bell,
            last_live: Instant::now(),
            patience,
            size_px,
            last_no_video: None,
        })
    }

    /// Waits for the next picture to send.
    pub(super) async fn next(&mut self) -> Shown {
        loop {
            let silence = self.silence();
            // A picture from before the silence is no live one.
            if let Some(picture) = self.watch.take()
                && silence < self.patience
                && !self.is_left_over(picture.captured)
            {
                self.size_px = picture.size_px;
                self.last_no_video = None;
                self.last_live = Instant::now();
                return Shown {
                    jpeg: picture.jpeg(),
                    captured: picture.captured,
                    is_live: true,
                };
            }
            let until_next = match self.last_no_video {
                Some(last) => NO_VIDEO_EVERY.saturating_sub(last.elapsed()),
                None => self.patience.saturating_sub(silence),
            };
            if !until_next.is_zero() {
                let _ = tokio::time::timeout(until_next, self.bell.notified()).await;
                continue;
            }
            self.last_no_video = Some(Instant::now());
            if let Some(jpeg) = no_video::jpeg(self.size_px, &self.words().await) {
                return Shown {
                    jpeg: jpeg.into(),
                    captured: WallTime::now(),
                    is_live: false,
                };
            }
        }
    }

    /// Whether a picture is what a stage made when somebody looked last.
    fn is_left_over(&self, captured: WallTime) -> bool {
        let age_ns = self.opened.as_ns().saturating_sub(captured.as_ns());
        !self.is_camera && age_ns > LEAST_SILENCE.as_nanos() as i64
    }

    /// How long the camera sent nothing that can be shown; while that is not known, how long this stream has been open. A stage was
    /// silent as long as nobody looked: that is not counted.
    fn silence(&self) -> Duration {
        if !self.is_camera {
            return self.last_live.elapsed();
        }
        let is_readable = self.watch.trouble().is_none();
        let silence = self.watch.silence().filter(|_| is_readable);
        silence.unwrap_or_else(|| self.last_live.elapsed())
    }

    async fn words(&self) -> no_video::Words {
        let node = self.camera.node();
        let why = match self.app.asker.status().await {
            Ok(known) => known
                .status
                .nodes
                .get(node)
                .and_then(|status| match (&status.error, status.state) {
                    (Some(error), _) => Some(error.clone()),
                    (None, NodeState::Running) => None,
                    (None, state) => Some(format!("the camera is {}", no_video::state_word(state))),
                }),
            Err(reason) => Some(reason.to_string()),
        };
        no_video::Words {
            camera: node.to_owned(),
            last_picture: self.watch.silence(),
            why: why.or_else(|| self.watch.trouble()),
        }
    }
}
