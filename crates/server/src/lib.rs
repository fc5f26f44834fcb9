//! The web page and its endpoints, a node of its own.
//!
//! In: pictures, sound and results on the bus, and what the supervisor says of the instance. Out: the page, one WebSocket that
//! carries everything to it, and MJPEG streams for other programs. Nothing is read from the bus or encoded that nobody watches.
//!
//! ```text
//! bus ── pictures (one thread a watched camera) ──┐
//! bus ── sound (one thread a watched source) ─────┤
//! bus ── heard (one thread: events, levels) ──────┤
//! bus ── results (one thread a stream) ───────────┼── live (WebSocket), mjpeg ── connection ── browser
//! supervisor ── instance (asked twice a second) ──┘        └── webrtc (UDP) ───────────────────────┘
//! ```
//!
//! What others may do is decided in one place, [`guard`].

#![deny(missing_docs)]

mod alerts;
mod api;
mod app;
mod assets;
mod binary;
mod connection;
pub mod guard;
mod heard;
mod instance;
mod live;
mod login;
mod mjpeg;
mod no_video;
mod pictures;
mod recordings;
mod results;
mod settings;
mod sound;
mod web;
mod webrtc;

use bushbaby_node::Kind;

pub use connection::Limits;
pub use settings::{ListenError, Settings, listen_address};
pub use web::Web;

/// The kinds of this crate.
pub const KINDS: [Kind; 1] = [Kind::sink::<Web>(
    "web",
    "The page on port 5800: pictures with what was found in them, the pipeline and its state; MJPEG for other programs.",
)];
