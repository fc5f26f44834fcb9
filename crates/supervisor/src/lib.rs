//! The pipeline file, checked, then kept running.
//!
//! - [`mod@file`] reads a pipeline file, finds every mistake in it before anything starts, and makes a [`Plan`] of it.
//! - [`run`] starts what is planned, watches it, restarts what falls, and stops all in order.

pub mod file;
pub mod plan;
pub mod run;

pub use plan::Plan;
