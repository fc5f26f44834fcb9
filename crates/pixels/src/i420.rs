//! Everything to I420: what the encoders take.

use crate::format::PixelFormat;
use crate::image::Image;
use crate::jpeg::{Decoder, JpegError};
use crate::luma::{rgb_luma, yuyv_luma};
use crate::view::{ImageView, Plane};

/// Returns the image as I420. See [`to_i420_into`], which keeps the memory.
///
/// # Errors
/// [`JpegError`], only for a JPEG.
pub fn to_i420(view: &ImageView<'_>) -> Result<Image, JpegError> {
    let mut out = Image::default();
    to_i420_into(view, &mut out)?;
    Ok(out)
}

/// Makes `out` the same image as I420.
///
/// YUV formats keep their matrix and range: their numbers are only moved (the two chroma rows of YUYV that become one
/// are averaged). RGB and JPEG become [`ColorSpace::JPEG`]; grey gets chroma 128.
///
/// # Errors
/// [`JpegError`], only for a JPEG.
pub fn to_i420_into(view: &ImageView<'_>, out: &mut Image) -> Result<(), JpegError> {
    if let Some(jpeg) = view.jpeg_bytes() {
        return Decoder::new()?.i420(jpeg, out);
    }
    out.reset(PixelFormat::I420, view.width(), view.height(), view.color())?;
    let [width, height] = view.size();
    let [y, u, v] = out.planes_mut();
    match view.format() {
        PixelFormat::I420 => {
            copy_rows(view.plane(0), width, y);
            copy_rows(view.plane(1), width.div_ceil(2), u);
            copy_rows(view.plane(2), width.div_ceil(2), v);
        }
        PixelFormat::Nv12 => {
            copy_rows(view.plane(0), width, y);
            split_nv12_chroma(view.plane(1), width.div_ceil(2), u, v);
        }
        PixelFormat::Yuyv => from_yuyv(view.plane(0), [width, height], y, u, v),
        PixelFormat::Rgb8 => from_rgb::<0, 2>(view.plane(0), [width, height], y, u, v),
        PixelFormat::Bgr8 => from_rgb::<2, 0>(view.plane(0), [width, height], y, u, v),
        PixelFormat::Gray8 | PixelFormat::Jpeg => {
            copy_rows(view.plane(0), width, y);
            u.fill(128);
            v.fill(128);
        }
    }
    Ok(())
}

/// Copies rows of `len` bytes to where they lie without padding.
pub(crate) fn copy_rows(from: Plane<'_>, len: usize, to: &mut [u8]) {
    for (y, row) in to.chunks_exact_mut(len).enumerate() {
        row.copy_from_slice(from.row(y, len));
    }
}

fn split_nv12_chroma(uv: Plane<'_>, half_width: usize, u: &mut [u8], v: &mut [u8]) {
    let rows = u.chunks_exact_mut(half_width).zip(v.chunks_exact_mut(half_width));
    for (y, (u_row, v_row)) in rows.enumerate() {
        split_pairs(uv.row(y, 2 * half_width), u_row, v_row);
    }
}

pub(crate) fn split_pairs(pairs: &[u8], first: &mut [u8], second: &mut [u8]) {
    for ((pair, a), b) in pairs.chunks_exact(2).zip(first).zip(second) {
        (*a, *b) = (pair[0], pair[1]);
    }
}

fn from_yuyv(yuyv: Plane<'_>, [width, height]: [usize; 2], y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
    let half_width = width.div_ceil(2);
    for (row, out) in y.chunks_exact_mut(width).enumerate() {
        yuyv_luma(yuyv.row(row, 4 * half_width), out);
    }
    let rows = u.chunks_exact_mut(half_width).zip(v.chunks_exact_mut(half_width));
    for (row, (u_row, v_row)) in rows.enumerate() {
        let upper = yuyv.row(2 * row, 4 * half_width);
        let lower = yuyv.row((2 * row + 1).min(height - 1), 4 * half_width);
        let quads = upper.chunks_exact(4).zip(lower.chunks_exact(4));
        for (((a, b), u), v) in quads.zip(u_row).zip(v_row) {
            *u = average(a[1], b[1]);
            *v = average(a[3], b[3]);
        }
    }
}

pub(crate) fn average(a: u8, b: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + 1) >> 1) as u8
}

fn from_rgb<const R: usize, const B: usize>(
    rgb: Plane<'_>,
    [width, height]: [usize; 2],
    y: &mut [u8],
    u: &mut [u8],
    v: &mut [u8],
) {
    for (row, out) in y.chunks_exact_mut(width).enumerate() {
        rgb_luma::<R, B>(rgb.row(row, 3 * width), out);
    }
    let half_width = width.div_ceil(2);
    let rows = u.chunks_exact_mut(half_width).zip(v.chunks_exact_mut(half_width));
    for (row, (u_row, v_row)) in rows.enumerate() {
        let upper = rgb.row(2 * row, 3 * width);
        let lower = rgb.row((2 * row + 1).min(height - 1), 3 * width);
        let blocks = upper.chunks_exact(6).zip(lower.chunks_exact(6));
        for (((a, b), u), v) in blocks.zip(u_row.iter_mut()).zip(v_row.iter_mut()) {
            let sum = |i: usize| i32::from(a[i]) + i32::from(a[i + 3]) + i32::from(b[i]) + i32::from(b[i + 3]);
            [*u, *v] = chroma_of_four(sum(R), sum(1), sum(B));
        }
        if width % 2 == 1 {
            let [a, b] = [upper, lower].map(|r| &r[3 * (width - 1)..]);
            let sum = |i: usize| 2 * (i32::from(a[i]) + i32::from(b[i]));
            [u_row[half_width - 1], v_row[half_width - 1]] = chroma_of_four(sum(R), sum(1), sum(B));
        }
    }
}

/// Full-range BT.601 chroma of four pixels whose colours were added up.
fn chroma_of_four(r: i32, g: i32, b: i32) -> [u8; 2] {
    const MIDDLE: i32 = (128 << 17) + (1 << 16);
    let u = (-5_529 * r - 10_855 * g + 16_384 * b + MIDDLE) >> 17;
    let v = (16_384 * r - 13_720 * g - 2_664 * b + MIDDLE) >> 17;
    [u.clamp(0, 255) as u8, v.clamp(0, 255) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ColorSpace;

    #[test]
    fn chroma_is_within_a_level_of_the_exact_weights() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(5) {
                for b in (0..=255).step_by(17) {
                    let (rf, gf, bf) = (f64::from(r), f64::from(g), f64::from(b));
                    let u = 128.0 - 0.168_736 * rf - 0.331_264 * gf + 0.5 * bf;
                    let v = 128.0 + 0.5 * rf - 0.418_688 * gf - 0.081_312 * bf;
                    let [got_u, got_v] = chroma_of_four(4 * r, 4 * g, 4 * b);
                    assert!((f64::from(got_u) - u).abs() < 0.51, "{r} {g} {b}");
                    assert!((f64::from(got_v) - v).abs() < 0.51, "{r} {g} {b}");
                }
            }
        }
    }

    #[test]
    fn the_last_column_and_row_of_odd_sizes_get_their_own_chroma() {
        let mut rgb = vec![0; 3 * 3 * 3];
        rgb[24..].copy_from_slice(&[255, 0, 0]);
        let plane = Plane {
            bytes: &rgb,
            stride_bytes: 9,
        };
        let view = ImageView::new(PixelFormat::Rgb8, 3, 3, ColorSpace::JPEG, &[plane]).unwrap();
        let i420 = to_i420(&view).unwrap();
        assert_eq!(i420.view().plane(0).bytes, [0, 0, 0, 0, 0, 0, 0, 0, 76]);
        assert_eq!(i420.view().plane(2).bytes, [128, 128, 128, 255]);
    }
}
