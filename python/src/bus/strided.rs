//! Copying an array of any strides into bytes without gaps.
#![allow(unsafe_code)] // The memory belongs to NumPy.

use std::ptr;

/// Memory as an array describes it: up to any number of dimensions, strides of either sign.
#[derive(Debug)]
pub(crate) struct Strided {
    data: *const u8,
    /// Outer dimensions with their strides in bytes, outermost first.
    outer: Vec<(usize, isize)>,
    /// Bytes that follow each other without a gap.
    run_bytes: usize,
}

// SAFETY: it only says where memory is; reading it is unsafe.
unsafe impl Send for Strided {}
// SAFETY: as above.
unsafe impl Sync for Strided {}

impl Strided {
    pub(crate) fn new(data: *const u8, shape: &[usize], strides: &[isize], item_bytes: usize) -> Self {
        let mut outer: Vec<(usize, isize)> = shape.iter().copied().zip(strides.iter().copied()).collect();
        let mut run_bytes = item_bytes;
        if shape.contains(&0) {
            return Self {
                data,
                outer: Vec::new(),
                run_bytes: 0,
            };
        }
        // Innermost dimensions that follow without a gap are one run; a dimension of one has no stride that matters.
        while let Some((count, stride)) = outer.last().copied() {
            if count != 1 && stride != run_bytes as isize {
                break;
            }
            run_bytes *= count;
            outer.pop();
        }
        Self { data, outer, run_bytes }
    }

    /// Copies all elements in C order to the front of `to`, as many as fit.
    ///
    /// # Safety
    /// The memory must still be there.
    pub(crate) unsafe fn copy_to(&self, to: &mut [u8]) {
        if self.run_bytes > 0 {
            // SAFETY: as the caller says.
            unsafe { copy_dims(self.data, &self.outer, self.run_bytes, to) };
        }
    }
}

/// # Safety
/// `from` with these dimensions must be memory that can be read.
unsafe fn copy_dims(from: *const u8, outer: &[(usize, isize)], run_bytes: usize, to: &mut [u8]) {
    let Some(((count, stride), inner)) = outer.split_first() else {
        let bytes = run_bytes.min(to.len());
        // SAFETY: the caller vouches for `from`; `to` is a slice, and nothing of ours overlaps NumPy's memory except a loan that is
        // sent to itself, which `copy` allows.
        unsafe { ptr::copy(from, to.as_mut_ptr(), bytes) };
        return;
    };
    let each: usize = inner.iter().map(|(count, _)| count).product::<usize>() * run_bytes;
    if inner.is_empty() && run_bytes <= 8 {
        for (index, to) in to.chunks_exact_mut(each).take(*count).enumerate() {
            for (byte, to) in to.iter_mut().enumerate() {
                // SAFETY: within the array, as the caller says.
                *to = unsafe { from.offset(index as isize * stride).add(byte).read() };
            }
        }
        return;
    }
    for (index, to) in to.chunks_exact_mut(each).take(*count).enumerate() {
        // SAFETY: within the array, as the caller says.
        unsafe { copy_dims(from.offset(index as isize * stride), inner, run_bytes, to) };
    }
}
