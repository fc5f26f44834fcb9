//! The made scenes: a furnished room with AprilTags, and a camera that moves in it; or a table-top before a stereo camera that
//! measures depth.
//!
//! In: settings and a clock. Out: pictures, the same ones for the same seed, and the exact truth about each.

mod art;
mod camera_path;
mod captures;
mod face;
mod fragments;
mod geometry;
mod lens;
mod pace;
mod picture;
mod render;
mod sensor;
mod settings;
mod source;
mod table;
mod tag;
#[cfg(test)]
mod tests;
mod texture;
mod truth;
mod world;

pub use settings::{CaptureArray, SceneSettings, Shows};
pub use source::{KIND, Scene};
