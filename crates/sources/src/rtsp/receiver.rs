//! The thread that keeps a connection to the camera and takes in what it sends, so that nothing waits for the decoder.
//!
//! In: an address. Out: access units with their capture times, in a queue of limited length; beside it, why there are none.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use retina::client::{PacketItem, SessionGroup};
use tokio::sync::watch;
use tokio::time::{sleep, timeout, timeout_at};

use super::Transport;
use super::address::Address;
use super::choice::SoundWish;
use super::clock::{CameraClock, RtpTime};
use super::line::{FarEnd, Medium, NearEnd, line};
use super::session::{NotPlaying, Playing, Way, play};
use super::trouble::Trouble;
use super::watches::{Finding, SoundMemory, Watches};
use crate::first_line::first_line;
use crate::pace::{Backoff, Patience};

/// How long saying goodbye to the camera may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// Packets in a row that make no sense, before the connection is given up: of its sound some may be lost, and no picture for it.
const MOST_DAMAGED: u32 = 64;

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
    pub(super) fn start(address: Address, transport: Transport, sound: SoundWish) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let (far, near) = line(Trouble::Connecting { host: address.host() });
        let (stop, stopped) = watch::channel(false);
        let mut camera = Camera {
            address,
            wish: sound,
            group: Arc::new(SessionGroup::default()),
            line: far,
            backoff: Backoff::new(),
            sound: SoundMemory::new(sound),
            no_sound: None,
        };
        let run = move || {
            runtime.block_on(camera.receive(transport, stopped));
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

/// One camera, over all its connections.
struct Camera {
    address: Address,
    wish: SoundWish,
    group: Arc<SessionGroup>,
    line: FarEnd,
    backoff: Backoff,
    sound: SoundMemory,
    /// Why it has no sound, once that was told.
    no_sound: Option<String>,
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

impl Camera {
    /// Connects again and again until `stopped`.
    async fn receive(&mut self, transport: Transport, mut stopped: watch::Receiver<bool>) {
        let mut way = if transport == Transport::Udp {
            Way::Udp
        } else {
            Way::Tcp
        };
        loop {
            let end = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                end = self.connection(way) => end,
            };
            if self.line.tell(&end.trouble) && end.trouble.ends_pictures() {
                // The others are told as the node's state; this one may be over before anybody looks.
                tracing::info!("{}", end.trouble);
            }
            self.line.begin_anew();
            let wait = match end.trouble.patience() {
                Patience::Long => Patience::LONG,
                Patience::Short => self.backoff.wait(),
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
        let _ = timeout(GOODBYE, self.group.await_teardown()).await;
    }

    /// Keeps one connection until it breaks, is silent or makes no sense.
    async fn connection(&mut self, way: Way) -> End {
        let mut playing = match play(&self.address, self.wish, way, &self.group).await {
            Ok(playing) => playing,
            Err(NotPlaying::Trouble(trouble)) => return trouble.into(),
            Err(NotPlaying::OtherWay) => {
                let trouble = Trouble::Refused {
                    host: self.address.host(),
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
        self.tell_of_sound(&playing);
        let (has_pictures, has_sound) = (playing.pictures.is_some(), playing.sound.is_some());
        let mut watches = Watches::new(has_pictures, has_sound, Instant::now());
        let mut clocks = Clocks::default();
        let mut damaged = 0;
        loop {
            let deadline = watches.deadline(Instant::now(), &self.sound);
            let item = match timeout_at(deadline.into(), playing.next()).await {
                Ok(Some(Ok(item))) => item,
                Ok(Some(Err(_))) if has_sound && damaged < MOST_DAMAGED => {
                    damaged += 1;
                    continue;
                }
                Ok(Some(Err(said))) => return self.broken(said),
                Ok(None) => {
                    return Trouble::Closed {
                        host: self.address.host(),
                    }
                    .into();
                }
                Err(_) => {
                    let finding = watches.look(Instant::now(), &mut self.sound);
                    match self.act_on(finding) {
                        None => continue,
                        Some(end) => return end,
                    }
                }
            };
            let (line, now) = (&mut self.line, Instant::now());
            match item {
                PacketItem::Rtp(packet) if is_of(packet.stream_id(), &playing.sound) => {
                    let Some((_, format)) = &playing.sound else { continue };
                    watches.came(Medium::Sound, now, &mut self.sound);
                    self.backoff.succeeded();
                    if !has_pictures {
                        damaged = 0;
                    }
                    line.send_sound(packet, format, &mut clocks.sound);
                }
                PacketItem::Rtp(packet) => {
                    let Some((_, pictures)) = &mut playing.pictures else {
                        continue;
                    };
                    damaged = 0;
                    let pushed = pictures.push(&packet, |picture| {
                        watches.came(Medium::Pictures, now, &mut self.sound);
                        self.backoff.succeeded();
                        line.send_picture(picture, &mut clocks.pictures);
                    });
                    if let Err(said) = pushed {
                        return self.broken(first_line(&said));
                    }
                }
                PacketItem::Rtcp(reports) => {
                    let clock = if is_of(reports.stream_id(), &playing.sound) {
                        &mut clocks.sound
                    } else {
                        &mut clocks.pictures
                    };
                    let mut reported = reports.pkts();
                    let sent = reported.find_map(|report| report.as_sender_report().ok().flatten());
                    if let (Some(sent), Some(at)) = (sent, reports.rtp_timestamp()) {
                        clock.report(RtpTime::from(at), sent.ntp_timestamp().0);
                    }
                }
                _ => {}
            }
        }
    }

    fn broken(&self, said: String) -> End {
        let host = self.address.host();
        Trouble::Broken { host, said }.into()
    }

    /// Says once whether there is sound, and why not.
    fn tell_of_sound(&mut self, playing: &Playing) {
        if playing.pictures.is_none() {
            self.line.tell_of(Medium::Pictures, None);
        }
        if playing.sound.is_none() {
            self.line.tell_of(Medium::Sound, None);
        }
        if playing.no_sound.is_some() && playing.no_sound != self.no_sound {
            let why = playing.no_sound.as_deref().unwrap_or_default();
            tracing::info!("no sound of the camera at {}: {why}", self.address.host());
        }
        self.no_sound.clone_from(&playing.no_sound);
    }

    /// Says what was found; `Some`: the connection is at its end.
    fn act_on(&mut self, finding: Finding) -> Option<End> {
        let host = self.address.host();
        let alone = |medium, host| match medium {
            Medium::Pictures => Trouble::PicturesSilent { host },
            Medium::Sound => Trouble::SoundSilent { host },
        };
        match finding {
            Finding::Nothing => None,
            Finding::Silent => {
                self.line.tell(&Trouble::Silent { host });
                None
            }
            Finding::SilentAlone(medium) => {
                self.line.tell_of(medium, Some(alone(medium, host)));
                None
            }
            Finding::NoSound => {
                tracing::info!("the camera at {host} speaks of sound and sends none: its microphone may be off");
                None
            }
            Finding::Lost => Some(Trouble::Silent { host }.into()),
            Finding::LostAlone(medium) => Some(alone(medium, host).into()),
            Finding::NeverCame(medium, has_anything_come) => Some(End {
                trouble: Trouble::NothingPlayed {
                    host,
                    what: match medium {
                        Medium::Pictures => "picture",
                        Medium::Sound => "sound",
                    },
                },
                tries_other_way: !has_anything_come,
            }),
        }
    }
}

/// The clocks of one connection.
#[derive(Debug, Default)]
struct Clocks {
    pictures: CameraClock,
    sound: CameraClock,
}

fn is_of<T>(stream: usize, known: &Option<(usize, T)>) -> bool {
    known.as_ref().is_some_and(|(number, _)| *number == stream)
}
