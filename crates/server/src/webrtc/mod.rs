//! H.264 to browsers by WebRTC: a connection for each page and camera, all of them through one UDP port.
//!
//! A page offers, over its WebSocket; the answer names the address at which the page reached this host. Pictures come
//! from the page's own session, encoded once for all; here they become packets. One task waits for the port, for
//! pictures and for the clocks of the connections, whichever comes first. What no connection expects on the port is
//! counted and dropped.

mod connection;
mod counts;
mod offer;
mod task;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::sync::mpsc::{Sender, channel};

use crate::pictures::VideoPicture;
use connection::Connection;
pub(crate) use counts::WebrtcCounts;
use counts::{Counts, Place};
pub(crate) use offer::OfferError;

/// What may wait for the task. It never waits for anybody, so this is hardly ever full.
const MOST_ORDERS: usize = 256;

/// Where connections are begun.
#[derive(Debug)]
pub(crate) struct Webrtc {
    port: u16,
    orders: Sender<Order>,
    counts: Arc<Counts>,
    begun: AtomicU64,
}

/// What the task is told.
#[derive(Debug)]
enum Order {
    Begin(Box<Connection>),
    Picture(u64, VideoPicture),
    End(u64),
}

/// What a connection and who holds it tell each other.
#[derive(Debug)]
struct Shared {
    /// The browser cannot go on but at a keyframe.
    wants_keyframe: AtomicBool,
    /// Bits a second that the connection carries, as far as can be told; 0: not yet.
    carries_bits: AtomicU64,
    /// Why it is over.
    over: OnceLock<String>,
    /// Rings when a keyframe is asked for, and when it is over.
    bell: Arc<Notify>,
}

/// One page's connection for one camera. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Line {
    id: u64,
    answer: String,
    shared: Arc<Shared>,
    orders: Sender<Order>,
}

impl Webrtc {
    /// Takes over a UDP port; to be called where tasks can be started.
    ///
    /// # Errors
    /// The system's, when the port cannot be waited for.
    pub(crate) fn start(socket: UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        let (orders, ordered) = channel(MOST_ORDERS);
        let counts = Arc::<Counts>::default();
        tokio::spawn(task::run(socket, ordered, counts.clone()));
        Ok(Self {
            port,
            orders,
            counts,
            begun: AtomicU64::new(0),
        })
    }

    /// Answers a page's offer. `here`: the address at which it reached this host. `bell` rings when the line has
    /// something to say.
    ///
    /// # Errors
    /// [`OfferError`], when there can be no connection; nothing is left of it.
    pub(crate) fn answer(&self, offer: &str, here: IpAddr, bell: Arc<Notify>) -> Result<Line, OfferError> {
        let answered = self.begin(offer, here, bell);
        self.counts.offered(answered.is_ok());
        answered
    }

    fn begin(&self, offer: &str, here: IpAddr, bell: Arc<Notify>) -> Result<Line, OfferError> {
        let place = Place::take(&self.counts).ok_or(OfferError::Full)?;
        let here = SocketAddr::new(here.to_canonical(), self.port);
        let accepted = offer::accept(offer, here)?;
        let shared = Arc::new(Shared {
            wants_keyframe: AtomicBool::new(false),
            carries_bits: AtomicU64::new(0),
            over: OnceLock::new(),
            bell,
        });
        let id = self.begun.fetch_add(1, Ordering::Relaxed);
        let connection = Connection::new(id, accepted.rtc, accepted.track, here, shared.clone(), place);
        self.orders
            .try_send(Order::Begin(Box::new(connection)))
            .map_err(|_| OfferError::Busy)?;
        Ok(Line {
            id,
            answer: accepted.answer,
            shared,
            orders: self.orders.clone(),
        })
    }

    pub(crate) fn counts(&self) -> WebrtcCounts {
        self.counts.now(self.port)
    }
}

impl Line {
    /// What the page is answered.
    pub(crate) fn answer(&self) -> &str {
        &self.answer
    }

    /// Sends a picture. Returns whether it was taken; if not, what follows must begin with a keyframe.
    pub(crate) fn send(&self, picture: &VideoPicture) -> bool {
        self.orders.try_send(Order::Picture(self.id, picture.clone())).is_ok()
    }

    /// Whether the browser asked for a keyframe since it was last looked.
    pub(crate) fn takes_keyframe_request(&self) -> bool {
        self.shared.wants_keyframe.swap(false, Ordering::Relaxed)
    }

    /// Bits a second that the connection carries, as far as can be told; 0: not yet.
    pub(crate) fn carries_bits(&self) -> u64 {
        self.shared.carries_bits.load(Ordering::Relaxed)
    }

    /// Why it is over, once it is.
    pub(crate) fn over(&self) -> Option<&str> {
        self.shared.over.get().map(String::as_str)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Where it does not get through, the connection ends when the browser falls silent.
        let _ = self.orders.try_send(Order::End(self.id));
    }
}

impl Shared {
    fn ask_for_keyframe(&self) {
        self.wants_keyframe.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    fn end(&self, why: String) {
        let _ = self.over.set(why);
        self.bell.notify_one();
    }
}
