//! One browser's connection: packets and times in, packets out. No socket in here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use str0m::bwe::{Bitrate, BweKind};
use str0m::media::MediaTime;
use str0m::net::{Protocol, Receive};
use str0m::{Event, IceConnectionState, Input, Output, Rtc, RtcError};

use super::Shared;
use super::counts::Place;
use super::offer::Track;
use crate::pictures::VideoPicture;

/// A browser that has not connected by then does not.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// What it is looked for whether a connection carries it: the richest pictures take less, and so are not held back.
const MOST_BITS: Bitrate = Bitrate::mbps(20);

#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    rtc: Rtc,
    track: Track,
    here: SocketAddr,
    begun: Instant,
    is_connected: bool,
    /// What the link carries, see [`Self::learn`].
    estimated: Option<Bitrate>,
    told: Option<Bitrate>,
    /// When its clock must be turned next.
    due: Instant,
    shared: Arc<Shared>,
    _place: Place,
}

/// A packet to send.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

impl Connection {
    pub(super) fn new(id: u64, rtc: Rtc, track: Track, here: SocketAddr, shared: Arc<Shared>, place: Place) -> Self {
        let now = Instant::now();
        Self {
            id,
            rtc,
            track,
            here,
            begun: now,
            is_connected: false,
            estimated: None,
            told: None,
            due: now,
            shared,
            _place: place,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether it is over: then it is to be dropped.
    pub(super) fn is_over(&self) -> bool {
        self.shared.over.get().is_some()
    }

    /// Takes in a packet, if it is one of this connection's. Returns whether it was.
    pub(super) fn receive(&mut self, from: SocketAddr, bytes: &[u8], now: Instant, out: &mut Vec<Packet>) -> bool {
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.here, bytes) else {
            return false;
        };
        let input = Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        let taken = self.rtc.handle_input(input);
        self.drain(taken, now, out);
        true
    }

    /// Turns its clock.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Vec<Packet>) {
        if !self.is_connected && now - self.begun > CONNECT_WITHIN {
            self.shared.end("the browser did not connect".into());
            return;
        }
        let taken = self.rtc.handle_input(Input::Timeout(now));
        self.drain(taken, now, out);
    }

    /// Sends a picture. Returns whether anybody is there to receive it.
    pub(super) fn send(&mut self, picture: &VideoPicture, now: Instant, out: &mut Vec<Packet>) -> bool {
        if !self.is_connected {
            return false;
        }
        let Some(writer) = self.rtc.writer(self.track.mid) else {
            return false;
        };
        let time = MediaTime::from_90khz(picture.ticks);
        // What is seen is to be as new as it can be: smoothing is for films.
        let written = writer.playout_delay(MediaTime::ZERO, MediaTime::ZERO).write(
            self.track.pt,
            now,
            time,
            picture.annex_b.clone(),
        );
        self.drain(written, now, out);
        true
    }

    /// Takes note of what the link carries: as estimated here from when packets arrive, and as the browser itself says.
    fn learn(&mut self, kind: &BweKind) {
        match kind {
            BweKind::Twcc { estimate, .. } => self.estimated = Some(*estimate),
            BweKind::Remb { estimate, .. } => self.told = Some(*estimate),
            _ => return,
        }
        let bits = self
            .estimated
            .into_iter()
            .chain(self.told)
            .map(|bits| bits.as_u64())
            .min();
        self.shared
            .carries_bits
            .store(bits.map_or(0, |bits| bits.max(1)), Ordering::Relaxed);
    }

    /// Takes out everything there is; after each call into it, before the next.
    fn drain(&mut self, called: Result<(), RtcError>, now: Instant, out: &mut Vec<Packet>) {
        let drained = called.and_then(|()| self.drain_all(out));
        match drained {
            Ok(due) => self.due = due,
            Err(error) => {
                self.due = now;
                self.shared.end(format!("the connection failed: {error}"));
            }
        }
        if !self.rtc.is_alive() {
            self.shared.end("the browser ended the connection".into());
        }
    }

    fn drain_all(&mut self, out: &mut Vec<Packet>) -> Result<Instant, RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => return Ok(due),
                Output::Transmit(packet) => out.push(Packet {
                    to: packet.destination,
                    bytes: packet.contents.into(),
                }),
                Output::Event(Event::Connected) => {
                    self.is_connected = true;
                    self.rtc.bwe().set_bitrate(Bitrate::ZERO, MOST_BITS);
                    self.shared.ask_for_keyframe();
                }
                Output::Event(Event::EgressBitrateEstimate(kind)) => self.learn(&kind),
                Output::Event(Event::KeyframeRequest(_)) => self.shared.ask_for_keyframe(),
                Output::Event(Event::IceConnectionStateChange(IceConnectionState::Disconnected)) => {
                    self.shared.end("the browser fell silent".into());
                }
                Output::Event(_) => {}
            }
        }
    }
}
