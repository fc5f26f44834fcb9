//! `replay`: what was recorded of a camera or a microphone, played as if it were there.
//!
//! In: a recording (MCAP, ours or of others). Out: the streams that it had, each frame when it is due.
//!
//! ```text
//! recording → messages by time → playback (decoding, whole frames) → timeline (when is it due) → bus
//! ```
//!
//! Cameras of the same recording stay in step with each other, each in a process of its own: they share an [`epoch`].
//! [`Playback`] and [`Timeline`] are also what `bushbaby replay` and `bushbaby export` are made of.

mod epoch;
mod frame;
mod moment;
mod picture;
mod playback;
mod seek;
mod settings;
mod sound;
mod source;
mod speed;
mod stream;
#[cfg(test)]
mod tests;
mod timeline;

use bushbaby_node::Kind;

pub use frame::{PlayedArray, PlayedFrame};
pub use moment::At;
pub use picture::{is_keyframe, video_size};
pub use playback::Playback;
pub use seek::begin as keyframes_before;
pub use settings::{ReplaySettings, Times, range_ns};
pub use source::ReplaySource;
pub use speed::Speed;
pub use timeline::{Position, Timeline};

/// The `replay` source.
pub const KIND: Kind = Kind::source::<ReplaySource>(
    "replay",
    "What was recorded of a camera or a microphone, played as if it were there.",
);
