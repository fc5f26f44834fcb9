//! `http`: a camera on the network that gives JPEG over HTTP: pictures one after another (MJPEG), or a single one that is asked for
//! again and again.
//!
//! In: an address. Out: `image`, each JPEG as it came, and `decoded`, its pixels, made only while somebody reads them.
//!
//! ```text
//! camera → receiver (a thread: connection, login, parts, whole pictures) → source → bus
//! ```
//!
//! Which of both it is, the camera's answer tells. The capture time is when the first byte of a picture arrived. A camera that is
//! gone, frozen or that refuses us is no crash: the source says so in words, tries again, and the picture comes back.

mod address;
mod body;
mod client;
mod connection;
mod head;
mod jpeg_end;
mod line;
mod multipart;
mod picture;
mod receiver;
mod source;
#[cfg(test)]
mod tests;
mod tls;
mod trouble;

use std::fmt;
use std::path::{Path, PathBuf};

use bushbaby_node::{Kind, Problem, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calibration;
use address::{Address, AddressError};
pub use source::HttpSource;
use tls::Fingerprint;

/// The `http` source.
pub const KIND: Kind = Kind::source::<HttpSource>(
    "http",
    "A camera on the network (HTTP): MJPEG, or a single picture that is asked for again and again.",
);

/// Settings of the `http` source.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// The address of the camera's pictures, `http://10.0.0.11/video.mjpg` or `https://…`, as its manual tells it: a stream of JPEG
    /// (MJPEG) or a single one. It may hold user and password (`http://USER:PASSWORD@…`); there, `@` is written `%40`, `/` `%2F`
    /// and `%` `%25`.
    pub http: String,
    /// The user to log in as. Absent: the one in the address, or no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password, written as it is. Absent: the one in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How often a single picture is asked for, times a second. A stream comes as the camera sends it.
    #[serde(default = "default_fps")]
    pub fps: f64,
    /// The certificate that the camera has, by its SHA-256 in 64 hexadecimal digits, as this source tells it where nobody vouches
    /// for it; no other is taken then. Absent: whoever the web's authorities vouch for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The camera's calibration file, whose numbers travel with every picture. Absent: poses rest on a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

const fn default_fps() -> f64 {
    5.0
}

/// Between which rates a single picture may be asked for: once an hour to a fast stream.
const FPS: std::ops::RangeInclusive<f64> = 1.0 / 3600.0..=120.0;

/// Shows neither user nor password, wherever they stand: the path, too, may hold them.
impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = Address::of(self).map_or_else(|error| error.to_string(), |address| address.host());
        f.debug_struct("HttpSettings")
            .field("http", &host)
            .field("fps", &self.fps)
            .finish_non_exhaustive()
    }
}

impl Settings for HttpSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let problem = |error: AddressError| Problem::new(error.key(), error.to_string()).with_hint(error.hint());
        let address = Address::of(self).err().map(problem);
        let fps = (!FPS.contains(&self.fps)).then(|| {
            let message = format!(
                "`fps` got {}, wanted a rate from {:.4} to {}",
                self.fps,
                FPS.start(),
                FPS.end()
            );
            Problem::new("fps", message)
        });
        let is_fingerprint = |text: &String| Fingerprint::parse(text).is_some();
        let certificate = self.certificate.as_ref().filter(|text| !is_fingerprint(text)).map(|_| {
            let message = "`certificate` wants the SHA-256 of the camera's certificate, 64 hexadecimal digits";
            Problem::new("certificate", message)
                .with_hint("leave it out and run: the camera's own is told where nobody vouches for it")
        });
        address
            .into_iter()
            .chain(fps)
            .chain(certificate)
            .chain(calibration::check(self.calibration.as_deref(), base_dir))
            .collect()
    }
}
