//! The connection that Home Assistant's entities live on: a thread of its own, which comes back by itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_node::alerts::{self, Muted};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{NodeError, Stop};
use rumqttc::{Client, Connection, Event, LastWill, Outgoing, Packet, QoS, RecvTimeoutError};

use super::discovery::{Message, Topics};
use super::home::Home;
use super::{in_words, options};
use crate::alert::rules::Now;
use crate::alert::seen::Seen;
use crate::alert::settings::Mqtt;

/// Messages that may wait for the connection; a broker that comes back is told everything anew.
const MOST_WAITING: usize = 4096;
/// How long the thread waits for the broker at a time. A wait that ends takes an attempt to connect with it.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long the broker is left alone after a failure: doubles from the first to the last.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];
/// For the last words.
const GOODBYE: Duration = Duration::from_secs(1);

/// The connection to the broker.
pub(crate) struct Link {
    home: Arc<Mutex<Home>>,
    client: Client,
    is_up: Arc<AtomicBool>,
    folder: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts to connect.
    ///
    /// - `folder`: where alerts are muted.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(
        broker: &Mqtt,
        instance: &str,
        alerts: impl IntoIterator<Item = String>,
        folder: &Path,
        stop: &Stop,
        reporter: &Reporter,
    ) -> Result<Self, NodeError> {
        let topics = Topics {
            prefix: broker.prefix.clone(),
            discovery: broker.discovery().map(str::to_owned),
            instance: instance.to_owned(),
        };
        let wrong = || NodeError::new("the broker's address cannot be read").for_good();
        let mut options = options(broker, &format!("bushbaby-{instance}")).ok_or_else(wrong)?;
        options.set_last_will(LastWill::new(topics.available(), "offline", QoS::AtLeastOnce, true));
        let (client, connection) = Client::new(options, MOST_WAITING);
        let home = Arc::new(Mutex::new(Home::new(topics, alerts)));
        let is_up = Arc::new(AtomicBool::new(false));
        let serving = Serving {
            home: Arc::clone(&home),
            client: client.clone(),
            is_up: Arc::clone(&is_up),
            folder: folder.to_owned(),
            stop: stop.clone(),
            reporter: reporter.clone(),
        };
        let (last_words, there) = (client.clone(), Arc::clone(&home));
        stop.on_set(move || {
            publish(&last_words, vec![lock(&there).goodbye()]);
            let _ = last_words.try_disconnect();
        });
        let thread = std::thread::Builder::new()
            .name("mqtt".into())
            .spawn(move || serving.run(connection))
            .map_err(|error| NodeError::new(format!("a thread cannot be started: {error}")))?;
        Ok(Self {
            home,
            client,
            is_up,
            folder: folder.to_owned(),
            thread: Some(thread),
        })
    }

    /// Tells what came on a stream.
    pub(crate) fn see(&self, seen: &Seen, now: Now) {
        let messages = lock(&self.home).see(seen, now);
        self.send(messages);
    }

    /// Tells what time alone changes, and who was muted.
    pub(crate) fn look<'a>(&self, alerts: impl Iterator<Item = &'a String>, now: Now) {
        let mut home = lock(&self.home);
        let mut messages = home.tick(now);
        for alert in alerts {
            let muted = alerts::muted(&self.folder, alert, now.wall).is_some();
            messages.extend(home.muted(alert, muted));
        }
        drop(home);
        self.send(messages);
    }

    /// Whether the thread has ended though nobody asked it to.
    pub(crate) fn has_fallen(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// While there is no connection nothing is kept: whoever comes back is told everything.
    fn send(&self, messages: Vec<Message>) {
        if self.is_up.load(Ordering::SeqCst) {
            publish(&self.client, messages);
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// Leaves time for the last words, which the stop had said.
impl Drop for Link {
    fn drop(&mut self) {
        let deadline = Instant::now() + GOODBYE;
        while self.is_up.load(Ordering::SeqCst) && !self.has_fallen() && Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

struct Serving {
    home: Arc<Mutex<Home>>,
    client: Client,
    is_up: Arc<AtomicBool>,
    folder: PathBuf,
    stop: Stop,
    reporter: Reporter,
}

impl Serving {
    fn run(self, mut connection: Connection) {
        let mut retry = RETRY[0];
        // The stop says goodbye; that is still to be sent.
        while !self.stop.is_set() || self.is_up.load(Ordering::SeqCst) {
            match connection.recv_timeout(LOOK_EVERY) {
                Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                    retry = RETRY[0];
                    self.tell_everything();
                    tracing::info!("connected to the MQTT broker");
                }
                Ok(Ok(Event::Incoming(Packet::Publish(message)))) => self.heard(&message.topic, &message.payload),
                Ok(Ok(Event::Outgoing(Outgoing::Disconnect))) => break,
                Ok(Ok(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => {
                    self.is_up.store(false, Ordering::SeqCst);
                    self.reporter
                        .warn(&format!("mqtt: {}; it is tried again", in_words(&error)));
                    self.stop.wait(retry);
                    retry = (2 * retry).min(RETRY[1]);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.is_up.store(false, Ordering::SeqCst);
    }

    /// Subscribes, and brings the broker's knowledge up to date.
    fn tell_everything(&self) {
        let home = lock(&self.home);
        let topics = home.topics();
        let mut wanted = vec![topics.switches()];
        // Home Assistant says so when it starts.
        wanted.extend(topics.discovery.as_ref().map(|discovery| format!("{discovery}/status")));
        for topic in wanted {
            let _ = self.client.try_subscribe(topic, QoS::AtLeastOnce);
        }
        self.is_up.store(true, Ordering::SeqCst);
        publish(&self.client, home.everything());
    }

    fn heard(&self, topic: &str, payload: &[u8]) {
        let home = lock(&self.home);
        let status = home
            .topics()
            .discovery
            .as_ref()
            .map(|discovery| format!("{discovery}/status"));
        if status.as_deref() == Some(topic) {
            if payload == b"online" {
                publish(&self.client, home.everything());
            }
            return;
        }
        let Some((alert, muted)) = home.switched(topic, payload) else {
            return;
        };
        drop(home);
        let done = match muted {
            true => alerts::mute(&self.folder, &alert, Muted::Forever),
            false => alerts::unmute(&self.folder, &alert),
        };
        match done {
            Ok(()) => {
                let told = lock(&self.home).muted(&alert, muted);
                publish(&self.client, told.into_iter().collect());
            }
            Err(error) => self.reporter.warn(&format!("alert `{alert}` cannot be muted: {error}")),
        }
    }
}

fn publish(client: &Client, messages: Vec<Message>) {
    for Message { topic, payload, retain } in messages {
        // A queue that is full belongs to a connection that is about to fail, and then everything is told anew.
        let _ = client.try_publish(topic, QoS::AtLeastOnce, retain, payload);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
