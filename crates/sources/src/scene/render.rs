//! The made camera: picture after picture, and the truth about each.

use bushbaby_vision::apriltag::{Family, UnknownTag};
use bushbaby_vision::camera::{CameraError, CameraModel, Distortion, Intrinsics};
use bushbaby_vision::results::Detections;

use super::camera_path::CameraPath;
use super::face::Pinhole;
use super::lens::{Lens, TooStrong};
use super::picture::Painter;
use super::sensor::{Noise, Sensor};
use super::truth;
use super::world::Room;

/// Everything that decides what the pictures look like.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub size_px: [u32; 2],
    pub fps: f64,
    /// Standard deviation in grey levels.
    pub noise: f64,
    /// Standard deviation in pixels.
    pub blur_px: f64,
    /// OpenCV's coefficients of a pinhole camera.
    pub distortion: Vec<f64>,
    pub seed: u64,
    pub family: Family,
    pub tags: Vec<u32>,
    pub tag_side_m: f64,
}

impl Plan {
    /// The camera that takes the pictures, exactly.
    ///
    /// # Errors
    /// When the coefficients are no lens.
    pub(super) fn camera(&self) -> Result<CameraModel, SceneError> {
        let [width, height] = self.size_px;
        // As wide as a usual webcam: 73 degrees.
        let focal = 0.68 * f64::from(width);
        let intrinsics = Intrinsics {
            fx: focal,
            fy: focal,
            cx: f64::from(width) / 2.0,
            cy: f64::from(height) / 2.0,
        };
        let distortion = Distortion::from_model("pinhole", &self.distortion)?;
        let camera = CameraModel::new(width, height, intrinsics, distortion)?;
        if !self.distortion.is_empty() {
            Lens::check(&camera)?;
        }
        Ok(camera)
    }
}

/// Why there can be no such camera.
#[derive(Debug, thiserror::Error)]
pub(super) enum SceneError {
    #[error(transparent)]
    Camera(#[from] CameraError),
    #[error(transparent)]
    Lens(#[from] TooStrong),
    #[error(transparent)]
    Tag(#[from] UnknownTag),
}

/// Draws the pictures of one plan.
#[derive(Debug)]
pub(super) struct Renderer {
    plan: Plan,
    camera: CameraModel,
    /// What the painter paints: the picture itself, or with a lens the straight one behind it.
    pinhole: Pinhole,
    lens: Option<Lens>,
    room: Room,
    path: CameraPath,
    painter: Painter,
    sensor: Sensor,
    noise: Noise,
}

impl Renderer {
    /// Furnishes the room; takes some hundred milliseconds.
    ///
    /// # Errors
    /// When the plan asks for a lens or a tag that cannot be.
    pub(super) fn new(plan: Plan) -> Result<Self, SceneError> {
        // About as many texels as pixels where the walls are; no finer than memory allows.
        let texels_per_m = (f64::from(plan.size_px[0]) / 1280.0 * 280.0).clamp(140.0, 480.0);
        Self::painted(plan, texels_per_m as f32)
    }

    /// The same, painted with so many texels a metre.
    pub(super) fn painted(plan: Plan, texels_per_m: f32) -> Result<Self, SceneError> {
        let camera = plan.camera()?;
        let [width, height] = plan.size_px;
        let lens = if plan.distortion.is_empty() {
            None
        } else {
            Some(Lens::new(&camera)?)
        };
        let Intrinsics { fx: focal, cx, cy, .. } = camera.intrinsics;
        let pinhole = match &lens {
            Some(lens) => *lens.straight(),
            None => Pinhole {
                width,
                height,
                focal,
                center: [cx, cy],
            },
        };
        let size = (f64::from(width) / 1280.0).min(f64::from(height) / 720.0);
        Ok(Self {
            room: Room::new(plan.family, &plan.tags, plan.tag_side_m, texels_per_m)?,
            path: CameraPath::new(plan.seed, size, plan.tag_side_m),
            painter: Painter::default(),
            sensor: Sensor::new(plan.blur_px),
            noise: Noise::new(plan.seed, plan.noise, width as usize),
            plan,
            camera,
            pinhole,
            lens,
        })
    }

    /// Draws one picture into the planes of an I420 picture without padding.
    pub(super) fn draw(&mut self, picture: u64, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
        let camera_from_room = self.path.at(self.seconds(picture));
        self.painter.look(&self.room, &camera_from_room, &self.pinhole);
        let width = self.plan.size_px[0] as usize;
        let noise = &self.noise;
        let Some(lens) = &mut self.lens else {
            let (painter, room) = (&mut self.painter, &self.room);
            let draw = |y: usize, row: &mut [u8]| painter.luma_row(room, y, row);
            self.sensor.expose(width, y, draw, |y, row| noise.add(picture, y, row));
            paint_chroma(painter, room, width, u, v);
            return;
        };
        let mut painted = lens.take_planes();
        let straight_width = self.pinhole.width as usize;
        let [straight_y, straight_u, straight_v] = &mut painted;
        let (painter, room) = (&mut self.painter, &self.room);
        self.sensor.expose(
            straight_width,
            straight_y,
            |y, row| painter.luma_row(room, y, row),
            |_, _| {},
        );
        paint_chroma(painter, room, straight_width, straight_u, straight_v);
        lens.bend(painted, [&mut *y, u, v]);
        for (row, pixels) in y.chunks_exact_mut(width).enumerate() {
            noise.add(picture, row, pixels);
        }
    }

    /// What that picture shows.
    pub(super) fn truth(&self, picture: u64, camera_name: &str) -> Detections {
        truth::truth(
            camera_name,
            &self.room,
            &self.path.at(self.seconds(picture)),
            &self.camera,
        )
    }

    /// The first pixel of a picture that shows something although something else is nearer: the two faces.
    #[cfg(test)]
    pub(super) fn hidden_but_drawn(&mut self, picture: u64) -> Option<[usize; 2]> {
        let camera_from_room = self.path.at(self.seconds(picture));
        self.painter.look(&self.room, &camera_from_room, &self.pinhole);
        self.painter
            .hidden_but_drawn(&self.room, &camera_from_room, &self.pinhole)
    }

    fn seconds(&self, picture: u64) -> f64 {
        picture as f64 / self.plan.fps
    }
}

fn paint_chroma(painter: &mut Painter, room: &Room, width: usize, u: &mut [u8], v: &mut [u8]) {
    let half = width.div_ceil(2);
    for (y, (u_row, v_row)) in u.chunks_exact_mut(half).zip(v.chunks_exact_mut(half)).enumerate() {
        painter.chroma_row(room, y, u_row, v_row);
    }
}
