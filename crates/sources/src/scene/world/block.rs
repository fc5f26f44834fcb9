//! Things with upright sides and a flat top.

use super::super::art::{Footprint, Side};
use super::super::face::Face;
use super::super::geometry::{Vec3, sub};
use super::{BACK, HALF_WIDTH, in_scene};

/// Something with upright sides and a flat top.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Right and ahead.
    pub(super) middle: [f64; 2],
    /// Half of its width and of its depth.
    pub(super) half: [f64; 2],
    /// Counter-clockwise as seen from above, in radians.
    turn: f64,
    /// Heights of its lower and upper side.
    pub(super) heights: [f64; 2],
}

impl Block {
    pub(super) fn standing(middle: [f64; 2], half: [f64; 2], turn_deg: f64, heights: [f64; 2]) -> Self {
        Self {
            middle,
            half,
            turn: turn_deg.to_radians(),
            heights,
        }
    }

    /// A point by its place along width and depth, -1.0 to 1.0, and its height.
    fn at(&self, [along, deep]: [f64; 2], up: f64) -> Vec3 {
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = (along * self.half[0], deep * self.half[1]);
        in_scene([
            self.middle[0] + x * cos - y * sin,
            up,
            self.middle[1] + x * sin + y * cos,
        ])
    }

    pub(super) fn side(&self, side: Side) -> Face {
        let [low, high] = self.heights;
        let (origin, right, down) = match side {
            Side::Front => ([-1.0, -1.0], self.at([1.0, -1.0], high), self.at([-1.0, -1.0], low)),
            Side::Left => ([-1.0, 1.0], self.at([-1.0, -1.0], high), self.at([-1.0, 1.0], low)),
            Side::Right => ([1.0, -1.0], self.at([1.0, 1.0], high), self.at([1.0, -1.0], low)),
            Side::Top => ([-1.0, 1.0], self.at([1.0, 1.0], high), self.at([-1.0, -1.0], high)),
        };
        let origin = self.at(origin, high);
        Face {
            origin,
            right: sub(right, origin),
            down: sub(down, origin),
        }
    }

    pub(super) fn size(&self, side: Side) -> [f32; 2] {
        let [width, depth] = self.half.map(|h| 2.0 * h as f32);
        let height = (self.heights[1] - self.heights[0]) as f32;
        match side {
            Side::Front => [width, height],
            Side::Left | Side::Right => [depth, height],
            Side::Top => [width, depth],
        }
    }

    /// As the painter of the floor sees it.
    pub(super) fn footprint(&self) -> Footprint {
        let [right, ahead] = self.middle;
        (
            [(right + HALF_WIDTH) as f32, (BACK - ahead) as f32],
            self.half.map(|h| h as f32),
            -self.turn as f32,
        )
    }
}
