//! A picture as the encoder takes it: I420 with even sides, copied only where that must be.

use bushbaby_pixels::jpeg::{Decoder, JpegError};
use bushbaby_pixels::{ColorSpace, Image, ImageView, PixelFormat, to_i420_into};
use openh264::formats::YUVSource;

/// The memory of pictures that had to be converted, kept for the next.
#[derive(Debug, Default)]
pub(super) struct Planes {
    jpeg: Option<Decoder>,
    converted: Image,
    /// Brightness with one column or row more.
    padded: Vec<u8>,
}

/// Three planes with even sides.
#[derive(Debug)]
pub(super) struct Yuv<'a> {
    size: [u32; 2],
    color: ColorSpace,
    planes: [&'a [u8]; 3],
    strides: [usize; 3],
}

impl Planes {
    pub(super) fn of<'a>(&'a mut self, image: &ImageView<'a>) -> Result<Yuv<'a>, JpegError> {
        let view = if image.format() == PixelFormat::I420 {
            *image
        } else if let Some(jpeg) = image.jpeg_bytes() {
            if self.jpeg.is_none() {
                self.jpeg = Some(Decoder::new()?);
            }
            if let Some(decoder) = &mut self.jpeg {
                decoder.i420(jpeg, &mut self.converted)?;
            }
            self.converted.view()
        } else {
            to_i420_into(image, &mut self.converted)?;
            self.converted.view()
        };
        Ok(even(view, &mut self.padded))
    }
}

/// Chroma of odd sides is rounded up already: only the brightness lacks its last column and row.
fn even<'a>(view: ImageView<'a>, padded: &'a mut Vec<u8>) -> Yuv<'a> {
    let planes: Vec<_> = view.planes().to_vec();
    let [width, height] = [view.width(), view.height()];
    let size = [width.next_multiple_of(2), height.next_multiple_of(2)];
    let mut yuv = Yuv {
        size,
        color: view.color(),
        planes: [planes[0].bytes, planes[1].bytes, planes[2].bytes],
        strides: [planes[0].stride_bytes, planes[1].stride_bytes, planes[2].stride_bytes],
    };
    if size == [width, height] {
        return yuv;
    }
    let [row_bytes, wide] = [width as usize, size[0] as usize];
    padded.clear();
    for row in 0..size[1] as usize {
        let from = row.min(height as usize - 1) * planes[0].stride_bytes;
        let row = &planes[0].bytes[from..][..row_bytes];
        padded.extend_from_slice(row);
        if wide > row_bytes {
            padded.push(row[row_bytes - 1]);
        }
    }
    yuv.planes[0] = padded;
    yuv.strides[0] = wide;
    yuv
}

impl Yuv<'_> {
    pub(super) fn size(&self) -> [u32; 2] {
        self.size
    }

    pub(super) fn color(&self) -> ColorSpace {
        self.color
    }
}

impl YUVSource for Yuv<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.size[0] as usize, self.size[1] as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.strides[0], self.strides[1], self.strides[2])
    }

    fn y(&self) -> &[u8] {
        self.planes[0]
    }

    fn u(&self) -> &[u8] {
        self.planes[1]
    }

    fn v(&self) -> &[u8] {
        self.planes[2]
    }
}
