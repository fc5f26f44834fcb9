//! Which arrays are asked for: a shape and a dtype, or several by name.

use bushbaby_bus::{ArrayLayout, DType};
use pyo3::prelude::*;

use crate::bus::errors::{self, classes::BadValue};

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
        layout.size_bytes().map_err(|error| errors::of_layout(&error))?;
        Ok(layout)
    });
    Ok((layouts.collect::<PyResult<_>>()?, by_name))
}
