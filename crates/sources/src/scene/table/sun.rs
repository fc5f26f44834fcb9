//! The sun, and what keeps it from a place.

use super::super::art::ramp;
use super::super::geometry::{Rigid, Vec3, dot, sub, unit};
use super::solid::{Shape, Solid};

/// Toward the sun.
pub(super) fn light() -> Vec3 {
    unit([-0.35, 0.55, 1.0])
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
