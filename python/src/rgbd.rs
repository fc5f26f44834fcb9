//! What RGB-D cameras in Python need of ours: points from depth, and the origin that a capture shares with its points.

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, Origin, StreamName};
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::depth::{Rows, Unprojection};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::bus::errors::classes::BadValue;
use crate::bus::errors::of_name;
use crate::bus::origin::PyOrigin;

/// Makes points of the depth maps of one camera: made once, it is quick for each map.
///
/// - `calibration`: the camera's model as JSON, as the body of its frames says it.
///
/// Raises `BadValue`, when it is no camera's model.
#[pyclass(frozen, name = "Unprojection", module = "bushbaby._core")]
#[derive(Debug)]
pub(crate) struct PyUnprojection {
    inner: Unprojection,
    /// (height, width).
    shape: [usize; 2],
}

#[pymethods]
impl PyUnprojection {
    #[new]
    fn new(py: Python<'_>, calibration: &str) -> PyResult<Self> {
        let camera: CameraModel = serde_json::from_str(calibration)
            .map_err(|error| BadValue::new_err(format!("the calibration is none: {error}")))?;
        Ok(Self {
            // With a lens that distorts this takes up to some seconds.
            inner: py.detach(|| Unprojection::new(&camera)),
            shape: [camera.height_px as usize, camera.width_px as usize],
        })
    }

    /// Returns the points of a depth map, row by row: float32 (h * w, 3), metres; x right, y down, z forward. Where depth is no
    /// finite number, neither is the point.
    ///
    /// - `depth`: float32 (h, w) without gaps, metres along the optical axis, of the calibration's size.
    ///
    /// Raises `BadValue`, when it has another size.
    fn points<'py>(&self, py: Python<'py>, depth: PyReadonlyArray2<'py, f32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (got, [height, width]) = (depth.shape(), self.shape);
        if got != self.shape {
            return Err(BadValue::new_err(format!(
                "the depth map has shape {got:?}, and the camera's calibration is for {:?}",
                self.shape
            )));
        }
        let points = PyArray2::<f32>::zeros(py, [height * width, 3], false);
        {
            let mut out = points.readwrite();
            let (from, to) = (depth.as_slice()?, out.as_slice_mut()?);
            py.detach(|| self.inner.points(Rows::new(from, width), to))
                .map_err(|error| BadValue::new_err(error.to_string()))?;
        }
        Ok(points)
    }
}

/// Returns the origin of a frame that is about to be sent, so that what is made of the same capture can have it, too.
///
/// - `stream`, `generation`, `seq`: of its publisher.
/// - `captured_at`: seconds of `time.monotonic()`.
#[pyfunction]
fn origin_to_be(stream: &str, generation: u64, seq: u64, captured_at: f64) -> PyResult<PyOrigin> {
    let stream: StreamName = stream.parse().map_err(|error| of_name(&error))?;
    let captured = MonoTime::from_ns((captured_at * 1e9).round() as u64);
    Ok(PyOrigin(Origin {
        stream,
        generation,
        seq,
        captured: CaptureTime::at(captured, CaptureClock::Received),
    }))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyUnprojection>()?;
    module.add_function(wrap_pyfunction!(origin_to_be, module)?)
}
