//! The thread that keeps a connection to the camera and takes in what it sends, so that nothing waits for the decoder.
//!
//! In: an address. Out: access units with their capture times, in a queue of limited length; beside it, why there are none.

use std::io;
use std::sync::mpsc::{Receiver as Queue, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureTime, MonoTime, WallTime};
use retina::client::SessionGroup;
use retina::codec::{CodecItem, VideoFrame};
use tokio::sync::watch;
use tokio::time::{sleep, timeout, timeout_at};

use super::Transport;
use super::address::Address;
use super::clock::{Arrival, CameraClock, RtpTime};
use super::pace::{Backoff, SilenceWatch, Verdict};
use super::session::{NotPlaying, Way, play};
use super::trouble::{Patience, Trouble};

/// Access units that may wait: a camera may begin with the pictures since its last keyframe, all at once.
const LONGEST_QUEUE: usize = 128;
/// How long saying goodbye to the camera may take.
const GOODBYE: Duration = Duration::from_millis(500);

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

/// The near end of the thread.
#[derive(Debug)]
pub(super) struct Receiver {
    units: Queue<AccessUnit>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread or no event loop.
    pub(super) fn start(address: Address, transport: Transport) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let (sender, units) = sync_channel(LONGEST_QUEUE);
        let trouble = Arc::new(Mutex::new(Some(Trouble::Connecting { host: address.host() })));
        let (stop, stopped) = watch::channel(false);
        let line = Line {
            sender,
            trouble: trouble.clone(),
            has_lost: true,
            is_first: true,
        };
        let run = move || {
            runtime.block_on(receive(address, transport, line, stopped));
            // A name that is still being looked up is not worth waiting for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("rtsp".into()).spawn(run)?;
        Ok(Self {
            units,
            trouble,
            stop,
            thread: Some(thread),
        })
    }

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

    /// Says goodbye to the camera and ends the thread: within half a second.
    pub(super) fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The far end of the thread.
struct Line {
    sender: SyncSender<AccessUnit>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    /// Whether the next unit is behind a loss.
    has_lost: bool,
    /// Whether the next unit is the first of its connection.
    is_first: bool,
}

impl Line {
    fn tell(&self, trouble: Option<Trouble>) {
        *lock(&self.trouble) = trouble;
    }

    fn send(&mut self, frame: VideoFrame, clock: &mut CameraClock) {
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

/// Connects again and again until `stopped`.
async fn receive(address: Address, transport: Transport, mut line: Line, mut stopped: watch::Receiver<bool>) {
    let group = Arc::new(SessionGroup::default());
    let mut backoff = Backoff::new();
    let mut way = if transport == Transport::Udp {
        Way::Udp
    } else {
        Way::Tcp
    };
    loop {
        let end = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            end = connection(&address, way, &group, &mut line, &mut backoff) => end,
        };
        tracing::info!("{}", end.trouble);
        let wait = match end.trouble.patience() {
            Patience::Long => Patience::LONG,
            Patience::Short => backoff.wait(),
        };
        line.tell(Some(end.trouble));
        (line.has_lost, line.is_first) = (true, true);
        if end.tries_other_way && transport == Transport::Auto {
            way = if way == Way::Tcp { Way::Udp } else { Way::Tcp };
            tracing::info!("trying {way:?} instead");
            // A camera that will go neither way is not asked without end.
            if way == Way::Udp {
                continue;
            }
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            () = sleep(wait) => {}
        }
    }
    // The connection was dropped above; its goodbye is on its way.
    let _ = timeout(GOODBYE, group.await_teardown()).await;
}

/// How a connection ended.
struct End {
    trouble: Trouble,
    /// Whether packets may get through in the other way.
    tries_other_way: bool,
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            tries_other_way: false,
        }
    }
}

/// Keeps one connection until it breaks, is silent or makes no sense.
async fn connection(
    address: &Address,
    way: Way,
    group: &Arc<SessionGroup>,
    line: &mut Line,
    backoff: &mut Backoff,
) -> End {
    let host = || address.host();
    let mut playing = match play(address, way, group).await {
        Ok(playing) => playing,
        Err(NotPlaying::Trouble(trouble)) => return trouble.into(),
        Err(NotPlaying::OtherWay) => {
            let trouble = Trouble::Refused {
                host: host(),
                what: if way == Way::Tcp {
                    "send over TCP"
                } else {
                    "send over UDP"
                },
                status: 461,
            };
            return End {
                trouble,
                tries_other_way: true,
            };
        }
    };
    let mut clock = CameraClock::default();
    let mut watch = SilenceWatch::new(Instant::now());
    loop {
        let item = match timeout_at(watch.deadline().into(), playing.next()).await {
            Ok(Ok(item)) => item,
            Ok(Err(trouble)) => return trouble.into(),
            Err(_) => match watch.verdict() {
                Verdict::Silent => {
                    line.tell(Some(Trouble::Silent { host: host() }));
                    continue;
                }
                Verdict::Lost if watch.has_begun() => return Trouble::Silent { host: host() }.into(),
                Verdict::Lost => {
                    return End {
                        trouble: Trouble::NothingPlayed { host: host() },
                        tries_other_way: true,
                    };
                }
            },
        };
        match item {
            CodecItem::VideoFrame(frame) => {
                watch.picture(Instant::now());
                backoff.succeeded();
                line.tell(None);
                line.send(frame, &mut clock);
            }
            CodecItem::Rtcp(reports) => {
                let sent = reports
                    .pkts()
                    .find_map(|report| report.as_sender_report().ok().flatten());
                if let (Some(sent), Some(at)) = (sent, reports.rtp_timestamp()) {
                    clock.report(
                        RtpTime {
                            ticks: at.timestamp(),
                            ticks_per_second: at.clock_rate(),
                        },
                        sent.ntp_timestamp().0,
                    );
                }
            }
            _ => {}
        }
    }
}
