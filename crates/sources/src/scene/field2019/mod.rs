//! The field of 2019, Destination: Deep Space, as a robot's camera sees it: dark, but for the pair of tape strips that its own green
//! light comes back from.
//!
//! In: settings and a picture's number. Out: the picture, the same for the same seed, and the exact truth about the target in it.

mod path;
#[cfg(test)]
mod tests;

use bushbaby_pixels::draw::{Canvas, Paint};
use bushbaby_pixels::{ColorSpace, PixelFormat};
use bushbaby_vision::camera::{CameraError, CameraModel, Distortion, Intrinsics};
use bushbaby_vision::pose::{TagPose, Transform};
use bushbaby_vision::results::{KnownTarget, PoseItem, TargetItem, TargetItemKind, Targets, targets};
use bushbaby_vision::target::{Aim, Preset, Rect, TargetModel, yaw_pitch_deg};

use super::geometry::{Rigid, Vec3};
use super::sensor::Noise;
use super::source::Camera;
use path::Path;

/// Of the wall, before anything is drawn on it.
const WALL: [u8; 3] = [22, 24, 28];
const FLOOR: Paint = Paint::solid([38, 38, 40]);
const PANEL: Paint = Paint::solid([52, 54, 58]);
const OPENING: Paint = Paint::solid([12, 12, 13]);
/// The white line on the floor that leads to the panel.
const LINE: Paint = Paint::solid([104, 104, 100]);
/// Lamps of the hall are bright, but not green.
const LAMP: Paint = Paint::solid([255, 252, 244]);
/// What comes back from the tape.
const TAPE: Paint = Paint::solid([62, 250, 140]);
/// Standard deviation of the sensor's noise, in grey levels.
const NOISE: f64 = 2.0;

/// From the middle of the tape down to the floor, in metres.
const FLOOR_M: f64 = 0.72;

/// Everything that decides what the pictures look like.
#[derive(Debug, Clone, Copy)]
pub(in crate::scene) struct Plan {
    pub(in crate::scene) size_px: [u32; 2],
    pub(in crate::scene) fps: f64,
    pub(in crate::scene) seed: u64,
}

impl Plan {
    /// The camera that takes the pictures, exactly: as wide as the other scenes' cameras, 73 degrees.
    ///
    /// # Errors
    /// When the size is none.
    pub(in crate::scene) fn camera(&self) -> Result<CameraModel, CameraError> {
        let [width, height] = self.size_px;
        let focal = 0.68 * f64::from(width);
        let intrinsics = Intrinsics {
            fx: focal,
            fy: focal,
            cx: f64::from(width) / 2.0,
            cy: f64::from(height) / 2.0,
        };
        CameraModel::new(width, height, intrinsics, Distortion::from_model("pinhole", &[])?)
    }
}

/// Draws the pictures of one plan.
#[derive(Debug)]
pub(in crate::scene) struct Field {
    plan: Plan,
    camera: CameraModel,
    target: TargetModel,
    path: Path,
    noise: Noise,
}

impl Field {
    /// Sets it up.
    ///
    /// # Errors
    /// When there can be no such camera.
    pub(in crate::scene) fn new(plan: Plan) -> Result<Self, CameraError> {
        Ok(Self {
            camera: plan.camera()?,
            target: Preset::Tape2019.model(),
            path: Path::new(plan.seed),
            noise: Noise::new(plan.seed, NOISE, plan.size_px[0] as usize),
            plan,
        })
    }

    fn camera_from_target(&self, picture: u64) -> Rigid {
        self.path.at(picture as f64 / self.plan.fps)
    }

    fn paint(&self, canvas: &mut Canvas<'_>, camera_from_target: &Rigid) {
        let seen = |point: Vec3| self.camera.project(camera_from_target.apply(point));
        let shape = |points: &[Vec3]| points.iter().map(|point| seen(*point)).collect::<Option<Vec<_>>>();
        let mut fill = |corners: Option<Vec<[f64; 2]>>, paint: Paint| {
            if let Some(corners) = corners {
                canvas.polygon(&corners, paint);
            }
        };
        fill(self.floor(seen([-0.5, FLOOR_M, 0.0]), seen([0.5, FLOOR_M, 0.0])), FLOOR);
        let upright = |[left, top, right, bottom]: [f64; 4]| {
            shape(&[
                [left, top, 0.0],
                [right, top, 0.0],
                [right, bottom, 0.0],
                [left, bottom, 0.0],
            ])
        };
        fill(upright([-0.45, -0.28, 0.45, FLOOR_M]), PANEL);
        fill(shape(&circle([0.0, 0.28], 0.22)), OPENING);
        let [near, far] = [-0.46, 0.0];
        let line = [
            [-0.025, FLOOR_M, far],
            [0.025, FLOOR_M, far],
            [0.025, FLOOR_M, near],
            [-0.025, FLOOR_M, near],
        ];
        fill(shape(&line), LINE);
        for x in [-1.3, 0.1, 1.4] {
            fill(upright([x, -0.95, x + 0.35, -0.9]), LAMP);
        }
        for part in self.target.parts() {
            fill(shape(part), TAPE);
        }
    }

    /// All that is below the line in which the wall meets the floor, of which two points are known.
    fn floor(&self, left: Option<[f64; 2]>, right: Option<[f64; 2]>) -> Option<Vec<[f64; 2]>> {
        let ([ax, ay], [bx, by]) = (left?, right?);
        let [width, height] = self.plan.size_px.map(f64::from);
        let slope = (by - ay) / (bx - ax);
        let at = |x: f64| [x, ay + slope * (x - ax)];
        Some(vec![at(0.0), at(width), [width, 3.0 * height], [0.0, 3.0 * height]])
    }

    /// The target as it really is; `None` when not all of it is in the picture.
    fn item(&self, camera_from_target: &Rigid) -> Option<TargetItem> {
        let [width, height] = self.plan.size_px.map(f64::from);
        let project = |point: &Vec3| {
            let [x, y] = self.camera.project(camera_from_target.apply(*point))?;
            ((0.0..=width).contains(&x) && (0.0..=height).contains(&y)).then_some([x, y])
        };
        let [left, right] = self.target.parts() else {
            return None;
        };
        let corners: Option<Vec<[f64; 2]>> = left.iter().chain(right).map(project).collect();
        let corners = corners?;
        // The inner upper corners lie below the line between the outer ones: they are not part of the hull.
        let polygon = [0, 1, 4, 5, 6, 3].map(|index| corners[index]).to_vec();
        let rect = Rect::around(&polygon);
        let aim = rect.middle;
        let [yaw, pitch] = yaw_pitch_deg(aim, &self.camera);
        let pose = TagPose {
            camera_from_tag: Transform::new(camera_from_target.rotation, camera_from_target.translation).ok()?,
            error_px: 0.0,
        };
        Some(TargetItem {
            kind: TargetItemKind::Target,
            label: None,
            yaw,
            pitch,
            area: 100.0 * area_px(&polygon) / (width * height),
            skew: rect.skew_deg,
            aim,
            corners: rect.corners(),
            polygon,
            pose: Some(PoseItem::from(&pose)),
            pose_alt: None,
            ambiguity: Some(0.0),
            calibrated: true,
        })
    }
}

impl Camera for Field {
    type Truth = Targets;
    const HAS_TRUTH: bool = true;

    fn draw(&mut self, picture: u64, [y, u, v]: [&mut [u8]; 3]) {
        let [width, height] = self.plan.size_px;
        let camera_from_target = self.camera_from_target(picture);
        let planes = [&mut *y, u, v];
        // The planes were made for this size.
        if let Ok(mut canvas) = Canvas::new(PixelFormat::I420, width, height, ColorSpace::JPEG, planes) {
            canvas.rectangle([0.0, 0.0, f64::from(width), f64::from(height)], Paint::solid(WALL));
            self.paint(&mut canvas, &camera_from_target);
        }
        for (row, pixels) in y.chunks_exact_mut(width as usize).enumerate() {
            self.noise.add(picture, row, pixels);
        }
    }

    fn truth(&self, picture: u64, name: &str) -> Targets {
        let known = KnownTarget {
            camera: &self.camera,
            model: None,
            aim: Aim::Middle,
            label: None,
        };
        let mut truth = targets(name, &[], known);
        truth.items.extend(self.item(&self.camera_from_target(picture)));
        truth
    }
}

/// A circle on the wall.
fn circle([x, y]: [f64; 2], radius_m: f64) -> Vec<Vec3> {
    let corner = |index: usize| {
        let (sin, cos) = (index as f64 / 32.0 * std::f64::consts::TAU).sin_cos();
        [x + radius_m * cos, y + radius_m * sin, 0.0]
    };
    (0..32).map(corner).collect()
}

fn area_px(polygon: &[[f64; 2]]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    let twice: f64 = polygon.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    twice.abs() / 2.0
}
