//! The stereo camera before the table: two eyes, what they see at any moment, and what is true of it.

use std::thread;

use bushbaby_vision::apriltag::{Family, UnknownTag};
use bushbaby_vision::camera::{CameraError, CameraModel, Distortion, Intrinsics};
use bushbaby_vision::results::Detections;

use super::super::geometry::{Rigid, looking};
use super::background::{Background, standing};
use super::foreground::{Canvas, Painter, confidence};
use super::things::{Moving, Still};
use super::truth;
use super::view::View;

/// Everything that decides what the captures look like.
#[derive(Debug, Clone)]
pub(in super::super) struct TablePlan {
    pub size_px: [u32; 2],
    pub fps: f64,
    pub seed: u64,
    pub family: Family,
    pub tags: Vec<u32>,
    pub tag_side_m: f64,
    /// How far the right eye is from the left one.
    pub baseline_m: f64,
    /// Whether the right eye is drawn.
    pub with_right: bool,
    /// Whether there is a thing without depth.
    pub with_gaps: bool,
}

impl TablePlan {
    /// Both eyes' model: as wide as a usual camera (73 degrees), and with its axis not quite in the middle, as real ones.
    ///
    /// # Errors
    /// When there can be no picture of that size.
    pub(in super::super) fn camera(&self) -> Result<CameraModel, CameraError> {
        let [width, height] = self.size_px;
        let focal = 0.68 * f64::from(width.max(height));
        let intrinsics = Intrinsics {
            fx: focal,
            fy: focal,
            cx: 0.504 * f64::from(width),
            cy: 0.491 * f64::from(height),
        };
        CameraModel::new(width, height, intrinsics, Distortion::None)
    }
}

/// Why there can be no such camera.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum TableError {
    #[error(transparent)]
    Camera(#[from] CameraError),
    #[error(transparent)]
    Tag(#[from] UnknownTag),
}

/// Where a capture is written; what is empty is not wanted, but for `rgb`. Rows have no padding.
#[derive(Debug, Default)]
pub(in super::super) struct Capture<'a> {
    pub rgb: &'a mut [u8],
    pub rgb_right: &'a mut [u8],
    pub depth: &'a mut [f32],
    pub confidence: &'a mut [f32],
}

/// Draws the captures of one plan.
#[derive(Debug)]
pub(in super::super) struct Eyes {
    plan: TablePlan,
    camera: CameraModel,
    still: Still,
    moving: Moving,
    left: Eye,
    right: Option<Eye>,
    /// Of the left eye's background.
    confidence: Vec<f32>,
    painter: Painter,
}

/// One eye with its background.
#[derive(Debug)]
struct Eye {
    view: View,
    background: Background,
}

impl Eye {
    fn new(view: View, still: &Still) -> Self {
        let background = Background::new(&view, &standing(still, &view));
        Self { view, background }
    }
}

/// Where the left eye is: takes a point of the scene to it.
pub(super) fn left_from_scene() -> Rigid {
    const PLACE: [f64; 3] = [-1.0, 0.06, 0.72];
    const LOOKS_AT: [f64; 3] = [0.10, 0.0, 0.03];
    looking(PLACE, LOOKS_AT, [0.0, 0.0, 1.0], 0.0)
}

impl Eyes {
    /// Draws what never moves; takes up to some seconds for large pictures.
    ///
    /// # Errors
    /// When the plan asks for a size or a tag that cannot be.
    pub(in super::super) fn new(plan: TablePlan) -> Result<Self, TableError> {
        let camera = plan.camera()?;
        let still = Still::new(plan.family, &plan.tags, plan.tag_side_m, plan.with_gaps)?;
        let camera_from_scene = left_from_scene();
        let mut right_from_scene = camera_from_scene;
        right_from_scene.translation[0] -= plan.baseline_m;
        let view = |camera_from_scene: Rigid| View::new(plan.size_px, camera.intrinsics, camera_from_scene);
        let (left, right) = thread::scope(|scope| {
            let right = plan
                .with_right
                .then(|| scope.spawn(|| Eye::new(view(right_from_scene), &still)));
            let left = Eye::new(view(camera_from_scene), &still);
            let right = right.map(|drawing| drawing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            (left, right)
        });
        Ok(Self {
            camera,
            moving: Moving::new(plan.seed),
            confidence: left.background.depth.iter().map(|depth| confidence(*depth)).collect(),
            left,
            right,
            still,
            plan,
            painter: Painter::default(),
        })
    }

    /// Draws one capture.
    pub(in super::super) fn draw(&mut self, picture: u64, capture: &mut Capture<'_>) {
        let solids = self.moving.at(self.seconds(picture));
        let Self {
            left,
            right,
            painter,
            still,
            ..
        } = self;
        let mut paint = |eye: &Eye, canvas: Canvas<'_>| {
            canvas.rgb.copy_from_slice(&eye.background.rgb);
            painter.draw(&eye.view, &eye.background, still, &solids, canvas);
        };
        if !capture.depth.is_empty() {
            capture.depth.copy_from_slice(&left.background.depth);
        }
        if !capture.confidence.is_empty() {
            capture.confidence.copy_from_slice(&self.confidence);
        }
        let canvas = Canvas {
            rgb: capture.rgb,
            depth: capture.depth,
            confidence: capture.confidence,
        };
        paint(left, canvas);
        if let Some(right) = right.as_ref().filter(|_| !capture.rgb_right.is_empty()) {
            let canvas = Canvas {
                rgb: capture.rgb_right,
                ..Canvas::default()
            };
            paint(right, canvas);
        }
    }

    /// What the left eye sees in that capture.
    pub(in super::super) fn truth(&self, picture: u64, camera_name: &str) -> Detections {
        truth::truth(
            camera_name,
            &self.still,
            &self.moving.at(self.seconds(picture)),
            &self.left.view,
            &self.camera,
        )
    }

    fn seconds(&self, picture: u64) -> f64 {
        picture as f64 / self.plan.fps
    }
}
