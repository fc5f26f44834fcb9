//! Where a robot looks, as the JSON that travels in a frame's body: what a gyroscope knows.
//!
//! ```json
//! {"type":"heading","version":1,"yaw":87.5,"rate":-12.0}
//! ```

use serde::{Deserialize, Serialize};

/// The version of the JSON that this code writes.
pub const HEADING_VERSION: u32 = 1;

/// The heading of a robot at the frame's capture time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    /// Always `heading`.
    #[serde(rename = "type")]
    pub kind: HeadingKind,
    /// [`HEADING_VERSION`].
    pub version: u32,
    /// Degrees counter-clockwise from the x of the field, counted from blue's wall; whole turns do not matter.
    pub yaw: f64,
    /// How fast it turns, degrees a second, counter-clockwise.
    #[serde(default)]
    pub rate: f64,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadingKind {
    /// `heading`.
    Heading,
}
