//! Image views, conversions, resizing and JPEG; pure.
//!
//! In: borrowed bytes as a camera, a decoder or the bus gives them, described and checked once by [`ImageView`].
//! Out: what a reader needs of them, and only that: the grey plane for a detector ([`luma`], without a copy where
//! there is one), [`to_i420`], [`to_rgb8`], rows by colour ([`RgbRows`]), a smaller picture ([`Resizer`]) or a JPEG ([`jpeg::Encoder`]).
//! [`draw`] puts shapes into a picture, in its own format.
//!
//! Nothing here opens a file, keeps time or prints. Every byte may come from a broken camera: what does not fit
//! is a typed error, never a panic.

pub mod draw;
mod format;
mod i420;
mod image;
pub mod jpeg;
mod luma;
mod planar;
mod range;
mod resize;
mod rgb;
mod view;

pub use format::{ColorSpace, Matrix, PixelFormat, Range, UnknownFormat};
pub use i420::{to_i420, to_i420_into};
pub use image::Image;
pub use luma::{GrayPlane, luma};
pub use planar::RgbRows;
pub use resize::{ResizeError, Resizer};
pub use rgb::{to_rgb8, to_rgb8_into};
pub use view::{ImageView, MAX_SIDE_PX, Plane, ViewError};
