//! A small server in the place of the robot: for simulation, demonstrations and tests.
//!
//! One thread holds all connections (`serving`), one takes new ones, each new one agrees on the protocol in a thread of its own. What is
//! known of topics and who reads them is in `hub`, without any network.

mod hub;
mod serving;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wake::Bell;
use crate::{TopicType, Value, local_us};
use hub::Hub;

/// A NetworkTables server. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    inner: Arc<Inner>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner {
    bell: Bell,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    hub: Hub,
    /// Connections that agreed and wait to be served.
    newcomers: Vec<serving::Socket>,
    /// How often all clients were to be sent away.
    sent_away: u64,
    ends: bool,
}

/// A topic as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Its type.
    pub topic_type: TopicType,
    /// Its properties.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// Its last value, with the time at which it was set, by this server's clock.
    pub value: Option<(Value, i64)>,
    /// How many values came.
    pub values: u64,
}

/// Something that a client set.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerUpdate {
    /// The topic.
    pub topic: String,
    /// Its type.
    pub topic_type: TopicType,
    /// The value.
    pub value: Value,
    /// When it was set, by this server's clock.
    pub server_us: i64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Listens at an address: TCP for tables, and UDP at the same port for PhotonLib's clock. Port 0: any free one.
    ///
    /// # Errors
    /// When the port is taken, or the system has no threads left.
    pub fn start(at: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let clock = UdpSocket::bind(address)?;
        clock.set_nonblocking(true)?;
        let inner = Arc::new(Inner {
            bell: Bell::new()?,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let works = inner.clone();
        let serve = move || serving::Serving::new(works, listener, clock).run();
        let thread = std::thread::Builder::new().name("nt-server".into()).spawn(serve)?;
        Ok(Self {
            inner,
            address,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Now, by its own clock.
    pub fn now_us(&self) -> i64 {
        local_us()
    }

    /// All topics.
    pub fn topics(&self) -> BTreeMap<String, Topic> {
        lock(&self.inner.state).hub.topics()
    }

    /// The last value of a topic.
    pub fn value(&self, topic: &str) -> Option<Value> {
        lock(&self.inner.state).hub.value(topic)
    }

    /// Sets a value, as robot code does.
    pub fn set(&self, topic: &str, topic_type: TopicType, value: Value) {
        lock(&self.inner.state).hub.set(topic, topic_type, value, local_us());
        self.inner.bell.ring();
    }

    /// Waits until a topic has a value as wanted, and returns it; `None`: not in time.
    pub fn wait_for(&self, topic: &str, timeout: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        self.wait_until(timeout, |state| state.hub.value(topic).filter(&wanted))
    }

    /// Takes what clients set since the last time, or waits for something, at most so long.
    pub fn updates(&self, timeout: Duration) -> Vec<ServerUpdate> {
        self.wait_until(timeout, |state| {
            let updates = state.hub.take_updates();
            (!updates.is_empty()).then_some(updates)
        })
        .unwrap_or_default()
    }

    /// The names of those that are connected, as they introduced themselves.
    pub fn clients(&self) -> Vec<String> {
        lock(&self.inner.state).hub.clients()
    }

    /// Cuts all connections, and forgets nothing.
    pub fn send_away(&self) {
        lock(&self.inner.state).sent_away += 1;
        self.inner.bell.ring();
    }

    fn wait_until<T>(&self, timeout: Duration, mut look: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let until = Instant::now() + timeout;
        let mut state = lock(&self.inner.state);
        loop {
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self
                .inner
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.inner.state).ends = true;
        self.inner.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
