//! The thread that keeps a connection to the camera and takes in what it sends, so that nothing waits for the decoder.
//!
//! In: an address. Out: access units with their capture times, in a queue of limited length; beside it, why there are none.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use retina::client::SessionGroup;
use retina::codec::CodecItem;
use tokio::sync::watch;
use tokio::time::{sleep, timeout, timeout_at};

use super::Transport;
use super::address::Address;
use super::clock::{CameraClock, RtpTime};
use super::line::{FarEnd, NearEnd, line};
use super::pace::{Backoff, SilenceWatch, Verdict};
use super::session::{NotPlaying, Way, play};
use super::trouble::{Patience, Trouble};

/// How long saying goodbye to the camera may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// The near end of the thread.
#[derive(Debug)]
pub(super) struct Receiver {
    /// Where its pictures come out.
    pub(super) line: NearEnd,
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
        let (far, near) = line(Trouble::Connecting { host: address.host() });
        let (stop, stopped) = watch::channel(false);
        let run = move || {
            runtime.block_on(receive(address, transport, far, stopped));
            // A name that is still being looked up is not worth waiting for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("rtsp".into()).spawn(run)?;
        Ok(Self {
            line: near,
            stop,
            thread: Some(thread),
        })
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

/// Connects again and again until `stopped`.
async fn receive(address: Address, transport: Transport, mut line: FarEnd, mut stopped: watch::Receiver<bool>) {
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
        if line.tell(&end.trouble) && end.trouble.ends_pictures() {
            // The others are told as the node's state; this one may be over before anybody looks.
            tracing::info!("{}", end.trouble);
        }
        line.begin_anew();
        let wait = match end.trouble.patience() {
            Patience::Long => Patience::LONG,
            Patience::Short => backoff.wait(),
        };
        if end.tries_other_way && transport == Transport::Auto {
            way = if way == Way::Tcp { Way::Udp } else { Way::Tcp };
            tracing::debug!("trying {way:?} instead");
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
    line: &mut FarEnd,
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
                    line.tell(&Trouble::Silent { host: host() });
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
