//! `bb.Publisher`: the writing end of a stream. What is said of its frames beside their arrays: [`said`].

mod said;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bushbaby_bus::{
    ArrayLayout, Bus, CaptureClock, DType, FrameLayout, Publisher, PublisherOptions, SendReceipt, StreamName,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::errors::classes::{BadName, BadValue, Closed};
use super::errors::{of_bus, of_publish};
use super::loan::{Kept, LastAsked, PyLoan};
use super::opening;
use super::ours::Ours;
use super::payload::{Beside, Payload};
pub(crate) use said::origin_of;
use said::{clock_named, expected_layouts};

/// The writing end of a stream, from `bb.publish`.
///
/// It never waits for a reader. Several threads may use it. `close()`, or the end of a `with`, ends the stream.
#[pyclass(frozen, weakref, name = "Publisher", module = "bushbaby")]
#[derive(Debug)]
pub(crate) struct PyPublisher {
    stream: StreamName,
    pickle: bool,
    captured_by: Option<CaptureClock>,
    inner: Ours<Mutex<Option<Open>>>,
    sent: AtomicU64,
    copied: AtomicU64,
    kept: Kept,
    last_asked: LastAsked,
}

type RawArray = (String, String, Vec<usize>, Option<usize>, String, Vec<u8>);

#[derive(Debug, Clone)]
struct Open {
    publisher: Arc<Publisher>,
    // Left after the publisher has gone.
    _bus: Bus,
}

#[pymethods]
impl PyPublisher {
    #[new]
    #[pyo3(signature = (stream, *, pickle=false, captured_by=None, expect=None, readers=1, instance=None))]
    fn new(
        py: Python<'_>,
        stream: &str,
        pickle: bool,
        captured_by: Option<&str>,
        expect: Option<Bound<'_, PyAny>>,
        readers: usize,
        instance: Option<&str>,
    ) -> PyResult<Self> {
        let stream: StreamName = stream.parse().map_err(|_| {
            BadName::new_err(format!(
                "{stream:?} is no name of a stream: wanted `node/output`, as `front/image`, `front/rgbd` or `mine/results`"
            ))
        })?;
        let captured_by = captured_by.map(clock_named).transpose()?;
        let expected = match expect {
            Some(expect) => Some(FrameLayout {
                arrays: expected_layouts(&expect)?,
                body_capacity_bytes: 4096,
            }),
            None => None,
        };
        let options = PublisherOptions {
            expected,
            expected_readers: readers,
            ..PublisherOptions::default()
        };
        let open = py.detach(|| {
            let bus = opening::bus(instance)?;
            let publisher = bus.publisher(&stream, options).map_err(|error| of_bus(&error))?;
            Ok::<_, PyErr>(Open {
                publisher: Arc::new(publisher),
                _bus: bus,
            })
        })?;
        Ok(Self {
            stream,
            pickle,
            captured_by,
            inner: Ours::new(Mutex::new(Some(open))),
            sent: AtomicU64::new(0),
            copied: AtomicU64::new(0),
            kept: Kept::default(),
            last_asked: LastAsked::default(),
        })
    }

    /// Name of the stream, as `front/image`.
    #[getter]
    fn stream(&self) -> &str {
        self.stream.as_str()
    }

    /// The number that the next frame gets: how many were sent.
    #[getter]
    fn seq(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Number of this start: larger for each later start of the stream's publisher.
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        Ok(self.publisher()?.generation())
    }

    /// How many read the stream now.
    #[getter]
    fn readers(&self) -> PyResult<usize> {
        Ok(self.publisher()?.readers())
    }

    /// Whether anybody reads the stream now: ask before making what is only made for readers.
    #[getter]
    fn is_wanted(&self) -> PyResult<bool> {
        Ok(self.publisher()?.is_wanted())
    }

    /// How many loans cost a copy, because something outside the `with` still referred to their arrays, or the body grew.
    #[getter]
    fn copied(&self) -> u64 {
        self.copied.load(Ordering::Relaxed)
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> PyResult<bool> {
        Ok(self.open()?.is_none())
    }

    /// Sends one frame: one copy, during which other threads run.
    ///
    /// - `value`: an array; a dict of arrays, all of one moment; results (a list of `Box`, `Tag`, `Pose`, `Text`, `Mask`,
    ///   dataclasses or text); any object, if the publisher was opened with `pickle=True`.
    ///   A lone uint8 array of shape (h, w, 3) is an RGB picture, of (h, w) a grey one. In a dict, `rgb`, `bgr`, `gray` and
    ///   `jpeg` are pictures; `rgb` with `depth` is a capture of an RGB-D camera.
    /// - `results`: results that belong to the arrays.
    /// - `encoding`: the pixel format, where the names of the arrays do not say it: `i420` (arrays `y`, `u`, `v`), `nv12` (`y`, `uv`),
    ///   `yuyv`, `rgb8`, `bgr8`, `gray8`, `jpeg` (also as `bytes`). A lone array gets the name that belongs to it.
    /// - `meta`: further keys of the frame's `meta`, as JSON can say them.
    /// - `captured_at`: when it was captured, in seconds of `time.monotonic()`; None: that of `origin`, else now.
    /// - `origin`: the frame that it was made of, or that frame's `origin`; None: it is its own.
    /// - `arrays`: further arrays by name.
    ///
    /// Returns its number. Raises `BadValue` for what cannot travel, `SharedMemoryFull` before anything is written.
    #[pyo3(signature = (value=None, /, *, results=None, encoding=None, meta=None, captured_at=None, origin=None, **arrays))]
    #[allow(clippy::too_many_arguments)] // all of them named
    fn send<'py>(
        &self,
        py: Python<'py>,
        value: Option<Bound<'py, PyAny>>,
        results: Option<Bound<'py, PyAny>>,
        encoding: Option<&str>,
        meta: Option<Bound<'py, PyAny>>,
        captured_at: Option<f64>,
        origin: Option<Bound<'py, PyAny>>,
        arrays: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<u64> {
        let publisher = self.publisher()?;
        let origin = origin.map(|origin| origin_of(&origin)).transpose()?;
        if value.is_none() && results.is_none() && meta.is_none() && arrays.is_none() {
            return Err(BadValue::new_err(format!(
                "stream `{}`: there is nothing to send: wanted an array, results or meta",
                self.stream
            )));
        }
        let captured = self.captured(captured_at, origin.as_ref())?;
        let camera = origin
            .as_ref()
            .map_or(self.stream.node(), |origin| origin.stream.node());
        let beside = Beside {
            results,
            meta,
            arrays,
            encoding,
            pickle: self.pickle,
        };
        let value = value.unwrap_or_else(|| py.None().into_bound(py));
        let payload = Payload::with(&value, camera, beside)?;
        let receipt = py.detach(|| {
            let mut loan = publisher.loan(payload.layout())?;
            payload.fill(loan.arrays_mut());
            loan.set_body(payload.body())?;
            loan.send(captured, origin)
        });
        self.sent(receipt.map_err(|error| of_publish(&error))?)
    }

    /// Lends a part of shared memory, to be filled in place: no copy, whatever the size.
    ///
    /// ```python
    /// with pub.loan((1080, 1920, 3), "uint8") as out:            # one array
    ///     camera.read_into(out)                                   # leaving the block sends it
    /// with pub.loan({"rgb": ((h, w, 3), "uint8"), "depth": ((h, w), "float32")}) as out:
    ///     out["rgb"][:] = rgb                                     # several of one moment
    /// ```
    ///
    /// - `shape`, `dtype`: of the array; its first contents are whatever lay there. Or a dict, name to (shape, dtype).
    /// - `name`, `encoding`: of a lone array; None: as for `send`, by what it looks like.
    /// - `meta`, `captured_at`, `origin`: as for `send`; they may be set on the loan until the block ends. `captured_at` None: the
    ///   moment when the block ends.
    ///
    /// An exception inside the block sends nothing. After the block the arrays are empty: they belong to the readers. Whoever
    /// still keeps a slice or another reference to one makes the loan cost a copy (counted in `copied`) and keeps what it had; the
    /// arrays of four loans may be kept at once.
    #[pyo3(signature = (shape, dtype=None, *, name=None, encoding=None, meta=None, captured_at=None, origin=None))]
    #[allow(clippy::too_many_arguments)] // all of them named
    fn loan<'py>(
        slf: &Bound<'py, Self>,
        shape: &Bound<'py, PyAny>,
        dtype: Option<&Bound<'py, PyAny>>,
        name: Option<&str>,
        encoding: Option<&str>,
        meta: Option<Py<PyAny>>,
        captured_at: Option<f64>,
        origin: Option<Py<PyAny>>,
    ) -> PyResult<PyLoan> {
        slf.get().publisher()?;
        let asked = slf.get().last_asked.read(shape, dtype, name, encoding)?;
        Ok(PyLoan::new(slf.clone().unbind(), asked, meta, captured_at, origin))
    }

    /// Ends the stream, until somebody writes it again. Waits up to half a second for readers that have not looked yet.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let open = self.open()?.take();
        py.detach(|| drop(open));
        Ok(())
    }

    /// Sends arrays, given as (name, dtype, shape, bytes from row to row, encoding, bytes), and a body as they are, checked by nobody
    /// but the bus: a peer for tests of what readers make of it.
    fn _send_raw(&self, py: Python<'_>, arrays: Vec<RawArray>, body: &[u8]) -> PyResult<u64> {
        let publisher = self.publisher()?;
        let mut layouts = Vec::with_capacity(arrays.len());
        for (name, dtype, shape, row_stride_bytes, encoding, _) in &arrays {
            let dtype = DType::from_name(dtype).ok_or_else(|| BadValue::new_err(format!("dtype {dtype}")))?;
            let layout = ArrayLayout::new(name, dtype, shape.clone()).with_encoding(encoding);
            layouts.push(ArrayLayout {
                row_stride_bytes: *row_stride_bytes,
                ..layout
            });
        }
        let parts: Vec<(&ArrayLayout, &[u8])> = layouts
            .iter()
            .zip(&arrays)
            .map(|(layout, array)| (layout, array.5.as_slice()))
            .collect();
        let captured = self.captured(None, None)?;
        let receipt = py.detach(|| publisher.send(&parts, body, captured, None));
        self.sent(receipt.map_err(|error| of_publish(&error))?)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> PyResult<String> {
        let state = if self.closed()? { " closed" } else { "" };
        Ok(format!("<Publisher {}{state}>", self.stream))
    }
}

impl PyPublisher {
    pub(crate) fn publisher(&self) -> PyResult<Arc<Publisher>> {
        let open = self.open()?;
        let open = open
            .as_ref()
            .ok_or_else(|| Closed::new_err(format!("the publisher of `{}` was closed", self.stream)))?;
        Ok(open.publisher.clone())
    }

    pub(crate) fn name(&self) -> &StreamName {
        &self.stream
    }

    /// Of which each slot that is kept past its block holds one.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Takes note of a sent frame; returns its number.
    pub(crate) fn sent(&self, receipt: SendReceipt) -> PyResult<u64> {
        self.sent.fetch_max(receipt.seq + 1, Ordering::Relaxed);
        Ok(receipt.seq)
    }

    pub(crate) fn loan_was_copied(&self) {
        self.copied.fetch_add(1, Ordering::Relaxed);
    }

    fn open(&self) -> PyResult<std::sync::MutexGuard<'_, Option<Open>>> {
        Ok(self
            .inner
            .get("this publisher")?
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for PyPublisher {
    fn drop(&mut self) {
        let Ok(open) = self.open().map(|mut open| open.take()) else {
            return;
        };
        // Waiting for readers that have not looked yet is no reason to stop other threads.
        let mut open = Some(open);
        if Python::try_attach(|py| py.detach(|| drop(open.take()))).is_none() {
            drop(open);
        }
    }
}
