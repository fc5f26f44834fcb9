//! What stands in the room.

use super::super::texture::Texture;
use super::canvas::{Area, Canvas, Rgb, noise, ramp};

/// Which side of a thing one looks at: each gets its own share of the light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Side {
    Front,
    /// Towards the window.
    Left,
    Right,
    Top,
}

impl Side {
    fn light(self) -> f32 {
        match self {
            Self::Top => 1.08,
            Self::Left => 1.04,
            Self::Front => 0.95,
            Self::Right => 0.74,
        }
    }
}

fn lit(canvas: &mut Canvas, side: Side, height: f32) {
    let by = side.light();
    let all = canvas.all();
    let upright = side != Side::Top;
    canvas.light(all, move |_, y| {
        if upright {
            by * (1.02 - 0.16 * ramp(y / height))
        } else {
            by
        }
    });
}

/// One side of a crate of birch plywood, with edge boards.
///
/// - `paper`: where a print is pinned to it.
pub(in super::super) fn crate_face(
    size: [f32; 2],
    texels_per_m: f32,
    side: Side,
    color: Rgb,
    paper: Option<[f32; 4]>,
    seed: u32,
) -> Texture {
    let mut face = Canvas::new(size, texels_per_m, color);
    let all = face.all();
    face.grain(all, seed, 0.13);
    let board = 0.055;
    let [width, height] = size;
    let boards = if side == Side::Top {
        [Area(0.0, 0.0, width, board), Area(0.0, height - board, width, board)].to_vec()
    } else {
        let upper = Area(0.0, 0.0, width, board);
        let lower = Area(0.0, height - board, width, board);
        let left = Area(0.0, board, board, height - 2.0 * board);
        let right = Area(width - board, board, board, height - 2.0 * board);
        [left, right, upper, lower].to_vec()
    };
    for (i, area) in boards.into_iter().enumerate() {
        face.shadow(area, 0.012, 0.4);
        face.rect(area, 0.002, color.map(|c| c * 1.05));
        face.grain(area, seed + 20 + i as u32, 0.11);
        let [x, y] = area.middle();
        for end in [-1.0, 1.0] {
            let at = if area.2 > area.3 {
                [x + end * (area.2 / 2.0 - board / 2.0), y]
            } else {
                [x, y + end * (area.3 / 2.0 - board / 2.0)]
            };
            face.circle(at, 0.006, [104.0, 96.0, 88.0]);
        }
    }
    if let Some([x, y, width, height]) = paper {
        face.shadow(Area(x, y, width, height), 0.02, 0.35);
    }
    lit(&mut face, side, height);
    face.darken_edges([0.14, 0.14, 0.06, 0.2], 0.014);
    face.into_texture(seed)
}

/// One side of something painted in one colour.
pub(in super::super) fn plain_block(
    size: [f32; 2],
    texels_per_m: f32,
    side: Side,
    color: Rgb,
    paper: Option<[f32; 4]>,
    seed: u32,
) -> Texture {
    let mut face = Canvas::new(size, texels_per_m, color);
    let all = face.all();
    face.light(all, move |x, y| 0.985 + 0.03 * noise(x * 30.0, y * 30.0, seed));
    if let Some([x, y, width, height]) = paper {
        face.shadow(Area(x, y, width, height), 0.02, 0.35);
    }
    lit(&mut face, side, size[1]);
    face.darken_edges([0.1, 0.1, 0.05, 0.16], 0.012);
    face.into_texture(seed)
}

/// One side of something of dark wood.
pub(in super::super) fn wood_block(size: [f32; 2], texels_per_m: f32, side: Side, seed: u32) -> Texture {
    let mut face = Canvas::new(size, texels_per_m, WALNUT);
    let all = face.all();
    face.grain(all, seed, 0.3);
    lit(&mut face, side, size[1]);
    face.darken_edges([0.1, 0.1, 0.05, 0.15], 0.012);
    face.into_texture(seed)
}

const WALNUT: Rgb = [136.0, 92.0, 62.0];

/// The front of the sideboard: three doors.
pub(in super::super) fn sideboard_front(size: [f32; 2], texels_per_m: f32) -> Texture {
    let [width, height] = size;
    let mut front = Canvas::new(size, texels_per_m, WALNUT.map(|c| c * 0.8));
    let door_width = (width - 0.05) / 3.0;
    for door in 0..3 {
        let area = Area(
            0.025 + door as f32 * door_width + 0.004,
            0.03,
            door_width - 0.008,
            height - 0.06,
        );
        front.rect(area, 0.003, WALNUT.map(|c| c * (1.0 + 0.05 * (door % 2) as f32)));
        front.grain(area, 300 + door, 0.3);
        let Area(x, y, w, h) = area;
        front.light(area, move |px, py| {
            let inset = (px - x).min(x + w - px).min(py - y).min(y + h - py);
            0.72 + 0.28 * ramp(inset / 0.006)
        });
        let knob = [if door == 2 { x + 0.06 } else { x + w - 0.06 }, y + h * 0.45];
        front.shadow(Area(knob[0] - 0.012, knob[1] - 0.012, 0.024, 0.024), 0.03, 0.5);
        front.circle(knob, 0.014, [222.0, 176.0, 92.0]);
        front.circle([knob[0] - 0.004, knob[1] - 0.004], 0.005, [250.0, 226.0, 170.0]);
    }
    lit(&mut front, Side::Front, height);
    front.into_texture(310)
}

/// One side of a part of the sofa: cloth with soft edges.
pub(in super::super) fn sofa_block(
    size: [f32; 2],
    texels_per_m: f32,
    side: Side,
    color: Rgb,
    cushions: u32,
    seed: u32,
) -> Texture {
    let [width, height] = size;
    let mut cloth = Canvas::new(size, texels_per_m, color);
    let all = cloth.all();
    cloth.light(all, move |x, y| {
        let weave = noise(x * 260.0, y * 120.0, seed) + noise(x * 120.0, y * 260.0, seed + 1);
        0.93 + 0.07 * weave
    });
    let each = width / cushions.max(1) as f32;
    cloth.light(all, move |x, y| {
        let in_cushion = x.rem_euclid(each);
        let inset = in_cushion.min(each - in_cushion).min(y).min(height - y).max(0.0);
        0.66 + 0.34 * ramp(inset / 0.045 + 0.12)
    });
    lit(&mut cloth, side, height);
    cloth.into_texture(seed)
}

/// A plant pot, seen from the front.
pub(in super::super) fn pot(size: [f32; 2], texels_per_m: f32, side: Side) -> Texture {
    let [width, height] = size;
    let mut pot = Canvas::new(size, texels_per_m, [238.0, 234.0, 226.0]);
    let all = pot.all();
    if side == Side::Top {
        pot.rect(all.grown(-0.025), 0.004, [92.0, 72.0, 58.0]);
        pot.light(all, |x, y| 0.84 + 0.2 * noise(x * 90.0, y * 90.0, 7));
        return pot.into_texture(400);
    }
    let by = side.light();
    pot.light(all, move |x, y| {
        let rim = if y < 0.035 {
            1.03
        } else {
            1.0 - 0.12 * (1.0 - ramp((y - 0.035) / 0.03))
        };
        rim * by * (1.04 - 0.22 * ramp(x / width)) * (1.0 - 0.1 * y / height)
    });
    pot.into_texture(400)
}

/// A leaf: a diamond whose stem is the upper left corner and whose tip is the lower right one.
pub(in super::super) fn leaf(texels_per_m: f32, color: Rgb, seed: u32) -> Texture {
    let side = 0.3;
    let mut leaf = Canvas::new([side, side], texels_per_m, color);
    let all = leaf.all();
    leaf.light(all, move |x, y| {
        let (along, across) = ((x + y) / (2.0 * side), (x - y) / side);
        let rib = 1.0 - ramp(across.abs() / 0.03);
        let veins = ((along * 26.0 - across.abs() * 16.0).sin() * 0.5 + 0.5) * 0.07;
        let halves = if across > 0.0 { 1.08 } else { 0.93 };
        (0.80 + 0.3 * along) * halves * (1.0 + 0.18 * rib - veins)
    });
    leaf.into_texture(seed)
}
