//! What watching cost: encodes and pictures of one camera since the page started.

use std::collections::BTreeMap;

use bushbaby_node::control::Dropped;
use serde::Serialize;

/// Sums over every time that the camera was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CameraCounts {
    /// Frames taken from the bus.
    pub(crate) frames: u64,
    /// JPEGs made.
    pub(crate) encodes: u64,
    /// JPEGs of the camera that were handed on as they came.
    pub(crate) passed_on: u64,
    /// JPEGs made, by size and quality, as in `640x360 q70`, with the view where it is not the picture.
    pub(crate) encodes_by_size: BTreeMap<String, u64>,
    /// Pictures of videos made.
    pub(crate) videos: u64,
    /// Pictures of videos that were left out, as the bit rate was used up.
    pub(crate) left_out: u64,
    /// Frames that never reached the page, by reason.
    #[serde(skip)]
    pub(crate) dropped: Dropped,
}
