//! The pipeline file, checked, then kept running.
//!
//! - [`mod@file`] reads a pipeline file, finds every mistake in it before anything starts, and makes a [`Plan`] of it.
//! - [`python`] finds the interpreter of a Python node and asks what its code reads, writes and may be told.
//! - [`run`] starts what is planned, watches it, restarts what falls, and stops all in order.

pub mod file;
pub mod plan;
pub mod python;
pub mod run;

#[cfg(test)]
mod testing;

pub use plan::Plan;
