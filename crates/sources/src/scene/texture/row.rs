//! Where the pixels of a row lie on a texture.

use std::ops::Range;

use super::super::face::{Linear, Projected};

/// Pixels so few that one size of the texture fits all of them.
pub(super) const BLOCK: usize = 256;

/// Bits behind the point in places on a texture: half of the number.
const FRACTION: u32 = 16;
/// Bits of it that are kept to mix texels.
const SHARE: u32 = 6;

/// A place, or a step, in texels as a number with [`FRACTION`] bits behind the point.
fn fixed(texels: f32) -> u32 {
    (texels * (1 << FRACTION) as f32) as i64 as u32
}

/// The face's coordinates along a block of pixels.
pub(super) struct Block {
    len: usize,
    /// At the first pixel, and the step to the next.
    s: [f32; 2],
    t: [f32; 2],
    w: [f32; 2],
}

impl Block {
    pub(super) fn new(place: &Projected, x: f64, y: f64, len: usize) -> Self {
        let steps = |l: &Linear| [l.at(x, y) as f32, l.a as f32];
        Self {
            len,
            s: steps(&place.s),
            t: steps(&place.t),
            w: steps(&place.w),
        }
    }

    /// How many pixels may be taken to lie evenly spaced on the texture: off by less than half a pixel.
    fn even(&self) -> usize {
        let least = self.w[0].min(self.w[0] + self.len as f32 * self.w[1]).max(1e-9);
        let bend = self.w[1].abs() / least;
        [256, 128, 64, 32, 16]
            .into_iter()
            .find(|len| (len * len) as f32 * bend < 2.0)
            .unwrap_or(8)
    }

    /// Where pixel `n` lies on a texture, from the centre of its first texel, in texels.
    fn place(&self, n: usize, texels: [usize; 2], offset: f32) -> [f32; 2] {
        const INSIDE: f32 = 1.0 / 256.0;
        let n = n as i32 as f32;
        let per_w = 1.0 / (self.w[0] + n * self.w[1]);
        let place = |[first, step]: [f32; 2], texels: usize| {
            let texels = texels as i32 as f32;
            let at = (first + n * step) * per_w * texels - offset;
            // A little inside, so that steps that were rounded do not leave the texture either.
            let at = if at > INSIDE { at } else { INSIDE };
            if at < texels - 1.0 - INSIDE {
                at
            } else {
                texels - 1.0 - INSIDE
            }
        };
        [place(self.s, texels[0]), place(self.t, texels[1])]
    }

    /// The size of the texture whose texels are about as large as a pixel in the middle of the block; 0 is as painted.
    pub(super) fn level(&self, [columns, rows]: [usize; 2], place: &Projected) -> usize {
        let middle = self.len as f32 / 2.0;
        let [s, t, w] = [self.s, self.t, self.w].map(|[first, step]| first + middle * step);
        let per_w = 1.0 / w;
        let (s, t) = (s * per_w, t * per_w);
        let (columns, rows) = (columns as f32 * per_w, rows as f32 * per_w);
        let along = |ds: f64, dt: f64, dw: f64| {
            let (u, v) = (
                (ds as f32 - s * dw as f32) * columns,
                (dt as f32 - t * dw as f32) * rows,
            );
            u * u + v * v
        };
        let across = along(place.s.a, place.t.a, place.w.a);
        let down = along(place.s.b, place.t.b, place.w.b);
        // Texels to a pixel, to the fourth power. Between the two: sharp along the one, soft along the other, where a surface
        // is seen at a slant.
        let most = across.max(down);
        let texels = (across * down).max(0.015 * most * most);
        // The exponent of the number is its logarithm, rounded down; the factor moves the step to where 0.7 texels are left.
        let exponent = ((4.0 * texels).max(1.0).to_bits() >> 23) as usize;
        exponent.saturating_sub(127) / 4
    }
}

/// A few pixels that lie evenly spaced on a texture.
pub(super) struct Run {
    pub(super) pixels: Range<usize>,
    /// Of the first pixel, with [`FRACTION`] bits behind the point.
    x: u32,
    y: u32,
    step: [u32; 2],
}

impl Run {
    /// For each pixel the index of the texel at its upper left, and its place.
    pub(super) fn texels(&self, stride: u32) -> impl Iterator<Item = (usize, [u32; 2])> {
        let (mut x, mut y, step) = (self.x, self.y, self.step);
        self.pixels.clone().map(move |_| {
            let texel = (y >> FRACTION).wrapping_mul(stride).wrapping_add(x >> FRACTION) as usize;
            let place = [x, y];
            (x, y) = (x.wrapping_add(step[0]), y.wrapping_add(step[1]));
            (texel, place)
        })
    }
}

impl Block {
    /// Splits the block into runs. `offset`: where in a texel its place is counted from.
    pub(super) fn runs(&self, size: [usize; 2], offset: f32) -> impl Iterator<Item = Run> {
        let even = self.even();
        let mut from = self.place(0, size, offset);
        (0..self.len).step_by(even).map(move |start| {
            // The last pixel of the block, not the first one after it, which may lie beside the texture.
            let last = (start + even).min(self.len - 1);
            let to = self.place(last, size, offset);
            let per_pixel = 1.0 / (last - start).max(1) as i32 as f32;
            let step = [0, 1].map(|i| fixed((to[i] - from[i]) * per_pixel));
            let [x, y] = from.map(fixed);
            from = to;
            Run {
                pixels: start..(start + even).min(self.len),
                x,
                y,
                step,
            }
        })
    }
}

/// Lists are mixed in steps of this many pixels, a multiple of what the processor takes at once; what is too many is
/// thrown away.
const STEP: usize = 16;

/// What is around the pixels of a block. The lists are mixed in one plain loop, which the compiler makes vectors of.
#[derive(Debug)]
pub(in super::super) struct Work {
    /// The left and the right two of the four texels around each pixel, the lower one in the high byte.
    left: Vec<u16>,
    right: Vec<u16>,
    /// How far the pixel is between them, to the right and down, in 1/2^[`SHARE`].
    across: Vec<u16>,
    down: Vec<u16>,
    mixed: Vec<u8>,
}

impl Default for Work {
    fn default() -> Self {
        let list = || vec![0; BLOCK];
        Self {
            left: list(),
            right: list(),
            across: list(),
            down: list(),
            mixed: vec![0; BLOCK],
        }
    }
}

impl Work {
    /// Reads the texels around the pixels of a run.
    pub(super) fn read(&mut self, run: &Run, stride: u32, pairs: &[u16]) {
        let pixels = run.pixels.clone();
        let texels = self.left[pixels.clone()]
            .iter_mut()
            .zip(&mut self.right[pixels.clone()]);
        let shares = self.across[pixels.clone()].iter_mut().zip(&mut self.down[pixels]);
        for ((texel, [x, y]), ((left, right), (across, down))) in run.texels(stride).zip(texels.zip(shares)) {
            (*left, *right) = match pairs.get(texel..texel + 2) {
                Some(&[one, other]) => (one, other),
                _ => (0, 0),
            };
            (*across, *down) = (x as u16, y as u16);
        }
    }

    /// Mixes the four texels around each pixel by its distance to them.
    pub(super) fn mix(&mut self, out: &mut [u8]) {
        const ALL: u16 = 1 << SHARE;
        let len = out.len().next_multiple_of(STEP);
        let texels = self.left[..len].iter().zip(&self.right[..len]);
        let shares = self.across[..len].iter().zip(&self.down[..len]);
        for (mixed, ((left, right), (x, y))) in self.mixed[..len].iter_mut().zip(texels.zip(shares)) {
            let (x, y) = (x >> (FRACTION - SHARE), y >> (FRACTION - SHARE));
            let down = |pair: u16| ((pair & 255) * (ALL - y) + (pair >> 8) * y) >> 4;
            *mixed = ((down(*left) * (ALL - x) + down(*right) * x + 128) >> 8) as u8;
        }
        out.copy_from_slice(&self.mixed[..out.len()]);
    }
}
