//! The slot that is being filled, and the arrays that look into it.
#![allow(unsafe_code)] // Arrays over a loan's memory.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bushbaby_bus::{ArrayLayout, FrameLayout, Loan};
use numpy::PyUntypedArray;
use pyo3::prelude::*;

use crate::bus::arrays::{self, Access, Shape};
use crate::bus::ours::Ours;

/// The slot, for as long as an array looks into it: what root arrays have as `base`.
#[pyclass(frozen, module = "bushbaby._core")]
pub(crate) struct Slot {
    pub(super) loan: Mutex<Option<Ours<Loan<'static>>>>,
    /// Set when something keeps it past its block.
    pub(super) kept: OnceLock<Kept>,
}

/// Counts the slots of a publisher that something keeps past their blocks.
pub(crate) type Kept = Arc<()>;

/// A slot that Python fills, with the arrays by which it does.
pub(super) struct Filling {
    pub(super) slot: Py<Slot>,
    pub(super) layout: FrameLayout,
    /// Each array's root, and what was handed out.
    pub(super) arrays: Vec<(Py<PyUntypedArray>, Py<PyUntypedArray>)>,
}

impl Slot {
    pub(super) fn locked(&self) -> MutexGuard<'_, Option<Ours<Loan<'static>>>> {
        self.loan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filling {
    /// Whether anything but the caller's one variable (or dict) still refers to the memory.
    pub(super) fn is_kept(&self, py: Python<'_>) -> bool {
        self.arrays.iter().any(|(root, array)| {
            // A root is known to us and to its array; an array to us and to the caller. Slices refer to the root; what is no
            // plain array (a memoryview, a tensor) refers to the array.
            arrays::references(root.bind(py)) > 2 || arrays::references(array.bind(py)) > 2
        })
    }

    /// Leaves the slot to what still refers to it.
    pub(super) fn keep(&self, kept: &Kept) {
        self.slot.get().kept.get_or_init(|| kept.clone());
    }

    /// Empties the arrays; returns the slot, which nothing looks into any more.
    pub(super) fn detach(&self, py: Python<'_>) -> Option<Loan<'static>> {
        for (root, array) in &self.arrays {
            arrays::detach(array.bind(py));
            arrays::detach(root.bind(py));
        }
        self.slot.get().locked().take()?.into_inner(WHAT).ok()
    }
}

pub(super) const WHAT: &str = "this loan";

/// Makes an array over a place in the slot, and its root.
pub(super) fn array_pair(
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
