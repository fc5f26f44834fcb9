//! One frame of a recording, as it goes to the bus again.

use bushbaby_bus::{ArrayLayout, DType};
use bushbaby_node::image;
use bushbaby_pixels::{ColorSpace, ImageView, Matrix, PixelFormat, Plane, Range, ViewError};
use bushbaby_recording::messages::result::OriginRecord;
use bytes::Bytes;
use serde_json::{Value, json};

/// One frame.
#[derive(Debug, Clone)]
pub struct PlayedFrame {
    /// Whose it is: the place of its stream among those that are played.
    pub stream: usize,
    /// Its number on its stream when it was recorded; the lower 32 bits.
    pub seq: u64,
    /// Which start of its publisher it was of.
    pub generation: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub captured_ns: u64,
    /// The frame that it came from, where the recording says so.
    pub origin: Option<OriginRecord>,
    /// Its arrays.
    pub arrays: Vec<PlayedArray>,
    /// What it says of itself, or what was found.
    pub body: Value,
}

/// One array of a frame, rows without padding.
#[derive(Debug, Clone)]
pub struct PlayedArray {
    /// Its name, type and shape.
    pub layout: ArrayLayout,
    /// The numbers.
    pub bytes: Bytes,
}

impl PlayedFrame {
    /// The body as it goes to the bus, as that of the node `camera`. What a frame was in the recording stands in `recorded`.
    pub fn body_of(&self, camera: Option<&str>, clock: &str) -> Vec<u8> {
        let mut body = self.body.clone();
        if let (Some(body), None) = (body.as_object_mut(), &self.origin) {
            if let Some(camera) = camera {
                let is_sound = body.get("type").and_then(Value::as_str) == Some("audio");
                let whose = if is_sound { "source" } else { "camera" };
                body.insert(whose.to_owned(), camera.into());
            }
            let mut recorded = json!({"seq": self.seq, "captured_at_ns": self.captured_ns});
            if !clock.is_empty() {
                recorded["clock"] = clock.into();
            }
            body.insert("recorded".to_owned(), recorded);
        }
        // Text and numbers always become JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The arrays as they are sent.
    pub fn arrays(&self) -> Vec<(&ArrayLayout, &[u8])> {
        self.arrays
            .iter()
            .map(|array| (&array.layout, &array.bytes[..]))
            .collect()
    }

    /// The array of that name.
    pub fn array(&self, name: &str) -> Option<&PlayedArray> {
        self.arrays.iter().find(|array| array.layout.name == name)
    }

    /// Looks at its picture; `None` when it has none.
    pub fn picture(&self) -> Option<ImageView<'_>> {
        let first = self.arrays.first()?;
        let format: PixelFormat = first.layout.encoding.parse().ok()?;
        if format == PixelFormat::Jpeg {
            return ImageView::jpeg(&first.bytes).ok();
        }
        let (height, width) = (*first.layout.shape.first()?, *first.layout.shape.get(1)?);
        let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let planes: Vec<Plane<'_>> = format
            .array_names()
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let [stride_bytes, _] = format.plane_shape(index, width, height)?;
                let bytes = &self.array(name)?.bytes;
                Some(Plane { bytes, stride_bytes })
            })
            .collect::<Option<_>>()?;
        let color = ColorSpace {
            matrix: if first.layout.color.matrix == 2 {
                Matrix::Bt709
            } else {
                Matrix::Bt601
            },
            range: if first.layout.color.range == 1 {
                Range::Limited
            } else {
                Range::Full
            },
        };
        ImageView::new(format, width, height, color, &planes).ok()
    }
}

impl PlayedArray {
    /// An array of numbers.
    pub(super) fn new(name: &str, dtype: DType, shape: Vec<usize>, bytes: impl Into<Bytes>) -> Self {
        Self {
            layout: ArrayLayout::new(name, dtype, shape),
            bytes: bytes.into(),
        }
    }

    /// The bytes of a JPEG.
    pub(super) fn jpeg(bytes: Bytes) -> Self {
        Self {
            layout: ArrayLayout::new("jpeg", DType::U8, vec![bytes.len()]).with_encoding(PixelFormat::Jpeg.name()),
            bytes,
        }
    }
}

/// The arrays of a picture: one copy, rows without padding.
pub(super) fn arrays_of(picture: &ImageView<'_>) -> Result<Vec<PlayedArray>, ViewError> {
    let (format, width, height) = (picture.format(), picture.width(), picture.height());
    let layout = image::layout(format, width, height, picture.color()).map_err(|_| ViewError::PlaneCount {
        format,
        needed: 0,
        given: picture.planes().len(),
    })?;
    let mut arrays = Vec::with_capacity(layout.arrays.len());
    for (index, (layout, plane)) in layout.arrays.into_iter().zip(picture.planes()).enumerate() {
        let Some([row_bytes, rows]) = format.plane_shape(index, width, height) else {
            continue;
        };
        let mut bytes = Vec::with_capacity(row_bytes * rows);
        for row in plane.bytes.chunks(plane.stride_bytes.max(1)).take(rows) {
            bytes.extend_from_slice(&row[..row_bytes]);
        }
        arrays.push(PlayedArray {
            layout,
            bytes: bytes.into(),
        });
    }
    Ok(arrays)
}
