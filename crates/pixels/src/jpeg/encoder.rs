//! Everything to JPEG.

use std::borrow::Cow;
use std::fmt;

use turbojpeg::{Compressor, PixelFormat as Layout, Subsamp, YuvPlanesImage};

use super::{JpegError, with_huffman_tables};
use crate::format::{PixelFormat, Range};
use crate::i420::to_i420_into;
use crate::image::Image;
use crate::range::{full_chroma, full_luma};
use crate::view::{ImageView, Plane};

/// Encodes JPEGs with 4:2:0 chroma; kept between frames for its buffers.
pub struct Encoder {
    compressor: Compressor,
    quality: u8,
    converted: Image,
    /// I420 with even sides, and full range: what the codec wants when the view is neither.
    planes: [Vec<u8>; 3],
    output: Vec<u8>,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("quality", &self.quality)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// Sets the codec up. `quality`: 1 (smallest) to 100; what lies outside is brought inside.
    ///
    /// # Errors
    /// [`JpegError::Codec`], when there is no memory for it.
    pub fn new(quality: u8) -> Result<Self, JpegError> {
        let compressor = Compressor::new().map_err(JpegError::codec)?;
        let planes = [Vec::new(), Vec::new(), Vec::new()];
        let mut encoder = Self {
            compressor,
            quality,
            converted: Image::default(),
            planes,
            output: Vec::new(),
        };
        encoder.set_quality(quality)?;
        Ok(encoder)
    }

    /// Changes the quality from the next picture on: 1 to 100.
    ///
    /// # Errors
    /// [`JpegError::Codec`], should the codec refuse it.
    pub fn set_quality(&mut self, quality: u8) -> Result<(), JpegError> {
        self.quality = quality.clamp(1, 100);
        self.compressor
            .set_quality(self.quality.into())
            .map_err(JpegError::codec)
    }

    /// Returns the picture as a JPEG file.
    ///
    /// A JPEG comes back as it is, whatever its quality; only missing Huffman tables are put in, as browsers need
    /// them. Limited range is expanded to full range, which JPEG always is. Colours of BT.709 are not converted: they
    /// come out slightly shifted.
    ///
    /// # Errors
    /// [`JpegError::Codec`], should the codec fail.
    pub fn encode<'a>(&mut self, view: &ImageView<'a>) -> Result<Cow<'a, [u8]>, JpegError> {
        let written = match view.format() {
            PixelFormat::Jpeg => return Ok(with_huffman_tables(view.plane(0).bytes)),
            PixelFormat::I420 => self.encode_i420(view),
            PixelFormat::Rgb8 => self.encode_packed(view, Layout::RGB, Subsamp::Sub2x2),
            PixelFormat::Bgr8 => self.encode_packed(view, Layout::BGR, Subsamp::Sub2x2),
            PixelFormat::Gray8 => self.encode_packed(view, Layout::GRAY, Subsamp::Gray),
            PixelFormat::Nv12 | PixelFormat::Yuyv => {
                let mut converted = std::mem::take(&mut self.converted);
                let written = to_i420_into(view, &mut converted).and_then(|()| self.encode_i420(&converted.view()));
                self.converted = converted;
                written
            }
        }?;
        Ok(Cow::Owned(self.output[..written].to_vec()))
    }

    fn encode_packed(&mut self, view: &ImageView<'_>, format: Layout, subsamp: Subsamp) -> Result<usize, JpegError> {
        let [width, height] = view.size();
        let Plane { bytes, stride_bytes } = view.plane(0);
        let image = turbojpeg::Image {
            pixels: bytes,
            width,
            pitch: stride_bytes,
            height,
            format,
        };
        self.compressor.set_subsamp(subsamp).map_err(JpegError::codec)?;
        make_room(&mut self.output, view, subsamp)?;
        self.compressor
            .compress_to_slice(image, &mut self.output)
            .map_err(JpegError::codec)
    }

    fn encode_i420(&mut self, view: &ImageView<'_>) -> Result<usize, JpegError> {
        let [width, height] = view.size();
        let even = [width, height].map(|side| side.next_multiple_of(2));
        let mut planes = [0, 1, 2].map(|i| view.plane(i));
        if even != [width, height] || view.color().range == Range::Limited {
            self.prepare(view, even);
            let [y, u, v] = &self.planes;
            planes = [(y, even[0]), (u, even[0] / 2), (v, even[0] / 2)]
                .map(|(bytes, stride_bytes)| Plane { bytes, stride_bytes });
        }
        let [y, u, v] = planes;
        let image = YuvPlanesImage {
            y_plane: y.bytes,
            u_plane: u.bytes,
            v_plane: v.bytes,
            width,
            height,
            y_stride: y.stride_bytes,
            u_stride: u.stride_bytes,
            v_stride: v.stride_bytes,
            subsamp: Subsamp::Sub2x2,
        };
        make_room(&mut self.output, view, Subsamp::Sub2x2)?;
        self.compressor
            .compress_yuv_planes_to_slice(&image, &mut self.output)
            .map_err(JpegError::codec)
    }

    /// Copies the planes to even sides, where the codec wants the last column and row of Y doubled, and to full range.
    fn prepare(&mut self, view: &ImageView<'_>, even: [usize; 2]) {
        const FULL_LUMA: [u8; 256] = full_luma();
        const FULL_CHROMA: [u8; 256] = full_chroma();
        let limited = view.color().range == Range::Limited;
        let half = view.size().map(|side| side.div_ceil(2));
        let shapes = [
            (view.size(), even, &FULL_LUMA),
            (half, half, &FULL_CHROMA),
            (half, half, &FULL_CHROMA),
        ];
        for (i, ([width, height], [to_width, to_height], table)) in shapes.into_iter().enumerate() {
            let out = &mut self.planes[i];
            out.clear();
            out.reserve(to_width * to_height);
            for y in 0..to_height {
                let row = view.plane(i).row(y.min(height - 1), width);
                if limited {
                    out.extend(row.iter().map(|v| table[usize::from(*v)]));
                } else {
                    out.extend_from_slice(row);
                }
                if to_width > width {
                    out.extend(out.last().copied());
                }
            }
        }
    }
}

/// Makes `output` long enough for whatever the picture may become.
fn make_room(output: &mut Vec<u8>, view: &ImageView<'_>, subsamp: Subsamp) -> Result<(), JpegError> {
    let [width, height] = view.size();
    let needed = turbojpeg::compressed_buf_len(width, height, subsamp).map_err(JpegError::codec)?;
    if output.len() < needed {
        output.resize(needed, 0);
    }
    Ok(())
}
