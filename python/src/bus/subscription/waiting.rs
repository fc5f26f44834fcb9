//! Waiting for frames, in pieces: in each the interpreter is free for other threads, and between them signals are looked at.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, MonoTime, ReadOptions, RecvError, Subscriber};
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

use super::{Inner, PySubscription, locked, rehearsal};
use crate::bus::errors::classes::{BadValue, Closed, Stale};
use crate::bus::errors::{of_bus, of_recv};
use crate::bus::opening::Asked;

/// Signals are looked at this often.
const PIECE: Duration = Duration::from_millis(50);
/// Longest wait that may be asked for, in seconds: a year.
const LONGEST_S: f64 = 365.0 * 86_400.0;

/// Why there will be no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    InstanceOver,
}

/// What a wait ended with.
#[derive(Debug)]
pub(super) enum Came {
    Frame(Frame),
    Nothing,
    End(End),
}

impl PySubscription {
    /// Waits for the next frame, in pieces.
    pub(super) fn wait(&self, py: Python<'_>, until: Option<Instant>) -> PyResult<Came> {
        let inner = self.inner()?;
        loop {
            let piece = until.map_or(PIECE, |until| {
                until.saturating_duration_since(Instant::now()).min(PIECE)
            });
            let almost_due = locked(&inner.rhythm).until_almost_due(MonoTime::now());
            let piece = piece.min(almost_due.unwrap_or(PIECE));
            let came = py.detach(|| self.wait_once(inner, piece));
            match came {
                Ok(Came::Nothing) if almost_due.is_some_and(|wait| wait <= piece) => {
                    let stand_in = locked(&inner.rehearsal).stand_in();
                    stand_in.map_or(Ok(()), |stand_in| rehearsal::read(py, stand_in))?;
                }
                Ok(Came::Nothing) => {}
                Ok(came) => return Ok(came),
                Err(Failed::Damaged(error)) => warn(py, &error)?,
                Err(Failed::Other(error)) => return Err(error),
            }
            py.check_signals()?;
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Came::Nothing);
            }
        }
    }

    fn wait_once(&self, inner: &Inner, piece: Duration) -> Result<Came, Failed> {
        let Some(reader) = self.reader(inner)? else {
            if inner.open().is_none() {
                return Ok(Came::End(End::Closed));
            }
            if inner.watch.is_over() {
                return Ok(Came::End(End::InstanceOver));
            }
            std::thread::sleep(piece);
            return Ok(Came::Nothing);
        };
        match reader.recv(piece) {
            Ok(Some(frame)) => {
                if inner.generation.swap(frame.generation(), Ordering::Relaxed) != frame.generation() {
                    inner.watch.look_now();
                }
                locked(&inner.rhythm).came(frame.published_at());
                locked(&inner.rehearsal).came(&frame);
                Ok(Came::Frame(frame))
            }
            Ok(None) if inner.open().is_none() => Ok(Came::End(End::Closed)),
            Ok(None) if inner.watch.is_over() && !reader.publisher_is_alive() => Ok(Came::End(End::InstanceOver)),
            Ok(None) => Ok(Came::Nothing),
            Err(error @ RecvError::Damaged { .. }) => Err(Failed::Damaged(error)),
            Err(error) => Err(Failed::Other(of_recv(&error))),
        }
    }

    /// Returns the reader, which is opened when it is known which stream is meant.
    fn reader(&self, inner: &Inner) -> Result<Option<Arc<Subscriber>>, Failed> {
        let mut open = inner.open();
        let Some(open) = open.as_mut() else { return Ok(None) };
        if open.reader.is_none() {
            open.reader = open_reader(&open.bus, &self.asked, self.options).map_err(Failed::Other)?;
        }
        Ok(open.reader.clone())
    }

    /// The newest frame that came until now.
    pub(super) fn newest(&self, py: Python<'_>) -> PyResult<(Option<Frame>, Option<End>)> {
        let inner = self.inner()?;
        let newest = py.detach(|| {
            let Some(reader) = self.reader(inner)? else {
                return Ok(None);
            };
            reader.latest().map_err(|error| match error {
                RecvError::Damaged { .. } => Failed::Damaged(error),
                error => Failed::Other(of_recv(&error)),
            })
        });
        let newest = match newest {
            Ok(newest) => newest,
            Err(Failed::Damaged(error)) => {
                warn(py, &error)?;
                None
            }
            Err(Failed::Other(error)) => return Err(error),
        };
        let mut last = locked(&inner.last);
        if newest.is_some() {
            *last = newest;
        }
        let end = inner.open().is_none().then_some(End::Closed);
        Ok((last.clone(), end))
    }

    pub(super) fn ended(&self, end: End) -> PyErr {
        let stream = self.asked.text();
        Closed::new_err(match end {
            End::Closed => format!("the subscription of `{stream}` was closed"),
            End::InstanceOver => format!("the instance that `{stream}` belongs to has stopped"),
        })
    }

    pub(super) fn stale(&self, most: Option<Duration>, timeout: f64) -> PyResult<PyErr> {
        let inner = self.inner()?;
        let stream = self.stream()?;
        let last = locked(&inner.last).clone();
        Ok(Stale::new_err(match (last, most) {
            (Some(last), Some(most)) => format!(
                "stream `{stream}`: the newest frame is {:.0} ms old, wanted at most {:.0} ms",
                last.age().as_secs_f64() * 1e3,
                most.as_secs_f64() * 1e3
            ),
            _ => {
                let reader = inner.open().as_ref().and_then(|open| open.reader.clone());
                let why = match reader {
                    Some(reader) if reader.publisher_is_alive() => "its publisher sends none",
                    _ => "nobody writes it now",
                };
                format!("stream `{stream}`: no frame came within {timeout} s; {why}")
            }
        }))
    }
}

/// Why a wait failed.
enum Failed {
    /// One frame that is none: the next may be good.
    Damaged(RecvError),
    Other(PyErr),
}

pub(super) fn open_reader(bus: &Bus, asked: &Asked, options: ReadOptions) -> PyResult<Option<Arc<Subscriber>>> {
    let Some(stream) = asked.resolve(bus)? else {
        return Ok(None);
    };
    let reader = bus.subscriber(&stream, options).map_err(|error| of_bus(&error))?;
    Ok(Some(Arc::new(reader)))
}

fn warn(py: Python<'_>, error: &RecvError) -> PyResult<()> {
    let text = std::ffi::CString::new(error.to_string().replace('\0', " ")).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)
}

/// Returns when a wait ends; `None`: never.
pub(super) fn deadline(timeout: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = timeout else { return Ok(None) };
    if seconds == f64::INFINITY {
        return Ok(None);
    }
    Ok(Some(Instant::now() + checked_seconds("timeout", seconds)?))
}

pub(super) fn checked_seconds(what: &str, seconds: f64) -> PyResult<Duration> {
    if !(0.0..=LONGEST_S).contains(&seconds) {
        return Err(BadValue::new_err(format!(
            "{what} is {seconds}, wanted a number of seconds from 0 to {LONGEST_S}"
        )));
    }
    Ok(Duration::from_secs_f64(seconds))
}
