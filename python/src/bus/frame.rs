//! `bb.Frame`: one frame of a stream, as NumPy arrays and a parsed body.
//!
//! Nothing of it is made before it is asked for: a frame that only says its number costs no array, no dict and no conversion.
#![allow(unsafe_code)] // The buffer protocol hands pointers on.

use std::ffi::c_int;
use std::sync::Arc;

use bushbaby_bus::{ArrayInfo, Frame, MonoTime};
use bushbaby_node::image;
use bushbaby_pixels::{PixelFormat, to_rgb8};
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyBufferError, PyKeyError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyIterator, PyList, PyTuple};

use super::arrays::{self, Pixels};
use super::errors::classes::{Damaged, Error, NotAPicture};
use super::origin::{PyOrigin, seconds};
use super::ours::Ours;

/// How results and objects in a frame are read: what its subscription was told.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Dataclasses by name, to be rebuilt from results.
    pub(crate) types: Option<Py<PyDict>>,
    /// Whether pickled objects are trusted.
    pub(crate) pickle: bool,
}

/// One frame of a stream: arrays, results or both, of one moment.
///
/// A frame is a read-only mapping of its arrays: `frame["depth"]`, `"depth" in frame`, `dict(frame)`. Arrays are views of shared
/// memory, without a copy. They, their slices and the frame may be kept as long as one likes: they never change, never stop the
/// camera, and cannot be made writeable; `frame.copy()` gives private arrays to write to.
///
/// Where a function takes an array, a frame stands for `frame.array`: `np.asarray(frame)`, `np.from_dlpack(frame)`,
/// `memoryview(frame)`.
#[pyclass(frozen, weakref, name = "Frame", module = "bushbaby")]
#[allow(missing_debug_implementations)] // `PyOnceLock` has none.
pub(crate) struct PyFrame {
    frame: Ours<Frame>,
    reading: Option<Arc<Reading>>,
    pixels: PyOnceLock<Py<Pixels>>,
    meta: PyOnceLock<Py<PyDict>>,
    items: PyOnceLock<Py<PyList>>,
}

const WHAT: &str = "this frame";

impl PyFrame {
    /// A frame whose results are of our own classes and which must hold no pickled object.
    pub(crate) fn new(frame: Frame) -> Self {
        Self::read_as(frame, None)
    }

    /// A frame that is read as its subscription was told.
    pub(crate) fn read_as(frame: Frame, reading: Option<Arc<Reading>>) -> Self {
        Self {
            frame: Ours::new(frame),
            reading,
            pixels: PyOnceLock::new(),
            meta: PyOnceLock::new(),
            items: PyOnceLock::new(),
        }
    }

    /// The bus's frame inside.
    pub(crate) fn frame(&self) -> PyResult<&Frame> {
        self.frame.get(WHAT)
    }

    fn view<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyUntypedArray>> {
        let frame = self.frame()?;
        let array = frame
            .array_at(index)
            .ok_or_else(|| Error::new_err(format!("{} has no array {index}", self.name())))?;
        arrays::of_frame(py, frame, array)
    }

    fn no_picture(&self, problem: &dyn std::fmt::Display) -> PyErr {
        NotAPicture::new_err(format!("{}: {problem}", self.name()))
    }

    /// `frame 7 of `front/image``.
    fn name(&self) -> String {
        match self.frame() {
            Ok(frame) => format!("frame {} of `{}`", frame.seq(), frame.stream()),
            Err(_) => "a frame of another process".to_owned(),
        }
    }
}

#[pymethods]
impl PyFrame {
    /// Name of the stream, as `front/image`.
    #[getter]
    fn stream(&self) -> PyResult<&str> {
        Ok(self.frame()?.stream().as_str())
    }

    /// Its number since its publisher's start, from 0. A gap to the frame before is frames that were missed.
    #[getter]
    fn seq(&self) -> PyResult<u64> {
        Ok(self.frame()?.seq())
    }

    /// Which start of the publisher sent it: larger for a later start.
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        Ok(self.frame()?.generation())
    }

    /// When it was captured: seconds of CLOCK_MONOTONIC, as `time.monotonic()`, on this machine until it boots again.
    #[getter]
    fn captured_at(&self) -> PyResult<f64> {
        Ok(seconds(self.frame()?.captured().mono.as_ns()))
    }

    /// The same moment in seconds since 1970 (UTC), as `time.time()`. It may jump: measure with `captured_at`.
    #[getter]
    fn captured_wall(&self) -> PyResult<f64> {
        Ok(self.frame()?.captured().wall.as_ns() as f64 / 1e9)
    }

    /// Which moment of the capture `captured_at` is: `start_of_exposure`, `end_of_frame`, `camera_clock`, `packet`, `received`,
    /// `rendered`, `file` or `unknown`.
    #[getter]
    fn captured_by(&self) -> PyResult<&'static str> {
        Ok(self.frame()?.captured().known_by.as_str())
    }

    /// When it was sent, by the clock of `captured_at`.
    #[getter]
    fn published_at(&self) -> PyResult<f64> {
        Ok(seconds(self.frame()?.published_at().as_ns()))
    }

    /// When this program received it, by the clock of `captured_at`.
    #[getter]
    fn received_at(&self) -> PyResult<f64> {
        Ok(seconds(self.frame()?.received_at().as_ns()))
    }

    /// Milliseconds since it was captured, now.
    #[getter]
    fn age_ms(&self) -> PyResult<f64> {
        let captured = self.frame()?.captured().mono.as_ns();
        Ok((MonoTime::now().as_ns() as f64 - captured as f64) / 1e6)
    }

    /// The frame of the source that everything came from; its own place in its stream, for a source's frame.
    #[getter]
    fn origin(&self) -> PyResult<PyOrigin> {
        Ok(PyOrigin(self.frame()?.origin().clone()))
    }

    /// Whether it lies in private memory, because this reader kept as many frames as may be kept in shared memory.
    #[getter]
    fn is_copy(&self) -> PyResult<bool> {
        Ok(self.frame()?.is_copy())
    }

    /// What the frame says beside its arrays, as a dict: `type`, `version`, `camera`, `calibration` … Parsed once. Empty when it
    /// says nothing.
    ///
    /// Raises `Damaged` when the body is not a JSON object.
    #[getter]
    fn meta<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let meta = self.meta.get_or_try_init(py, || {
            let body = self.frame()?.body();
            if body.is_empty() {
                return Ok(PyDict::new(py).unbind());
            }
            let parsed = py
                .import("json")?
                .call_method1("loads", (PyBytes::new(py, body),))
                .map_err(|error| error.to_string())
                .and_then(|parsed| {
                    parsed
                        .cast_into::<PyDict>()
                        .map_err(|_| "it is JSON, but no object".to_owned())
                });
            match parsed {
                Ok(dict) => Ok(dict.unbind()),
                Err(problem) => Err(Damaged::new_err(format!(
                    "{}: its body of {} bytes cannot be read: {problem}",
                    self.name(),
                    body.len()
                ))),
            }
        })?;
        Ok(meta.bind(py).clone())
    }

    /// The picture as (height, width, 3) RGB uint8; for a frame that is no picture, its first array.
    ///
    /// No copy when the camera gives RGB. Else (I420, NV12, YUYV, BGR, grey, JPEG) it is converted once and kept. Read-only.
    ///
    /// Raises `NotAPicture` when there is no array, or the picture is damaged.
    #[getter]
    fn array<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyUntypedArray>> {
        let frame = self.frame()?;
        let first = frame
            .arrays()
            .first()
            .ok_or_else(|| NotAPicture::new_err(format!("{} has no arrays: look at `meta` or `items`", self.name())))?;
        match first.encoding.parse::<PixelFormat>() {
            Err(_) => self.view(py, 0),
            Ok(PixelFormat::Rgb8) => {
                image::view(frame).map_err(|error| self.no_picture(&error))?;
                self.view(py, 0)
            }
            Ok(_) => self.converted(py, frame),
        }
    }

    /// Samples a second of each channel, of a frame of sound.
    ///
    /// `array` is then float32 (full scale ±1) or int16 (±32768) of shape (samples, channels); of a window (`window:` in the file)
    /// float32 of shape (samples,). `captured_at` is the time of the first sample.
    ///
    /// Raises `Error` when the frame is no sound.
    #[getter]
    fn sample_rate(&self, py: Python<'_>) -> PyResult<u32> {
        let rate = self.meta(py)?.get_item("sample_rate_hz")?;
        rate.and_then(|rate| rate.extract().ok())
            .ok_or_else(|| Error::new_err(format!("{} is no sound: it has no sample rate", self.name())))
    }

    /// All arrays by name, as the frame has them: read-only views without a copy, nothing converted.
    #[getter]
    fn arrays<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let arrays = PyDict::new(py);
        for (index, info) in self.frame()?.arrays().iter().enumerate() {
            arrays.set_item(&info.name, self.view(py, index)?)?;
        }
        Ok(arrays)
    }

    /// What the numbers of each array are, by its name: `rgb8`, `i420`, `jpeg` …; an empty text for just numbers.
    #[getter]
    fn encodings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let encodings = PyDict::new(py);
        for info in self.frame()?.arrays() {
            encodings.set_item(&info.name, &info.encoding)?;
        }
        Ok(encodings)
    }

    /// The results in the frame: `Box`, `Tag`, `Pose`, `Text`, `Mask`, the dataclasses that `subscribe(types=…)` was told, and
    /// `Unknown` for anything else. Empty when there are none.
    ///
    /// Raises `Damaged` when the body cannot be read.
    #[getter]
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let this = slf.get();
        let items = this.items.get_or_try_init(py, || {
            let types = this.reading.as_ref().and_then(|reading| reading.types.as_ref());
            let decode = py.import("bushbaby._results")?.getattr("decode")?;
            Ok::<_, PyErr>(decode.call1((slf, types))?.cast_into::<PyList>()?.unbind())
        })?;
        Ok(items.bind(py).clone())
    }

    /// The Python object that was sent with `publish(…, pickle=True)`.
    ///
    /// Raises `PickleRefused` when this reader was not opened with `pickle=True`: unpickling runs whatever the sender wants.
    #[getter]
    fn object<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let allowed = slf.get().reading.as_ref().is_some_and(|reading| reading.pickle);
        let load = slf.py().import("bushbaby._payload")?.getattr("load_object")?;
        load.call1((slf, allowed))
    }

    /// The names of the arrays, in their order.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.frame()?.arrays().iter().map(|info| info.name.as_str()))
    }

    /// Private copies of all arrays, to be written to, by name. A picture's pixels as RGB are `frame.array.copy()`.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let arrays = self.arrays(py)?;
        for (name, array) in &arrays {
            arrays.set_item(name, array.call_method0("copy")?)?;
        }
        Ok(arrays)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
        let names = self.frame()?.arrays();
        match names.iter().position(|info| info.name == name) {
            Some(index) => self.view(py, index),
            None => Err(PyKeyError::new_err(format!(
                "{} has no array {name:?}; it has {}",
                self.name(),
                listed(names)
            ))),
        }
    }

    fn __contains__(&self, name: &str) -> PyResult<bool> {
        Ok(self.frame()?.arrays().iter().any(|info| info.name == name))
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.frame()?.arrays().len())
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.keys(py)?.try_iter()
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = self.array(py)?.into_any();
        let converted = match dtype {
            Some(dtype) => array.call_method("astype", (dtype,), Some(&[("copy", false)].into_py_dict(py)?))?,
            None => array.clone(),
        };
        match copy {
            Some(true) if converted.is(&array) => array.call_method0("copy"),
            Some(false) if !converted.is(&array) => Err(pyo3::exceptions::PyValueError::new_err(
                "another dtype cannot be had without a copy",
            )),
            _ => Ok(converted),
        }
    }

    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        stream: Option<Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i64, i64)>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = self.array(py)?.into_any();
        let module = py.import("bushbaby._dlpack")?;
        let arguments = PyDict::new(py);
        arguments.set_item("stream", stream)?;
        arguments.set_item("max_version", max_version)?;
        arguments.set_item("dl_device", dl_device)?;
        arguments.set_item("copy", copy)?;
        module.getattr("export")?.call((array,), Some(&arguments))
    }

    fn __dlpack_device__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        // The processor's own memory, device 0.
        PyTuple::new(py, [1, 0])
    }

    /// # Safety
    /// As CPython's: `view` points to a buffer to be filled.
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let array = slf
            .get()
            .array(slf.py())
            .map_err(|error| PyBufferError::new_err(error.to_string()))?;
        // SAFETY: the array fills the buffer and becomes its owner: it is released there.
        if unsafe { ffi::PyObject_GetBuffer(array.as_ptr(), view, flags) } < 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        Ok(())
    }

    fn __repr__(&self) -> PyResult<String> {
        let frame = self.frame()?;
        let age = self.age_ms()?;
        Ok(format!(
            "<Frame {} seq={} {} age={age:.1} ms>",
            frame.stream(),
            frame.seq(),
            listed(frame.arrays())
        ))
    }
}

impl PyFrame {
    fn converted<'py>(&self, py: Python<'py>, frame: &Frame) -> PyResult<Bound<'py, PyUntypedArray>> {
        let pixels = self.pixels.get_or_try_init(py, || {
            let image = py
                .detach(|| {
                    let view = image::view(frame).map_err(|error| error.to_string())?;
                    to_rgb8(&view).map_err(|error| error.to_string())
                })
                .map_err(|problem| self.no_picture(&problem))?;
            Py::new(py, Pixels::new(image))
        })?;
        Pixels::as_array(pixels.bind(py))
    }
}

/// `rgb uint8 (720, 1280, 3), depth float32 (720, 1280)`.
fn listed(arrays: &[ArrayInfo]) -> String {
    if arrays.is_empty() {
        return "no arrays".to_owned();
    }
    let texts = arrays.iter().map(|info| {
        let dims: Vec<String> = info.shape.iter().map(ToString::to_string).collect();
        format!("{} {} ({})", info.name, info.dtype.name(), dims.join(", "))
    });
    texts.collect::<Vec<_>>().join(", ")
}
