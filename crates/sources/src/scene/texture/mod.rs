//! Painted surfaces in several sizes, and how they are read along a row of pixels.

mod row;

use super::face::Projected;
use row::{BLOCK, Block};

pub(super) use row::Work;

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

/// One size of the brightness. Each texel holds the one below it too, in the high byte, so that the four around any place
/// are two neighbours.
#[derive(Debug)]
struct Level {
    size: [usize; 2],
    pairs: Vec<u16>,
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
            for run in block.runs(level.size, 0.5) {
                work.read(&run, level.size[0] as u32, &level.pairs);
            }
            work.mix(out);
        }
    }

    /// Writes the colour along a row of chroma, the first pixel centred at `(x, y)` in units of chroma pixels.
    pub(super) fn chroma_row(&self, place: &Projected, [x, y]: [f64; 2], out: [&mut [u8]; 2]) {
        let [u, v] = out;
        for (i, (u, v)) in u.chunks_mut(BLOCK).zip(v.chunks_mut(BLOCK)).enumerate() {
            let block = Block::new(place, x + (i * BLOCK) as f64, y, u.len());
            let level = block.level(self.luma[0].size, place).clamp(1, self.chroma.len());
            let level = &self.chroma[level - 1];
            for run in block.runs(level.size, 0.0) {
                let (u, v) = (&mut u[run.pixels.clone()], &mut v[run.pixels.clone()]);
                for ((texel, _), (u, v)) in run.texels(level.size[0] as u32).zip(u.iter_mut().zip(v)) {
                    [*u, *v] = level.texels.get(texel).copied().unwrap_or_default();
                }
            }
        }
    }
}

impl Level {
    fn new(texels: &[Yuv], size: [usize; 2]) -> Self {
        Self {
            size,
            pairs: pairs(texels, size),
        }
    }
}

impl ChromaLevel {
    fn new(texels: &[Yuv], size: [usize; 2]) -> Self {
        Self {
            size,
            texels: texels.iter().map(|[_, u, v]| [to_u8(*u), to_u8(*v)]).collect(),
        }
    }
}

/// The brightness of each texel with that of the one below; in the last row the texel itself takes its place.
fn pairs(texels: &[Yuv], [width, height]: [usize; 2]) -> Vec<u16> {
    let luma: Vec<u8> = texels.iter().map(|texel| to_u8(texel[0])).collect();
    let row = |y: usize| &luma[y.min(height - 1) * width..][..width];
    let pair = |(here, below): (&u8, &u8)| u16::from_le_bytes([*here, *below]);
    (0..height)
        .flat_map(|y| row(y).iter().zip(row(y + 1)).map(pair))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::super::face::{Face, Pinhole};
    use super::*;

    /// A wall that falls away to the right, with brightness rising along it and colour rising down it.
    #[test]
    fn a_slope_of_brightness_and_colour_is_where_perspective_puts_it() {
        let (columns, rows) = (512, 256);
        let texels =
            (0..rows).flat_map(|y| (0..columns).map(move |x| [x as f32 / 2.56 + 20.0, y as f32 / 2.0 + 60.0, 90.0]));
        let texture = Texture::new(texels.collect(), columns);
        let pinhole = Pinhole {
            width: 300,
            height: 200,
            focal: 250.0,
            center: [150.0, 100.0],
        };
        let face = Face {
            origin: [-1.0, -1.0, 2.0],
            right: [2.4, 0.0, 1.3],
            down: [0.0, 2.0, 0.0],
        };
        let place = face.project(&pinhole, [false; 4]).unwrap();
        let half = face.project(&pinhole.halved(), [false; 4]).unwrap();
        let (mut work, mut luma, mut u, mut v) = (Work::default(), vec![0; 180], vec![0; 90], vec![0; 90]);
        for y in 60..140 {
            texture.luma_row(&place, [50.5, f64::from(y) + 0.5], &mut work, &mut luma);
            for (i, level) in luma.iter().enumerate() {
                let (x, y) = (50.5 + i as f64, f64::from(y) + 0.5);
                let s = place.s.at(x, y) / place.w.at(x, y);
                let wanted = (s * 512.0 - 0.5) / 2.56 + 20.0;
                assert!(
                    (f64::from(*level) - wanted).abs() < 1.2,
                    "({x}, {y}): {level} for {wanted}"
                );
            }
        }
        for y in 30..70 {
            texture.chroma_row(&half, [25.5, f64::from(y) + 0.5], [&mut u, &mut v]);
            for (i, level) in u.iter().enumerate() {
                let (x, y) = (25.5 + i as f64, f64::from(y) + 0.5);
                let wanted = half.t.at(x, y) / half.w.at(x, y) * 128.0 + 60.0;
                assert!(
                    (f64::from(*level) - wanted).abs() < 2.0,
                    "({x}, {y}): {level} for {wanted}"
                );
            }
            assert!(v.iter().all(|level| *level == 90));
        }
    }
}
