//! What stands on the table, and what moves there.

use std::f64::consts::TAU;

use bushbaby_vision::apriltag::{Family, TagBitmap, UnknownTag};

use super::super::face::Face;
use super::super::geometry::{Rigid, Vec3, add, scale, sub};
use super::super::sensor::Random;
use super::paint::{Decal, Paint};
use super::solid::{Shape, Solid, standing};

/// Tags that the scene has places for.
pub(in super::super) const PLACES: usize = 4;

/// Largest side of a tag, in metres, that fits its place.
pub(in super::super) const LARGEST_TAG_M: f64 = 0.2;

/// Half of the table's top along x (ahead) and y (left), in metres.
pub(super) const TABLE_HALF: [f64; 2] = [0.55, 0.95];

const WALL_X: f64 = 1.1;
const FLOOR_Z: f64 = -0.74;

/// What never moves.
#[derive(Debug)]
pub(super) struct Still {
    pub solids: Vec<Solid>,
    /// Tags, each with the index of the solid that it lies on.
    pub decals: Vec<(usize, Decal)>,
    pub family: Family,
}

impl Still {
    /// Sets the table: the first of `ids` stands upright in the middle, two lie flat, the fourth hangs on the wall.
    ///
    /// - `with_steel`: whether there is a thing that has no depth.
    ///
    /// # Errors
    /// [`UnknownTag`], when the family lacks one of the ids.
    pub(super) fn new(family: Family, ids: &[u32], tag_side_m: f64, with_steel: bool) -> Result<Self, UnknownTag> {
        let (_, square_cells, cells) = family.reported_square();
        let paper = tag_side_m * (cells + 1) as f64 / square_cells as f64;
        let stand_half = [0.035, paper / 2.0 + 0.008, paper / 2.0 + 0.012];
        let [table, wall, stand] = [0, 1, 3];
        let mut solids = vec![
            block(
                [0.0, 0.0, -0.02],
                0.0,
                [TABLE_HALF[0], TABLE_HALF[1], 0.02],
                Paint::TableTop,
            ),
            Solid {
                shape: Shape::Ground,
                scene_from_solid: wall_frame(),
                paint: Paint::Wall,
            },
            Solid {
                shape: Shape::Ground,
                scene_from_solid: standing([0.0, 0.0, FLOOR_Z], 0.0),
                paint: Paint::Floor,
            },
            block([0.06, 0.0, stand_half[2]], 0.14, stand_half, Paint::Card),
            block(
                [0.40, -0.70, 0.018],
                0.25,
                [0.085, 0.12, 0.018],
                Paint::Book([38.0, 84.0, 104.0]),
            ),
            block(
                [0.40, -0.71, 0.049],
                -0.1,
                [0.075, 0.105, 0.013],
                Paint::Book([138.0, 44.0, 48.0]),
            ),
            ball([0.40, -0.70, 0.062 + 0.038], 0.038, Paint::Apple),
            cylinder(
                [0.28, -0.47, 0.048],
                [0.04, 0.048],
                Paint::Mug([[226.0, 222.0, 210.0], [40.0, 92.0, 140.0]]),
            ),
            Solid {
                scene_from_solid: tilted([0.40, 0.72, 0.12]),
                ..ball([0.0; 3], 0.12, Paint::Globe)
            },
            block([0.14, 0.70, 0.05], -0.3, [0.05, 0.08, 0.05], Paint::Card),
        ];
        if with_steel {
            solids.push(cylinder([0.41, 0.30, 0.1], [0.036, 0.1], Paint::Steel));
        }
        let places = [
            (stand, [-stand_half[0], 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]),
            (table, [-0.08, -0.66, 0.02], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]),
            (table, [-0.10, 0.66, 0.02], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]),
            (wall, [-0.5, 0.1, 0.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]),
        ];
        let mut decals = Vec::new();
        for (id, (solid, middle, right, down)) in ids.iter().zip(places) {
            let bitmap = TagBitmap::new(family, *id)?;
            let square = square(middle, scale(right, tag_side_m), scale(down, tag_side_m));
            decals.push((solid, Decal::new(*id, square, square_cells, bitmap)));
        }
        Ok(Self { solids, decals, family })
    }
}

fn square(middle: Vec3, right: Vec3, down: Vec3) -> Face {
    Face {
        origin: sub(middle, scale(add(right, down), 0.5)),
        right,
        down,
    }
}

fn block(middle: Vec3, turn_rad: f64, half: Vec3, paint: Paint) -> Solid {
    Solid {
        shape: Shape::Block { half },
        scene_from_solid: standing(middle, turn_rad),
        paint,
    }
}

fn ball(middle: Vec3, radius: f64, paint: Paint) -> Solid {
    Solid {
        shape: Shape::Ball { radius },
        scene_from_solid: standing(middle, 0.0),
        paint,
    }
}

fn cylinder(middle: Vec3, [radius, half_height]: [f64; 2], paint: Paint) -> Solid {
    Solid {
        shape: Shape::Cylinder { radius, half_height },
        scene_from_solid: standing(middle, 0.0),
        paint,
    }
}

/// The wall's own x goes right, its y up, its z into the room.
fn wall_frame() -> Rigid {
    Rigid {
        rotation: [[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        translation: [WALL_X, 0.0, 0.0],
    }
}

/// As the earth's axis is.
fn tilted(place: Vec3) -> Rigid {
    let (sin, cos) = 23.4_f64.to_radians().sin_cos();
    Rigid {
        rotation: [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]],
        translation: place,
    }
}

/// What moves: a toy car that goes round the stand, and a ball that rolls to and fro before it.
#[derive(Debug, Clone)]
pub(super) struct Moving {
    phases: [f64; 2],
}

/// How many solids move.
pub(super) const MOVING_SOLIDS: usize = 3;

pub(super) const BALL_RADIUS: f64 = 0.036;

impl Moving {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x7AB1E);
        Self {
            phases: [0, 1].map(|_| random.uniform() * TAU),
        }
    }

    /// All of it at `seconds`.
    pub(super) fn at(&self, seconds: f64) -> [Solid; MOVING_SOLIDS] {
        const RADII: [f64; 2] = [0.25, 0.43];
        let (sin, cos) = (TAU * seconds / 11.0 + self.phases[0]).sin_cos();
        let place = [0.05 + RADII[0] * cos, RADII[1] * sin];
        let heading = (RADII[1] * cos).atan2(-RADII[0] * sin);
        let part = |back: f64, height: f64, half: Vec3, paint: Paint| {
            let (sin, cos) = heading.sin_cos();
            block(
                [place[0] - back * cos, place[1] - back * sin, height],
                heading,
                half,
                paint,
            )
        };
        let body = [0.062, 0.033, 0.021];
        let cabin = [0.030, 0.028, 0.017];
        let y = 0.32 * (TAU * seconds / 7.0 + self.phases[1]).sin();
        [
            part(0.0, body[2], body, Paint::Toy([206.0, 56.0, 44.0])),
            part(0.012, 2.0 * body[2] + cabin[2], cabin, Paint::Toy([232.0, 190.0, 62.0])),
            Solid {
                scene_from_solid: rolled([-0.36, y, BALL_RADIUS], -y / BALL_RADIUS),
                ..ball(
                    [0.0; 3],
                    BALL_RADIUS,
                    Paint::Beachball([[36.0, 110.0, 168.0], [240.0, 236.0, 226.0]]),
                )
            },
        ]
    }
}

/// Turned about x.
fn rolled(place: Vec3, turn_rad: f64) -> Rigid {
    let (sin, cos) = turn_rad.sin_cos();
    Rigid {
        rotation: [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]],
        translation: place,
    }
}
