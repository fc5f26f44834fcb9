//! Which arrays are asked for: a shape and a dtype, or several by name.
//!
//! The rules are Python (`bushbaby._payload`). Whoever fills one frame after another asks in the same words each time, so what was
//! decided of the last ones is remembered.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bushbaby_bus::{ArrayLayout, DType};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::bus::errors::{self, classes::BadValue};

/// Name, encoding, dtype and shape.
type Planned = (String, String, String, Vec<usize>);

/// Arrays to be lent.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The arguments as they were given; they cannot change. Absent: they could.
    words: Option<Py<PyTuple>>,
    pub(crate) layouts: Vec<ArrayLayout>,
    /// Whether several were asked for, by name.
    pub(crate) by_name: bool,
    /// The frame's body when nothing else is said of it.
    pub(crate) plain_body: OnceLock<Vec<u8>>,
}

/// What was asked for last.
#[derive(Debug, Default)]
pub(crate) struct LastAsked(Mutex<Option<Arc<Asked>>>);

impl LastAsked {
    /// Reads the arguments of `loan`, unless they are those of the last one.
    ///
    /// # Errors
    /// `BadValue`, saying what it wants.
    pub(crate) fn read(
        &self,
        shape: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
        name: Option<&str>,
        encoding: Option<&str>,
    ) -> PyResult<Arc<Asked>> {
        let py = shape.py();
        let by_items = shape.cast::<PyDict>().map(|dict| dict.items().to_tuple());
        let shape_in_words = by_items.map_or_else(|_| shape.clone(), Bound::into_any);
        let words = (shape_in_words, dtype, name, encoding).into_pyobject(py)?;
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last
            && let Some(known) = &last.words
            && known.bind(py).eq(&words).unwrap_or(false)
        {
            return Ok(last);
        }
        let (layouts, by_name) = layouts_of(shape, dtype, name, encoding)?;
        let asked = Arc::new(Asked {
            // What has no hash may be changed by its owner.
            words: words.hash().is_ok().then(|| words.unbind()),
            layouts,
            by_name,
            plain_body: OnceLock::new(),
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked.clone());
        Ok(asked)
    }
}

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
        layout.size_bytes().map_err(|error| errors::of_layout(&error))?;
        Ok(layout)
    });
    Ok((layouts.collect::<PyResult<_>>()?, by_name))
}
