//! What only reads. In: any streams. Out: files.
//!
//! - [`record`]: recordings that Foxglove, Rerun, ROS 2 tools and video players open.

#![deny(missing_docs)]

pub mod record;

use bushbaby_node::Kind;

/// The kinds of this crate.
pub const KINDS: &[Kind] = &[Kind::sink::<record::Recorder>(
    "record",
    "Recordings: MCAP files that Foxglove, Rerun and ROS 2 tools open, or plain MP4.",
)];
