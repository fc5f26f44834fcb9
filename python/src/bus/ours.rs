//! What belongs to the process that opened it.
//!
//! After `os.fork()` the child has copies of the parent's frames, readers and publishers, but neither its threads nor its place on
//! the bus. If the child dropped such a copy, it would give slots back that the parent still reads. So a child never touches them:
//! using one is an error, and forgetting it does nothing.
#![allow(unsafe_code)] // The C library is asked to say when this process is a fork.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

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
            pid: this_process(),
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
        self.pid == this_process()
    }
}

impl<T> Drop for Ours<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}

/// Returns the number of this process. It is asked for many times with each frame, and the system only once.
fn this_process() -> u32 {
    static PID: AtomicU32 = AtomicU32::new(0);
    static IS_TOLD: OnceLock<bool> = OnceLock::new();
    extern "C" fn forked() {
        PID.store(0, Ordering::Relaxed);
    }
    let known = PID.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: `forked` stores one number and stays where it is, as this library is never unloaded.
    let is_told = *IS_TOLD.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(forked)) } == 0);
    let pid = std::process::id();
    if is_told {
        PID.store(pid, Ordering::Relaxed);
    }
    pid
}
