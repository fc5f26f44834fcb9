//! `bb.detect_tags`: the tag detector alone, without any bus.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bushbaby_node::image;
use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat, Plane, luma};
use bushbaby_vision::apriltag::{CDetector, DetectorSettings, GrayView, TagDetector};
use bushbaby_vision::calibration;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::results::{Known, TagSizes, detections};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

use super::errors::classes::{BadValue, NotAPicture};
use super::frame::PyFrame;
use super::ours::Ours;

/// Detectors that were used before: making one takes longer than looking at a picture.
static IDLE: Mutex<Vec<Ours<CDetector>>> = Mutex::new(Vec::new());
/// More settings than that are not used in turn.
const MOST_IDLE: usize = 8;
const WHAT: &str = "this detector";

/// Returns the tags of a picture as the JSON of a frame's `detections`.
///
/// `camera`: a calibration file's path, or a camera model's JSON, or neither.
#[pyfunction]
#[pyo3(signature = (image, *, family, tag_size, camera_path, camera_json, decimate, threads))]
#[allow(clippy::too_many_arguments)] // all of them named
pub(crate) fn detect_tags(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    family: &str,
    tag_size: Option<f64>,
    camera_path: Option<std::path::PathBuf>,
    camera_json: Option<&str>,
    decimate: f32,
    threads: u32,
) -> PyResult<String> {
    let settings = DetectorSettings {
        decimate,
        threads,
        ..DetectorSettings::for_family(family.parse().map_err(|error| wrong(&error))?)
    };
    if tag_size.is_some_and(|metres| !(metres.is_finite() && metres > 0.0)) {
        return Err(BadValue::new_err(format!(
            "tag_size is {tag_size:?}, wanted a positive number of metres"
        )));
    }
    let picture = Picture::of(image)?;
    py.detach(|| {
        let view = picture.view()?;
        let gray = luma(&view).map_err(|error| NotAPicture::new_err(error.to_string()))?;
        let size_px = (gray.width, gray.height);
        let camera = camera_of(camera_path.as_deref(), camera_json, size_px)?;
        let mut detector = detector(&settings)?;
        let tags = detector.detect(GrayView {
            bytes: &gray.bytes,
            width_px: gray.width,
            height_px: gray.height,
            stride_bytes: gray.stride_bytes,
        });
        keep(detector);
        let sizes = tag_size.map(TagSizes::all);
        let known = Known {
            camera: camera.as_ref(),
            tag_sizes: sizes.as_ref(),
            ..Known::default()
        };
        let found = detections("", &tags.map_err(|error| wrong(&error))?, known);
        serde_json::to_string(&found).map_err(|error| wrong(&error))
    })
}

/// The picture to be looked at, held without the interpreter.
enum Picture {
    Frame(bushbaby_bus::Frame),
    Pixels {
        format: PixelFormat,
        width: u32,
        height: u32,
        bytes: Vec<u8>,
    },
}

impl Picture {
    fn of(image: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(frame) = image.cast::<PyFrame>() {
            return Ok(Self::Frame(frame.get().frame()?.clone()));
        }
        let array = image.cast::<PyUntypedArray>().map_err(|_| {
            BadValue::new_err(format!(
                "the picture is a {}, wanted a frame or a uint8 array of shape (h, w) or (h, w, 3) RGB",
                image.get_type()
            ))
        })?;
        let format = match array.shape() {
            [_, _] => Some(PixelFormat::Gray8),
            [_, _, 3] => Some(PixelFormat::Rgb8),
            _ => None,
        };
        let is_bytes = array.dtype().kind() == b'u' && array.dtype().itemsize() == 1;
        let (Some(format), true) = (format, is_bytes) else {
            return Err(BadValue::new_err(format!(
                "the picture is {} of shape {:?}, wanted uint8 of shape (h, w) or (h, w, 3) RGB",
                array.dtype(),
                array.shape()
            )));
        };
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        Ok(Self::Pixels {
            format,
            width: side(array.shape()[1]),
            height: side(array.shape()[0]),
            bytes: super::payload::bytes_of(array),
        })
    }

    fn view(&self) -> PyResult<ImageView<'_>> {
        match self {
            Self::Frame(frame) => image::view(frame).map_err(|error| NotAPicture::new_err(error.to_string())),
            Self::Pixels {
                format,
                width,
                height,
                bytes,
            } => {
                let stride_bytes = bytes.len() / (*height as usize).max(1);
                let plane = Plane { bytes, stride_bytes };
                ImageView::new(*format, *width, *height, ColorSpace::JPEG, &[plane])
                    .map_err(|error| NotAPicture::new_err(error.to_string()))
            }
        }
    }
}

fn camera_of(path: Option<&Path>, json: Option<&str>, size_px: (u32, u32)) -> PyResult<Option<CameraModel>> {
    let measured = match (path, json) {
        (Some(path), _) => {
            let read = calibration::from_path(path, Some(size_px)).map_err(|error| wrong(&error))?;
            read.camera
        }
        (None, Some(json)) => serde_json::from_str(json).map_err(|error| wrong(&format!("camera: {error}")))?,
        (None, None) => return Ok(None),
    };
    let scaled = measured.scaled_to(size_px.0, size_px.1);
    scaled.map(Some).map_err(|error| wrong(&error))
}

/// Takes a detector of these settings from those at rest, or makes one.
fn detector(settings: &DetectorSettings) -> PyResult<CDetector> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    match idle
        .iter()
        .position(|idle| idle.get(WHAT).is_ok_and(|detector| detector.settings() == settings))
    {
        Some(index) => idle.swap_remove(index).into_inner(WHAT),
        None => CDetector::new(settings).map_err(|error| wrong(&error)),
    }
}

fn keep(detector: CDetector) {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() == MOST_IDLE {
        idle.remove(0);
    }
    idle.push(Ours::new(detector));
}

fn wrong(error: &dyn std::fmt::Display) -> PyErr {
    BadValue::new_err(error.to_string())
}
