//! What is heard: samples in, levels, scores and events out. Pure: no device, no clock, no bus.
//!
//! - [`file`]: sound files, block by block.
//! - [`resample`]: any rate to [`RATE_HZ`].
//! - [`log_mel`], [`tagger`], [`classes`]: the model and what it can tell apart.
//! - [`gate`], [`level`]: how loud it is, and whether that is worth a look.
//! - [`decision`]: from scores to "it began" and "it is over".
//! - [`listener`]: all of these for one stream; [`recording`]: for one file.
//! - [`results`]: the JSON in which levels, scores and events travel.

#![deny(missing_docs)]

pub mod classes;
pub mod decision;
pub mod file;
pub mod gate;
pub mod level;
pub mod listener;
pub mod log_mel;
pub mod recording;
pub mod resample;
pub mod results;
pub mod tagger;

/// The rate of all sound that is listened to, in samples a second.
pub const RATE_HZ: u32 = 16_000;
