//! What belongs to the process that opened it.
//!
//! After `os.fork()` the child has copies of the parent's frames, readers and publishers, but neither its threads nor its place on
//! the bus. If the child dropped such a copy, it would give slots back that the parent still reads. So a child never touches them:
//! using one is an error, and forgetting it does nothing.

use pyo3::PyErr;

use super::errors;

/// A value that only the process that made it may use or drop.
#[derive(Debug)]
pub(crate) struct Ours<T> {
    pid: u32,
    /// Present until the drop.
    value: Option<T>,
}

impl<T> Ours<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            pid: std::process::id(),
            value: Some(value),
        }
    }

    /// Returns the value; `what` names it in the error that a child of the maker gets.
    pub(crate) fn get(&self, what: &str) -> Result<&T, PyErr> {
        match &self.value {
            Some(value) if self.is_ours() => Ok(value),
            _ => Err(errors::forked(what, self.pid)),
        }
    }

    /// As [`Self::get`], to be changed.
    pub(crate) fn get_mut(&mut self, what: &str) -> Result<&mut T, PyErr> {
        let is_ours = self.is_ours();
        match &mut self.value {
            Some(value) if is_ours => Ok(value),
            _ => Err(errors::forked(what, self.pid)),
        }
    }

    /// Returns the value out of its wrapping.
    pub(crate) fn into_inner(mut self, what: &str) -> Result<T, PyErr> {
        if !self.is_ours() {
            return Err(errors::forked(what, self.pid));
        }
        self.value.take().ok_or_else(|| errors::forked(what, self.pid))
    }

    fn is_ours(&self) -> bool {
        self.pid == std::process::id()
    }
}

impl<T> Drop for Ours<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}
