//! Sends pictures as packets, from a thread of its own.

use std::io::{self, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::rtp::{Packetizer, rtp_time};
use super::session::{GLANCE, Session};
use super::{Mood, Shared};
use crate::picture::monotonic_ns;

/// Between two sender reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// How packets reach the viewer.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Interleaved { rtp_channel: u8, rtcp_channel: u8 },
    Datagrams { rtp: Arc<UdpSocket>, rtcp: Arc<UdpSocket> },
}

/// Sends packets to one viewer; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Player {
    has_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub(super) fn start(session: &Session, way: Way) -> io::Result<Self> {
        let has_ended = Arc::new(AtomicBool::new(false));
        let shared = session.shared.clone();
        if matches!(way, Way::Datagrams { .. }) {
            shared.udp_plays.fetch_add(1, Ordering::SeqCst);
        }
        let post = Post {
            way,
            writer: session.writer.clone(),
            packetizer: Packetizer::new(0x1000 + session.number),
            reported: None,
        };
        let pictures = shared.live.watch(&shared.options);
        let ended = has_ended.clone();
        let play = move || {
            let mut post = post;
            while !ended.load(Ordering::SeqCst) && !shared.is_ending() {
                if let Ok(picture) = pictures.recv_timeout(GLANCE)
                    && post.send(&shared, &picture.annex_b, picture.stamp.drawn_ns).is_err()
                {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("camera player".into()).spawn(play)?;
        Ok(Self {
            has_ended,
            thread: Some(thread),
        })
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Where packets are put on their way.
struct Post {
    way: Way,
    writer: Arc<Mutex<TcpStream>>,
    packetizer: Packetizer,
    reported: Option<Instant>,
}

impl Post {
    fn send(&mut self, shared: &Shared, annex_b: &[u8], drawn_ns: u64) -> io::Result<()> {
        let rtp_time = rtp_time(drawn_ns);
        for packet in self.packetizer.packets(annex_b, rtp_time) {
            if shared.loses_next_packet() {
                continue;
            }
            match shared.mood() {
                Mood::Frozen | Mood::Mute => {}
                Mood::Well => self.put(&packet, false)?,
                Mood::Babbling => self.put(&noise(packet.len(), drawn_ns), false)?,
            }
        }
        if let Some(ahead_ms) = shared.options.clock_ahead_ms
            && self.reported.is_none_or(|at| at.elapsed() > REPORT_EVERY)
            && shared.mood() == Mood::Well
        {
            let age = Duration::from_nanos(monotonic_ns().saturating_sub(drawn_ns));
            let ahead = Duration::from_millis(ahead_ms.unsigned_abs());
            let drawn = SystemTime::now() - age;
            let told = if ahead_ms < 0 { drawn - ahead } else { drawn + ahead };
            self.put(&self.packetizer.sender_report(rtp_time, told), true)?;
            self.reported = Some(Instant::now());
        }
        Ok(())
    }

    fn put(&self, packet: &[u8], is_rtcp: bool) -> io::Result<()> {
        match &self.way {
            Way::Interleaved {
                rtp_channel,
                rtcp_channel,
            } => {
                let [high, low] = (packet.len() as u16).to_be_bytes();
                let channel = if is_rtcp { *rtcp_channel } else { *rtp_channel };
                let framed = [&[b'$', channel, high, low], packet].concat();
                self.writer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .write_all(&framed)
            }
            Way::Datagrams { rtp, rtcp } => {
                // A viewer that is gone refuses datagrams; its connection tells.
                let _ = if is_rtcp { rtcp.send(packet) } else { rtp.send(packet) };
                Ok(())
            }
        }
    }
}

/// Bytes that are no packet.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
