//! Painted surfaces in several sizes, and how they are read along a row of pixels.

use super::face::Projected;

/// A painted surface in I420's colours, each size half of the one before.
#[derive(Debug)]
pub(super) struct Texture {
    /// Brightness; the first is as painted.
    luma: Vec<Level>,
    /// Colour; the first is half as large as painted.
    chroma: Vec<ChromaLevel>,
}

/// Full-range BT.601, not rounded yet.
pub(super) type Yuv = [f32; 3];

/// One size of the brightness. Each texel holds its neighbours too, so that the four around any point are read at once:
/// from the lowest byte up itself, the one below, the one to the right, the one below that.
#[derive(Debug)]
struct Level {
    size: [usize; 2],
    fours: Vec<u32>,
}

/// One size of the colour, U and V of each texel. The eye sees colours so coarsely that the nearest texel will do.
#[derive(Debug)]
struct ChromaLevel {
    size: [usize; 2],
    texels: Vec<[u8; 2]>,
}

impl Texture {
    /// Makes a texture of `width` texels a row.
    ///
    /// # Panics
    /// When the texels do not fill their rows, or there are none; all are painted by this crate.
    pub(super) fn new(texels: Vec<Yuv>, width: usize) -> Self {
        assert!(
            width > 0 && !texels.is_empty() && texels.len().is_multiple_of(width),
            "texels fill their rows"
        );
        let height = texels.len() / width;
        let mut size = [width, height];
        let mut texels = texels;
        let (mut luma, mut chroma) = (Vec::new(), Vec::new());
        loop {
            luma.push(Level::new(&texels, size));
            let last = size[0] <= 4 || size[1] <= 4;
            (texels, size) = halved(&texels, size);
            chroma.push(ChromaLevel::new(&texels, size));
            if last {
                return Self { luma, chroma };
            }
        }
    }

    /// Writes the brightness along `out.len()` pixels of a row, the first centred at `(x, y)`.
    pub(super) fn luma_row(&self, place: &Projected, [x, y]: [f64; 2], work: &mut Work, out: &mut [u8]) {
        for (i, out) in out.chunks_mut(BLOCK).enumerate() {
            let block = Block::new(place, x + (i * BLOCK) as f64, y, out.len());
            let level = &self.luma[block.level(self.luma[0].size, place).min(self.luma.len() - 1)];
            work.find_texels(&block, level.size, true);
            level.sample(work, out);
        }
    }

    /// Writes the colour along a row of chroma, the first pixel centred at `(x, y)` in units of chroma pixels.
    pub(super) fn chroma_row(&self, place: &Projected, [x, y]: [f64; 2], work: &mut Work, out: [&mut [u8]; 2]) {
        let [u, v] = out;
        for (i, (u, v)) in u.chunks_mut(BLOCK).zip(v.chunks_mut(BLOCK)).enumerate() {
            let block = Block::new(place, x + (i * BLOCK) as f64, y, u.len());
            let level = block.level(self.luma[0].size, place).clamp(1, self.chroma.len());
            let level = &self.chroma[level - 1];
            work.find_texels(&block, level.size, false);
            level.sample(work, [u, v]);
        }
    }
}

/// Pixels so few that one size of the texture fits all of them.
const BLOCK: usize = 256;

/// Bits behind the point in places on a texture: half of the number.
const FRACTION: u32 = 16;
/// Bits of it that are kept to mix texels.
const SHARE: u32 = 6;

/// A place, or a step, in texels as a number with [`FRACTION`] bits behind the point.
fn fixed(texels: f32) -> u32 {
    (texels * (1 << FRACTION) as f32) as i64 as u32
}

/// The face's coordinates along a block of pixels.
struct Block {
    len: usize,
    /// At the first pixel, and the step to the next.
    s: [f32; 2],
    t: [f32; 2],
    w: [f32; 2],
}

impl Block {
    fn new(place: &Projected, x: f64, y: f64, len: usize) -> Self {
        let steps = |l: &super::face::Linear| [l.at(x, y) as f32, l.a as f32];
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
        let n = n as i32 as f32;
        let per_w = 1.0 / (self.w[0] + n * self.w[1]);
        let place = |[first, step]: [f32; 2], texels: usize| {
            let texels = texels as i32 as f32;
            let at = (first + n * step) * per_w * texels - offset;
            let at = if at > 0.0 { at } else { 0.0 };
            if at < texels - 1.0 { at } else { texels - 1.0 }
        };
        [place(self.s, texels[0]), place(self.t, texels[1])]
    }

    /// The size of the texture whose texels are about as large as a pixel in the middle of the block; 0 is as painted.
    fn level(&self, [columns, rows]: [usize; 2], place: &Projected) -> usize {
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
            (u * u + v * v).sqrt()
        };
        let across = along(place.s.a, place.t.a, place.w.a);
        let down = along(place.s.b, place.t.b, place.w.b);
        // Between the two: sharp along the one, soft along the other, where a surface is seen at a slant.
        let texels = (across * down).sqrt().max(0.35 * across.max(down));
        // The exponent of the number is its logarithm, rounded down.
        (((1.3 * texels).max(1.0).to_bits() >> 23) as usize).saturating_sub(127)
    }
}

/// Lists are walked in steps of this many pixels, a multiple of what the processor takes at once; what is too many is
/// thrown away.
const STEP: usize = 16;

/// Where the pixels of a block lie on a texture, and what is there. Each list is walked in one plain loop, which the
/// compiler makes vectors of.
#[derive(Debug)]
pub(super) struct Work {
    /// Index of the upper left of the four texels around a pixel.
    at: Vec<u32>,
    /// How far the pixel is from there, right and down, in 1/2^[`SHARE`] of the way to the next texel.
    right: Vec<u16>,
    down: Vec<u16>,
    /// The left and the right two of the four texels, the lower one in the high byte.
    texels: [Vec<u16>; 2],
    mixed: Vec<u8>,
}

impl Default for Work {
    fn default() -> Self {
        let list = || vec![0; BLOCK];
        Self {
            at: vec![0; BLOCK],
            right: list(),
            down: list(),
            texels: [list(), list()],
            mixed: vec![0; BLOCK],
        }
    }
}

impl Work {
    /// Finds the texels around each pixel (`offset` half a texel, and `mixing` how far between them), or the nearest one.
    fn find_texels(&mut self, block: &Block, [columns, rows]: [usize; 2], mixing: bool) {
        // Rows of less than 2^15 texels: the processor multiplies such numbers fastest.
        let stride = columns as u32 & 0x7FFF;
        let len = block.len.next_multiple_of(STEP);
        let even = block.even();
        let offset = if mixing { 0.5 } else { 0.0 };
        let mut from = block.place(0, [columns, rows], offset);
        for start in (0..len).step_by(even) {
            let run = start..(start + even).min(len);
            let to = block.place(run.end, [columns, rows], offset);
            let per_pixel = 1.0 / (run.end - start) as i32 as f32;
            let step = [0, 1].map(|i| fixed((to[i] - from[i]) * per_pixel));
            let first = from.map(fixed);
            let [mut x, mut y] = first;
            for at in &mut self.at[run.clone()] {
                *at = (y >> FRACTION) * stride + (x >> FRACTION);
                (x, y) = (x.wrapping_add(step[0]), y.wrapping_add(step[1]));
            }
            if mixing {
                for (i, shares) in [&mut self.right, &mut self.down].into_iter().enumerate() {
                    let (mut behind_point, step) = (first[i] as u16, step[i] as u16);
                    for share in &mut shares[run.clone()] {
                        *share = behind_point >> (FRACTION - SHARE);
                        behind_point = behind_point.wrapping_add(step);
                    }
                }
            }
            from = to;
        }
    }

    /// Mixes the four texels around each pixel by its distance to them.
    fn mix(&mut self, out: &mut [u8]) {
        const ALL: u16 = 1 << SHARE;
        let len = out.len().next_multiple_of(STEP);
        let [left, right] = &self.texels;
        let texels = left[..len].iter().zip(&right[..len]);
        let shares = self.right[..len].iter().zip(&self.down[..len]);
        for (mixed, ((left, right), (x, y))) in self.mixed[..len].iter_mut().zip(texels.zip(shares)) {
            let down = |pair: u16| ((pair & 255) * (ALL - y) + (pair >> 8) * y) >> 4;
            *mixed = ((down(*left) * (ALL - x) + down(*right) * x + 128) >> 8) as u8;
        }
        out.copy_from_slice(&self.mixed[..out.len()]);
    }
}

impl Level {
    fn new(texels: &[Yuv], size: [usize; 2]) -> Self {
        Self {
            size,
            fours: fours(texels, size),
        }
    }

    fn sample(&self, work: &mut Work, out: &mut [u8]) {
        let [left, right] = &mut work.texels;
        for (at, (left, right)) in work.at[..out.len()].iter().zip(left.iter_mut().zip(right)) {
            if let Some(four) = self.fours.get(*at as usize) {
                (*left, *right) = (*four as u16, (four >> 16) as u16);
            }
        }
        work.mix(out);
    }
}

impl ChromaLevel {
    fn new(texels: &[Yuv], size: [usize; 2]) -> Self {
        Self {
            size,
            texels: texels.iter().map(|[_, u, v]| [to_u8(*u), to_u8(*v)]).collect(),
        }
    }

    fn sample(&self, work: &Work, [u_out, v_out]: [&mut [u8]; 2]) {
        for (at, (u, v)) in work.at.iter().zip(u_out.iter_mut().zip(v_out)) {
            if let Some(texel) = self.texels.get(*at as usize) {
                [*u, *v] = *texel;
            }
        }
    }
}

/// The brightness of each texel with that of its neighbours; at the edges the texel itself takes the place of those that
/// are missing.
fn fours(texels: &[Yuv], [width, height]: [usize; 2]) -> Vec<u32> {
    let luma: Vec<u8> = texels.iter().map(|texel| to_u8(texel[0])).collect();
    let row = |y: usize| &luma[y.min(height - 1) * width..][..width];
    let mut fours = Vec::with_capacity(width * height);
    for y in 0..height {
        let (here, below) = (row(y), row(y + 1));
        let pairs = here.windows(2).zip(below.windows(2));
        fours.extend(pairs.map(|(here, below)| u32::from_le_bytes([here[0], below[0], here[1], below[1]])));
        let [last, last_below] = [here[width - 1], below[width - 1]];
        fours.push(u32::from_le_bytes([last, last_below, last, last_below]));
    }
    fours
}

fn to_u8(v: f32) -> u8 {
    (v + 0.5).clamp(0.0, 255.0) as u8
}

/// The mean of each two by two texels; an odd last column or row counts twice.
fn halved(texels: &[Yuv], [width, height]: [usize; 2]) -> (Vec<Yuv>, [usize; 2]) {
    let size = [width.div_ceil(2), height.div_ceil(2)];
    let row = |y: usize| &texels[y.min(height - 1) * width..][..width];
    let mut half = Vec::with_capacity(size[0] * size[1]);
    for y in 0..size[1] {
        let pairs = row(2 * y).chunks(2).zip(row(2 * y + 1).chunks(2));
        half.extend(pairs.map(|(upper, lower)| {
            let four = [upper[0], upper[upper.len() - 1], lower[0], lower[lower.len() - 1]];
            [0, 1, 2].map(|c| (four[0][c] + four[1][c] + four[2][c] + four[3][c]) / 4.0)
        }));
    }
    (half, size)
}
