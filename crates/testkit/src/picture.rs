//! Pictures that say who they are.
//!
//! Each carries a [`Stamp`] as black and white blocks, once along its top and once along its bottom. A picture whose two
//! stamps differ was put together from two pictures.

use rustix::time::{ClockId, clock_gettime};

/// The smallest side that has room for two stamps.
pub const MIN_WIDTH: usize = 64;
/// The smallest height for any width from [`MIN_WIDTH`] on.
pub const MIN_HEIGHT: usize = 240;

/// Number, birth and a check sum, in bits.
const STAMP_BITS: usize = 32 + 64 + 16;

/// What a picture says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its number since the start, from 0.
    pub frame: u32,
    /// When it was drawn: `CLOCK_MONOTONIC` in nanoseconds.
    pub drawn_ns: u64,
}

/// This moment on `CLOCK_MONOTONIC`, in nanoseconds.
pub fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

impl Stamp {
    fn to_bits(self) -> u128 {
        let body = (u128::from(self.frame) << 64) | u128::from(self.drawn_ns);
        (body << 16) | u128::from(check_sum(body))
    }

    fn from_bits(bits: u128) -> Option<Self> {
        let body = bits >> 16;
        let stamp = Self {
            frame: (body >> 64) as u32,
            drawn_ns: body as u64,
        };
        (check_sum(body) == bits as u16).then_some(stamp)
    }
}

/// FNV-1a, folded to 16 bits: all black and all white are no stamps.
fn check_sum(body: u128) -> u16 {
    let hash = body.to_be_bytes().iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) as u16
}

/// A picture in I420: planes without padding, chroma at half size.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Width in pixels, even.
    pub width: usize,
    /// Height in pixels, even.
    pub height: usize,
    /// Planes Y, U, V, one after the other.
    pub i420: Vec<u8>,
}

impl Picture {
    /// Draws a picture: a slow gradient, a square that moves, and the stamp.
    ///
    /// # Panics
    /// When a side is odd or too small for a stamp.
    pub fn draw(width: usize, height: usize, stamp: Stamp) -> Self {
        assert!(
            width.is_multiple_of(2) && height.is_multiple_of(2),
            "I420 wants even sides, got {width}x{height}"
        );
        assert!(
            width >= MIN_WIDTH && height >= MIN_HEIGHT,
            "{width}x{height} has no room for two stamps"
        );
        let mut i420 = vec![0; width * height * 3 / 2];
        let (luma, chroma) = i420.split_at_mut(width * height);
        for (y, row) in luma.chunks_exact_mut(width).enumerate() {
            row.fill((60 + y * 120 / height) as u8);
        }
        let side = height / 8;
        let left = (stamp.frame as usize * 4) % (width - side);
        for row in luma.chunks_exact_mut(width).skip(height / 2 - side / 2).take(side) {
            row[left..left + side].fill(200);
        }
        let (u, v) = chroma.split_at_mut(width * height / 4);
        u.fill(118);
        v.fill(138);
        let grid = Grid::of(width);
        for bottom in [false, true] {
            grid.draw(luma, width, height, stamp.to_bits(), bottom);
        }
        Self { width, height, i420 }
    }

    /// Returns the planes Y, U and V.
    pub fn planes(&self) -> [&[u8]; 3] {
        let (y, chroma) = self.i420.split_at(self.width * self.height);
        let (u, v) = chroma.split_at(self.width * self.height / 4);
        [y, u, v]
    }
}

/// Why a picture has no stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Its blocks are no stamp.
    #[error("the picture carries no readable stamp")]
    Unreadable,
    /// Top and bottom are of different pictures.
    #[error("the picture is torn: {} at the top, {} at the bottom", top.frame, bottom.frame)]
    Torn {
        /// The upper stamp.
        top: Stamp,
        /// The lower stamp.
        bottom: Stamp,
    },
}

/// Reads the stamp from a plane of luma whose rows begin `stride` bytes apart.
///
/// # Errors
/// [`StampError`], when there is none, or two.
pub fn read_stamp(luma: &[u8], stride: usize, width: usize, height: usize) -> Result<Stamp, StampError> {
    if width < MIN_WIDTH || height < MIN_HEIGHT || luma.len() < (height - 1) * stride + width {
        return Err(StampError::Unreadable);
    }
    let grid = Grid::of(width);
    let read = |bottom| Stamp::from_bits(grid.read(luma, stride, height, bottom)).ok_or(StampError::Unreadable);
    let (top, bottom) = (read(false)?, read(true)?);
    if top == bottom {
        Ok(top)
    } else {
        Err(StampError::Torn { top, bottom })
    }
}

/// How the bits of a stamp lie in a picture.
struct Grid {
    /// Side of a block in pixels.
    block: usize,
    columns: usize,
    rows: usize,
}

impl Grid {
    fn of(width: usize) -> Self {
        let block = if width >= 320 { 16 } else { 8 };
        let columns = width / block;
        Self {
            block,
            columns,
            rows: STAMP_BITS.div_ceil(columns),
        }
    }

    /// The corner of a bit's block.
    fn corner(&self, bit: usize, height: usize, bottom: bool) -> [usize; 2] {
        let above = if bottom { height - self.rows * self.block } else { 0 };
        [
            (bit % self.columns) * self.block,
            above + (bit / self.columns) * self.block,
        ]
    }

    fn draw(&self, luma: &mut [u8], width: usize, height: usize, bits: u128, bottom: bool) {
        for bit in 0..STAMP_BITS {
            let [x, y] = self.corner(bit, height, bottom);
            let level = if bits >> bit & 1 == 1 { 235 } else { 16 };
            for row in luma.chunks_exact_mut(width).skip(y).take(self.block) {
                row[x..x + self.block].fill(level);
            }
        }
    }

    fn read(&self, luma: &[u8], stride: usize, height: usize, bottom: bool) -> u128 {
        (0..STAMP_BITS).fold(0, |bits, bit| {
            let [x, y] = self.corner(bit, height, bottom);
            let centre = luma[(y + self.block / 2) * stride + x + self.block / 2];
            bits | u128::from(centre > 125) << bit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        frame: 0xdead_beef,
        drawn_ns: u64::MAX - 12_345,
    };

    #[test]
    fn a_stamp_is_read_back_at_every_size() {
        for [width, height] in [[64, 240], [160, 240], [320, 240], [640, 360], [1280, 720], [642, 362]] {
            let picture = Picture::draw(width, height, STAMP);
            assert_eq!(
                read_stamp(&picture.i420, width, width, height),
                Ok(STAMP),
                "{width}x{height}"
            );
        }
    }

    #[test]
    fn half_of_one_picture_under_half_of_another_is_torn() {
        let later = Stamp { frame: 7, ..STAMP };
        let mut picture = Picture::draw(640, 360, STAMP);
        let below = Picture::draw(640, 360, later);
        picture.i420[640 * 180..640 * 360].copy_from_slice(&below.i420[640 * 180..640 * 360]);
        assert_eq!(
            read_stamp(&picture.i420, 640, 640, 360),
            Err(StampError::Torn {
                top: STAMP,
                bottom: later
            })
        );
    }

    #[test]
    fn plain_grey_black_and_white_carry_no_stamp() {
        for level in [0, 128, 255] {
            assert_eq!(
                read_stamp(&vec![level; 640 * 360], 640, 640, 360),
                Err(StampError::Unreadable)
            );
        }
    }
}
