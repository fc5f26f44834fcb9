//! A solid as one eye sees it: how far away it is, and in which colour.

use super::super::art::{Rgb, mix, ramp};
use super::super::geometry::{Rigid, Vec3, add, dot, scale, sub, unit};
use super::paint::{Decal, Paint, has_no_depth};
use super::silhouette::Rect;
use super::solid::{Shape, Solid, along};
use super::sun::{Caster, light};
use super::view::View;

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
        has_no_depth(self.paint)
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
