//! JPEG to grey, I420 or RGB.

use std::fmt;

use turbojpeg::{Colorspace, DecompressHeader, Decompressor, PixelFormat as Layout, Subsamp, YuvImage};

use super::{Header, JpegError};
use crate::format::{ColorSpace, PixelFormat};
use crate::i420::{average, copy_rows, to_i420_into};
use crate::image::Image;
use crate::view::Plane;

/// The most pixels that a JPEG may have to be decoded: 8192 x 8192.
pub const MAX_DECODED_PX: u64 = 1 << 26;

/// A progressive file of a camera has some ten scans; one made to keep us busy has thousands.
const MAX_SCANS: u32 = 100;

/// Decodes JPEGs; kept between frames for its buffers.
///
/// A picture is decoded as a whole or not at all: one cut off or damaged on the way is an error, and what libjpeg would
/// make of it (a grey lower half) is not handed on as if it were a picture. Missing Huffman tables are put in, and
/// stray bytes before the end, which many webcams send, do no harm.
pub struct Decoder {
    decompressor: Decompressor,
    planes: Vec<u8>,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// Sets the codec up.
    ///
    /// # Errors
    /// [`JpegError::Codec`], when there is no memory for it.
    pub fn new() -> Result<Self, JpegError> {
        let mut decompressor = Decompressor::new().map_err(JpegError::codec)?;
        decompressor.set_scan_limit(MAX_SCANS).map_err(JpegError::codec)?;
        Ok(Self {
            decompressor,
            planes: Vec::new(),
        })
    }

    /// Makes `out` the brightness of `jpeg`, [`PixelFormat::Gray8`]; colour is not computed.
    ///
    /// # Errors
    /// [`JpegError`], when it is damaged or too large. `out` then holds no picture.
    pub fn gray8(&mut self, jpeg: &[u8], out: &mut Image) -> Result<(), JpegError> {
        let header = self.header(jpeg)?;
        self.packed(jpeg, &header, PixelFormat::Gray8, Layout::GRAY, out)
    }

    /// Makes `out` the picture of `jpeg` as [`PixelFormat::Rgb8`].
    ///
    /// # Errors
    /// As [`Decoder::gray8`].
    pub fn rgb8(&mut self, jpeg: &[u8], out: &mut Image) -> Result<(), JpegError> {
        let header = self.header(jpeg)?;
        self.packed(jpeg, &header, PixelFormat::Rgb8, Layout::RGB, out)
    }

    /// Makes `out` the picture of `jpeg` as [`PixelFormat::I420`], full-range BT.601. Finer chroma is averaged.
    ///
    /// # Errors
    /// As [`Decoder::gray8`].
    pub fn i420(&mut self, jpeg: &[u8], out: &mut Image) -> Result<(), JpegError> {
        let header = self.header(jpeg)?;
        let planar = matches!(header.colorspace, Colorspace::YCbCr | Colorspace::Gray);
        if !planar || header.is_lossless || header.subsamp == Subsamp::Unknown {
            let mut rgb = Image::default();
            self.packed(jpeg, &header, PixelFormat::Rgb8, Layout::RGB, &mut rgb)?;
            return to_i420_into(&rgb.view(), out);
        }
        let (width, height, subsamp) = (header.width, header.height, header.subsamp);
        let len = turbojpeg::yuv_pixels_len(width, 1, height, subsamp).map_err(JpegError::codec)?;
        self.planes.resize(len, 0);
        let target = YuvImage {
            pixels: &mut self.planes[..],
            width,
            align: 1,
            height,
            subsamp,
        };
        let [y_stride, y_rows, chroma_stride, chroma_rows] = [
            target.y_width(),
            target.y_height(),
            target.uv_width(),
            target.uv_height(),
        ];
        unharmed(jpeg, self.decompressor.decompress_to_yuv(jpeg, target))?;

        out.reset(PixelFormat::I420, width as u32, height as u32, ColorSpace::JPEG)?;
        let [y, u, v] = out.planes_mut();
        let (y_plane, chroma) = self.planes.split_at(y_stride * y_rows);
        copy_rows(
            Plane {
                bytes: y_plane,
                stride_bytes: y_stride,
            },
            width,
            y,
        );
        if subsamp == Subsamp::Gray {
            u.fill(128);
            v.fill(128);
            return Ok(());
        }
        let (u_plane, v_plane) = chroma.split_at(chroma_stride * chroma_rows);
        for (bytes, out) in [(u_plane, u), (v_plane, v)] {
            let plane = Plane {
                bytes,
                stride_bytes: chroma_stride,
            };
            quarter_chroma(
                plane,
                [chroma_stride, chroma_rows],
                subsamp.size(),
                [width, height],
                out,
            );
        }
        Ok(())
    }

    fn header(&mut self, jpeg: &[u8]) -> Result<DecompressHeader, JpegError> {
        let Header { width, height } = Header::read(jpeg)?;
        crate::view::check_size(width, height)?;
        if u64::from(width) * u64::from(height) > MAX_DECODED_PX {
            return Err(JpegError::TooLarge {
                width,
                height,
                limit_px: MAX_DECODED_PX,
            });
        }
        let header = self.decompressor.read_header(jpeg).map_err(|e| damaged(jpeg, &e))?;
        if [header.width, header.height] != [width as usize, height as usize] {
            return Err(JpegError::Damaged {
                bytes: jpeg.len(),
                reason: "two frame headers of different size".into(),
            });
        }
        Ok(header)
    }

    fn packed(
        &mut self,
        jpeg: &[u8],
        header: &DecompressHeader,
        format: PixelFormat,
        layout: Layout,
        out: &mut Image,
    ) -> Result<(), JpegError> {
        let (width, height) = (header.width, header.height);
        out.reset(format, width as u32, height as u32, ColorSpace::JPEG)?;
        let [pixels, _, _] = out.planes_mut();
        let target = turbojpeg::Image {
            pixels,
            width,
            pitch: width * layout.size(),
            height,
            format: layout,
        };
        unharmed(jpeg, self.decompressor.decompress(jpeg, target))
    }
}

fn damaged(jpeg: &[u8], error: &turbojpeg::Error) -> JpegError {
    JpegError::Damaged {
        bytes: jpeg.len(),
        reason: error.to_string(),
    }
}

/// Lets pass the one warning that says nothing about the pixels; the library tells it apart only by its words.
fn unharmed(jpeg: &[u8], decoded: turbojpeg::Result<()>) -> Result<(), JpegError> {
    const STRAY_BYTES_BEFORE_THE_END: &str = "extraneous bytes before marker 0xd9";
    decoded.or_else(|error| match &error {
        turbojpeg::Error::TurboJpegError(words) if words.ends_with(STRAY_BYTES_BEFORE_THE_END) => Ok(()),
        _ => Err(damaged(jpeg, &error)),
    })
}

/// Brings one chroma plane to half the width and height of the picture.
///
/// - `[columns, rows]`: of the plane as decoded; `sampling`: how many pixels each of its values covers, across and down.
fn quarter_chroma(
    plane: Plane<'_>,
    [columns, rows]: [usize; 2],
    sampling: (usize, usize),
    [width, height]: [usize; 2],
    out: &mut [u8],
) {
    for (y, out_row) in out.chunks_exact_mut(width.div_ceil(2)).enumerate() {
        let source_row = |pixel_y: usize| plane.row((pixel_y.min(height - 1) / sampling.1).min(rows - 1), columns);
        let (a, b) = (source_row(2 * y), source_row(2 * y + 1));
        match sampling.0 {
            1 => {
                let column_after = |x: usize| (2 * x + 1).min(columns - 1);
                for (x, o) in out_row.iter_mut().enumerate() {
                    let sum = [a[2 * x], a[column_after(x)], b[2 * x], b[column_after(x)]].map(u16::from);
                    *o = ((sum.iter().sum::<u16>() + 2) >> 2) as u8;
                }
            }
            2 => out_row
                .iter_mut()
                .zip(a.iter().zip(b))
                .for_each(|(o, (a, b))| *o = average(*a, *b)),
            across => {
                for (x, o) in out_row.iter_mut().enumerate() {
                    *o = average(a[2 * x / across], b[2 * x / across]);
                }
            }
        }
    }
}
