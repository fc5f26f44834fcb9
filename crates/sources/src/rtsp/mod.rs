//! `rtsp`: a camera on the network that sends H.264, or sound, or both.
//!
//! In: an address. Out: `image`, I420 as the camera sends it, each picture once and never torn; `audio`, at the camera's rate.
//!
//! ```text
//! camera → receiver (a thread: connection, packets, access units) → source (decoders) → bus
//! ```
//!
//! The capture time is the camera's own clock (RTCP sender reports) where that is sane, else the arrival of the picture's first
//! packet; each frame says which. A camera that is gone, frozen or that refuses us is no crash: the source says so in words,
//! tries again, and the picture comes back.

mod address;
mod choice;
mod clock;
mod description;
mod line;
mod order;
mod pictures;
mod receiver;
mod session;
mod sound;
mod source;
#[cfg(test)]
mod tests;
mod trouble;
mod watches;

use std::fmt;
use std::path::{Path, PathBuf};

use bushbaby_node::{Kind, Problem, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calibration;
use address::{Address, AddressError};
pub use choice::SoundWish;
pub use source::RtspSource;

/// The `rtsp` source.
pub const KIND: Kind = Kind::source::<RtspSource>(
    "rtsp",
    "A camera on the network (RTSP): pictures in H.264, sound in AAC, G.711, PCM, Opus.",
);

/// Settings of the `rtsp` source.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RtspSettings {
    /// The camera's address, `rtsp://10.0.0.7/stream1`, as its manual or its web page tells it. It may hold user and password
    /// (`rtsp://USER:PASSWORD@…`); there, `@` is written `%40`, `/` `%2F` and `%` `%25`.
    pub url: String,
    /// The user to log in as. Absent: the one in the address, or no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password, written as it is. Absent: the one in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How pictures and sound travel: `tcp` (nothing gets lost), `udp` (what gets lost is not waited for), or `auto`: TCP, and UDP when
    /// the camera refuses or sends nothing.
    #[serde(default)]
    pub transport: Transport,
    /// Whether the camera's sound is taken in: `auto`, if it has any; `needed`, so that a camera without sound is a fault;
    /// `only`, so that its pictures are not asked for; or `off`.
    #[serde(default)]
    pub audio: SoundWish,
    /// The camera's calibration file, whose numbers travel with every picture. Absent: poses rest on a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

/// How pictures and sound travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP, and UDP when the camera refuses or sends nothing.
    #[default]
    Auto,
    /// Inside the RTSP connection.
    Tcp,
    /// As datagrams.
    Udp,
}

/// Shows neither user nor password, wherever they stand.
impl fmt::Debug for RtspSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Address::of(self).map_or_else(|error| error.to_string(), |address| address.url.to_string());
        f.debug_struct("RtspSettings")
            .field("url", &url)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl Settings for RtspSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let problem = |error: AddressError| Problem::new(error.key(), error.to_string()).with_hint(error.hint());
        let address = Address::of(self).err().map(problem);
        address
            .into_iter()
            .chain(calibration::check(self.calibration.as_deref(), base_dir))
            .collect()
    }
}
