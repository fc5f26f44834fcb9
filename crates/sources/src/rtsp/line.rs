//! The line between the thread that takes in a camera's packets and the source that decodes: queues of limited length and,
//! beside them, why nothing comes.
//!
//! Sound is handed over first: it costs little to decode, and must not wait for pictures, which cost much.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureTime, MonoTime, WallTime};
use retina::codec::VideoFrame;
use retina::rtp::ReceivedPacket;

use super::clock::{Arrival, CameraClock, RtpTime};
use super::sound::{SoundFormat, SoundPacket, Waker};
use super::trouble::Trouble;

/// Access units that may wait: a camera may begin with the pictures since its last keyframe, all at once.
const MOST_PICTURES: usize = 192;
/// Packets of sound that may wait: ten seconds of most cameras.
const MOST_SOUNDS: usize = 500;

/// One encoded picture.
#[derive(Debug)]
pub(super) struct AccessUnit {
    /// Annex B; a keyframe brings its parameter sets.
    pub(super) data: Vec<u8>,
    pub(super) is_keyframe: bool,
    /// Whether something before it is missing: packets, whole units, or all of a connection.
    pub(super) is_behind_loss: bool,
    /// Whether it is the first of a connection.
    pub(super) is_first: bool,
    pub(super) rtp: RtpTime,
    pub(super) captured: CaptureTime,
    /// When it was complete.
    pub(super) arrived: Instant,
}

/// What comes out.
#[derive(Debug)]
pub(super) enum Arrived {
    Picture(AccessUnit),
    Sound(SoundPacket),
}

/// What a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Pictures,
    Sound,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    pictures: VecDeque<AccessUnit>,
    sounds: VecDeque<SoundPacket>,
    /// Whether something else wants to be looked at.
    is_woken: bool,
    /// Why nothing comes at all.
    trouble: Option<Trouble>,
    /// Why one of both does not come.
    pictures_trouble: Option<Trouble>,
    sound_trouble: Option<Trouble>,
}

/// Makes a line; until something comes, `trouble` is why nothing does.
pub(super) fn line(trouble: Trouble) -> (FarEnd, NearEnd) {
    let shared = Arc::<Shared>::default();
    lock(&shared.waiting).trouble = Some(trouble);
    let far = FarEnd {
        shared: shared.clone(),
        pictures: Joint::new(),
        sound: Joint::new(),
    };
    (far, NearEnd { shared })
}

/// Where the source listens.
#[derive(Debug)]
pub(super) struct NearEnd {
    shared: Arc<Shared>,
}

impl NearEnd {
    /// Waits for what comes next; `None`: nothing came in time, or it was woken.
    pub(super) fn next(&self, wait: Duration) -> Option<Arrived> {
        let is_empty =
            |waiting: &mut Waiting| !waiting.is_woken && waiting.sounds.is_empty() && waiting.pictures.is_empty();
        let (mut waiting, _) = self
            .shared
            .changed
            .wait_timeout_while(lock(&self.shared.waiting), wait, is_empty)
            .unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut waiting.is_woken) {
            return None;
        }
        match waiting.sounds.pop_front() {
            Some(packet) => Some(Arrived::Sound(packet)),
            None => waiting.pictures.pop_front().map(Arrived::Picture),
        }
    }

    /// Lets [`next`](NearEnd::next) return.
    pub(super) fn waker(&self) -> Waker {
        let shared = self.shared.clone();
        Waker(Arc::new(move || {
            lock(&shared.waiting).is_woken = true;
            shared.changed.notify_one();
        }))
    }

    /// The newest access unit to begin anew with, if one waits; those before it are left out.
    pub(super) fn newest_keyframe(&self) -> Option<AccessUnit> {
        let mut waiting = lock(&self.shared.waiting);
        let pictures = &mut waiting.pictures;
        let keyframe = pictures.iter().rposition(|unit| unit.is_keyframe)?;
        let skips_connection = pictures.drain(..keyframe).any(|unit| unit.is_first);
        let mut unit = pictures.pop_front()?;
        unit.is_behind_loss = true;
        unit.is_first |= skips_connection;
        Some(unit)
    }

    /// Why nothing comes, or one of both does not, if that is known.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        let waiting = lock(&self.shared.waiting);
        let troubles = [&waiting.trouble, &waiting.pictures_trouble, &waiting.sound_trouble];
        troubles.into_iter().flatten().next().cloned()
    }
}

/// What is to be said of the next thing that is sent.
#[derive(Debug)]
struct Joint {
    /// Whether it is behind a loss.
    has_lost: bool,
    /// Whether it is the first of its connection.
    is_first: bool,
}

impl Joint {
    fn new() -> Self {
        Self {
            has_lost: true,
            is_first: true,
        }
    }

    /// Notes whether it went.
    fn went(&mut self, has_gone: bool) {
        if has_gone {
            (self.has_lost, self.is_first) = (false, false);
        } else {
            self.has_lost = true;
        }
    }
}

/// Where what a camera sends goes in.
#[derive(Debug)]
pub(super) struct FarEnd {
    shared: Arc<Shared>,
    pictures: Joint,
    sound: Joint,
}

impl FarEnd {
    /// Says why nothing comes; returns whether that is news.
    pub(super) fn tell(&self, trouble: &Trouble) -> bool {
        let mut waiting = lock(&self.shared.waiting);
        waiting.trouble.replace(trouble.clone()).as_ref() != Some(trouble)
    }

    /// Says why one of both does not come, or that nothing is wrong with it.
    pub(super) fn tell_of(&self, medium: Medium, trouble: Option<Trouble>) {
        let mut waiting = lock(&self.shared.waiting);
        match medium {
            Medium::Pictures => waiting.pictures_trouble = trouble,
            Medium::Sound => waiting.sound_trouble = trouble,
        }
    }

    /// What comes next belongs to another connection.
    pub(super) fn begin_anew(&mut self) {
        (self.pictures, self.sound) = (Joint::new(), Joint::new());
    }

    /// Sends a picture on; with it all trouble with pictures is over.
    pub(super) fn send_picture(&mut self, frame: VideoFrame, clock: &mut CameraClock) {
        let first_packet = arrival(frame.start_ctx().received());
        let rtp = RtpTime::from(frame.timestamp());
        let unit = AccessUnit {
            is_keyframe: frame.is_random_access_point(),
            is_behind_loss: self.pictures.has_lost || frame.loss() > 0,
            is_first: self.pictures.is_first,
            rtp,
            captured: clock.capture_time(rtp, first_packet),
            arrived: Instant::now(),
            data: frame.into_data(),
        };
        let mut waiting = lock(&self.shared.waiting);
        (waiting.trouble, waiting.pictures_trouble) = (None, None);
        let has_room = waiting.pictures.len() < MOST_PICTURES;
        if has_room {
            waiting.pictures.push_back(unit);
            self.shared.changed.notify_one();
        } else if !self.pictures.has_lost {
            tracing::warn!(
                "this machine is too slow for the camera's pictures: some are left out up to the next keyframe"
            );
        }
        self.pictures.went(has_room);
    }

    /// Sends a packet of sound on; with it all trouble with sound is over.
    pub(super) fn send_sound(&mut self, packet: ReceivedPacket, format: &Arc<SoundFormat>, clock: &mut CameraClock) {
        let arrived = arrival(packet.ctx().received());
        let rtp = format.rtp(packet.timestamp().timestamp());
        let packet = SoundPacket {
            format: format.clone(),
            ticks: rtp.ticks,
            captured: clock.capture_time(rtp, arrived),
            is_behind_loss: self.sound.has_lost || packet.loss() > 0,
            is_first: self.sound.is_first,
            payload: packet.into_payload_bytes(),
        };
        let mut waiting = lock(&self.shared.waiting);
        (waiting.trouble, waiting.sound_trouble) = (None, None);
        let has_room = waiting.sounds.len() < MOST_SOUNDS;
        if has_room {
            waiting.sounds.push_back(packet);
            self.shared.changed.notify_one();
        } else if !self.sound.has_lost {
            tracing::warn!("this machine is too slow for the camera's sound: some is left out");
        }
        self.sound.went(has_room);
    }
}

/// Both clocks at a moment shortly before now.
fn arrival(received: Instant) -> Arrival {
    let ago = received.elapsed();
    let ago_ns = u64::try_from(ago.as_nanos()).unwrap_or(u64::MAX);
    Arrival {
        mono: MonoTime::from_ns(MonoTime::now().as_ns().saturating_sub(ago_ns)),
        wall: WallTime::from_ns(WallTime::now().as_ns().saturating_sub_unsigned(ago_ns)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
