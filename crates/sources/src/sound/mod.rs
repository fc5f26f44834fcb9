//! Sound that is not decoded in this process.

pub(crate) mod ffmpeg;
