//! Pictures: as video, as JPEG, or as they are.

use bushbaby_pixels::{ImageView, Matrix, PixelFormat, Range, to_rgb8};
use foxglove::messages::{CompressedImage, CompressedVideo, RawImage};

use super::{encoded, timestamp};

/// `foxglove.CompressedVideo` of one H.264 picture in Annex B.
pub fn video(frame_id: &str, wall_ns: u64, annex_b: Vec<u8>) -> Vec<u8> {
    encoded(&CompressedVideo {
        timestamp: Some(timestamp(wall_ns)),
        frame_id: frame_id.to_owned(),
        data: annex_b.into(),
        format: "h264".to_owned(),
    })
}

/// `foxglove.CompressedImage` of one JPEG.
pub fn jpeg(frame_id: &str, wall_ns: u64, jpeg: Vec<u8>) -> Vec<u8> {
    encoded(&CompressedImage {
        timestamp: Some(timestamp(wall_ns)),
        frame_id: frame_id.to_owned(),
        data: jpeg.into(),
        format: "jpeg".to_owned(),
    })
}

/// `foxglove.RawImage` of a picture: in its own format where Foxglove has that, I420 as NV12, or RGB where a side is odd.
///
/// `None` for a JPEG, which has no rows.
pub fn raw(frame_id: &str, wall_ns: u64, image: &ImageView<'_>) -> Option<Vec<u8>> {
    let [width, height] = [image.width(), image.height()];
    let is_even = width % 2 == 0 && height % 2 == 0;
    let (encoding, row_bytes, data) = match image.format() {
        PixelFormat::Jpeg => return None,
        PixelFormat::I420 if is_even => ("nv12", width as usize, nv12(image)),
        PixelFormat::Nv12 if is_even => ("nv12", width as usize, rows(image)),
        PixelFormat::I420 | PixelFormat::Nv12 => ("rgb8", 3 * width as usize, to_rgb8(image).ok()?.bytes().to_vec()),
        PixelFormat::Yuyv => ("yuyv", 4 * width.div_ceil(2) as usize, rows(image)),
        PixelFormat::Rgb8 => ("rgb8", 3 * width as usize, rows(image)),
        PixelFormat::Bgr8 => ("bgr8", 3 * width as usize, rows(image)),
        PixelFormat::Gray8 => ("mono8", width as usize, rows(image)),
    };
    Some(raw_image(frame_id, wall_ns, [width, height], encoding, row_bytes, data))
}

pub(super) fn raw_image(
    frame_id: &str,
    wall_ns: u64,
    [width, height]: [u32; 2],
    encoding: &str,
    row_bytes: usize,
    data: Vec<u8>,
) -> Vec<u8> {
    encoded(&RawImage {
        timestamp: Some(timestamp(wall_ns)),
        frame_id: frame_id.to_owned(),
        width,
        height,
        encoding: encoding.to_owned(),
        step: row_bytes as u32,
        data: data.into(),
    })
}

/// What the numbers of a YUV picture mean, in words: `bt601` or `bt709`, and `limited` or `full`.
pub fn color_words(image: &ImageView<'_>) -> [&'static str; 2] {
    let color = image.color();
    [
        if color.matrix == Matrix::Bt709 {
            "bt709"
        } else {
            "bt601"
        },
        if color.range == Range::Limited {
            "limited"
        } else {
            "full"
        },
    ]
}

/// All planes, one after the other, rows without padding.
fn rows(image: &ImageView<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, plane) in image.planes().iter().enumerate() {
        let Some([row_bytes, rows]) = image.format().plane_shape(index, image.width(), image.height()) else {
            continue;
        };
        out.reserve(row_bytes * rows);
        for row in 0..rows {
            out.extend_from_slice(&plane.bytes[row * plane.stride_bytes..][..row_bytes]);
        }
    }
    out
}

fn nv12(i420: &ImageView<'_>) -> Vec<u8> {
    let tight = rows(i420);
    let luma = (i420.width() * i420.height()) as usize;
    let mut out = Vec::with_capacity(tight.len());
    out.extend_from_slice(&tight[..luma]);
    let (u, v) = tight[luma..].split_at(luma / 4);
    out.extend(u.iter().zip(v).flat_map(|(u, v)| [*u, *v]));
    out
}
