//! `bb.Loan`: a part of shared memory that Python fills in place.
//!
//! While it is filled, NumPy arrays look into it, and Python cannot be kept from keeping them. So each array handed out has a
//! *root* array below it, to which every slice of it refers; when the block ends, the references say whether anything still
//! looks there. If nothing does, the arrays are [detached](super::arrays::detach) and the slot is sent as it is. If something
//! does, the slot stays with what looks at it, and a copy of it is sent.

mod layouts;
mod slot;

use std::sync::{Arc, Mutex, OnceLock};

use bushbaby_bus::FrameLayout;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::classes::Error;
use super::errors::of_publish;
use super::ours::Ours;
use super::publisher::{PyPublisher, origin_of};
use layouts::Asked;
pub(crate) use layouts::{LastAsked, layouts_of};
pub(crate) use slot::Kept;
use slot::{Filling, Slot, WHAT, array_pair};

/// Room for what may be said of the frame while it is filled.
const BODY_BYTES: usize = 4096;
/// Slots that may be kept past their blocks, so that the publisher always has some to send with.
const MOST_KEPT: usize = 4;

/// A part of shared memory, to be filled in a `with` block and sent at its end. From `Publisher.loan`.
#[pyclass(name = "Loan", module = "bushbaby")]
pub(crate) struct PyLoan {
    publisher: Py<PyPublisher>,
    asked: Arc<Asked>,
    /// Further keys of the frame's `meta`.
    #[pyo3(get, set)]
    meta: Option<Py<PyAny>>,
    /// When the frame was captured, in seconds of `time.monotonic()`; None: when the block ends.
    #[pyo3(get, set)]
    captured_at: Option<f64>,
    /// The frame that this one was made of, or that frame's `origin`.
    #[pyo3(get, set)]
    origin: Option<Py<PyAny>>,
    filling: Option<Filling>,
    seq: Option<u64>,
}

impl PyLoan {
    pub(crate) fn new(
        publisher: Py<PyPublisher>,
        asked: Arc<Asked>,
        meta: Option<Py<PyAny>>,
        captured_at: Option<f64>,
        origin: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            publisher,
            asked,
            meta,
            captured_at,
            origin,
            filling: None,
            seq: None,
        }
    }

    /// What is said of the frame.
    fn body(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        if self.meta.is_some() || self.origin.is_some() {
            return self.body_of(py);
        }
        if let Some(known) = self.asked.plain_body.get() {
            return Ok(known.clone());
        }
        let body = self.body_of(py)?;
        Ok(self.asked.plain_body.get_or_init(|| body).clone())
    }

    fn body_of(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let publisher = self.publisher.get();
        let origin = self
            .origin
            .as_ref()
            .map(|origin| origin_of(origin.bind(py)))
            .transpose()?;
        let camera = origin
            .as_ref()
            .map_or(publisher.name().node(), |origin| origin.stream.node());
        let named: Vec<(&str, &str)> = self
            .asked
            .layouts
            .iter()
            .map(|layout| (layout.name.as_str(), layout.encoding.as_str()))
            .collect();
        let body = py.import("bushbaby._payload")?.getattr("loan_body")?;
        body.call1((named, camera, self.meta.as_ref()))?.extract()
    }
}

#[pymethods]
impl PyLoan {
    /// The number that the frame got; None before it was sent.
    #[getter]
    fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn __enter__<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.filling.is_some() || self.seq.is_some() {
            return Err(Error::new_err(
                "a loan is filled and sent once: take a new one for each frame",
            ));
        }
        let publisher = self.publisher.get().publisher()?;
        // Ours, and one for each slot.
        if Arc::strong_count(self.publisher.get().kept()) > MOST_KEPT {
            return Err(Error::new_err(format!(
                "the arrays of {MOST_KEPT} earlier loans of `{}` are still kept: keep copies, `out.copy()`",
                self.publisher.get().name()
            )));
        }
        let layout = FrameLayout {
            body_capacity_bytes: self.body(py)?.len().max(BODY_BYTES),
            arrays: self.asked.layouts.clone(),
        };
        let mut loan = py
            .detach(|| publisher.loan_owned(&layout))
            .map_err(|error| of_publish(&error))?;
        let places: Vec<*mut u8> = loan.arrays_mut().into_iter().map(<[u8]>::as_mut_ptr).collect();
        let slot = Bound::new(
            py,
            Slot {
                loan: Mutex::new(Some(Ours::new(loan))),
                kept: OnceLock::new(),
            },
        )?;
        let mut arrays = Vec::with_capacity(places.len());
        for (layout, place) in layout.arrays.iter().zip(places) {
            arrays.push(array_pair(layout, place, &slot)?);
        }
        let handed_out = match arrays.as_slice() {
            [(_, only)] if !self.asked.by_name => only.bind(py).clone().into_any(),
            all => {
                let by_name = PyDict::new(py);
                for (layout, (_, array)) in layout.arrays.iter().zip(all) {
                    by_name.set_item(&layout.name, array)?;
                }
                by_name.into_any()
            }
        };
        self.filling = Some(Filling {
            slot: slot.unbind(),
            layout,
            arrays,
        });
        Ok(handed_out)
    }

    #[pyo3(signature = (exc_type=None, exc_value=None, traceback=None))]
    fn __exit__(
        &mut self,
        py: Python<'_>,
        exc_type: Option<Bound<'_, PyAny>>,
        exc_value: Option<Bound<'_, PyAny>>,
        traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let _ = (exc_value, traceback);
        let Some(filling) = self.filling.take() else {
            return Ok(false);
        };
        if exc_type.is_none() {
            self.seq = Some(self.send(py, filling)?);
        } else if filling.is_kept(py) {
            filling.keep(self.publisher.get().kept());
        } else {
            filling.detach(py);
        }
        Ok(false)
    }
}

impl PyLoan {
    fn send(&self, py: Python<'_>, filling: Filling) -> PyResult<u64> {
        let shared = self.publisher.get();
        let publisher = shared.publisher()?;
        let origin = self
            .origin
            .as_ref()
            .map(|origin| origin_of(origin.bind(py)))
            .transpose()?;
        let captured = shared.captured(self.captured_at, origin.as_ref())?;
        let body = self.body(py)?;
        let receipt = if filling.is_kept(py) || body.len() > filling.layout.body_capacity_bytes {
            shared.loan_was_copied();
            filling.keep(shared.kept());
            let slot = filling.slot.get();
            let layout = FrameLayout {
                body_capacity_bytes: body.len(),
                arrays: filling.layout.arrays.clone(),
            };
            py.detach(|| {
                let mut copy = publisher.loan(&layout).map_err(|error| of_publish(&error))?;
                if let Some(loan) = slot.locked().as_mut() {
                    let from = loan.get_mut(WHAT)?.arrays_mut();
                    for (from, to) in from.into_iter().zip(copy.arrays_mut()) {
                        to.copy_from_slice(from);
                    }
                }
                let sent = copy.set_body(&body).and_then(|()| copy.send(captured, origin));
                sent.map_err(|error| of_publish(&error))
            })?
        } else {
            let Some(mut loan) = filling.detach(py) else {
                return Err(Error::new_err("the loan is gone"));
            };
            py.detach(|| {
                let sent = loan.set_body(&body).and_then(|()| loan.send(captured, origin));
                sent.map_err(|error| of_publish(&error))
            })?
        };
        shared.sent(receipt)
    }
}
