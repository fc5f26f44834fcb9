//! NumPy arrays over memory that a Python object owns.
#![allow(unsafe_code)] // NumPy's C interface takes pointers; what they point to is kept by the array's base.

use std::ffi::{c_int, c_void};
use std::ptr;

use bushbaby_bus::{ArrayView, DType, Frame};
use bushbaby_pixels::Image;
use numpy::npyffi::{self, PY_ARRAY_API, npy_intp};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray};
use pyo3::ffi;
use pyo3::prelude::*;

use super::ours::Ours;

/// The memory of a received frame, for as long as an array looks at it: what such arrays have as `base`.
#[pyclass(frozen, module = "bushbaby._core")]
pub(crate) struct Sample {
    _frame: Ours<Frame>,
}

/// The pixels of a converted picture, likewise.
#[pyclass(frozen, module = "bushbaby._core")]
pub(crate) struct Pixels(Image);

/// Returns one array of a frame as a view that nobody can write to and that keeps the frame's memory.
pub(crate) fn of_frame<'py>(
    py: Python<'py>,
    frame: &Frame,
    array: ArrayView<'_>,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    let owner = Bound::new(
        py,
        Sample {
            _frame: Ours::new(frame.clone()),
        },
    )?
    .into_any();
    let info = array.info;
    let shape = Shape::new(&info.shape, &info.strides_bytes);
    // SAFETY: the bus checked that shape and strides stay within `bytes`, which the clone of the frame in `owner` keeps; the array
    // is made read-only, and its base has no buffer to be written to, so that NumPy refuses to make it writeable.
    unsafe {
        over(
            py,
            info.dtype,
            shape,
            array.bytes.as_ptr().cast_mut(),
            owner,
            Access::Read,
        )
    }
}

impl Pixels {
    pub(crate) fn new(image: Image) -> Self {
        Self(image)
    }

    /// Returns the picture, which is RGB, as (height, width, 3), read-only.
    pub(crate) fn as_array<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyUntypedArray>> {
        let image = &this.get().0;
        let (width, height) = (image.view().width() as usize, image.view().height() as usize);
        let shape = Shape::new(&[height, width, 3], &[3 * width, 3, 1]);
        let bytes = image.bytes();
        debug_assert_eq!(bytes.len(), 3 * width * height);
        // SAFETY: the image holds that many bytes, never changes, and is kept by the base.
        unsafe {
            let data = bytes.as_ptr().cast_mut();
            over(this.py(), DType::U8, shape, data, this.clone().into_any(), Access::Read)
        }
    }
}

/// Whether an array may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// For good: its base must offer no writeable buffer.
    Read,
    /// Until it is detached.
    Write,
}

/// Dimensions and strides as NumPy takes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    dims: [npy_intp; bushbaby_bus::MAX_DIMS],
    strides: [npy_intp; bushbaby_bus::MAX_DIMS],
    count: usize,
}

impl Shape {
    /// At most [`bushbaby_bus::MAX_DIMS`] of both, which every layout of the bus keeps to.
    pub(crate) fn new(dims: &[usize], strides_bytes: &[usize]) -> Self {
        let mut shape = Self {
            dims: [0; _],
            strides: [0; _],
            count: dims.len(),
        };
        for (to, from) in shape.dims.iter_mut().zip(dims) {
            *to = *from as npy_intp;
        }
        for (to, from) in shape.strides.iter_mut().zip(strides_bytes) {
            *to = *from as npy_intp;
        }
        shape
    }
}

/// Returns an array over memory that its base keeps.
///
/// # Safety
/// All elements that shape and strides reach from `data` must be readable (writeable for [`Access::Write`]) for as long as `base`
/// lives, and hold values of the dtype.
pub(crate) unsafe fn over<'py>(
    py: Python<'py>,
    dtype: DType,
    mut shape: Shape,
    data: *mut u8,
    base: Bound<'py, PyAny>,
    access: Access,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    let flags = match access {
        Access::Read => 0,
        Access::Write => npyffi::NPY_ARRAY_WRITEABLE,
    };
    // SAFETY: dims and strides hold `count` numbers each; the descriptor's reference is taken over; the caller vouches for `data`.
    let array = unsafe {
        PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            npyffi::get_type_object(py, npyffi::NpyTypes::PyArray_Type),
            descriptor(py, dtype)?.into_dtype_ptr(),
            shape.count as c_int,
            shape.dims.as_mut_ptr(),
            shape.strides.as_mut_ptr(),
            data.cast::<c_void>(),
            flags,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or null with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array)? };
    // SAFETY: it is an array that has no base yet; the reference to the base is taken over, also when that fails.
    let set = unsafe { PY_ARRAY_API.PyArray_SetBaseObject(py, array.as_ptr().cast(), base.into_ptr()) };
    if set < 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(array.cast_into::<PyUntypedArray>()?)
}

/// Makes an array empty and read-only: it reaches its memory no more.
pub(crate) fn detach(array: &Bound<'_, PyUntypedArray>) {
    static NOTHING: [u64; 2] = [0; 2];
    let object: *mut npyffi::PyArrayObject = array.as_ptr().cast();
    // SAFETY: it is an array, and we are attached to the interpreter. No rows and data that can be read (a single number has no rows)
    // reach nothing of the old memory.
    unsafe {
        let fields = &mut (*object).fields;
        fields.data = ptr::from_ref(&NOTHING).cast_mut().cast();
        if fields.nd > 0 {
            *fields.dimensions = 0;
        }
        fields.flags &= !npyffi::NPY_ARRAY_WRITEABLE;
        PY_ARRAY_API.PyArray_UpdateFlags(array.py(), object, npyffi::NPY_ARRAY_UPDATE_ALL);
    }
}

/// Returns how many hold a reference to an object.
pub(crate) fn references(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: it is a live object, and we are attached to the interpreter.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) as isize }
}

fn descriptor(py: Python<'_>, dtype: DType) -> PyResult<Bound<'_, PyArrayDescr>> {
    Ok(match dtype {
        DType::U8 => numpy::dtype::<u8>(py),
        DType::I8 => numpy::dtype::<i8>(py),
        DType::U16 => numpy::dtype::<u16>(py),
        DType::I16 => numpy::dtype::<i16>(py),
        DType::U32 => numpy::dtype::<u32>(py),
        DType::I32 => numpy::dtype::<i32>(py),
        DType::U64 => numpy::dtype::<u64>(py),
        DType::I64 => numpy::dtype::<i64>(py),
        DType::F32 => numpy::dtype::<f32>(py),
        DType::F64 => numpy::dtype::<f64>(py),
        DType::Bool => numpy::dtype::<bool>(py),
        DType::F16 => PyArrayDescr::new(py, "float16")?,
    })
}
