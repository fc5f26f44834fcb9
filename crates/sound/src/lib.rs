//! What is heard: samples in, levels, scores and events out. Pure: no device, no clock, no bus.
//!
//! - [`file`]: sound files, block by block.
//! - [`results`]: the JSON in which levels, scores and events travel.

#![deny(missing_docs)]

pub mod file;
pub mod results;
