//! The made scene: a furnished room with AprilTags, and a camera that moves in it.
//!
//! In: settings and a clock. Out: pictures, the same ones for the same seed, and the exact truth about each.

mod art;
mod camera_path;
mod face;
mod fragments;
mod geometry;
mod lens;
mod picture;
mod render;
mod sensor;
mod source;
mod tag;
#[cfg(test)]
mod tests;
mod texture;
mod truth;
mod world;

pub use source::{KIND, Scene, SceneSettings, Shows};
