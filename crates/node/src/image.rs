//! Pictures on the bus: how planes become arrays, and arrays planes.
//!
//! | format | arrays | shapes |
//! |---|---|---|
//! | `i420` | `y` `u` `v` | (h, w), (h/2, w/2) twice, rounded up |
//! | `nv12` | `y` `uv` | (h, w), (h/2, w/2, 2), rounded up |
//! | `yuyv` | `yuyv` | (h, w, 2), w even |
//! | `rgb8`, `bgr8` | `rgb`, `bgr` | (h, w, 3) |
//! | `gray8` | `gray` | (h, w) |
//! | `jpeg` | `jpeg` | (bytes) |
//!
//! The body says `{"type":"image","version":1,"camera":…}` and, where it is known, the camera's `calibration`.

use bushbaby_bus::{ArrayInfo, ArrayLayout, CaptureTime, ColorTag, DType, Frame, FrameLayout, Origin};
use bushbaby_pixels::{ColorSpace, ImageView, Matrix, PixelFormat, Plane, Range};
use serde::Serialize;
use serde_json::Value;

use crate::{NodeError, Outputs};

/// What a camera says about its pictures: the body of their frames, written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageMeta {
    body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a, C> {
    r#type: &'static str,
    version: u32,
    camera: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<&'a C>,
}

impl ImageMeta {
    /// What `camera` says of itself: its name, and the camera model of its pictures where that is known.
    pub fn new<C: Serialize>(camera: &str, calibration: Option<&C>) -> Self {
        let body = Body {
            r#type: "image",
            version: 1,
            camera,
            calibration,
        };
        // Names and numbers always become JSON; a model that does not is one that nobody could read.
        Self {
            body: serde_json::to_vec(&body).unwrap_or_default(),
        }
    }
}

/// What the frame's body says about its picture's camera, if it says anything.
pub fn calibration(frame: &Frame) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(frame.body()).ok()?;
    body.get_mut("calibration").map(Value::take)
}

/// Why a frame is no picture that can be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It has no arrays, or none with an encoding.
    #[error("stream `{stream}` carries no pictures (its frames have no array with a pixel format)")]
    NotAnImage {
        /// The stream.
        stream: String,
    },
    /// Its arrays do not fit together.
    #[error("stream `{stream}`: a {format} picture wants {wanted}, got {got}")]
    Arrays {
        /// The stream.
        stream: String,
        /// What its encoding says.
        format: String,
        /// The arrays and shapes of this format.
        wanted: &'static str,
        /// What was there.
        got: String,
    },
    /// Its planes do not fit its size.
    #[error("stream `{stream}`: {source}")]
    View {
        /// The stream.
        stream: String,
        /// What is wrong with it.
        source: bushbaby_pixels::ViewError,
    },
}

/// Looks at a frame as a picture, without a copy.
///
/// # Errors
/// [`ImageError`], when it is none, or a damaged one.
pub fn view(frame: &Frame) -> Result<ImageView<'_>, ImageError> {
    let stream = || frame.stream().to_string();
    let format: PixelFormat = frame
        .arrays()
        .first()
        .and_then(|array| array.encoding.parse().ok())
        .ok_or_else(|| ImageError::NotAnImage { stream: stream() })?;
    let damaged = |wanted| ImageError::Arrays {
        stream: stream(),
        format: format.to_string(),
        wanted,
        got: frame
            .arrays()
            .iter()
            .map(|array| format!("{} {:?}", array.name, array.shape))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let mut planes = [Plane {
        bytes: &[],
        stride_bytes: 0,
    }; 3];
    let names = format.array_names();
    for (plane, name) in planes.iter_mut().zip(names) {
        let array = frame
            .array(name)
            .filter(|array| array.info.dtype == DType::U8)
            .ok_or_else(|| damaged("its arrays, all of uint8"))?;
        *plane = Plane {
            bytes: array.bytes,
            stride_bytes: row_stride(array.info).unwrap_or(array.bytes.len()),
        };
    }
    let planes = &planes[..names.len()];
    let viewed = if format == PixelFormat::Jpeg {
        ImageView::jpeg(planes[0].bytes)
    } else {
        let (width, height) =
            size_px(&frame.arrays()[0]).ok_or_else(|| damaged("a first array of (height, width, …)"))?;
        ImageView::new(format, width, height, color_space(frame.arrays()[0].color), planes)
    };
    viewed.map_err(|source| ImageError::View {
        stream: stream(),
        source,
    })
}

fn row_stride(info: &ArrayInfo) -> Option<usize> {
    info.strides_bytes.first().copied().filter(|_| info.shape.len() > 1)
}

fn size_px(info: &ArrayInfo) -> Option<(u32, u32)> {
    match info.shape.as_slice() {
        [height, width, ..] => Some((u32::try_from(*width).ok()?, u32::try_from(*height).ok()?)),
        _ => None,
    }
}

fn color_space(tag: ColorTag) -> ColorSpace {
    ColorSpace {
        matrix: if tag.matrix == 2 { Matrix::Bt709 } else { Matrix::Bt601 },
        range: if tag.range == 1 { Range::Limited } else { Range::Full },
    }
}

/// The layout of a frame that holds one picture, rows without padding.
///
/// # Errors
/// When the format has no fixed size (JPEG).
pub fn layout(format: PixelFormat, width: u32, height: u32, color: ColorSpace) -> Result<FrameLayout, NodeError> {
    let (w, h) = (width as usize, height as usize);
    let shapes: Vec<Vec<usize>> = match format {
        PixelFormat::I420 => vec![
            vec![h, w],
            vec![h.div_ceil(2), w.div_ceil(2)],
            vec![h.div_ceil(2), w.div_ceil(2)],
        ],
        PixelFormat::Nv12 => vec![vec![h, w], vec![h.div_ceil(2), w.div_ceil(2), 2]],
        PixelFormat::Yuyv => vec![vec![h, w.next_multiple_of(2), 2]],
        PixelFormat::Rgb8 | PixelFormat::Bgr8 => vec![vec![h, w, 3]],
        PixelFormat::Gray8 => vec![vec![h, w]],
        PixelFormat::Jpeg => return Err(NodeError::new("a JPEG picture has no layout before it is made")),
    };
    let tag = ColorTag {
        matrix: if color.matrix == Matrix::Bt709 { 2 } else { 1 },
        range: if color.range == Range::Limited { 1 } else { 2 },
    };
    let arrays = format.array_names().iter().zip(shapes).map(|(name, shape)| {
        ArrayLayout::new(*name, DType::U8, shape)
            .with_encoding(format.name())
            .with_color(tag)
    });
    Ok(FrameLayout::of_arrays(arrays.collect::<Vec<_>>()))
}

/// Sends one picture: one copy, rows without padding.
///
/// # Errors
/// When the memory is not there.
pub fn send(
    outputs: &mut Outputs,
    output: &str,
    image: &ImageView<'_>,
    captured: CaptureTime,
    origin: Option<&Origin>,
    meta: &ImageMeta,
) -> Result<(), NodeError> {
    if let Some(jpeg) = image.jpeg_bytes() {
        let layout = ArrayLayout::new("jpeg", DType::U8, vec![jpeg.len()]).with_encoding(PixelFormat::Jpeg.name());
        return outputs.send(output, &[(&layout, jpeg)], &meta.body, captured, origin);
    }
    send_with(
        outputs,
        output,
        image.format(),
        [image.width(), image.height()],
        image.color(),
        captured,
        origin,
        meta,
        |planes| {
            copy(image, planes);
            Ok(())
        },
    )
}

/// Copies the planes of a picture to where they lie without padding: what the `fill` of [`send_with`] is handed, for a picture of the
/// same format and size.
pub fn copy<'a>(image: &ImageView<'_>, to: impl IntoIterator<Item = &'a mut [u8]>) {
    for (index, (plane, to)) in image.planes().iter().zip(to).enumerate() {
        let Some([row_bytes, rows]) = image.format().plane_shape(index, image.width(), image.height()) else {
            continue;
        };
        if plane.stride_bytes == row_bytes {
            to[..row_bytes * rows].copy_from_slice(&plane.bytes[..row_bytes * rows]);
            continue;
        }
        for row in 0..rows {
            to[row * row_bytes..][..row_bytes].copy_from_slice(&plane.bytes[row * plane.stride_bytes..][..row_bytes]);
        }
    }
}

/// Sends one picture that `fill` writes straight into shared memory: the planes in the format's order, rows without padding.
///
/// # Errors
/// When the memory is not there, or what `fill` returned.
#[allow(clippy::too_many_arguments)] // what a picture is, when it was taken, where it came from
pub fn send_with(
    outputs: &mut Outputs,
    output: &str,
    format: PixelFormat,
    [width, height]: [u32; 2],
    color: ColorSpace,
    captured: CaptureTime,
    origin: Option<&Origin>,
    meta: &ImageMeta,
    fill: impl FnOnce(Vec<&mut [u8]>) -> Result<(), NodeError>,
) -> Result<(), NodeError> {
    let mut layout = layout(format, width, height, color)?;
    layout.body_capacity_bytes = meta.body.len();
    outputs.send_with(output, &layout, captured, origin, |loan| {
        loan.set_body(&meta.body)?;
        fill(loan.arrays_mut())
    })
}

/// As [`send_with`], for a source whose picture is captured by filling it: `fill` says when that was.
///
/// # Errors
/// When the memory is not there, or what `fill` returned.
pub fn send_once_filled(
    outputs: &mut Outputs,
    output: &str,
    format: PixelFormat,
    [width, height]: [u32; 2],
    color: ColorSpace,
    meta: &ImageMeta,
    fill: impl FnOnce(Vec<&mut [u8]>) -> Result<CaptureTime, NodeError>,
) -> Result<(), NodeError> {
    let mut layout = layout(format, width, height, color)?;
    layout.body_capacity_bytes = meta.body.len();
    outputs.send_once_filled(output, &layout, None, |loan| {
        loan.set_body(&meta.body)?;
        fill(loan.arrays_mut())
    })
}
