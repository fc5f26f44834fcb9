//! The line between the thread that takes in a camera's packets and the source that decodes: a queue of limited length and,
//! beside it, why nothing comes.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureTime, MonoTime, WallTime};
use retina::codec::VideoFrame;

use super::clock::{Arrival, CameraClock, RtpTime};
use super::trouble::Trouble;

/// Access units that may wait: a camera may begin with the pictures since its last keyframe, all at once.
const LONGEST_QUEUE: usize = 128;

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

/// Makes a line; until the first picture, `trouble` is why there is none.
pub(super) fn line(trouble: Trouble) -> (FarEnd, NearEnd) {
    let (sender, units) = sync_channel(LONGEST_QUEUE);
    let trouble = Arc::new(Mutex::new(Some(trouble)));
    let far = FarEnd {
        sender,
        trouble: trouble.clone(),
        has_lost: true,
        is_first: true,
    };
    (far, NearEnd { units, trouble })
}

/// Where the source listens.
#[derive(Debug)]
pub(super) struct NearEnd {
    units: Receiver<AccessUnit>,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

impl NearEnd {
    /// Waits for the next access unit; `None`: none came in time.
    pub(super) fn next(&self, wait: Duration) -> Option<AccessUnit> {
        match self.units.recv_timeout(wait) {
            Ok(unit) => Some(unit),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(wait);
                None
            }
        }
    }

    /// Why nothing comes, if that is known.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        lock(&self.trouble).clone()
    }
}

/// Where the camera's pictures go in.
#[derive(Debug)]
pub(super) struct FarEnd {
    sender: SyncSender<AccessUnit>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    /// Whether the next unit is behind a loss.
    has_lost: bool,
    /// Whether the next unit is the first of its connection.
    is_first: bool,
}

impl FarEnd {
    /// Says why nothing comes; returns whether that is news.
    pub(super) fn tell(&self, trouble: &Trouble) -> bool {
        lock(&self.trouble).replace(trouble.clone()).as_ref() != Some(trouble)
    }

    /// What comes next belongs to another connection.
    pub(super) fn begin_anew(&mut self) {
        (self.has_lost, self.is_first) = (true, true);
    }

    /// Sends a picture on; with it all trouble is over.
    pub(super) fn send(&mut self, frame: VideoFrame, clock: &mut CameraClock) {
        *lock(&self.trouble) = None;
        let first_packet = arrival(frame.start_ctx().received());
        let timestamp = frame.timestamp();
        let rtp = RtpTime {
            ticks: timestamp.timestamp(),
            ticks_per_second: timestamp.clock_rate(),
        };
        let unit = AccessUnit {
            is_keyframe: frame.is_random_access_point(),
            is_behind_loss: self.has_lost || frame.loss() > 0,
            is_first: self.is_first,
            rtp,
            captured: clock.capture_time(rtp, first_packet),
            arrived: Instant::now(),
            data: frame.into_data(),
        };
        match self.sender.try_send(unit) {
            Ok(()) => (self.has_lost, self.is_first) = (false, false),
            Err(TrySendError::Full(_)) => {
                if !std::mem::replace(&mut self.has_lost, true) {
                    tracing::warn!(
                        "this machine is too slow for the camera's pictures: some are left out up to the next keyframe"
                    );
                }
            }
            Err(TrySendError::Disconnected(_)) => {}
        }
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
