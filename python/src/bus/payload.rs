//! What Python gives, as the arrays and the body of a frame to send.
//!
//! In: what a stage returned or a program sends: an ndarray (a picture, when it looks like one), a dict of arrays, results (a list
//! of `Box`, `Tag`, … or any dataclass), one of them, or text. The rules are Python, `bushbaby._payload`. Out: a [`Payload`].
//! Its bytes stay where they are until [`Payload::fill`] copies them once, into a loan of the bus; a [`Payload`] is `Send`, and
//! filling needs no interpreter, so the copy is made with `py.detach`:
//!
//! ```ignore
//! let payload = Payload::with(&value, "front", Beside::default())?;
//! py.detach(|| outputs.send_with(output, payload.layout(), captured, Some(origin), |loan| {
//!     loan.set_body(payload.body())?;
//!     payload.fill(loan.arrays_mut());
//!     Ok(())
//! }))
//! ```
#![allow(unsafe_code)] // An array's memory is read without the interpreter.

use bushbaby_bus::{ArrayLayout, DType, FrameLayout};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::{self, classes::BadValue};
use super::remembered::Given;
use super::strided::Strided;

/// Arrays and body of one frame to be sent.
#[derive(Debug)]
pub(crate) struct Payload {
    layout: FrameLayout,
    sources: Vec<Source>,
    body: Vec<u8>,
}

/// What a payload is made with, beside the value.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a, 'py> {
    /// Results that go with the arrays.
    pub(crate) results: Option<Bound<'py, PyAny>>,
    /// Further keys of the body.
    pub(crate) meta: Option<Bound<'py, PyAny>>,
    /// Arrays given by keyword.
    pub(crate) arrays: Option<&'a Bound<'py, PyDict>>,
    /// The pixel format of the arrays, where their names do not say it.
    pub(crate) encoding: Option<&'a str>,
    /// Whether anything else may be pickled.
    pub(crate) pickle: bool,
}

impl Beside<'_, '_> {
    /// Whether arrays go alone.
    fn is_nothing(&self) -> bool {
        let alone = self.results.is_none() && self.meta.is_none() && self.encoding.is_none();
        alone && self.arrays.is_none_or(|arrays| arrays.is_empty())
    }
}

impl Payload {
    /// Makes the payload of one value, and of what goes along with it; Python's `None` is a frame without arrays.
    ///
    /// - `camera`: the node whose pictures it is about, as the body says it: that of the origin's stream.
    ///
    /// # Errors
    /// `BadValue`, saying what cannot travel and what can.
    pub(crate) fn with(value: &Bound<'_, PyAny>, camera: &str, beside: Beside<'_, '_>) -> PyResult<Self> {
        let given = if beside.is_nothing() {
            Given::of(value, camera)
        } else {
            None
        };
        if let Some(given) = &given
            && let Some(decided) = given.remembered()
        {
            return Ok(Self {
                layout: decided.layout.clone(),
                sources: given.in_order(&decided).into_iter().map(Source::new).collect(),
                body: decided.body.clone(),
            });
        }
        let payload = Self::decided_by_python(value, camera, beside)?;
        if let Some(given) = given {
            given.remember(&payload.arrays(value.py()), &payload.layout, &payload.body);
        }
        Ok(payload)
    }

    fn decided_by_python(value: &Bound<'_, PyAny>, camera: &str, beside: Beside<'_, '_>) -> PyResult<Self> {
        let parts = value.py().import("bushbaby._payload")?.getattr("parts")?;
        let given = (
            value,
            camera,
            beside.results,
            beside.meta,
            beside.arrays,
            beside.pickle,
            beside.encoding,
        );
        let (arrays, body): (Vec<Named<'_>>, Vec<u8>) = parts.call1(given)?.extract()?;
        let mut layouts = Vec::with_capacity(arrays.len());
        let mut sources = Vec::with_capacity(arrays.len());
        for (name, encoding, array) in arrays {
            let layout = ArrayLayout::new(&name, dtype_of(&name, &array)?, array.shape()).with_encoding(encoding);
            layout.size_bytes().map_err(|error| errors::of_layout(&error))?;
            layouts.push(layout);
            sources.push(Source::new(array));
        }
        Ok(Self {
            layout: FrameLayout {
                arrays: layouts,
                body_capacity_bytes: body.len(),
            },
            sources,
            body,
        })
    }

    fn arrays<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyUntypedArray>> {
        self.sources
            .iter()
            .map(|source| source.array.bind(py).clone())
            .collect()
    }

    /// What a loan for it must have room for.
    pub(crate) fn layout(&self) -> &FrameLayout {
        &self.layout
    }

    /// The body: JSON.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Copies all arrays to where they go, in the layout's order. Needs no interpreter.
    pub(crate) fn fill(&self, arrays: Vec<&mut [u8]>) {
        for (source, to) in self.sources.iter().zip(arrays) {
            source.copy_to(to);
        }
    }
}

/// Name, encoding and the array itself.
type Named<'py> = (String, String, Bound<'py, PyUntypedArray>);

/// The memory of an ndarray, which its reference keeps.
#[derive(Debug)]
struct Source {
    memory: Strided,
    array: Py<PyUntypedArray>,
}

impl Source {
    fn new(array: Bound<'_, PyUntypedArray>) -> Self {
        // SAFETY: it is a live array.
        let data = unsafe { (*array.as_array_ptr()).fields.data };
        let memory = Strided::new(data.cast(), array.shape(), array.strides(), array.dtype().itemsize());
        Self {
            memory,
            array: array.unbind(),
        }
    }

    fn copy_to(&self, to: &mut [u8]) {
        // SAFETY: shape and strides are the array's own, and NumPy neither moves nor frees the memory of an array that is
        // referred to. Another thread may write to it meanwhile, as it may while NumPy copies: bytes are what is copied.
        unsafe { self.memory.copy_to(to) };
    }
}

/// Returns a copy of an array's elements, in C order.
pub(crate) fn bytes_of(array: &Bound<'_, PyUntypedArray>) -> Vec<u8> {
    let mut bytes = vec![0; array.len() * array.dtype().itemsize()];
    Source::new(array.clone()).copy_to(&mut bytes);
    bytes
}

/// Returns the bus's type of an array's elements.
///
/// # Errors
/// `BadValue`, for those that the bus does not know (complex numbers, text, objects, another byte order).
pub(crate) fn dtype_of(name: &str, array: &Bound<'_, PyUntypedArray>) -> PyResult<DType> {
    let dtype = array.dtype();
    let known = match (dtype.kind(), dtype.itemsize()) {
        (b'u', 1) => Some(DType::U8),
        (b'u', 2) => Some(DType::U16),
        (b'u', 4) => Some(DType::U32),
        (b'u', 8) => Some(DType::U64),
        (b'i', 1) => Some(DType::I8),
        (b'i', 2) => Some(DType::I16),
        (b'i', 4) => Some(DType::I32),
        (b'i', 8) => Some(DType::I64),
        (b'f', 2) => Some(DType::F16),
        (b'f', 4) => Some(DType::F32),
        (b'f', 8) => Some(DType::F64),
        (b'b', 1) => Some(DType::Bool),
        _ => None,
    };
    known
        .filter(|_| dtype.is_native_byteorder() != Some(false))
        .ok_or_else(|| {
            BadValue::new_err(format!(
                "array `{name}` has dtype {dtype}; what travels is uint8 to uint64, int8 to int64, float16 to float64 and bool: \
                 convert it with astype()"
            ))
        })
}
