//! Sends pictures and sound as packets, from a thread of its own.

use std::io::{self, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::live::{Item, Medium};
use super::rtp::{self, Packetizer, rtp_time};
use super::session::{GLANCE, Session};
use super::sound::SoundMood;
use super::{Mood, Shared};
use crate::h264::EncodedPicture;
use crate::picture::monotonic_ns;

/// Between two sender reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// How packets reach the viewer.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Interleaved { rtp_channel: u8, rtcp_channel: u8 },
    Datagrams { rtp: Arc<UdpSocket>, rtcp: Arc<UdpSocket> },
}

/// How both reach him, as far as he asked for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    pictures: Option<Way>,
    sound: Option<Way>,
}

impl Ways {
    pub(super) fn of(&mut self, medium: Medium) -> &mut Option<Way> {
        match medium {
            Medium::Pictures => &mut self.pictures,
            Medium::Sound => &mut self.sound,
        }
    }
}

/// Sends packets to one viewer; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Player {
    has_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub(super) fn start(session: &Session, ways: Ways) -> io::Result<Self> {
        let has_ended = Arc::new(AtomicBool::new(false));
        let shared = session.shared.clone();
        if [&ways.pictures, &ways.sound]
            .into_iter()
            .any(|way| matches!(way, Some(Way::Datagrams { .. })))
        {
            shared.udp_plays.fetch_add(1, Ordering::SeqCst);
        }
        let post = |way: Option<Way>, ssrc: u32, payload_type| {
            way.map(|way| Post {
                way,
                writer: session.writer.clone(),
                packetizer: Packetizer::new(ssrc + session.number, payload_type),
                reported: None,
            })
        };
        let sound_type = shared.live.sound.as_ref().map_or(0, |sound| sound.payload_type);
        let mut pictures = post(ways.pictures, 0x1000, rtp::PICTURES);
        let mut sound = post(ways.sound, 0x0100_0000, sound_type);
        let items = shared.live.watch(&shared.options);
        let ended = has_ended.clone();
        let play = move || {
            while !ended.load(Ordering::SeqCst) && !shared.is_ending() {
                let sent = match (items.recv_timeout(GLANCE), &mut pictures, &mut sound) {
                    (Ok(Item::Picture(picture)), Some(post), _) => post.send_picture(&shared, &picture),
                    (Ok(Item::Sound(number)), _, Some(post)) => post.send_sound(&shared, number),
                    _ => Ok(()),
                };
                if sent.is_err() {
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

/// Where the packets of one stream are put on their way.
struct Post {
    way: Way,
    writer: Arc<Mutex<TcpStream>>,
    packetizer: Packetizer,
    reported: Option<Instant>,
}

impl Post {
    fn send_picture(&mut self, shared: &Shared, picture: &EncodedPicture) -> io::Result<()> {
        let drawn_ns = picture.stamp.drawn_ns;
        let rtp_time = rtp_time(drawn_ns);
        for packet in self.packetizer.packets(&picture.annex_b, rtp_time) {
            self.send(shared, Medium::Pictures, packet, drawn_ns)?;
        }
        self.report(shared, rtp_time, drawn_ns)
    }

    fn send_sound(&mut self, shared: &Shared, number: u64) -> io::Result<()> {
        let Some(sound) = &shared.live.sound else {
            return Ok(());
        };
        let began_ns = shared.live.sound_began_ns + number * sound.packet_time_ns();
        let jump = shared.sound_jump.load(Ordering::SeqCst);
        let ticks = (number * u64::from(sound.ticks_per_packet)) as u32;
        let rtp_time = ticks.wrapping_add_signed(jump);
        let payload = &sound.packets[(number % sound.packets.len() as u64) as usize];
        let payload = match shared.sound_mood() {
            SoundMood::Empty => vec![],
            SoundMood::Noise => noise(payload.len(), began_ns),
            _ => payload.clone(),
        };
        let mut packet = self.packetizer.packet(&payload, rtp_time, true);
        match shared.sound_mood() {
            SoundMood::Cut => packet.truncate(packet.len() / 2),
            SoundMood::Headless => packet.truncate(5),
            _ => {}
        }
        self.send(shared, Medium::Sound, packet, began_ns)?;
        self.report(shared, rtp_time, began_ns)
    }

    /// Puts a packet on its way, or what the camera's mood makes of it.
    fn send(&mut self, shared: &Shared, medium: Medium, packet: Vec<u8>, seed: u64) -> io::Result<()> {
        if shared.loses_next_packet(medium) {
            return Ok(());
        }
        match shared.mood() {
            Mood::Frozen | Mood::Mute => Ok(()),
            Mood::Well | Mood::Blind => self.put(&packet, false),
            Mood::Babbling => self.put(&noise(packet.len(), seed), false),
        }
    }

    /// Says now and then what time it was on the camera's clock at `taken_ns`.
    fn report(&mut self, shared: &Shared, rtp_time: u32, taken_ns: u64) -> io::Result<()> {
        if let Some(ahead_ms) = shared.options.clock_ahead_ms
            && self.reported.is_none_or(|at| at.elapsed() > REPORT_EVERY)
            && matches!(shared.mood(), Mood::Well | Mood::Blind)
        {
            let age = Duration::from_nanos(monotonic_ns().saturating_sub(taken_ns));
            let ahead = Duration::from_millis(ahead_ms.unsigned_abs());
            let taken = SystemTime::now() - age;
            let told = if ahead_ms < 0 { taken - ahead } else { taken + ahead };
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
