//! How the robot moves before the target: near and far, left and right of it, never with its back to it.

use crate::scene::geometry::{Rigid, Vec3, add, cross, scale, sub, unit};
use crate::scene::sensor::Random;

/// The camera's way.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// Of the wave of each of the six things that move.
    phases: [f64; 6],
}

impl Path {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x2019);
        Self {
            phases: std::array::from_fn(|_| random.uniform() * std::f64::consts::TAU),
        }
    }

    /// Returns `camera_from_target` at `seconds`; both frames have x right, y down, z ahead.
    pub(super) fn at(&self, seconds: f64) -> Rigid {
        let wave = |i: usize, period: f64| (std::f64::consts::TAU * seconds / period + self.phases[i]).sin();
        let place = [
            0.45 * wave(0, 13.0),
            -0.1 + 0.08 * wave(1, 9.1),
            -1.9 - 0.75 * wave(2, 19.3),
        ];
        let looked_at = [0.2 * wave(3, 11.3), 0.02 + 0.08 * wave(4, 7.9), 0.0];
        looking(place, looked_at, 0.02 * wave(5, 8.3))
    }
}

/// A camera at `place` with its axis through `at`; `roll` turns it clockwise, in radians.
fn looking(place: Vec3, at: Vec3, roll: f64) -> Rigid {
    let ahead = unit(sub(at, place));
    let level = unit(cross([0.0, 1.0, 0.0], ahead));
    let below = cross(ahead, level);
    let (sin, cos) = roll.sin_cos();
    let right = add(scale(level, cos), scale(below, sin));
    let down = sub(scale(below, cos), scale(level, sin));
    let turned = Rigid {
        rotation: [right, down, ahead],
        translation: [0.0; 3],
    };
    Rigid {
        translation: scale(turned.turn(place), -1.0),
        ..turned
    }
}
