//! A camera on the network: a small RTSP server that encodes a moving, stamped picture live, lets sound be heard, and misbehaves
//! on demand.
//!
//! [`RtspCamera`] runs in threads of this process; [`process::CameraProcess`] is one in a process of its own, which can be
//! frozen, killed and started again on the same port. Only loopback, only what tests need of RFC 2326, RFC 6184, RFC 3551, RFC 3640 and RFC 7587.

mod auth;
mod live;
mod message;
mod player;
pub mod process;
mod rtp;
mod sdp;
mod server;
mod session;
pub mod sound;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::h264::EncodedPicture;
use sound::{SoundMood, SoundOptions};

/// What a camera is, from its start to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraOptions {
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Width of the picture in pixels, even.
    pub width: usize,
    /// Height of the picture in pixels, even.
    pub height: usize,
    /// Pictures a second.
    pub fps: u32,
    /// A keyframe every so many pictures, and one for each new viewer if [`keyframe_on_play`](Self::keyframe_on_play) says so.
    pub keyframe_every: u32,
    /// Whether a new viewer's first picture is a keyframe.
    pub keyframe_on_play: bool,
    /// Who may look; absent: everybody.
    pub login: Option<Login>,
    /// What its description says it sends.
    pub offer: Offer,
    /// The sound that it sends; absent: none, whatever its description speaks of.
    pub sound: Option<SoundOptions>,
    /// Whether the description carries the parameter sets.
    pub parameter_sets_in_description: bool,
    /// Replaces the sequence parameter set, in the description and in the stream: it may claim anything.
    pub sequence_parameter_set: Option<Vec<u8>>,
    /// Whether packets may travel inside the RTSP connection.
    pub tcp: bool,
    /// Whether packets may travel as datagrams.
    pub udp: bool,
    /// Plays these pictures again and again in place of live ones, at the pace of `fps`. Their stamps say when each is shown,
    /// which need not be the order in which they come.
    #[serde(skip)]
    pub film: Option<Arc<Vec<EncodedPicture>>>,
    /// How far the camera's clock is ahead of this machine's, told in RTCP sender reports, in milliseconds; absent: no reports.
    pub clock_ahead_ms: Option<i64>,
}

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            port: 0,
            width: 640,
            height: 360,
            fps: 30,
            keyframe_every: 30,
            keyframe_on_play: true,
            login: None,
            offer: Offer::H264,
            sound: None,
            parameter_sets_in_description: true,
            sequence_parameter_set: None,
            film: None,
            tcp: true,
            udp: true,
            clock_ahead_ms: None,
        }
    }
}

/// User, password, and how they are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// The scheme.
    pub scheme: Scheme,
}

/// A scheme of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// RFC 7617.
    Basic,
    /// RFC 2617 with MD5.
    Digest,
}

/// What a description says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offer {
    /// H.264 video, which is what is sent, and the sound if there is any.
    H264,
    /// H.264 video, with a track of sound before it; of G.711 that never says anything, if there is no sound.
    H264AfterSound,
    /// H.265 video.
    H265,
    /// VP8 video.
    Vp8,
    /// Sound and nothing else; of G.711 that never says anything, if there is no sound.
    SoundOnly,
}

impl Offer {
    /// Whether pictures are sent.
    fn has_pictures(self) -> bool {
        self != Self::SoundOnly
    }
}

/// How a camera behaves at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// Connections stay open, answers come, pictures do not.
    Frozen,
    /// Connections are taken and never answered.
    Mute,
    /// Noise in place of RTP packets.
    Babbling,
    /// Sound goes on, pictures do not.
    Blind,
}

impl Mood {
    const ALL: [Self; 5] = [Self::Well, Self::Frozen, Self::Mute, Self::Babbling, Self::Blind];
}

/// A camera in threads of this process. It ends when it is dropped.
#[derive(Debug)]
pub struct RtspCamera {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: Option<server::Server>,
}

impl RtspCamera {
    /// Starts a camera; it listens when this returns.
    ///
    /// # Errors
    /// When the port is taken, or its sound cannot be encoded.
    pub fn start(options: CameraOptions) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(options)?);
        let server = server::Server::start(shared.clone())?;
        Ok(Self {
            address: server.address(),
            shared,
            server: Some(server),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a viewer writes it, without a login.
    pub fn url(&self) -> String {
        format!("rtsp://{}/main", self.address)
    }

    /// Its address with a login in it, as given: percent signs are the caller's.
    pub fn url_with_login(&self, login: &str) -> String {
        format!("rtsp://{login}@{}/main", self.address)
    }

    /// Changes how it behaves, at once.
    pub fn set_mood(&self, mood: Mood) {
        self.shared.set_mood(mood);
    }

    /// Closes all connections; new ones are welcome.
    pub fn cut_connections(&self) {
        self.shared.cuts.fetch_add(1, Ordering::SeqCst);
    }

    /// Loses the next `packets` packets of pictures on their way to every viewer.
    pub fn lose_packets(&self, packets: u32) {
        self.shared.packets_to_lose.store(packets, Ordering::SeqCst);
    }

    /// Changes how its sound is, at once.
    pub fn set_sound_mood(&self, mood: SoundMood) {
        self.shared.sound_mood.store(mood as usize, Ordering::SeqCst);
    }

    /// Loses the next `packets` packets of sound on their way to every viewer.
    pub fn lose_sound(&self, packets: u32) {
        self.shared.sounds_to_lose.store(packets, Ordering::SeqCst);
    }

    /// Lets the packets' time of its sound jump by so many ticks, forwards or backwards, without a pause.
    pub fn jump_sound_time(&self, ticks: i32) {
        self.shared.sound_jump.fetch_add(ticks, Ordering::SeqCst);
    }

    /// When its sound began, in nanoseconds of the monotonic clock: whole seconds after it, [`sound::Heard::Ticks`] ticks.
    pub fn sound_began_ns(&self) -> u64 {
        self.shared.live.sound_began_ns
    }

    /// How many connections it has taken so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many viewers said goodbye with TEARDOWN so far.
    pub fn goodbyes(&self) -> usize {
        self.shared.goodbyes.load(Ordering::SeqCst)
    }

    /// How many viewers play over datagrams so far.
    pub fn udp_plays(&self) -> usize {
        self.shared.udp_plays.load(Ordering::SeqCst)
    }

    /// Waits until `reached` holds, at most `limit`; returns whether it does.
    pub fn wait_until(&self, limit: Duration, reached: impl Fn(&Self) -> bool) -> bool {
        let give_up = std::time::Instant::now() + limit;
        while !reached(self) {
            if std::time::Instant::now() > give_up {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::SeqCst);
        if let Some(server) = self.server.take() {
            server.end();
        }
    }
}

/// What all threads of a camera know.
#[derive(Debug)]
struct Shared {
    options: CameraOptions,
    mood: AtomicUsize,
    /// Counts up when connections are to be closed.
    cuts: AtomicU64,
    packets_to_lose: AtomicU32,
    sound_mood: AtomicUsize,
    sounds_to_lose: AtomicU32,
    sound_jump: AtomicI32,
    connections: AtomicUsize,
    goodbyes: AtomicUsize,
    udp_plays: AtomicUsize,
    is_ending: AtomicBool,
    live: live::Live,
}

impl Shared {
    fn new(options: CameraOptions) -> std::io::Result<Self> {
        Ok(Self {
            live: live::Live::new(&options)?,
            options,
            mood: AtomicUsize::new(0),
            cuts: AtomicU64::new(0),
            packets_to_lose: AtomicU32::new(0),
            sound_mood: AtomicUsize::new(0),
            sounds_to_lose: AtomicU32::new(0),
            sound_jump: AtomicI32::new(0),
            connections: AtomicUsize::new(0),
            goodbyes: AtomicUsize::new(0),
            udp_plays: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
        })
    }

    fn sound_mood(&self) -> SoundMood {
        SoundMood::ALL[self.sound_mood.load(Ordering::SeqCst)]
    }

    fn mood(&self) -> Mood {
        Mood::ALL[self.mood.load(Ordering::SeqCst)]
    }

    fn set_mood(&self, mood: Mood) {
        self.mood.store(mood as usize, Ordering::SeqCst);
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::SeqCst)
    }

    /// Whether the next packet is one of those to lose.
    fn loses_next_packet(&self, medium: live::Medium) -> bool {
        let to_lose = match medium {
            live::Medium::Pictures => &self.packets_to_lose,
            live::Medium::Sound => &self.sounds_to_lose,
        };
        to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
    }
}
