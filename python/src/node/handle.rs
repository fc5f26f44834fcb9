//! What a Python node's own code holds of its node.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, Frame, FrameLayout, MonoTime, Origin};
use bushbaby_node::python::{DescribedRole, PythonSettings};
use bushbaby_node::{NodeContext, NodeError, Outputs};
use pyo3::prelude::*;

use crate::bus::errors::classes::{BadValue, Error};
use crate::bus::frame::PyFrame;
use crate::bus::ours::Ours;
use crate::bus::payload::{Beside, Payload};

/// A capture time may lie this far ahead: clocks of cameras are brought to ours with some error.
const AHEAD: Duration = Duration::from_secs(1);

/// Room for a result from the start: when frames outgrow their room, a reader that has not looked yet misses those before.
const RESULT_BYTES: usize = 16 << 10;

/// The node's outputs, as its Python code reaches them; from any thread of it.
#[derive(Debug)]
pub(super) struct Ends {
    node: String,
    role: DescribedRole,
    declared: Vec<String>,
    outputs: Ours<Mutex<Outputs>>,
    /// Capture time and origin of the frame that the present call is about.
    current: Mutex<Option<(CaptureTime, Origin)>>,
    sent: AtomicU64,
}

impl Ends {
    pub(super) fn open(settings: &PythonSettings, context: &NodeContext) -> Result<Arc<Self>, NodeError> {
        let described = &settings.described;
        let mut outputs = Outputs::open(context, &described.output_specs())?;
        for output in described.outputs.iter().filter(|output| output.carries.is_result()) {
            outputs.reserve(&output.name, &FrameLayout::of_body(RESULT_BYTES))?;
        }
        Ok(Arc::new(Self {
            node: context.name().to_owned(),
            role: described.role,
            declared: described.outputs.iter().map(|output| output.name.clone()).collect(),
            outputs: Ours::new(Mutex::new(outputs)),
            current: Mutex::default(),
            sent: AtomicU64::new(0),
        }))
    }

    /// What is sent from now on comes of this frame.
    pub(super) fn work_on(&self, frame: &Frame) {
        *lock(&self.current) = Some((frame.captured(), frame.origin().clone()));
    }

    /// How many frames were sent, on all outputs.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn outputs(&self) -> PyResult<MutexGuard<'_, Outputs>> {
        Ok(lock(self.outputs.get("this node")?))
    }

    fn check_declared(&self, output: &str) -> PyResult<()> {
        if self.declared.iter().any(|declared| declared == output) {
            return Ok(());
        }
        let listed: Vec<String> = self.declared.iter().map(|name| format!("`{name}`")).collect();
        Err(BadValue::new_err(format!(
            "`{}` has no output `{output}`; `outputs` declares {}",
            self.node,
            listed.join(", ")
        )))
    }

    /// When a frame was captured that is sent now, and what it came from.
    fn time_and_origin(
        &self,
        captured_at: Option<f64>,
        frame: Option<&Frame>,
        of: Option<&str>,
    ) -> PyResult<(CaptureTime, Option<Origin>)> {
        if let Some(frame) = frame {
            return Ok((frame.captured(), Some(frame.origin().clone())));
        }
        if let Some(of) = of {
            self.check_declared(of)?;
            let origin = self.outputs()?.last_sent(of);
            let origin = origin.ok_or_else(|| BadValue::new_err(format!("nothing was sent on `{of}` yet")))?;
            return Ok((origin.captured, Some(origin)));
        }
        if self.role == DescribedRole::Source {
            return Ok((captured(captured_at)?, None));
        }
        if captured_at.is_some() {
            return Err(BadValue::new_err(
                "what a stage sends was captured with the frame that it came from: say `frame=`, not `captured_at=`",
            ));
        }
        let current = lock(&self.current).clone();
        let (captured, origin) = current.ok_or_else(|| {
            BadValue::new_err("no frame has come yet, so that nothing can come of one; or say `frame=`")
        })?;
        Ok((captured, Some(origin)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The capture time that a source gave, or now.
fn captured(captured_at: Option<f64>) -> PyResult<CaptureTime> {
    let Some(seconds) = captured_at else {
        return Ok(CaptureTime::now(CaptureClock::Received));
    };
    let latest = (MonoTime::now() + AHEAD).as_ns() as f64 / 1e9;
    if !(0.0..=latest).contains(&seconds) {
        return Err(BadValue::new_err(format!(
            "captured_at={seconds} is no moment up to now by time.monotonic(), which is {:.3}; time.time() is another clock",
            latest - AHEAD.as_secs_f64()
        )));
    }
    Ok(CaptureTime::at(
        MonoTime::from_ns((seconds * 1e9) as u64),
        CaptureClock::Unknown,
    ))
}

/// A node's own end of the bus, for `bb.Stage` and `bb.Source`.
#[pyclass(frozen, name = "NodeHandle", module = "bushbaby._core")]
pub(super) struct NodeHandle(pub(super) Arc<Ends>);

#[pymethods]
impl NodeHandle {
    /// The node's name in the pipeline file.
    #[getter]
    fn node(&self) -> &str {
        &self.0.node
    }

    /// Sends one frame on an output; nothing for `None`.
    ///
    /// What a stage sends has the capture time and the origin of the frame that it works on, or of `frame`. What a source sends is
    /// captured now, or at `captured_at` (seconds of `time.monotonic()`), and is its own origin; `of` names an output whose last
    /// frame was captured with it and is its origin.
    ///
    /// Raises `BadValue` for an output that is not declared and for a value that cannot travel.
    #[pyo3(signature = (output, value, *, captured_at=None, frame=None, of=None, meta=None))]
    #[allow(clippy::too_many_arguments)] // what a frame is, when it was taken, where it came from
    fn send(
        &self,
        py: Python<'_>,
        output: &str,
        value: Bound<'_, PyAny>,
        captured_at: Option<f64>,
        frame: Option<PyRef<'_, PyFrame>>,
        of: Option<&str>,
        meta: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let ends = &*self.0;
        ends.check_declared(output)?;
        if value.is_none() {
            return Ok(());
        }
        let frame = frame.as_deref().map(PyFrame::frame).transpose()?;
        let (captured, origin) = ends.time_and_origin(captured_at, frame, of)?;
        let camera = origin
            .as_ref()
            .map_or(ends.node.as_str(), |origin| origin.stream.node());
        let beside = Beside {
            meta,
            ..Beside::default()
        };
        let payload = Payload::with(&value, camera, beside)?;
        py.detach(|| {
            let sent = ends
                .outputs()?
                .send_with(output, payload.layout(), captured, origin.as_ref(), |loan| {
                    loan.set_body(payload.body())?;
                    payload.fill(loan.arrays_mut());
                    Ok(())
                });
            sent.map_err(|error| Error::new_err(error.to_string()))
        })?;
        ends.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether anybody reads an output.
    ///
    /// Raises `BadValue` for an output that is not declared.
    fn is_wanted(&self, py: Python<'_>, output: &str) -> PyResult<bool> {
        self.0.check_declared(output)?;
        py.detach(|| {
            let wanted = self.0.outputs()?.is_wanted(output);
            wanted.map_err(|error| Error::new_err(error.to_string()))
        })
    }
}
