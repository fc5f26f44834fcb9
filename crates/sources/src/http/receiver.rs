//! The thread that keeps asking a camera and takes in what it sends, so that nothing waits for a decoder or a name server.
//!
//! In: an address. Out: whole pictures with their capture times, the newest only; beside it, why there are none.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_node::Stop;
use bushbaby_node::reporter::Reporter;

use super::address::Address;
use super::client::{Answer, Client};
use super::connection::Came;
use super::head::Media;
use super::line::{Line, Picture};
use super::multipart::{MOST_PART, Multipart, Next};
use super::picture::{Damage, DamageCount, Still, whole};
use super::tls::Tls;
use super::trouble::Trouble;
use crate::pace::{Backoff, Patience, SilenceWatch, Verdict};

/// How long a single picture may take, from its first byte on.
const PICTURE: Duration = Duration::from_secs(10);
/// How long the end of the thread is waited for: a name that is still being looked up is not worth more.
const GOODBYE: Duration = Duration::from_millis(500);

/// The near end of the thread.
#[derive(Debug)]
pub(super) struct Receiver {
    /// Where its pictures come out.
    pub(super) line: Line,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    /// Says nothing, and ends with the thread.
    ended: mpsc::Receiver<Infallible>,
}

impl Receiver {
    /// Starts the thread. A camera that gives single pictures is asked every `period`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(address: Address, tls: Tls, period: Duration, reporter: Reporter) -> io::Result<Self> {
        let (line, stop) = (Line::default(), Stop::default());
        line.tell(&Trouble::Connecting { host: address.host() });
        let mut camera = Camera {
            client: Client::new(address, tls, stop.clone()),
            period,
            reporter,
            line: line.clone(),
            stop: stop.clone(),
            backoff: Backoff::new(),
            damage: DamageCount::default(),
            still: Still::default(),
            still_damage: None,
        };
        let (ends, ended) = mpsc::channel();
        let receive = move || {
            let _ends: mpsc::Sender<Infallible> = ends;
            camera.receive();
        };
        let thread = std::thread::Builder::new().name("http".into()).spawn(receive)?;
        Ok(Self {
            line,
            stop,
            thread: Some(thread),
            ended,
        })
    }

    /// Ends the thread, or leaves it to its end.
    pub(super) fn end(&mut self) {
        self.stop.set();
        let Some(thread) = self.thread.take() else { return };
        if self.ended.recv_timeout(GOODBYE) == Err(RecvTimeoutError::Disconnected) {
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
    client: Client,
    period: Duration,
    reporter: Reporter,
    line: Line,
    stop: Stop,
    backoff: Backoff,
    damage: DamageCount,
    still: Still,
    /// What is wrong with it.
    still_damage: Option<Damage>,
}

impl Camera {
    /// Asks again and again until it is stopped.
    fn receive(&mut self) {
        while !self.stop.is_set() {
            let trouble = self.connection();
            if self.stop.is_set() {
                break;
            }
            if self.line.tell(&trouble) && trouble.ends_pictures() {
                // The others are told as the node's state; this one may be over before anybody looks.
                tracing::info!("{trouble}");
            }
            self.client.begin_anew();
            let wait = match trouble.patience() {
                Patience::Long => Patience::LONG,
                Patience::Short => self.backoff.wait(),
            };
            self.stop.wait(wait);
        }
    }

    /// Takes in pictures until something is wrong.
    fn connection(&mut self) -> Trouble {
        let answered = self.client.ask(None).and_then(|answer| match answer.head.media() {
            Media::Pictures { boundary } => self.stream(answer, boundary.as_deref()),
            Media::Picture => self.poll(answer),
            Media::Page => Err(Trouble::WebPage { host: self.host() }),
            Media::Other(what) => Err(Trouble::NoPictures {
                host: self.host(),
                what,
            }),
        });
        match answered {
            Ok(()) => Trouble::Closed { host: self.host() },
            Err(trouble) => trouble,
        }
    }

    fn host(&self) -> String {
        self.client.host()
    }

    /// Takes in pictures that come one after another.
    fn stream(&mut self, mut answer: Answer, boundary: Option<&str>) -> Result<(), Trouble> {
        let host = self.host();
        let mut multipart = Multipart::new(boundary);
        let mut watch = SilenceWatch::new(Instant::now());
        let mut damage = None;
        let mut bytes = Vec::new();
        while !self.stop.is_set() {
            bytes.clear();
            if answer.read(&mut bytes, watch.deadline())? == Came::End {
                return Ok(());
            }
            multipart.push(&bytes, CaptureTime::now(CaptureClock::Packet));
            loop {
                let next = multipart.next().map_err(|why| Trouble::NotCut {
                    host: host.clone(),
                    why,
                })?;
                match next {
                    Next::Part(part) => match self.take(part.bytes, part.began) {
                        Ok(()) => {
                            watch.came(Instant::now());
                            damage = None;
                        }
                        Err(why) => damage = Some(why),
                    },
                    Next::More => break,
                    Next::End => return Ok(()),
                }
            }
            if watch.deadline() > Instant::now() {
                continue;
            }
            let silent = match damage {
                Some(why) => Trouble::Damaged {
                    host: host.clone(),
                    why,
                },
                None if watch.has_begun() => Trouble::Silent { host: host.clone() },
                None => Trouble::NothingCame { host: host.clone() },
            };
            match watch.verdict() {
                Verdict::Silent => drop(self.line.tell(&silent)),
                Verdict::Lost => return Err(silent),
            }
        }
        Ok(())
    }

    /// Asks for one picture after another, beginning with the one that is being answered.
    fn poll(&mut self, first: Answer) -> Result<(), Trouble> {
        let host = self.host();
        let mut answer = Some(first);
        let mut known: Option<String> = None;
        let mut due = Instant::now();
        while !self.stop.is_set() {
            let answered = match answer.take() {
                Some(first) => first,
                None => self.client.ask(known.as_deref())?,
            };
            let began = CaptureTime::now(CaptureClock::Packet);
            match answered.head.media() {
                _ if answered.head.status == 304 => self.client.keep(answered),
                Media::Picture => {
                    known = answered.head.field("etag").map(str::to_owned);
                    let picture = self.body(answered)?;
                    if self.still.is_new(&picture, Instant::now()) {
                        self.still_damage = self.take(picture, began).err();
                    }
                }
                // It has become something else.
                _ => return Ok(()),
            }
            let host = host.clone();
            match self.still_damage {
                Some(why) => drop(self.line.tell(&Trouble::Damaged { host, why })),
                None if self.still.has_frozen(Instant::now(), self.period) => {
                    self.line.tell(&Trouble::Unchanged { host });
                }
                None => self.line.well(),
            }
            // What was missed is not caught up with.
            due = (due + self.period).max(Instant::now());
            self.stop.wait(due.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    /// Reads all of a body, and keeps the connection where that can be.
    fn body(&mut self, mut answer: Answer) -> Result<Vec<u8>, Trouble> {
        let host = self.host();
        let until = Instant::now() + PICTURE;
        let mut picture = Vec::new();
        loop {
            match answer.read(&mut picture, until)? {
                Came::End => break,
                Came::Bytes(_) if picture.len() > MOST_PART => {
                    let limit_mb = MOST_PART / 1024 / 1024;
                    return Err(Trouble::LargePicture { host, limit_mb });
                }
                Came::Bytes(_) if Instant::now() < until => {}
                Came::Bytes(_) | Came::Nothing => return Err(Trouble::Silent { host }),
            }
        }
        self.client.keep(answer);
        Ok(picture)
    }

    /// Sends a picture on if it is whole; else counts it and says so.
    fn take(&mut self, mut bytes: Vec<u8>, captured: CaptureTime) -> Result<(), Damage> {
        match whole(&bytes) {
            Ok(length) => {
                bytes.truncate(length);
                self.backoff.succeeded();
                self.line.send(Picture { bytes, captured });
                Ok(())
            }
            Err(why) => {
                if let Some(told) = self.damage.add(why, Instant::now()) {
                    self.reporter.warn(&told);
                }
                Err(why)
            }
        }
    }
}
