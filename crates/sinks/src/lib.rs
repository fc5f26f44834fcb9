//! What only reads. In: any streams. Out: files, messages.
//!
//! - [`alert`]: tells people and other programs when something was found, heard, lost or broken.
//! - [`record`]: recordings that Foxglove, Rerun, ROS 2 tools and video players open.

#![deny(missing_docs)]

pub mod alert;
pub mod record;

use bushbaby_node::Kind;

/// The kinds of this crate.
pub const KINDS: &[Kind] = &[
    Kind::sink::<alert::Alerts>(
        "alert",
        "Alerts: webhooks, MQTT, ntfy, e-mail or a command when something is found, heard, lost or broken.",
    ),
    Kind::sink::<record::Recorder>(
        "record",
        "Recordings: MCAP files that Foxglove, Rerun and ROS 2 tools open, or plain MP4.",
    ),
];
