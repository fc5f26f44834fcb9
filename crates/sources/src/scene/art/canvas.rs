//! A canvas to paint the surfaces of the room on: flat colours, soft shapes, light and grain.

use super::super::sensor::Random;
use super::super::texture::{Texture, Yuv};

/// Red, green, blue, 0.0 to 255.0, as a screen shows them.
pub(in super::super) type Rgb = [f32; 3];

/// One surface while it is painted. Places are in metres from its upper left corner, x right, y down.
#[derive(Debug)]
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    texels_per_m: f32,
    texels: Vec<Rgb>,
}

/// A part of a surface: x and y of its upper left corner, width, height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area(pub f32, pub f32, pub f32, pub f32);

impl Area {
    pub(super) fn grown(self, by: f32) -> Self {
        Self(self.0 - by, self.1 - by, self.2 + 2.0 * by, self.3 + 2.0 * by)
    }

    pub(super) fn middle(self) -> [f32; 2] {
        [self.0 + self.2 / 2.0, self.1 + self.3 / 2.0]
    }

    /// Distance of a place to the edge, negative inside, of this rectangle with round corners.
    pub(super) fn round(self, radius: f32) -> impl Fn(f32, f32) -> f32 {
        let [mx, my] = self.middle();
        let (hx, hy) = (self.2 / 2.0 - radius, self.3 / 2.0 - radius);
        move |x, y| {
            let (dx, dy) = ((x - mx).abs() - hx, (y - my).abs() - hy);
            dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
        }
    }
}

impl Canvas {
    pub(super) fn new([width_m, height_m]: [f32; 2], texels_per_m: f32, color: Rgb) -> Self {
        let side = |m: f32| ((m * texels_per_m).ceil() as usize).max(4).next_multiple_of(8);
        let (columns, rows) = (side(width_m), side(height_m));
        // The multiple of eight may add some texels: they lie closer instead.
        let texels_per_m = columns as f32 / width_m;
        Self {
            columns,
            rows,
            texels_per_m,
            texels: vec![color; columns * rows],
        }
    }

    /// Changes each texel of `area`; `change` gets its place and its colour.
    pub(super) fn each(&mut self, area: Area, mut change: impl FnMut(f32, f32, &mut Rgb)) {
        let texel = 1.0 / self.texels_per_m;
        let side = |from: f32, to: f32, most: usize| {
            let at = |m: f32| (m * self.texels_per_m).clamp(0.0, most as f32);
            at(from).floor() as usize..at(to).ceil() as usize
        };
        let columns = side(area.0, area.0 + area.2, self.columns);
        for row in side(area.1, area.1 + area.3, self.rows) {
            let y = (row as f32 + 0.5) * texel;
            for column in columns.clone() {
                change(
                    (column as f32 + 0.5) * texel,
                    y,
                    &mut self.texels[row * self.columns + column],
                );
            }
        }
    }

    pub(super) fn all(&self) -> Area {
        Area(
            0.0,
            0.0,
            self.columns as f32 / self.texels_per_m,
            self.rows as f32 / self.texels_per_m,
        )
    }

    /// Fills a shape, given by the distance to its edge, with soft edges `soft` metres wide.
    pub(super) fn blob(
        &mut self,
        area: Area,
        soft: f32,
        distance: impl Fn(f32, f32) -> f32,
        color: Rgb,
        strength: f32,
    ) {
        let soft = soft.max(1.0 / self.texels_per_m);
        self.each(area.grown(soft), |x, y, texel| {
            let share = ramp(0.5 - distance(x, y) / soft) * strength;
            *texel = mix(*texel, color, share);
        });
    }

    /// Fills a rectangle with round corners.
    pub(super) fn rect(&mut self, area: Area, radius: f32, color: Rgb) {
        self.blob(area, 0.0, area.round(radius), color, 1.0);
    }

    pub(super) fn circle(&mut self, [x, y]: [f32; 2], radius: f32, color: Rgb) {
        let area = Area(x - radius, y - radius, 2.0 * radius, 2.0 * radius);
        self.blob(area, 0.0, move |px, py| (px - x).hypot(py - y) - radius, color, 1.0);
    }

    /// An ellipse turned by `turn` radians; `radii` along its own axes.
    pub(super) fn ellipse(&mut self, [x, y]: [f32; 2], radii: [f32; 2], turn: f32, soft: f32, color: Rgb) {
        let reach = radii[0].max(radii[1]);
        let (sin, cos) = turn.sin_cos();
        let distance = move |px: f32, py: f32| {
            let (dx, dy) = (px - x, py - y);
            let (a, b) = ((dx * cos + dy * sin) / radii[0], (dy * cos - dx * sin) / radii[1]);
            (a.hypot(b) - 1.0) * radii[0].min(radii[1])
        };
        self.blob(
            Area(x - reach, y - reach, 2.0 * reach, 2.0 * reach),
            soft,
            distance,
            color,
            1.0,
        );
    }

    /// Darkens below 1.0, brightens above; `light` gets places in metres.
    pub(super) fn light(&mut self, area: Area, light: impl Fn(f32, f32) -> f32) {
        self.each(area, |x, y, texel| {
            let by = light(x, y);
            *texel = texel.map(|c| c * by);
        });
    }

    /// The shadow of something that hangs or stands before `area`: darkest below it, gone `reach` metres away.
    pub(super) fn shadow(&mut self, area: Area, reach: f32, depth: f32) {
        let below = Area(area.0 + 0.15 * reach, area.1 + 0.35 * reach, area.2, area.3);
        let distance = below.round(0.0);
        self.light(below.grown(reach), move |x, y| {
            let near = ramp(0.5 - distance(x, y) / (2.0 * reach));
            1.0 - depth * near * near
        });
    }

    /// Makes all corners and edges a little darker, as in a room.
    pub(super) fn darken_edges(&mut self, [left, right, top, bottom]: [f32; 4], reach: f32) {
        let texel = 1.0 / self.texels_per_m;
        let falloff = |count: usize, [near, far]: [f32; 2]| -> Vec<f32> {
            let light = |texels: f32, by: f32| 1.0 - by * (-(texels + 0.5) * texel / reach).exp();
            (0..count)
                .map(|i| light(i as f32, near) * light((count - 1 - i) as f32, far))
                .collect()
        };
        let (across, along) = (falloff(self.columns, [left, right]), falloff(self.rows, [top, bottom]));
        for (row, along) in self.texels.chunks_exact_mut(self.columns).zip(along) {
            for (texel, across) in row.iter_mut().zip(&across) {
                *texel = texel.map(|c| c * along * across);
            }
        }
    }

    /// Wood: fibres along x, as if cut from a trunk of `seed`.
    pub(super) fn grain(&mut self, area: Area, seed: u32, depth: f32) {
        self.each(area, |x, y, texel| {
            let wave = noise(x * 1.3, y * 9.0, seed) - 0.5;
            let fibre = noise(x * 4.0, y * 160.0 + wave * 14.0, seed ^ 1) - 0.5;
            let by = 1.0 + depth * (1.1 * fibre + wave);
            *texel = [
                texel[0] * by,
                texel[1] * (by * 1.02 - 0.02),
                texel[2] * (by * 1.05 - 0.05),
            ];
        });
    }

    /// Turns the canvas into a texture; a last grain of half a grey level keeps soft light from showing steps.
    pub(super) fn into_texture(self, seed: u32) -> Texture {
        let mut random = Random::new(seed.into());
        let texels = self.texels.into_iter().map(|rgb| {
            let [y, u, v] = to_yuv(rgb);
            [y + random.uniform() as f32 * 1.6 - 0.8, u, v]
        });
        Texture::new(texels.collect(), self.columns)
    }
}

fn to_yuv([r, g, b]: Rgb) -> Yuv {
    let [r, g, b] = [r, g, b].map(|c| c.clamp(0.0, 255.0));
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402]
}

pub(in super::super) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * share)
}

/// 0 below 0, 1 above 1, and smooth between.
pub(in super::super) fn ramp(v: f32) -> f32 {
    let v = v.clamp(0.0, 1.0);
    v * v * (3.0 - 2.0 * v)
}

/// The whole number below, and what is left.
pub(super) fn split(v: f32) -> (i32, f32) {
    let whole = v as i32 - i32::from(v < 0.0);
    (whole, v - whole as f32)
}

/// A number from 0.0 to 1.0 that belongs to a place.
pub(in super::super) fn chance(x: i32, y: i32, seed: u32) -> f32 {
    let seed = (seed + 1).wrapping_mul(0x27D4_EB2F);
    let mut bits = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77).rotate_left(13) ^ seed;
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x7FEB_352D);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0x297A_2D39);
    (bits >> 8) as f32 / (1_u32 << 24) as f32
}

/// Smooth noise, 0.0 to 1.0, with one bump or so in each unit.
pub(in super::super) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let ((column, fx), (row, fy)) = (split(x), split(y));
    let (fx, fy) = (ramp(fx), ramp(fy));
    let along = |row: i32| {
        let (left, right) = (chance(column, row, seed), chance(column + 1, row, seed));
        left + (right - left) * fx
    };
    let (upper, lower) = (along(row), along(row + 1));
    upper + (lower - upper) * fy
}
