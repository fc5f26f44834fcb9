//! `bb.Loan`: a part of shared memory that Python fills in place.
//!
//! While it is filled, NumPy arrays look into it, and Python cannot be kept from keeping them. So each array handed out has a
//! *root* array below it, to which every slice of it refers; when the block ends, the references say whether anything still
//! looks there. If nothing does, the arrays are [detached](super::arrays::detach) and the slot is sent as it is. If something
//! does, the slot stays with what looks at it, and a copy of it is sent.
#![allow(unsafe_code)] // Arrays over a loan's memory.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bushbaby_bus::{ArrayLayout, DType, FrameLayout, Loan};
use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{self, Access, Shape};
use super::errors::classes::{BadValue, Error};
use super::errors::of_publish;
use super::ours::Ours;
use super::publisher::{PyPublisher, origin_of};

/// Room for what may be said of the frame while it is filled.
const BODY_BYTES: usize = 4096;
/// Slots that may be kept past their blocks, so that the publisher always has some to send with.
const MOST_KEPT: usize = 4;

/// The slot, for as long as an array looks into it: what root arrays have as `base`.
#[pyclass(frozen, module = "bushbaby._core")]
pub(crate) struct Slot {
    loan: Mutex<Option<Ours<Loan<'static>>>>,
    /// Set when something keeps it past its block.
    kept_past: OnceLock<Kept>,
}

/// Counts the slots of a publisher that something keeps past their blocks.
pub(crate) type Kept = Arc<()>;

/// A part of shared memory, to be filled in a `with` block and sent at its end. From `Publisher.loan`.
#[pyclass(name = "Loan", module = "bushbaby")]
pub(crate) struct PyLoan {
    publisher: Py<PyPublisher>,
    layouts: Vec<ArrayLayout>,
    /// Whether several were asked for, by name.
    by_name: bool,
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

struct Filling {
    slot: Py<Slot>,
    layout: FrameLayout,
    /// Each array's root, and what was handed out.
    arrays: Vec<(Py<PyUntypedArray>, Py<PyUntypedArray>)>,
}

impl PyLoan {
    pub(crate) fn new(
        publisher: Py<PyPublisher>,
        (layouts, by_name): (Vec<ArrayLayout>, bool),
        meta: Option<Py<PyAny>>,
        captured_at: Option<f64>,
        origin: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            publisher,
            layouts,
            by_name,
            meta,
            captured_at,
            origin,
            filling: None,
            seq: None,
        }
    }

    fn body(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
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
            arrays: self.layouts.clone(),
        };
        let mut loan = py
            .detach(|| publisher.loan_owned(&layout))
            .map_err(|error| of_publish(&error))?;
        let places: Vec<*mut u8> = loan.arrays_mut().into_iter().map(<[u8]>::as_mut_ptr).collect();
        let slot = Bound::new(
            py,
            Slot {
                loan: Mutex::new(Some(Ours::new(loan))),
                kept_past: OnceLock::new(),
            },
        )?;
        let mut arrays = Vec::with_capacity(places.len());
        for (layout, place) in layout.arrays.iter().zip(places) {
            arrays.push(array_pair(layout, place, &slot)?);
        }
        let handed_out = match arrays.as_slice() {
            [(_, only)] if !self.by_name => only.bind(py).clone().into_any(),
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
        } else if filling.iskept_past(py) {
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
        let receipt = if filling.iskept_past(py) || body.len() > filling.layout.body_capacity_bytes {
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

impl Slot {
    fn locked(&self) -> MutexGuard<'_, Option<Ours<Loan<'static>>>> {
        self.loan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filling {
    /// Whether anything but the caller's one variable (or dict) still refers to the memory.
    fn iskept_past(&self, py: Python<'_>) -> bool {
        self.arrays.iter().any(|(root, array)| {
            // A root is known to us and to its array; an array to us and to the caller. Slices refer to the root; what is no
            // plain array (a memoryview, a tensor) refers to the array.
            arrays::references(root.bind(py)) > 2 || arrays::references(array.bind(py)) > 2
        })
    }

    /// Leaves the slot to what still refers to it.
    fn keep(&self, kept: &Kept) {
        self.slot.get().kept_past.get_or_init(|| kept.clone());
    }

    /// Empties the arrays; returns the slot, which nothing looks into any more.
    fn detach(&self, py: Python<'_>) -> Option<Loan<'static>> {
        for (root, array) in &self.arrays {
            arrays::detach(array.bind(py));
            arrays::detach(root.bind(py));
        }
        self.slot.get().locked().take()?.into_inner(WHAT).ok()
    }
}

const WHAT: &str = "this loan";

/// Makes an array over a place in the slot, and its root.
fn array_pair(
    layout: &ArrayLayout,
    place: *mut u8,
    slot: &Bound<'_, Slot>,
) -> PyResult<(Py<PyUntypedArray>, Py<PyUntypedArray>)> {
    let mut strides = vec![layout.dtype.size_bytes(); layout.shape.len()];
    for dim in (1..layout.shape.len()).rev() {
        strides[dim - 1] = strides[dim] * layout.shape[dim];
    }
    let shape = Shape::new(&layout.shape, &strides);
    // SAFETY: the place is as long as the layout says, without gaps. The slot, base of the root, keeps it; it is taken out of the
    // slot only after both arrays were detached and no other array refers to them.
    unsafe {
        let owner = slot.clone().into_any();
        let root = arrays::over(slot.py(), layout.dtype, shape, place, owner, Access::Write)?;
        let array = arrays::over(
            slot.py(),
            layout.dtype,
            shape,
            place,
            root.clone().into_any(),
            Access::Write,
        )?;
        Ok((root.unbind(), array.unbind()))
    }
}

/// Name, encoding, dtype and shape.
type Planned = (String, String, String, Vec<usize>);

/// Reads what `loan` and `publish(expect=…)` take: a shape and a dtype, or a dict of them by name. Also returns whether it was a
/// dict.
///
/// # Errors
/// `BadValue`, saying what it wants.
pub(crate) fn layouts_of(
    shape: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    name: Option<&str>,
    encoding: Option<&str>,
) -> PyResult<(Vec<ArrayLayout>, bool)> {
    let plan = shape.py().import("bushbaby._payload")?.getattr("loan_plan")?;
    let (plan, by_name): (Vec<Planned>, bool) = plan.call1((shape, dtype, name, encoding))?.extract()?;
    let layouts = plan.into_iter().map(|(name, encoding, dtype, shape)| {
        let dtype = DType::from_name(&dtype).ok_or_else(|| {
            BadValue::new_err(format!(
                "array `{name}` has dtype {dtype}; what travels is uint8 to uint64, int8 to int64, float16 to float64 and bool"
            ))
        })?;
        let layout = ArrayLayout::new(name, dtype, shape).with_encoding(encoding);
        layout.size_bytes().map_err(|error| super::errors::of_layout(&error))?;
        Ok(layout)
    });
    Ok((layouts.collect::<PyResult<_>>()?, by_name))
}
