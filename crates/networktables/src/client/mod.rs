//! A client that never blocks who uses it.
//!
//! [`Client`] keeps in `shelf` what is published and what is subscribed; a thread (`session`) carries it to the server, again and again:
//! ```text
//! Publisher::set → shelf (retained value, queue) → bell → session → server
//! server → session → Subscription (queue) → its bell
//! ```

mod race;
mod session;
mod shelf;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fd::{AsFd, BorrowedFd};
use serde_json::{Map, Value as Json};

use crate::wake::{self, Bell};
use crate::{Address, SubscribeOptions, TopicType, Value};
use shelf::Shelf;

/// Updates that may wait for a subscriber; the oldest go first.
const MOST_UPDATES: usize = 1024;
/// How long the end of the thread is waited for: a name that is still being looked up is not worth more.
const GOODBYE: Duration = Duration::from_millis(500);

/// How a client introduces itself, and what it may cost.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name at the server, as dashboards list it.
    pub identity: String,
    /// Whether it also asks for the robot's clock as PhotonLib tells it, on UDP at the server's port.
    pub time_sync: bool,
}

/// A connection to a NetworkTables server that is made again for as long as it lives. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
    _ends: Arc<Ends>,
}

#[derive(Debug)]
struct Inner {
    bell: Bell,
    shelf: Mutex<Shelf>,
}

/// Ends the thread with the last clone.
#[derive(Debug)]
struct Ends {
    inner: Arc<Inner>,
    ended: Mutex<Option<(JoinHandle<()>, std::sync::mpsc::Receiver<()>)>>,
}

/// How it goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientStatus {
    /// The server, while it is connected.
    pub server: Option<SocketAddr>,
    /// The address of this machine as that server sees it.
    pub own: Option<SocketAddr>,
    /// Since when, local.
    pub since_us: Option<i64>,
    /// The subprotocol that was agreed on.
    pub protocol: Option<String>,
    /// Server time = local time + this.
    pub offset_us: Option<i64>,
    /// Why it is not connected, or why it was not the last time.
    pub error: Option<String>,
    /// What was wrong with the last message that could not be understood.
    pub damage: Option<String>,
    /// What was counted since it began.
    pub counts: Counts,
    /// The robot's clock as PhotonLib tells it, once it answered.
    pub time_sync: Option<TimeSyncStatus>,
}

/// What a client counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values that went out.
    pub sent: u64,
    /// Values that did not because newer ones came first: the network was too slow.
    pub dropped: u64,
    /// Values that were refused here: NaN, infinite, or of another type than their topic.
    pub refused: u64,
    /// Values that came in.
    pub received: u64,
    /// Messages that could not be understood, or said what cannot be: see [`ClientStatus::damage`].
    pub damaged: u64,
    /// Values that came and were not taken by their subscriber in time.
    pub missed: u64,
    /// Connections that were made.
    pub connections: u64,
}

/// The clock of PhotonLib.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSyncStatus {
    /// Robot time = local time + this.
    pub offset_us: i64,
    /// How long the last question and its answer took together.
    pub round_trip_us: i64,
    /// When the last answer came, local.
    pub last_pong_us: i64,
    /// Questions sent.
    pub pings: u64,
    /// Answers that came.
    pub pongs: u64,
}

/// One topic that is published.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: Client,
    number: usize,
}

/// Topics that are read.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    number: usize,
    mailbox: Arc<Mailbox>,
}

/// A value that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The topic.
    pub topic: String,
    /// Its type as it was announced.
    pub topic_type: TopicType,
    /// The value.
    pub value: Value,
    /// When it was set, by the server's clock.
    pub server_us: i64,
}

#[derive(Debug)]
struct Mailbox {
    bell: Bell,
    updates: Mutex<VecDeque<Update>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// Starts to connect to a server, which need not be there yet.
    ///
    /// # Errors
    /// When the system has no thread or no descriptors left.
    pub fn start(address: Address, options: Options) -> io::Result<Self> {
        let inner = Arc::new(Inner {
            bell: Bell::new()?,
            shelf: Mutex::default(),
        });
        let (ends, ended) = std::sync::mpsc::channel();
        let works = inner.clone();
        let work = move || {
            let _ends = ends;
            session::run(&works, &address, &options);
        };
        let thread = std::thread::Builder::new().name("networktables".into()).spawn(work)?;
        Ok(Self {
            inner: inner.clone(),
            _ends: Arc::new(Ends {
                inner,
                ended: Mutex::new(Some((thread, ended))),
            }),
        })
    }

    /// Publishes a topic. It is told to the server now or with the next connection, and again after each.
    ///
    /// - `every`: whether all values are to arrive. Else only the newest one matters.
    pub fn publish(&self, name: &str, topic_type: TopicType, properties: Map<String, Json>, every: bool) -> Publisher {
        let number = lock(&self.inner.shelf).publish(name, topic_type, properties, every);
        self.inner.bell.ring();
        Publisher {
            client: self.clone(),
            number,
        }
    }

    /// Subscribes to topics: exactly these, or all whose names begin so ([`SubscribeOptions::prefix`]).
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn subscribe(&self, topics: &[&str], options: SubscribeOptions) -> io::Result<Subscription> {
        let mailbox = Arc::new(Mailbox {
            bell: Bell::new()?,
            updates: Mutex::default(),
        });
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let number = lock(&self.inner.shelf).subscribe(topics, options, mailbox.clone());
        self.inner.bell.ring();
        Ok(Subscription {
            client: self.clone(),
            number,
            mailbox,
        })
    }

    /// How it goes.
    pub fn status(&self) -> ClientStatus {
        lock(&self.inner.shelf).status.clone()
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        lock(&self.inner.shelf).ends = true;
        self.inner.bell.ring();
        if let Some((thread, ended)) = lock(&self.ended).take()
            && ended.recv_timeout(GOODBYE) == Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
        {
            let _ = thread.join();
        }
    }
}

impl Publisher {
    /// Sets its value, now. Returns false when it was refused: not a number, or of another type than the topic.
    pub fn set(&self, value: Value) -> bool {
        self.set_at(value, crate::local_us())
    }

    /// Sets its value as of a local time.
    pub fn set_at(&self, value: Value, local_us: i64) -> bool {
        let took = lock(&self.client.inner.shelf).set(self.number, value, local_us);
        if took {
            self.client.inner.bell.ring();
        }
        took
    }

    /// Ends the topic: nobody publishes it here any more.
    pub fn end(self) {
        lock(&self.client.inner.shelf).unpublish(self.number);
        self.client.inner.bell.ring();
    }
}

impl Subscription {
    /// Takes the oldest update that waits.
    pub fn try_recv(&self) -> Option<Update> {
        let mut updates = lock(&self.mailbox.updates);
        let update = updates.pop_front();
        if updates.is_empty() {
            self.mailbox.bell.clear();
        }
        update
    }

    /// Waits for the next update, at most so long.
    pub fn recv(&self, timeout: Duration) -> Option<Update> {
        let until = Instant::now() + timeout;
        loop {
            if let Some(update) = self.try_recv() {
                return Some(update);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            wake::wait(&mut [PollFd::new(&self.mailbox.bell, PollFlags::IN)], left).ok()?;
        }
    }
}

/// Readable while updates wait.
impl AsFd for Subscription {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.mailbox.bell.as_fd()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        lock(&self.client.inner.shelf).unsubscribe(self.number);
        self.client.inner.bell.ring();
    }
}

impl Mailbox {
    /// Returns whether an older update had to go for it.
    fn put(&self, update: Update) -> bool {
        let mut updates = lock(&self.updates);
        let is_full = updates.len() == MOST_UPDATES;
        if is_full {
            updates.pop_front();
        }
        updates.push_back(update);
        self.bell.ring();
        is_full
    }
}
