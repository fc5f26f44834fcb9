//! What only reads. In: any streams. Out: files, messages.
//!
//! - [`alert`]: tells people and other programs when something was found, heard, lost or broken.
//! - [`evidence`]: the sound and the picture around everything that is heard.
//! - [`networktables`]: what was found, to a robot.
//! - [`record`]: recordings that Foxglove, Rerun, ROS 2 tools and video players open.

#![deny(missing_docs)]

pub mod alert;
pub mod evidence;
mod jpeg;
pub mod networktables;
pub mod record;
mod shell;

use bushbaby_node::Kind;

/// The kinds of this crate.
pub const KINDS: &[Kind] = &[
    Kind::sink::<alert::Alerts>(
        "alert",
        "Alerts: webhooks, MQTT, ntfy, e-mail or a command when something is found, heard, lost or broken.",
    ),
    Kind::sink::<record::Recorder>(
        "record",
        "Recordings: MCAP files that Foxglove, Rerun and ROS 2 tools open, plain MP4, or the sound as WAV.",
    ),
    Kind::sink::<evidence::EvidenceKeeper>(
        "evidence",
        "Keeps the sound and the picture around everything that is heard.",
    ),
    Kind::sink::<networktables::NetworkTables>(
        "networktables",
        "Tells a robot what was found: NetworkTables, in the words of PhotonVision, of Limelight, or of both.",
    ),
];
