//! The made scenes: a furnished room with AprilTags, and a camera that moves in it; a table-top before a stereo camera that
//! measures depth; the field of 2019 before a robot's camera; a driver's view; or a nursery that is heard.
//!
//! In: settings and a clock. Out: pictures or sound, the same for the same seed, and the exact truth about them.

mod art;
mod camera_path;
mod captures;
mod face;
mod field2019;
mod fragments;
mod geometry;
mod lens;
mod nursery;
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
mod webcam;
mod world;

pub use settings::{CaptureArray, SceneSettings, Shows};
pub use source::{KIND, Scene};
