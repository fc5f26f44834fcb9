//! Everything to RGB: what people's own code asks for.

use crate::format::{ColorSpace, Matrix, PixelFormat, Range};
use crate::i420::{copy_rows, split_pairs};
use crate::image::Image;
use crate::jpeg::{Decoder, JpegError};
use crate::luma::yuyv_luma;
use crate::view::ImageView;

/// Returns the image as RGB. See [`to_rgb8_into`], which keeps the memory.
///
/// # Errors
/// [`JpegError`], only for a JPEG.
pub fn to_rgb8(view: &ImageView<'_>) -> Result<Image, JpegError> {
    let mut out = Image::default();
    to_rgb8_into(view, &mut out)?;
    Ok(out)
}

/// Makes `out` the same image as RGB.
///
/// YUV is taken by its matrix and range; each chroma value serves all its pixels, without smoothing between them.
///
/// # Errors
/// [`JpegError`], only for a JPEG.
pub fn to_rgb8_into(view: &ImageView<'_>, out: &mut Image) -> Result<(), JpegError> {
    if let Some(jpeg) = view.jpeg_bytes() {
        return Decoder::new()?.rgb8(jpeg, out);
    }
    out.reset(PixelFormat::Rgb8, view.width(), view.height(), ColorSpace::JPEG)?;
    let [rgb, _, _] = out.planes_mut();
    let width = view.size()[0];
    match view.format() {
        PixelFormat::Rgb8 => copy_rows(view.plane(0), 3 * width, rgb),
        PixelFormat::Bgr8 => {
            for (y, row) in rgb.chunks_exact_mut(3 * width).enumerate() {
                let bgr = view.plane(0).row(y, 3 * width);
                row.chunks_exact_mut(3).zip(bgr.chunks_exact(3)).for_each(|(o, i)| {
                    (o[0], o[1], o[2]) = (i[2], i[1], i[0]);
                });
            }
        }
        PixelFormat::Gray8 => {
            for (y, row) in rgb.chunks_exact_mut(3 * width).enumerate() {
                let gray = view.plane(0).row(y, width);
                row.chunks_exact_mut(3).zip(gray).for_each(|(o, i)| o.fill(*i));
            }
        }
        _ => from_yuv(view, rgb),
    }
    Ok(())
}

fn from_yuv(view: &ImageView<'_>, rgb: &mut [u8]) {
    let weights = Weights::of(view.color());
    let width = view.size()[0];
    let half_width = width.div_ceil(2);
    let (mut y_row, mut u_row, mut v_row) = (vec![0; width], vec![0; half_width], vec![0; half_width]);
    for (y, out) in rgb.chunks_exact_mut(3 * width).enumerate() {
        match view.format() {
            PixelFormat::I420 => {
                let [u, v] = [1, 2].map(|i| view.plane(i).row(y / 2, half_width));
                weights.rgb_row(view.plane(0).row(y, width), u, v, out);
            }
            PixelFormat::Nv12 => {
                split_pairs(view.plane(1).row(y / 2, 2 * half_width), &mut u_row, &mut v_row);
                weights.rgb_row(view.plane(0).row(y, width), &u_row, &v_row, out);
            }
            _ => {
                let yuyv = view.plane(0).row(y, 4 * half_width);
                yuyv_luma(yuyv, &mut y_row);
                for ((quad, u), v) in yuyv.chunks_exact(4).zip(&mut u_row).zip(&mut v_row) {
                    (*u, *v) = (quad[1], quad[3]);
                }
                weights.rgb_row(&y_row, &u_row, &v_row, out);
            }
        }
    }
}

/// What Y, U and V count for in red, green and blue, in units of 1/8192.
#[derive(Debug)]
pub(crate) struct Weights {
    black: i16,
    y: i16,
    v_in_r: i16,
    u_in_g: i16,
    v_in_g: i16,
    u_in_b: i16,
}

/// Pixels that [`Weights::planar`] takes at once.
pub(crate) const STRETCH: usize = 64;

impl Weights {
    pub(crate) fn of(color: ColorSpace) -> Self {
        let (red, blue) = match color.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let (black, y_gain, uv_gain) = match color.range {
            Range::Full => (0, 1.0, 1.0),
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
        };
        let fixed = |weight: f64| (weight * 8192.0).round() as i16;
        let green = 1.0 - red - blue;
        Self {
            black,
            y: fixed(y_gain),
            v_in_r: fixed(uv_gain * 2.0 * (1.0 - red)),
            u_in_g: fixed(-uv_gain * 2.0 * (1.0 - blue) * blue / green),
            v_in_g: fixed(-uv_gain * 2.0 * (1.0 - red) * red / green),
            u_in_b: fixed(uv_gain * 2.0 * (1.0 - blue)),
        }
    }

    /// Up to [`STRETCH`] pixels as planes: the same numbers as [`Weights::rgb_row`], in 16 bits, so that more fit into a register.
    pub(crate) fn planar(&self, y_row: &[u8], u_row: &[u8], v_row: &[u8], rgb: [&mut [u8]; 3]) {
        // Sums in units of 1/8192 as whole levels and, shifted up, what is left of them.
        let mut levels = [[0_i16; STRETCH]; 3];
        let mut rests = [[0_u16; STRETCH]; 3];
        for (pair, (u, v)) in u_row.iter().zip(v_row).take(STRETCH / 2).enumerate() {
            let chroma = self.chroma(*u, *v);
            for channel in 0..3 {
                let sum = chroma[channel] + (1 << 12);
                let (level, rest) = ((sum >> 13) as i16, ((sum & 8191) << 3) as u16);
                for at in [2 * pair, 2 * pair + 1] {
                    (levels[channel][at], rests[channel][at]) = (level, rest);
                }
            }
        }
        for (out, (levels, rests)) in rgb.into_iter().zip(levels.iter().zip(&rests)) {
            for (((out, y), level), rest) in out.iter_mut().zip(y_row).zip(levels).zip(rests) {
                let y = (i16::from(*y) - self.black) << 3;
                let product = i32::from(y) * i32::from(self.y);
                let (whole, part) = ((product >> 16) as i16, product as u16);
                let carry = i16::from(part.wrapping_add(*rest) < part);
                *out = (whole + level + carry).clamp(0, 255) as u8;
            }
        }
    }

    /// No red, green or blue of pixels with at most this brightness, and chroma within these limits, is above it.
    pub(crate) fn brightest(&self, y: u8, u: [u8; 2], v: [u8; 2]) -> u8 {
        let [low, high] = [0, 1].map(|end| self.chroma(u[end], v[end]));
        // Green falls with chroma, the others rise.
        let most = high[0].max(low[1]).max(high[2]);
        let y = (i32::from(y) - i32::from(self.black)) * i32::from(self.y);
        ((y + most + (1 << 12)) >> 13).clamp(0, 255) as u8
    }

    /// What chroma adds to red, green and blue.
    fn chroma(&self, u: u8, v: u8) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            i32::from(self.v_in_r) * v,
            i32::from(self.u_in_g) * u + i32::from(self.v_in_g) * v,
            i32::from(self.u_in_b) * u,
        ]
    }

    fn rgb_row(&self, y_row: &[u8], u_row: &[u8], v_row: &[u8], out: &mut [u8]) {
        let pairs = out.chunks_mut(6).zip(y_row.chunks(2)).zip(u_row.iter().zip(v_row));
        for ((pixels, ys), (u, v)) in pairs {
            let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
            let r = i32::from(self.v_in_r) * v;
            let g = i32::from(self.u_in_g) * u + i32::from(self.v_in_g) * v;
            let b = i32::from(self.u_in_b) * u;
            for (pixel, y) in pixels.chunks_exact_mut(3).zip(ys) {
                let y = (i32::from(*y) - i32::from(self.black)) * i32::from(self.y) + (1 << 12);
                pixel[0] = ((y + r) >> 13).clamp(0, 255) as u8;
                pixel[1] = ((y + g) >> 13).clamp(0, 255) as u8;
                pixel[2] = ((y + b) >> 13).clamp(0, 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition in BT.601 and BT.709, in f64.
    fn exact([y, u, v]: [u8; 3], color: ColorSpace) -> [f64; 3] {
        let [y, u, v] = [y, u, v].map(f64::from);
        let (y, pb, pr) = match color.range {
            Range::Full => (y / 255.0, (u - 128.0) / 255.0, (v - 128.0) / 255.0),
            Range::Limited => ((y - 16.0) / 219.0, (u - 128.0) / 224.0, (v - 128.0) / 224.0),
        };
        let rgb = match color.matrix {
            Matrix::Bt601 => [y + 1.402 * pr, y - 0.344_136 * pb - 0.714_136 * pr, y + 1.772 * pb],
            Matrix::Bt709 => [y + 1.5748 * pr, y - 0.187_324 * pb - 0.468_124 * pr, y + 1.8556 * pb],
        };
        rgb.map(|c| (255.0 * c).clamp(0.0, 255.0))
    }

    #[test]
    fn every_matrix_and_range_is_within_a_level_of_its_definition() {
        for matrix in [Matrix::Bt601, Matrix::Bt709] {
            for range in [Range::Limited, Range::Full] {
                let color = ColorSpace { matrix, range };
                let weights = Weights::of(color);
                for y in (0..=255).step_by(5) {
                    for u in (0..=255).step_by(15) {
                        for v in (0..=255).step_by(17) {
                            let mut rgb = [0; 3];
                            weights.rgb_row(&[y], &[u], &[v], &mut rgb);
                            for (got, wanted) in rgb.into_iter().zip(exact([y, u, v], color)) {
                                assert!((f64::from(got) - wanted).abs() < 0.6, "{color:?} {y} {u} {v}");
                            }
                        }
                    }
                }
            }
        }
    }
}
