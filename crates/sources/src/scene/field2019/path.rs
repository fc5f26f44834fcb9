//! How the robot moves before the target: near and far, left and right of it, never with its back to it.

use crate::scene::geometry::{Rigid, Vec3, looking};
use crate::scene::sensor::Random;

/// The target's y points down.
const UP: Vec3 = [0.0, -1.0, 0.0];

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
        looking(place, looked_at, UP, 0.02 * wave(5, 8.3))
    }
}
