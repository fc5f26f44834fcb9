//! `gst`: any GStreamer pipeline as a camera, run by `gst-launch-1.0` as a child.
//!
//! In: a pipeline in the words of `gst-launch-1.0`, or one pasted from OpenCV that ends in `appsink`. Out: `image`, in the
//! format that the pipeline gives (I420, NV12, YUY2, RGB, BGR, grey or JPEG; others are converted by `videoconvert`), and
//! `decoded`, what is in a JPEG, made only while somebody reads it.
//!
//! ```text
//! YOUR PIPELINE ! videoconvert ! our formats ! queue (newest only) ! multipartmux ! fdsink → pipe → newest picture → bus
//! ```
//!
//! `multipartmux` puts each picture's length before it, so that one that does not fit its format is seen and never shown
//! askew. Format and size come from what `-v` prints about our filter. Raw pixels carry no time: the capture time is the
//! moment when the first byte of the picture came through the pipe ([`CaptureClock::Received`](bushbaby_bus::CaptureClock)).

mod caps;
mod child;
mod cut;
mod hints;
mod log;
mod newest;
mod parts;
mod pipeline;
mod retry;
mod source;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use bushbaby_node::{Kind, Problem, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calibration;
use pipeline::Pipeline;
pub use source::GstSource;

/// The `gst` source.
pub const KIND: Kind = Kind::source::<GstSource>("gst", "Any GStreamer pipeline, also the hardware of a Jetson.");

/// Settings of the `gst` source.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GstSettings {
    /// The pipeline, as behind `gst-launch-1.0` or as OpenCV takes it. What leads to the picture is enough; a sink at its end
    /// (`appsink`, a window) is replaced by ours. No shell sees it: quotes group words, nothing is expanded.
    pub gst: String,
    /// The camera's calibration file, whose numbers travel with every picture. Absent: poses rest on a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

/// Shows no password of an address in the pipeline.
impl fmt::Debug for GstSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GstSettings")
            .field("gst", &log::without_passwords(&self.gst))
            .field("calibration", &self.calibration)
            .finish()
    }
}

impl Settings for GstSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let pipeline = Pipeline::parse(&self.gst)
            .err()
            .map(|error| Problem::new("gst", error.to_string()).with_hint(error.hint()));
        pipeline
            .into_iter()
            .chain(calibration::check(self.calibration.as_deref(), base_dir))
            .collect()
    }
}
