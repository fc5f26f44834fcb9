//! `bb.Subscription`: the reading end of a stream. How it waits: [`waiting`].

mod rehearsal;
mod rhythm;
mod waiting;

use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bushbaby_bus::{Bus, Frame, MAX_QUEUE, ReadOptions, ReadPolicy, Subscriber};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::classes::BadValue;
use super::frame::{PyFrame, Reading};
use super::opening::{self, Asked, Watch};
use super::ours::Ours;
use rehearsal::Rehearsal;
use rhythm::Rhythm;
use waiting::{Came, checked_seconds, deadline, open_reader};

/// The reading end of a stream, from `bb.subscribe`.
///
/// Iterate over it (`for`, or `async for`), or call `recv`, `try_recv`, `latest`. It goes on over any number of publishers that
/// come and go. Several threads may use it; each frame goes to one of them. `close()`, or the end of a `with`, gives its place
/// back.
#[pyclass(frozen, weakref, name = "Subscription", module = "bushbaby")]
#[derive(Debug)]
pub(crate) struct PySubscription {
    asked: Asked,
    options: ReadOptions,
    reading: Option<Arc<Reading>>,
    inner: Ours<Inner>,
}

#[derive(Debug)]
struct Inner {
    watch: Watch,
    /// Absent: closed.
    open: Mutex<Option<Open>>,
    generation: AtomicU64,
    /// What `latest` returned, to be returned again.
    last: Mutex<Option<Frame>>,
    rhythm: Mutex<Rhythm>,
    rehearsal: Mutex<Rehearsal>,
}

#[derive(Debug, Clone)]
struct Open {
    bus: Bus,
    /// Absent until it is known which stream is meant.
    reader: Option<Arc<Subscriber>>,
}

#[pymethods]
impl PySubscription {
    #[new]
    #[pyo3(signature = (stream, *, queue=None, every=None, max_fps=None, types=None, pickle=false, replay_last=false, instance=None))]
    #[allow(clippy::too_many_arguments)] // all of them named
    fn new(
        py: Python<'_>,
        stream: &str,
        queue: Option<usize>,
        every: Option<u32>,
        max_fps: Option<f64>,
        types: Option<Py<PyDict>>,
        pickle: bool,
        replay_last: bool,
        instance: Option<&str>,
    ) -> PyResult<Self> {
        let asked = Asked::parse(stream)?;
        check(stream, queue, every, max_fps)?;
        // Who listens wants every piece.
        let queue = queue.or_else(|| stream.ends_with("/audio").then_some(MAX_QUEUE));
        let options = ReadOptions {
            policy: queue.map_or(ReadPolicy::Latest, ReadPolicy::Queue),
            every,
            max_fps,
            replay_last,
            ..ReadOptions::default()
        };
        let reading = (pickle || types.is_some()).then(|| Arc::new(Reading { types, pickle }));
        let inner = py.detach(|| {
            let bus = opening::bus(instance)?;
            let reader = open_reader(&bus, &asked, options)?;
            Ok::<_, PyErr>(Inner {
                watch: Watch::of(bus.instance()),
                open: Mutex::new(Some(Open { bus, reader })),
                generation: AtomicU64::new(0),
                last: Mutex::default(),
                rhythm: Mutex::default(),
                rehearsal: Mutex::default(),
            })
        })?;
        Ok(Self {
            asked,
            options,
            reading,
            inner: Ours::new(inner),
        })
    }

    /// Name of the stream, as `front/image`; the node's name alone, until it is known which of its streams is meant.
    #[getter]
    fn stream(&self) -> PyResult<String> {
        let open = self.inner()?.open();
        let reader = open.as_ref().and_then(|open| open.reader.as_ref());
        Ok(reader.map_or_else(|| self.asked.text().to_owned(), |reader| reader.stream().to_string()))
    }

    /// Waits for the next frame.
    ///
    /// - `timeout`: seconds, at most; None: as long as it takes.
    ///
    /// Returns None when nothing came in time. Raises `Closed` when the subscription was closed or the instance has stopped.
    #[pyo3(signature = (timeout=None))]
    fn recv(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<PyFrame>> {
        match self.wait(py, deadline(timeout)?)? {
            Came::Frame(frame) => Ok(Some(self.read(frame))),
            Came::Nothing => Ok(None),
            Came::End(end) => Err(self.ended(end)),
        }
    }

    /// Returns the next frame if one is there, else None. Never waits. Raises `Closed` as `recv` does.
    fn try_recv(&self, py: Python<'_>) -> PyResult<Option<PyFrame>> {
        self.recv(py, Some(0.0))
    }

    /// Returns the newest frame; the same one again when no newer one came. Frames that waited before it are left out.
    ///
    /// - `max_age`: seconds since its capture, at most; None: however old.
    /// - `timeout`: seconds to wait for one that is young enough.
    ///
    /// Raises `Stale` when there is none in time, `Closed` as `recv` does.
    #[pyo3(signature = (max_age=None, timeout=1.0))]
    fn latest(&self, py: Python<'_>, max_age: Option<f64>, timeout: f64) -> PyResult<PyFrame> {
        let until = deadline(Some(timeout))?;
        let most = max_age.map(|seconds| checked_seconds("max_age", seconds)).transpose()?;
        loop {
            let (newest, bell) = self.newest(py)?;
            if let Some(newest) = newest
                && most.is_none_or(|most| newest.age() <= most)
            {
                return Ok(self.read(newest));
            }
            if let Some(end) = bell {
                return Err(self.ended(end));
            }
            match self.wait(py, until)? {
                Came::Frame(frame) => *locked(&self.inner()?.last) = Some(frame),
                Came::Nothing => return Err(self.stale(most, timeout)?),
                Came::End(end) => return Err(self.ended(end)),
            }
        }
    }

    /// What became of the frames since this subscription began: `delivered`; `superseded` by a newer one before they were read;
    /// `overflow` of the queue; `damaged`; `skipped` by `every` or `max_fps`; `copied`, of those delivered, because many were
    /// kept.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let reader = self.inner()?.open().as_ref().and_then(|open| open.reader.clone());
        let counts = reader.map(|reader| reader.counts()).unwrap_or_default();
        let dict = PyDict::new(py);
        for (name, count) in [
            ("delivered", counts.delivered),
            ("superseded", counts.superseded),
            ("overflow", counts.overflow),
            ("damaged", counts.damaged),
            ("skipped", counts.skipped),
            ("copied", counts.copied),
        ] {
            dict.set_item(name, count)?;
        }
        Ok(dict)
    }

    /// Whether a living process writes the stream now.
    #[getter]
    fn publisher_alive(&self, py: Python<'_>) -> PyResult<bool> {
        let reader = self.inner()?.open().as_ref().and_then(|open| open.reader.clone());
        Ok(reader.is_some_and(|reader| py.detach(|| reader.publisher_is_alive())))
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> PyResult<bool> {
        Ok(self.inner()?.open().is_none())
    }

    /// Ends it: loops over it end, waits for it raise `Closed`. Frames that came from it stay.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let inner = self.inner()?;
        py.detach(|| {
            let open = inner.open().take();
            if let Some(reader) = open.as_ref().and_then(|open| open.reader.as_ref()) {
                reader.waker().wake();
            }
            *locked(&inner.last) = None;
        });
        Ok(())
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyFrame>> {
        match self.wait(py, None)? {
            Came::Frame(frame) => Ok(Some(self.read(frame))),
            Came::Nothing | Came::End(_) => Ok(None),
        }
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("bushbaby._async")?.getattr("next_frame")?.call1((slf,))
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> PyResult<String> {
        let state = if self.closed()? { " closed" } else { "" };
        Ok(format!("<Subscription {}{state}>", self.stream()?))
    }

    /// What becomes readable when something came; none yet, while it is not known which stream is meant.
    fn _fds(&self) -> PyResult<Vec<i32>> {
        let open = self.inner()?.open();
        let reader = open.as_ref().and_then(|open| open.reader.as_ref());
        Ok(reader.map_or_else(Vec::new, |reader| reader.fds().iter().map(AsRawFd::as_raw_fd).collect()))
    }

    /// As `try_recv`, but says the end by `(None, True)`, for loops that are awaited.
    fn _poll(&self, py: Python<'_>) -> PyResult<(Option<PyFrame>, bool)> {
        match self.wait(py, Some(Instant::now()))? {
            Came::Frame(frame) => Ok((Some(self.read(frame)), false)),
            Came::Nothing => Ok((None, false)),
            Came::End(_) => Ok((None, true)),
        }
    }
}

impl PySubscription {
    fn inner(&self) -> PyResult<&Inner> {
        self.inner.get("this subscription")
    }

    fn read(&self, frame: Frame) -> PyFrame {
        PyFrame::read_as(frame, self.reading.clone())
    }
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        locked(&self.open)
    }
}

/// Checks what the bus would refuse only when the stream is known.
fn check(stream: &str, queue: Option<usize>, every: Option<u32>, max_fps: Option<f64>) -> PyResult<()> {
    let wrong = |what: String| Err(BadValue::new_err(format!("stream `{stream}`: {what}")));
    if let Some(frames) = queue.filter(|frames| !(1..=MAX_QUEUE).contains(frames)) {
        return wrong(format!("queue is {frames}, wanted 1 to {MAX_QUEUE}"));
    }
    if every == Some(0) {
        return wrong("every is 0, wanted 1 or more".to_owned());
    }
    match max_fps {
        Some(fps) if !(fps.is_finite() && fps > 0.0) => wrong(format!("max_fps is {fps}, wanted a positive number")),
        _ => Ok(()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
