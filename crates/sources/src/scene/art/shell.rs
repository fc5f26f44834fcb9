//! Walls, floor and ceiling.

use super::super::texture::Texture;
use super::canvas::{Area, Canvas, Rgb, chance, mix, noise, ramp, split};
use super::poster;

const SAGE: Rgb = [172.0, 184.0, 166.0];
const PLASTER: Rgb = [230.0, 222.0, 208.0];
const WHITE: Rgb = [243.0, 240.0, 234.0];
const SUN: Rgb = [255.0, 236.0, 196.0];

/// Where papers hang on a wall: each throws a little shadow.
pub(in super::super) type Prints<'a> = &'a [[f32; 4]];

/// The wall opposite the camera. Its size is that of the room.
pub(in super::super) fn back_wall(size: [f32; 2], texels_per_m: f32, prints: Prints<'_>) -> Texture {
    let mut wall = plastered(size, texels_per_m, SAGE, 11);
    wall.light(wall.all(), move |x, y| {
        1.08 - 0.05 * (x / size[0]) - 0.10 * (y / size[1])
    });
    wall.darken_edges([0.16, 0.22, 0.14, 0.16], 0.28);
    skirting(&mut wall, size);
    sun_on_wall(&mut wall, [2.1, 0.45]);
    // What stands close before the wall keeps light from it.
    for (x, width, height) in [(0.5, 1.8, 0.72), (3.95, 1.85, 0.75)] {
        wall.shadow(Area(x, size[1] - height, width, height), 0.3, 0.35);
    }
    poster::bushbaby(&mut wall, Area(0.72, 0.62, 0.72, 1.02));
    poster::arcs(&mut wall, Area(4.12, 0.68, 0.62, 0.84));
    poster::hills(&mut wall, Area(4.98, 0.68, 0.62, 0.84));
    hang(&mut wall, prints);
    wall.into_texture(1)
}

/// The wall with the window; its left end is nearest to the camera.
pub(in super::super) fn left_wall(size: [f32; 2], texels_per_m: f32, prints: Prints<'_>) -> Texture {
    let mut wall = plastered(size, texels_per_m, PLASTER, 12);
    wall.light(wall.all(), move |_, y| 0.93 - 0.05 * (y / size[1]));
    wall.darken_edges([0.0, 0.2, 0.12, 0.16], 0.3);
    skirting(&mut wall, size);
    window(&mut wall, Area(size[0] - 2.5, 0.55, 1.3, 1.35));
    hang(&mut wall, prints);
    wall.into_texture(2)
}

/// The wall that the sun falls on; its right end is nearest to the camera.
pub(in super::super) fn right_wall(size: [f32; 2], texels_per_m: f32, prints: Prints<'_>) -> Texture {
    let mut wall = plastered(size, texels_per_m, PLASTER, 13);
    wall.light(wall.all(), move |x, y| 1.03 - 0.02 * x - 0.06 * (y / size[1]));
    wall.darken_edges([0.2, 0.0, 0.12, 0.16], 0.3);
    skirting(&mut wall, size);
    hang(&mut wall, prints);
    wall.into_texture(3)
}

pub(in super::super) fn ceiling(size: [f32; 2], texels_per_m: f32) -> Texture {
    let mut ceiling = Canvas::new(size, texels_per_m.min(60.0), WHITE);
    ceiling.light(ceiling.all(), move |x, _| 0.98 - 0.05 * (x / size[0]));
    ceiling.darken_edges([0.08, 0.12, 0.0, 0.14], 0.35);
    ceiling.into_texture(4)
}

/// What stands on the floor: middle, half width and half depth, and its turn (radians, as the floor is seen from above).
pub(in super::super) type Footprint = ([f32; 2], [f32; 2], f32);

/// The floor, seen from above; its upper edge is at the back wall.
///
/// - `rug`: middle of the round rug.
pub(in super::super) fn floor(size: [f32; 2], texels_per_m: f32, rug: [f32; 2], standing: &[Footprint]) -> Texture {
    let mut floor = Canvas::new(size, texels_per_m, [0.0; 3]);
    planks(&mut floor, 0.0);
    round_rug(&mut floor, rug, 1.16);
    sun_on_floor(&mut floor, [1.35, 1.15]);
    floor.darken_edges([0.22, 0.25, 0.3, 0.0], 0.22);
    for &([x, y], [half_width, half_depth], turn) in standing {
        stand(&mut floor, [x, y], [half_width, half_depth], turn);
    }
    floor.into_texture(5)
}

/// The rest of the floor, towards the camera and behind it; its upper edge is `from` metres from the back wall.
pub(in super::super) fn near_floor(size: [f32; 2], texels_per_m: f32, from: f32) -> Texture {
    let mut floor = Canvas::new(size, texels_per_m, [0.0; 3]);
    planks(&mut floor, from);
    floor.darken_edges([0.22, 0.25, 0.0, 0.0], 0.22);
    floor.into_texture(6)
}

fn plastered(size: [f32; 2], texels_per_m: f32, color: Rgb, seed: u32) -> Canvas {
    let mut wall = Canvas::new(size, texels_per_m, color);
    wall.light(wall.all(), move |x, y| 0.985 + 0.025 * noise(x * 28.0, y * 28.0, seed));
    wall
}

fn skirting(wall: &mut Canvas, [width, height]: [f32; 2]) {
    let board = Area(0.0, height - 0.11, width, 0.11);
    wall.shadow(Area(0.0, height - 0.125, width, 0.02), 0.02, 0.2);
    wall.rect(board, 0.0, [236.0, 231.0, 222.0]);
    wall.light(board, move |_, y| 0.88 + 0.14 * ramp((height - y) / 0.11));
}

fn hang(wall: &mut Canvas, prints: Prints<'_>) {
    for &[x, y, width, height] in prints {
        wall.shadow(Area(x, y, width, height), 0.035, 0.4);
    }
}

/// Light through a window of two by three panes, slanted, as it falls on the wall from the left.
fn sun_on_wall(wall: &mut Canvas, [left, top]: [f32; 2]) {
    let panes = Panes {
        size: [0.32, 0.36],
        every: [0.36, 0.4],
        count: [2, 3],
        soft: 0.035,
    };
    wall.each(Area(left - 0.1, top - 0.1, 0.9, 1.7), |x, y, texel| {
        let light = panes.light(x - left, y - top - (x - left) * 0.42);
        *texel = mix(*texel, SUN, 0.36 * light);
    });
}

/// The same light on the floor.
fn sun_on_floor(floor: &mut Canvas, [left, top]: [f32; 2]) {
    let panes = Panes {
        size: [0.45, 0.55],
        every: [0.5, 0.62],
        count: [3, 2],
        soft: 0.05,
    };
    floor.each(Area(left - 0.7, top - 0.1, 2.3, 1.5), |x, y, texel| {
        let light = panes.light(x - left + (y - top) * 0.45, y - top);
        let lit = texel.map(|c| (c * 1.32 + 12.0).min(252.0));
        *texel = mix(*texel, [lit[0], lit[1] * 0.985, lit[2] * 0.93], 0.8 * light);
    });
}

/// The panes of a window, as light.
struct Panes {
    size: [f32; 2],
    /// From one pane to the next.
    every: [f32; 2],
    count: [u32; 2],
    /// Width of the soft edge.
    soft: f32,
}

impl Panes {
    /// How bright it is at a place, from the upper left corner: 1 in a pane, 0 between and beside them.
    fn light(&self, x: f32, y: f32) -> f32 {
        let along = |i: usize, at: f32| {
            let nearest = ((at + self.soft) / self.every[i])
                .floor()
                .clamp(0.0, (self.count[i] - 1) as f32);
            edge_share(at - nearest * self.every[i], self.size[i], self.soft)
        };
        along(0, x) * along(1, y)
    }
}

/// 1 inside an interval from 0 to `len`, 0 outside, soft at both ends.
fn edge_share(at: f32, len: f32, soft: f32) -> f32 {
    ramp(at / soft + 0.5) * ramp((len - at) / soft + 0.5)
}

fn window(wall: &mut Canvas, area: Area) {
    let Area(x, y, width, height) = area;
    wall.rect(area.grown(0.07), 0.005, WHITE);
    wall.shadow(Area(x - 0.12, y + height + 0.05, width + 0.24, 0.05), 0.04, 0.35);
    wall.rect(Area(x - 0.12, y + height + 0.05, width + 0.24, 0.05), 0.005, WHITE);
    wall.rect(area, 0.0, [226.0, 238.0, 246.0]);
    wall.each(area, |px, py, texel| {
        let up = 1.0 - (py - y) / height;
        let sky = mix([246.0, 244.0, 236.0], [176.0, 208.0, 234.0], ramp(up));
        let cloud = ramp(2.2 * noise(px * 2.2, py * 4.5, 77) - 0.9) * 0.7;
        let tree = ramp(6.0 * (0.28 + 0.16 * noise(px * 5.0, 0.0, 78) - up));
        *texel = mix(mix(sky, [252.0, 252.0, 250.0], cloud), [150.0, 176.0, 132.0], tree);
    });
    for share in [0.0, 1.0] {
        wall.rect(Area(x + width * 0.5 - 0.025, y, 0.05, height), 0.0, WHITE);
        wall.rect(
            Area(x, y + height * (0.33 + 0.335 * share) - 0.014, width, 0.028),
            0.0,
            WHITE,
        );
    }
}

/// Boards that run towards the camera; `from` is how far the upper edge is from the back wall.
fn planks(floor: &mut Canvas, from: f32) {
    const WIDTH: f32 = 0.15;
    const LENGTH: f32 = 1.4;
    let all = floor.all();
    floor.each(all, |x, y, texel| {
        let (row, across) = split(x / WIDTH);
        let (piece, along) = split((y + from) / LENGTH + chance(row, 0, 500));
        let tone = chance(row, piece, 501);
        let seed = (row * 64 + piece) as u32 + 1000;
        let (across, along) = (across * WIDTH, along * LENGTH);
        let wave = noise(along * 1.6, across * 14.0, seed) - 0.5;
        let fibre = noise(along * 5.0, across * 190.0 + wave * 10.0, seed) - 0.5;
        let by = 0.90 + 0.15 * tone + 0.095 * fibre + 0.07 * wave;
        let to_gap = across.min(WIDTH - across).min(along).min(LENGTH - along);
        let gap = 1.0 - 0.34 * (1.0 - ramp(to_gap / 0.0045));
        let color = mix([204.0, 166.0, 122.0], [192.0, 146.0, 102.0], tone);
        *texel = color.map(|c| c * by * gap);
    });
}

fn round_rug(floor: &mut Canvas, [x, y]: [f32; 2], radius: f32) {
    let area = Area(x - radius, y - radius, 2.0 * radius, 2.0 * radius);
    let from_middle = move |px: f32, py: f32| (px - x).hypot(py - y);
    floor.light(area.grown(0.06), move |px, py| {
        1.0 - 0.3 * (1.0 - ramp((from_middle(px, py) - radius) / 0.05))
    });
    let rings: [(f32, Rgb); 6] = [
        (1.0, [236.0, 226.0, 206.0]),
        (0.93, [60.0, 112.0, 112.0]),
        (0.88, [236.0, 226.0, 206.0]),
        (0.66, [218.0, 158.0, 62.0]),
        (0.52, [236.0, 226.0, 206.0]),
        (0.34, [200.0, 108.0, 76.0]),
    ];
    for (share, color) in rings {
        let ring = radius * share;
        floor.blob(area, 0.006, move |px, py| from_middle(px, py) - ring, color, 1.0);
    }
    floor.light(area, move |px, py| {
        if from_middle(px, py) > radius {
            return 1.0;
        }
        0.93 + 0.07 * (noise(px * 160.0, py * 60.0, 5) + noise(px * 60.0, py * 160.0, 6))
    });
}

/// The soft dark around the foot of something, and its longer shadow away from the window.
fn stand(floor: &mut Canvas, [x, y]: [f32; 2], half: [f32; 2], turn: f32) {
    const REACH: f32 = 0.75;
    let (sin, cos) = turn.sin_cos();
    let distance = move |px: f32, py: f32| {
        let (dx, dy) = (px - x, py - y);
        let (a, b) = (
            (dx * cos + dy * sin).abs() - half[0],
            (dy * cos - dx * sin).abs() - half[1],
        );
        a.max(0.0).hypot(b.max(0.0)) + a.max(b).min(0.0)
    };
    let reach = half[0].max(half[1]) + REACH;
    floor.light(Area(x - reach, y - reach, 2.0 * reach, 2.0 * reach), move |px, py| {
        let close = 1.0 / (1.0 + distance(px, py).max(0.0) / 0.07).powi(3);
        let cast = ramp(0.5 - distance(px - 0.26, py - 0.06) / 0.5);
        (1.0 - 0.5 * close) * (1.0 - 0.34 * cast)
    });
}
