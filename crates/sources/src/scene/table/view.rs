//! One of the two eyes: where it is, and what a ray from it meets.

use bushbaby_vision::camera::Intrinsics;

use super::super::art::{Rgb, mix, ramp};
use super::super::geometry::{Rigid, Vec3, add, cross, dot, scale, sub, unit};
use super::paint::{Decal, Paint};
use super::silhouette::Silhouette;
use super::solid::{Shape, Solid, along};
use super::things::light;

/// Pixels: first column and row, and first after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub columns: [usize; 2],
    pub rows: [usize; 2],
}

impl Rect {
    pub(super) fn is_empty(&self) -> bool {
        self.columns[0] >= self.columns[1] || self.rows[0] >= self.rows[1]
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let apart = |a: [usize; 2], b: [usize; 2]| a[1] <= b[0] || b[1] <= a[0];
        !apart(self.columns, other.columns) && !apart(self.rows, other.rows)
    }

    pub(super) fn around(&self, other: &Self) -> Self {
        let hull = |a: [usize; 2], b: [usize; 2]| [a[0].min(b[0]), a[1].max(b[1])];
        Self {
            columns: hull(self.columns, other.columns),
            rows: hull(self.rows, other.rows),
        }
    }
}

/// An eye that stands still: a pinhole without distortion.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub size: [usize; 2],
    lens: Intrinsics,
    pub camera_from_scene: Rigid,
    pub scene_from_camera: Rigid,
}

impl View {
    pub(super) fn new([width, height]: [u32; 2], lens: Intrinsics, camera_from_scene: Rigid) -> Self {
        Self {
            size: [width as usize, height as usize],
            lens,
            camera_from_scene,
            scene_from_camera: camera_from_scene.inverse(),
        }
    }

    /// The direction of a place in the picture, 1 along the axis; a pixel's centre is at half past its number.
    #[inline(always)]
    pub(super) fn ray(&self, u: f64, v: f64) -> Vec3 {
        let Intrinsics { fx, fy, cx, cy } = self.lens;
        [(u - cx) / fx, (v - cy) / fy, 1.0]
    }

    /// The pixels that a convex thing with these corners may touch.
    pub(super) fn silhouette<const N: usize>(&self, corners: [Vec3; N]) -> Silhouette {
        const NEAR_M: f64 = 0.05;
        let seen = corners.map(|corner| self.camera_from_scene.apply(corner));
        if !seen.iter().all(|corner| corner[2] > NEAR_M) {
            return Silhouette::new(None, self.size);
        }
        let Intrinsics { fx, fy, cx, cy } = self.lens;
        let mut pixels = seen.map(|[x, y, z]| [x / z * fx + cx, y / z * fy + cy]);
        Silhouette::new(Some(&mut pixels), self.size)
    }
}

/// A camera at `place` that looks at `at`, level. Returns `camera_from_scene`.
pub(super) fn looking(place: Vec3, at: Vec3) -> Rigid {
    let ahead = unit(sub(at, place));
    let right = unit(cross(ahead, [0.0, 0.0, 1.0]));
    let turned = Rigid {
        rotation: [right, cross(ahead, right), ahead],
        translation: [0.0; 3],
    };
    Rigid {
        translation: scale(turned.turn(place), -1.0),
        ..turned
    }
}

/// A solid as one eye sees it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub index: usize,
    shape: Shape,
    paint: Paint,
    scene_from_solid: Rigid,
    decals: Vec<&'a Decal>,
    /// What may keep the sun from it.
    shaded_by: Vec<Caster>,
    /// The eye in the solid's frame.
    eye: Vec3,
    solid_from_camera: Rigid,
    /// Toward the sun, in the solid's frame.
    light: Vec3,
    /// Toward where the sky is brightest, in the solid's frame; as long as that makes a difference.
    sky: Vec3,
    pub rect: Rect,
}

/// What a ray shows: a colour, 0.0 to 255.0, and which part of its brightness is sunlight, 0.0 to 1.0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shaded {
    pub rgb: Rgb,
    pub sun_share: f32,
}

impl<'a> Seen<'a> {
    /// - `decals`: all there are, each with the index of the solid that it lies on.
    /// - `casters`: all that may keep the sun from it.
    pub(super) fn new(
        index: usize,
        solid: &Solid,
        decals: &'a [(usize, Decal)],
        casters: &[Caster],
        view: &View,
    ) -> Self {
        let solid_from_scene = solid.scene_from_solid.inverse();
        let solid_from_camera = solid_from_scene.after(&view.scene_from_camera);
        let [width, height] = view.size;
        let rect = match solid.shape {
            Shape::Ground => Rect {
                columns: [0, width],
                rows: [0, height],
            },
            _ => view.silhouette(solid.corners()).rect,
        };
        let own = Caster::new(index, solid);
        let may_shade = |caster: &&Caster| {
            let others = caster.index != index;
            others && own.is_none_or(|own| caster.may_shade(&own))
        };
        Self {
            index,
            shape: solid.shape,
            paint: solid.paint,
            scene_from_solid: solid.scene_from_solid,
            decals: decals
                .iter()
                .filter(|(on, _)| *on == index)
                .map(|(_, decal)| decal)
                .collect(),
            shaded_by: casters.iter().filter(may_shade).copied().collect(),
            eye: solid_from_camera.translation,
            solid_from_camera,
            light: solid_from_scene.turn(light()),
            sky: solid_from_scene.turn([0.0, -0.06, 0.12]),
            rect,
        }
    }

    /// How far along the camera's axis a ray meets it first.
    #[inline(always)]
    pub(super) fn depth(&self, ray: Vec3) -> Option<f64> {
        let [enter, _] = self.shape.span(self.eye, self.solid_from_camera.turn(ray))?;
        (enter > 0.0).then_some(enter)
    }

    pub(super) fn has_no_depth(&self) -> bool {
        super::paint::has_no_depth(self.paint)
    }

    /// What is seen of it at `depth`, and the number of the [side](Self::side).
    pub(super) fn look(&self, ray: Vec3, depth: f64) -> (Shaded, u8) {
        let direction = self.solid_from_camera.turn(ray);
        let point = along(self.eye, direction, depth);
        let normal = self.shape.outward(point);
        (self.shade(direction, point, normal), self.number(normal))
    }

    /// A number for the side that is seen at `depth`: at least 1, another for each side of each solid.
    pub(super) fn side(&self, ray: Vec3, depth: f64) -> u8 {
        let point = along(self.eye, self.solid_from_camera.turn(ray), depth);
        self.number(self.shape.outward(point))
    }

    fn number(&self, normal: Vec3) -> u8 {
        (self.index as u8).wrapping_mul(7) + self.shape.side(normal) + 1
    }

    fn shade(&self, direction: Vec3, point: Vec3, normal: Vec3) -> Shaded {
        if self.paint == Paint::Steel {
            let [gaze, outward] = [unit(direction), normal].map(|v| self.scene_from_solid.turn(v));
            return mirrored(gaze, outward);
        }
        let decal = self.decals.iter().find_map(|decal| decal.color(point, normal));
        let color = decal.unwrap_or_else(|| self.paint.color(point, normal));
        let toward_sun = dot(normal, self.light).max(0.0);
        let sunny = if toward_sun > 0.0 && !self.shaded_by.is_empty() {
            let place = self.scene_from_solid.apply(point);
            self.shaded_by.iter().map(|caster| caster.lets_through(place)).product()
        } else {
            1.0
        };
        let sky = 0.56 + dot(normal, self.sky);
        let sun = 0.52 * toward_sun * sunny;
        let gloss = self.paint.gloss();
        let mut shine = 0.0;
        if gloss > 0.0 && toward_sun > 0.0 {
            let halfway = sub(self.light, unit(direction));
            let steep = dot(normal, halfway).max(0.0).powi(2) / dot(halfway, halfway);
            // To the 48th power of the cosine there is nothing left of what is not near the mirror's direction.
            if steep > 0.8 {
                shine = sunny * gloss * steep.powi(24);
            }
        }
        Shaded {
            rgb: color.map(|c| c * (sky + sun) as f32 + shine as f32),
            sun_share: (sun / (sky + sun)) as f32,
        }
    }
}

/// Polished steel: the bright room above, the table below.
fn mirrored(gaze: Vec3, outward: Vec3) -> Shaded {
    let back = add(gaze, scale(outward, -2.0 * dot(gaze, outward)));
    let up = back[2] as f32;
    let window = ramp(((back[1] - 0.55) / 0.1) as f32) * ramp(((0.9 - back[1]) / 0.1) as f32);
    let room = mix([120.0, 124.0, 128.0], [228.0, 230.0, 232.0], ramp(up * 1.4 + 0.2));
    let below = mix([96.0, 76.0, 56.0], [150.0, 118.0, 84.0], ramp(-up * 2.0));
    let color = mix(below, room, ramp(up / 0.06 + 0.5));
    Shaded {
        rgb: mix(color, [250.0, 250.0, 246.0], 0.7 * window),
        sun_share: 0.0,
    }
}

/// A solid as the sun sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caster {
    pub index: usize,
    shape: Shape,
    solid_from_scene: Rigid,
    /// Toward the sun, in the solid's frame.
    light: Vec3,
    middle: Vec3,
    radius: f64,
    /// A way of so many metres through it is all dark; what only grazes it is not.
    soft_m: f64,
}

impl Caster {
    pub(super) fn new(index: usize, solid: &Solid) -> Option<Self> {
        if solid.shape == Shape::Ground {
            return None;
        }
        let reach = solid.shape.reach();
        let solid_from_scene = solid.scene_from_solid.inverse();
        Some(Self {
            index,
            shape: solid.shape,
            light: solid_from_scene.turn(light()),
            solid_from_scene,
            middle: solid.scene_from_solid.translation,
            radius: match solid.shape {
                Shape::Ball { radius } => radius,
                _ => dot(reach, reach).sqrt(),
            },
            soft_m: 0.7 * reach.into_iter().fold(f64::INFINITY, f64::min),
        })
    }

    /// How much sunlight reaches a point of the scene past it.
    #[inline(always)]
    pub(super) fn lets_through(&self, place: Vec3) -> f64 {
        let toward = sub(self.middle, place);
        let along = dot(toward, light());
        if along < -self.radius || dot(toward, toward) - along * along >= self.radius * self.radius {
            return 1.0;
        }
        match self.shape.span(self.solid_from_scene.apply(place), self.light) {
            Some([enter, leave]) if leave > 0.0 => {
                let within = leave - enter.max(0.0);
                1.0 - f64::from(ramp((within / self.soft_m) as f32))
            }
            _ => 1.0,
        }
    }

    /// Whether its shadow may fall on another.
    pub(super) fn may_shade(&self, other: &Self) -> bool {
        let toward = sub(self.middle, other.middle);
        let along = dot(toward, light());
        let reach = self.radius + other.radius;
        along > -reach && dot(toward, toward) - along * along < reach * reach
    }
}
