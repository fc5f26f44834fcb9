//! What the things on the table look like: a colour for each point of a surface.

use bushbaby_vision::apriltag::TagBitmap;

use super::super::art::{Rgb, chance, mix, noise, ramp};
use super::super::face::Face;
use super::super::geometry::{Vec3, dot, sub};
use super::things::BALL_RADIUS;

/// The colour of a solid, by the place on it in its own frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Paint {
    /// Planks along y.
    TableTop,
    Wall,
    Floor,
    Card,
    Book(Rgb),
    /// A band around it at half height.
    Mug([Rgb; 2]),
    Apple,
    /// Sectors of two colours, so that one sees it roll.
    Beachball([Rgb; 2]),
    Globe,
    Toy(Rgb),
    /// Mirrors what is around it. Cameras that measure depth see nothing on it.
    Steel,
}

/// Whether a camera that measures depth fails on it.
pub(super) fn has_no_depth(paint: Paint) -> bool {
    paint == Paint::Steel
}

impl Paint {
    /// The colour in white light, 0.0 to 255.0, at a point of the surface.
    pub(super) fn color(self, point: Vec3, outward: Vec3) -> Rgb {
        let [x, y, z] = point.map(|v| v as f32);
        match self {
            Self::TableTop => planks(x, y, outward),
            Self::Wall => wall(x, y),
            Self::Floor => {
                let pile = noise(x * 90.0, y * 90.0, 3) - 0.5 + 0.6 * (noise(x * 9.0, y * 9.0, 4) - 0.5);
                [84.0, 92.0, 102.0].map(|c: f32| c * (1.0 + 0.18 * pile))
            }
            Self::Card => {
                [232.0, 226.0, 212.0].map(|c: f32| c * (0.985 + 0.03 * noise(x * 60.0, z * 60.0 + y * 60.0, 5)))
            }
            Self::Book(cover) => book(cover, x, y, z, outward),
            Self::Mug([glaze, band]) => {
                let inside = outward[2] > 0.5;
                if inside {
                    // Coffee within a rim.
                    let rim = ramp((x.hypot(y) - 0.031) / 0.001);
                    mix([52.0, 32.0, 20.0], glaze, rim)
                } else {
                    mix(glaze, band, ramp((0.012 - (z - 0.008).abs()) / 0.0008))
                }
            }
            Self::Apple => {
                let side = noise(y.atan2(x) * 2.0 + 9.0, z * 40.0 + 9.0, 11);
                let cheek = ramp(0.5 + (x - y) * 9.0);
                let dots = ramp((noise(x * 700.0, y * 700.0 + z * 500.0, 12) - 0.78) / 0.1);
                let skin = mix(
                    [198.0, 176.0, 62.0],
                    [184.0, 36.0, 34.0],
                    ramp(cheek * 0.8 + side * 0.55),
                );
                mix(skin, [226.0, 206.0, 150.0], 0.4 * dots)
            }
            Self::Beachball(colors) => {
                let sectors = y.atan2(z) / std::f32::consts::TAU * 6.0 + 6.0;
                let cap = x.abs() > 0.9 * BALL_RADIUS as f32;
                if cap {
                    [240.0, 238.0, 232.0]
                } else {
                    colors[sectors as usize % 2]
                }
            }
            Self::Globe => globe(x, y, z),
            Self::Toy(color) => {
                let windows = z.abs() < 0.011 && outward[2] < 0.5 && (x * 48.0 + 50.5).fract() > 0.45;
                if windows && outward[0].abs() < 0.5 {
                    [48.0, 62.0, 76.0]
                } else {
                    color
                }
            }
            Self::Steel => [200.0, 204.0, 208.0],
        }
    }

    /// How much it shines: the strength of a highlight.
    pub(super) fn gloss(self) -> f64 {
        match self {
            Self::Apple => 90.0,
            Self::Mug(_) | Self::Beachball(_) | Self::Globe => 70.0,
            Self::Toy(_) => 40.0,
            _ => 0.0,
        }
    }
}

fn planks(x: f32, y: f32, outward: Vec3) -> Rgb {
    const WIDTH: f32 = 0.138;
    let plank = (x / WIDTH).floor();
    let across = x - plank * WIDTH;
    let seed = 20 + plank as i32 as u32 % 64;
    let tone = chance(plank as i32 + 40, 3, 7) - 0.5;
    // Rings of the tree, cut lengthwise: long waves across the plank.
    let bend = 0.02 * noise(y * 2.2 + 40.0, across * 3.0, seed) + 0.004 * noise(y * 9.0 + 80.0, across * 30.0, seed);
    let rings = ((across + bend + plank * 0.31) * 520.0).sin() * 0.5 + 0.5;
    let fibres = noise(y * 26.0 + 60.0, across * 900.0, seed + 1) - 0.5;
    let light = 1.0 + 0.14 * tone - 0.10 * rings * noise(y * 3.0 + 20.0, across * 12.0, seed + 2) + 0.07 * fibres;
    let gap = ramp((0.0011 - across.min(WIDTH - across)) / 0.0008);
    let edge = if outward[2] > 0.5 { 1.0 } else { 0.8 };
    mix([190.0, 146.0, 98.0], [168.0, 118.0, 72.0], rings * 0.5 + 0.25).map(|c| c * light * edge * (1.0 - 0.55 * gap))
}

/// `right` and `up` from above the middle of the table.
fn wall(right: f32, up: f32) -> Rgb {
    let plaster = noise(right * 50.0 + 300.0, up * 50.0 + 300.0, 30) - 0.5
        + 0.5 * (noise(right * 7.0 + 90.0, up * 7.0 + 90.0, 31) - 0.5);
    let plain = [206.0, 208.0, 200.0].map(|c: f32| c * (1.0 + 0.035 * plaster));
    // A framed picture of hills.
    let (px, py) = ((right - 0.46).abs() - 0.27, (up - 0.10).abs() - 0.2);
    let outside = px.max(py);
    if outside > 0.0 {
        return plain;
    }
    if outside > -0.018 {
        return [70.0, 52.0, 38.0];
    }
    if outside > -0.045 {
        return [238.0, 236.0, 228.0];
    }
    let sun = (right - 0.58).hypot(up - 0.2);
    let far = up - 0.12 - 0.03 * (right * 17.0).sin();
    let near = up - 0.03 - 0.04 * (right * 9.0 + 2.0).sin();
    let sky = mix([236.0, 196.0, 148.0], [116.0, 160.0, 200.0], ramp((up - 0.05) / 0.22));
    let sky = mix([250.0, 232.0, 170.0], sky, ramp((sun - 0.03) / 0.004));
    let behind = mix([110.0, 130.0, 146.0], sky, ramp(far / 0.003 + 0.5));
    mix([72.0, 104.0, 74.0], behind, ramp(near / 0.003 + 0.5))
}

fn book(cover: Rgb, x: f32, y: f32, z: f32, outward: Vec3) -> Rgb {
    // The spine looks to -x, pages to the other three sides.
    if outward[2].abs() < 0.5 && outward[0] > -0.5 {
        let sheets = noise((z + 1.0) * 1500.0, (x + y) * 8.0 + 20.0, 41) - 0.5;
        return [230.0, 222.0, 200.0].map(|c: f32| c * (1.0 + 0.1 * sheets));
    }
    let title = if outward[2] > 0.5 {
        (x + 0.03).abs() < 0.012 && y.abs() < 0.06
    } else {
        z.abs() < 0.006 && y.abs() < 0.07
    };
    let cloth = noise(x * 900.0 + 900.0, y * 900.0 + z * 900.0 + 900.0, 42) - 0.5;
    let cover = if title {
        mix(cover, [244.0, 222.0, 150.0], 0.85)
    } else {
        cover
    };
    cover.map(|c| c * (1.0 + 0.06 * cloth))
}

fn globe(x: f32, y: f32, z: f32) -> Rgb {
    let (length, breadth) = (y.atan2(x), z.atan2(x.hypot(y)));
    let land = noise(length * 1.6 + 20.0, breadth * 2.4 + 20.0, 51)
        + 0.4 * noise(length * 6.0 + 40.0, breadth * 7.0 + 40.0, 52);
    let sea = mix([44.0, 92.0, 150.0], [70.0, 130.0, 176.0], ramp(0.5 + breadth));
    let ground = mix([110.0, 146.0, 82.0], [196.0, 172.0, 112.0], ramp((land - 0.8) / 0.25));
    let painted = mix(sea, ground, ramp((land - 0.72) / 0.012));
    let step = std::f32::consts::PI / 12.0;
    let line = |v: f32| 1.0 - ramp((v - (v / step).round() * step).abs() / 0.014);
    mix(painted, [226.0, 230.0, 232.0], 0.3 * line(breadth).max(line(length)))
}

/// A tag on paper that lies on a solid.
#[derive(Debug, Clone)]
pub(super) struct Decal {
    pub id: u32,
    /// Exactly the square whose corners a detector reports, in the frame of its solid.
    pub square: Face,
    /// The paper: the square, the white ring around it, and a little more.
    paper: Face,
    bitmap: TagBitmap,
    /// Cells of paper before the first cell of the ring.
    margin_cells: f64,
}

impl Decal {
    /// - `square`: what a detector reports, `square_cells` cells wide.
    pub(super) fn new(id: u32, square: Face, square_cells: usize, bitmap: TagBitmap) -> Self {
        let margin_cells = 0.5;
        let beyond = (bitmap.side_cells() - square_cells) as f64 / 2.0 + margin_cells;
        let by = beyond / square_cells as f64;
        let paper = Face {
            origin: square.point([-by, -by]),
            right: square.right.map(|v| v * (1.0 + 2.0 * by)),
            down: square.down.map(|v| v * (1.0 + 2.0 * by)),
        };
        Self {
            id,
            square,
            paper,
            bitmap,
            margin_cells,
        }
    }

    /// The colour at a point of the solid's surface; `None` beside the paper.
    pub(super) fn color(&self, point: Vec3, outward: Vec3) -> Option<Rgb> {
        const INK: Rgb = [24.0, 24.0, 26.0];
        const PAPER: Rgb = [240.0, 240.0, 236.0];
        let Face { origin, right, down } = self.paper;
        let from = sub(point, origin);
        if dot(from, outward).abs() > 1e-6 {
            return None;
        }
        let [s, t] = [right, down].map(|side| dot(from, side) / dot(side, side));
        if !(0.0..1.0).contains(&s) || !(0.0..1.0).contains(&t) {
            return None;
        }
        let cells = self.bitmap.side_cells() as f64;
        let cell = |share: f64| share * (cells + 2.0 * self.margin_cells) - self.margin_cells;
        let (x, y) = (cell(s), cell(t));
        let on_tag = (0.0..cells).contains(&x) && (0.0..cells).contains(&y);
        let black = on_tag && !self.bitmap.is_white(x as usize, y as usize);
        Some(if black { INK } else { PAPER })
    }
}
