//! Cameras and servers that misbehave on demand; used by tests only.
//!
//! In: what a test wants to happen. Out: real bytes over real sockets and files, made here: no fixture is fetched, no system
//! package is needed.
//!
//! - [`picture`]: pictures that carry their own number and birth time, so that a test can read from the picture itself which
//!   one it is, how old it is, and whether it is torn.
//! - [`h264`]: those pictures, encoded; and parameter sets that lie about their size.
//! - [`mp4`]: encoded pictures in a file, whole, fragmented or cut off.
//! - [`http`]: a receiver of webhooks that answers, hangs, closes or speaks nonsense as it is told.
//! - [`http_camera`]: a camera over HTTP: MJPEG with and without lengths, single pictures, logins, and all kinds of misbehaviour.
//! - [`smtp`]: a mail server that does the same.
//! - [`rtsp`]: a camera on the network, in this process or in one of its own that can be frozen and killed.

#![deny(missing_docs)]

pub mod h264;
pub mod http;
pub mod http_camera;
pub mod mp4;
pub mod picture;
pub mod rtsp;
pub mod smtp;
