//! Pictures of a recording: decoded where they are video, handed on where they stand for themselves.

use bushbaby_pixels::jpeg;
use bushbaby_pixels::{ColorSpace, Image, ImageView, Matrix, PixelFormat, Range, to_rgb8};
use bushbaby_recording::messages::result::InfoRecord;
use bushbaby_recording::read::{Content, Pixels};
use bytes::Bytes;

use super::frame::{PlayedArray, arrays_of};
use super::sound::NoSound;
use crate::h264::{DecodeError, Decoder, Order, SequenceParameters, UnitKind, annex_b_units};

/// Makes pictures of the messages of one topic, or of several that are one picture's.
#[derive(Debug, Default)]
pub(super) struct PictureReader {
    video: Option<Decoder<()>>,
    jpeg: Option<jpeg::Decoder>,
}

/// Why a message gives no picture, or no sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPicture {
    /// It needs one that was not played.
    #[error("it needs a keyframe")]
    NeedsKeyframe,
    #[error("{0}")]
    Undecodable(String),
    #[error("a picture is damaged: {0}")]
    Damaged(String),
    #[error("pictures are {0}, which is not played; h264, jpeg, png, rgb8, bgr8, mono8, yuyv and nv12 are")]
    Unknown(String),
    #[error(transparent)]
    Sound(#[from] NoSound),
}

impl PictureReader {
    /// The arrays of a picture, as the camera gave them as far as the recording says so.
    pub(super) fn arrays(
        &mut self,
        content: Content,
        info: Option<&InfoRecord>,
    ) -> Result<Vec<PlayedArray>, NoPicture> {
        match content {
            Content::Picture { format, data } if matches!(format.as_str(), "jpeg" | "jpg") => {
                ImageView::jpeg(&data).map_err(|error| NoPicture::Damaged(error.to_string()))?;
                Ok(vec![PlayedArray::jpeg(data)])
            }
            Content::Pixels(pixels) => {
                let view = view(&pixels, color(info))?;
                if wants_i420(info) && view.format() == PixelFormat::Nv12 {
                    return tight(&i420_of_nv12(&view)?.view());
                }
                tight(&view)
            }
            other => self.with_pixels(other, info, tight),
        }
    }

    /// The picture as RGB, whatever it was.
    pub(super) fn rgb(&mut self, content: Content, info: Option<&InfoRecord>) -> Result<Image, NoPicture> {
        self.with_pixels(content, info, |view| {
            to_rgb8(view).map_err(|error| NoPicture::Damaged(error.to_string()))
        })
    }

    /// Lets `take` look at the picture's pixels.
    fn with_pixels<T>(
        &mut self,
        content: Content,
        info: Option<&InfoRecord>,
        take: impl FnOnce(&ImageView<'_>) -> Result<T, NoPicture>,
    ) -> Result<T, NoPicture> {
        match content {
            Content::Video { format, data } if format == "h264" => self.decode(&data, take),
            Content::Video { format, .. } => Err(NoPicture::Unknown(format)),
            Content::Picture { format, data } => match format.as_str() {
                "jpeg" | "jpg" => take(&self.decode_jpeg(&data)?.view()),
                "png" => take(&from_png(&data)?.view()),
                _ => Err(NoPicture::Unknown(format)),
            },
            Content::Pixels(pixels) => take(&view(&pixels, color(info))?),
            _ => Err(NoPicture::Unknown("no picture".to_owned())),
        }
    }

    fn decode<T>(
        &mut self,
        access_unit: &[u8],
        take: impl FnOnce(&ImageView<'_>) -> Result<T, NoPicture>,
    ) -> Result<T, NoPicture> {
        let decoder = self.video.get_or_insert_with(|| Decoder::new(Order::AsSent));
        match decoder.decode(access_unit, 0, ()) {
            Ok(Some((decoded, ()))) => {
                let view = decoded.view().map_err(|error| NoPicture::Damaged(error.to_string()))?;
                take(&view)
            }
            Ok(None) => Err(NoPicture::NeedsKeyframe),
            Err(error @ DecodeError::Undecodable(_)) => Err(NoPicture::Undecodable(error.to_string())),
            Err(error) => Err(NoPicture::Damaged(error.to_string())),
        }
    }

    fn decode_jpeg(&mut self, bytes: &[u8]) -> Result<Image, NoPicture> {
        let damaged = |error: jpeg::JpegError| NoPicture::Damaged(error.to_string());
        let decoder = match &mut self.jpeg {
            Some(decoder) => decoder,
            none => none.insert(jpeg::Decoder::new().map_err(damaged)?),
        };
        let mut image = Image::default();
        decoder.i420(bytes, &mut image).map_err(damaged)?;
        Ok(image)
    }

    /// What follows does not go on where this was.
    pub(super) fn lost(&mut self) {
        if let Some(decoder) = &mut self.video {
            decoder.lost();
        }
    }
}

fn view(pixels: &Pixels, color: ColorSpace) -> Result<ImageView<'_>, NoPicture> {
    if pixels.format().is_none() {
        return Err(NoPicture::Unknown(pixels.encoding.clone()));
    }
    let damaged = || NoPicture::Damaged("its rows are not all there".to_owned());
    pixels.view(color).ok_or_else(damaged)
}

fn tight(view: &ImageView<'_>) -> Result<Vec<PlayedArray>, NoPicture> {
    arrays_of(view).map_err(|error| NoPicture::Damaged(error.to_string()))
}

fn from_png(bytes: &Bytes) -> Result<Image, NoPicture> {
    let damaged = |error: String| NoPicture::Damaged(error);
    let read = image::load_from_memory_with_format(bytes, image::ImageFormat::Png);
    let pixels = read.map_err(|error| damaged(error.to_string()))?.into_rgb8();
    let mut image = Image::new(PixelFormat::Rgb8, pixels.width(), pixels.height(), ColorSpace::JPEG)
        .map_err(|error| damaged(error.to_string()))?;
    image.planes_mut()[0].copy_from_slice(pixels.as_raw());
    Ok(image)
}

/// What the numbers of the pictures mean; JPEG's meaning where nobody says.
fn color(info: Option<&InfoRecord>) -> ColorSpace {
    let Some(array) = info.and_then(|info| info.arrays.first()) else {
        return ColorSpace::JPEG;
    };
    ColorSpace {
        matrix: if array.matrix.as_deref() == Some("bt709") {
            Matrix::Bt709
        } else {
            Matrix::Bt601
        },
        range: if array.range.as_deref() == Some("limited") {
            Range::Limited
        } else {
            Range::Full
        },
    }
}

/// Foxglove has no I420: it was recorded as NV12, whose numbers are the same in another order.
fn wants_i420(info: Option<&InfoRecord>) -> bool {
    let first = info.and_then(|info| info.arrays.first());
    first.is_some_and(|array| array.encoding == PixelFormat::I420.name())
}

fn i420_of_nv12(nv12: &ImageView<'_>) -> Result<Image, NoPicture> {
    let (width, height) = (nv12.width(), nv12.height());
    let mut image = Image::new(PixelFormat::I420, width, height, nv12.color())
        .map_err(|error| NoPicture::Damaged(error.to_string()))?;
    let [from_y, from_uv] = [nv12.planes()[0], nv12.planes()[1]];
    let (w, half_w) = (width as usize, width.div_ceil(2) as usize);
    let [y, u, v] = image.planes_mut();
    for (to, from) in y.chunks_exact_mut(w).zip(from_y.bytes.chunks(from_y.stride_bytes)) {
        to.copy_from_slice(&from[..w]);
    }
    let rows = u.chunks_exact_mut(half_w).zip(v.chunks_exact_mut(half_w));
    for ((u, v), from) in rows.zip(from_uv.bytes.chunks(from_uv.stride_bytes)) {
        for ((u, v), [from_u, from_v]) in u.iter_mut().zip(v).zip(from.as_chunks::<2>().0) {
            (*u, *v) = (*from_u, *from_v);
        }
    }
    Ok(image)
}

/// Whether a picture of a video (H.264, Annex B) needs no other; only what stands before its first slice is looked at.
pub fn is_keyframe(access_unit: &[u8]) -> bool {
    annex_b_units(access_unit)
        .filter_map(UnitKind::of)
        .find(|kind| matches!(kind, UnitKind::Slice | UnitKind::KeyframeSlice))
        == Some(UnitKind::KeyframeSlice)
}

/// Width and height of the pictures of a video (H.264, Annex B), as a keyframe says; `None` when this brings no parameters.
pub fn video_size(access_unit: &[u8]) -> Option<[u32; 2]> {
    let set = annex_b_units(access_unit).find(|unit| UnitKind::of(unit) == Some(UnitKind::SequenceParameters))?;
    let [width, height] = SequenceParameters::read(set)?.shown_px;
    Some([u32::try_from(width).ok()?, u32::try_from(height).ok()?])
}
