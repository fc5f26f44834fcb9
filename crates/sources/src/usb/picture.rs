//! Where the planes of a picture lie in a camera's buffer.

use bushbaby_pixels::{ImageView, PixelFormat, Plane, ViewError};

use super::camera::Granted;

/// Looks at a camera's buffer as a picture.
///
/// The planes of one buffer follow each other; the rows of chroma planes are as far apart as those of the first plane, or
/// half as far where they are half as wide (V4L2's single-planar formats).
///
/// # Errors
/// [`ViewError`], when the buffer is too short, as after a loss on the bus, or a JPEG's header is damaged.
pub(super) fn view<'a>(granted: &Granted, bytes: &'a [u8]) -> Result<ImageView<'a>, ViewError> {
    if granted.format == PixelFormat::Jpeg {
        return ImageView::jpeg(bytes);
    }
    let [width, height] = granted.size_px;
    let mut rest = bytes;
    let planes: Vec<Plane<'_>> = (0..)
        .map_while(|index| {
            granted
                .format
                .plane_shape(index, width, height)
                .map(|shape| (index, shape))
        })
        .map(|(index, [row_bytes, rows])| {
            let stride_bytes = match (granted.format, index) {
                (PixelFormat::I420, 1 | 2) => granted.stride_bytes / 2,
                _ => granted.stride_bytes,
            };
            let stride_bytes = stride_bytes.max(row_bytes);
            let (plane, behind) = rest.split_at((stride_bytes * rows).min(rest.len()));
            rest = behind;
            Plane {
                bytes: plane,
                stride_bytes,
            }
        })
        .collect();
    ImageView::new(granted.format, width, height, granted.color, &planes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_pixels::ColorSpace;

    fn granted(format: PixelFormat, width: u32, height: u32, stride_bytes: usize) -> Granted {
        Granted {
            format,
            size_px: [width, height],
            stride_bytes,
            color: ColorSpace::JPEG,
            fps: None,
        }
    }

    #[test]
    fn planes_follow_each_other_with_the_drivers_rows() {
        for (format, stride, bytes, offsets) in [
            (PixelFormat::Yuyv, 16, 16 * 4, &[0][..]),
            (PixelFormat::Nv12, 8, 8 * 4 + 8 * 2, &[0, 32]),
            (PixelFormat::I420, 8, 8 * 4 + 4 * 2 * 2, &[0, 32, 40]),
            (PixelFormat::Gray8, 6, 6 * 4, &[0]),
        ] {
            let buffer: Vec<u8> = (0..bytes as u8).collect();
            let view = view(&granted(format, 6, 4, stride), &buffer).unwrap();
            let starts: Vec<u8> = view.planes().iter().map(|plane| plane.bytes[0]).collect();
            assert_eq!(starts, offsets, "{format}");
            assert_eq!(view.planes()[0].stride_bytes, stride);
        }
    }

    #[test]
    fn a_buffer_that_is_too_short_is_refused() {
        let told = view(&granted(PixelFormat::Yuyv, 6, 4, 12), &[0; 40])
            .unwrap_err()
            .to_string();
        assert_eq!(told, "array `yuyv` of a yuyv image holds 40 bytes, 48 needed");
        assert!(view(&granted(PixelFormat::I420, 6, 4, 6), &[0; 10]).is_err());
        assert!(view(&granted(PixelFormat::Jpeg, 6, 4, 0), b"no jpeg").is_err());
    }

    #[test]
    fn a_stride_of_zero_means_rows_without_padding() {
        assert_eq!(
            view(&granted(PixelFormat::Gray8, 6, 4, 0), &[0; 24]).unwrap().planes()[0].stride_bytes,
            6
        );
    }
}
