//! How the camera moves: slowly and smoothly, in curves that do not repeat for hours, never away from the first tag.

use super::geometry::{Rigid, Vec3, add, looking, scale, sub};
use super::sensor::Random;
use super::world::{DESIGNED_FOR_M, FIRST_TAG, in_scene};

/// The room's z points up.
const UP: Vec3 = [0.0, 0.0, 1.0];

/// The camera's way through the room.
#[derive(Debug, Clone)]
pub(super) struct CameraPath {
    /// Of the two waves of each of the six things that move.
    phases: [[f64; 2]; 6],
    /// Share of the way from the first tag.
    near: f64,
    /// Share of the movements.
    lively: f64,
    grow: f64,
}

impl CameraPath {
    /// - `size`: of the pictures, as a share of 1280x720. Small ones are taken from nearer, lest the tags get too small, and
    ///   more calmly, lest the tag that is then large leaves the picture.
    /// - `tag_side_m`: the room, and with it the way, grows with the tags.
    pub(super) fn new(seed: u64, size: f64, tag_side_m: f64) -> Self {
        let mut random = Random::new(seed ^ 0x9A7B);
        let phases = std::array::from_fn(|_| [0, 1].map(|_| random.uniform() * std::f64::consts::TAU));
        let lively = (0.28 + 0.72 * (size - 0.125) / 0.375).clamp(0.28, 1.0);
        let near = size.min(1.0) * (1.0 + 0.57 * (1.0 - lively));
        Self {
            phases,
            near,
            lively,
            grow: tag_side_m / DESIGNED_FOR_M,
        }
    }

    /// Returns `camera_from_scene` at `seconds`: camera x right, y down, z ahead; scene x ahead, y left, z up.
    pub(super) fn at(&self, seconds: f64) -> Rigid {
        // Two slow waves each, of periods in seconds that have no common multiple.
        let wave = |i: usize, first: f64, second: f64| {
            let turn = |period: f64, phase: f64| (std::f64::consts::TAU * seconds / period + phase).sin();
            let [one, other] = self.phases[i];
            self.lively * (0.65 * turn(first, one) + 0.35 * turn(second, other))
        };
        let place = [
            0.1 + 0.85 * wave(0, 23.0, 13.7),
            1.2 + 0.28 * wave(1, 17.3, 11.1),
            0.36 + 0.42 * wave(2, 29.0, 15.1),
        ];
        let looked_at = [
            FIRST_TAG[0] + 0.02 + 0.36 * wave(3, 19.0, 9.7),
            FIRST_TAG[1] + 0.24 + 0.13 * wave(4, 14.3, 8.3),
            FIRST_TAG[2],
        ];
        let roll = 0.05 * wave(5, 21.0, 12.1);
        let placed = |point: Vec3| {
            let near = add(FIRST_TAG, scale(sub(point, FIRST_TAG), self.near));
            scale(in_scene(near), self.grow)
        };
        looking(placed(place), placed(looked_at), UP, roll)
    }
}
