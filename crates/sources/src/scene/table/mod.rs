//! A table-top before a stereo camera that stands still, with the exact depth of every pixel.
//!
//! In: settings and a clock. Out: captures, the same ones for the same seed. What stands still is traced once, ray by ray;
//! what moves is traced anew in each capture, in the few pixels that it or its shadow can touch.
//!
//! The scene's frame: x ahead, y left, z up, metres; its origin is the middle of the table's top.

mod background;
mod eyes;
mod foreground;
mod paint;
mod seen;
mod silhouette;
mod solid;
mod sun;
#[cfg(test)]
mod tests;
mod things;
mod truth;
mod view;

pub(super) use eyes::{Capture, Eyes, TablePlan};
pub(super) use things::{LARGEST_TAG_M, PLACES};
