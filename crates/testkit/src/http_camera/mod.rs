//! A camera over HTTP that gives pictures, one after another or one at a time, and misbehaves as it is told.
//!
//! Loopback, a free port. The pictures are those that it is given: this knows nothing of JPEG.

mod auth;
mod serve;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use auth::{Hash, Login, Scheme};

/// What the camera does; may be changed while it runs.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// How it answers.
    pub gives: Gives,
    /// Its pictures, again and again.
    pub pictures: Vec<Vec<u8>>,
    /// Time between two pictures.
    pub frame_time: Duration,
    /// Who may look; absent: everybody.
    pub login: Option<Login>,
}

/// How a camera answers.
#[derive(Debug, Clone)]
pub enum Gives {
    /// Pictures one after another.
    Stream(Stream),
    /// One picture, the next at each time that it is asked.
    Picture {
        /// Whether it is named (`ETag`), so that it can be asked for only if it is another.
        has_name: bool,
        /// Whether the connection is kept for the next question.
        is_kept: bool,
    },
    /// A status and nothing else.
    Status(u16),
    /// It sends on to another address.
    Moved(String),
    /// These bytes, with an answer's head before them or without, again and again where it is endless.
    Bytes {
        /// What is sent.
        bytes: Vec<u8>,
        /// Whether it is sent again and again.
        is_endless: bool,
    },
    /// It takes the connection and says nothing.
    Nothing,
}

/// How pictures come one after another.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The boundary as the answer's head tells it.
    pub told: String,
    /// The line between pictures as it is.
    pub line: String,
    /// What each picture says of its length.
    pub length: Length,
    /// Whether the body comes in chunks.
    pub is_chunked: bool,
    /// After how many pictures what happens.
    pub then: Option<(u64, Then)>,
}

/// What a picture says of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// The right one.
    Right,
    /// None.
    Absent,
    /// One that is too long by so many bytes, or too short.
    Wrong(i64),
}

/// What happens in the middle of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection ends.
    Close,
    /// Nothing comes any more, and the connection stays.
    Freeze,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            told: "frame".into(),
            line: "--frame".into(),
            length: Length::Right,
            is_chunked: false,
            then: None,
        }
    }
}

impl Conduct {
    /// A camera that sends these pictures, 25 a second.
    pub fn stream(pictures: Vec<Vec<u8>>, stream: Stream) -> Self {
        Self {
            gives: Gives::Stream(stream),
            pictures,
            frame_time: Duration::from_millis(40),
            login: None,
        }
    }
}

/// A running camera; dropping it ends it, and every connection with it: then the port refuses.
#[derive(Debug)]
pub struct HttpCamera {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    ends: AtomicBool,
}

#[derive(Debug)]
struct State {
    conduct: Conduct,
    /// The first line of each request, and whether it was let in.
    requests: Vec<(String, bool)>,
    connections: Vec<TcpStream>,
    /// Pictures that were sent one at a time.
    asked: usize,
    /// The number that a digest login must hold; the next is made when it is told to be too old.
    nonce: u64,
}

impl HttpCamera {
    /// Starts on a free port.
    ///
    /// # Errors
    /// When nothing can listen.
    pub fn start(conduct: Conduct) -> io::Result<Self> {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), conduct)
    }

    /// Starts at an address, as that of one that has ended.
    ///
    /// # Errors
    /// When nothing can listen there.
    pub fn at(address: SocketAddr, conduct: Conduct) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                conduct,
                requests: Vec::new(),
                connections: Vec::new(),
                asked: 0,
                nonce: 1,
            }),
            changed: Condvar::new(),
            ends: AtomicBool::new(false),
        });
        let there = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("http-camera".into())
            .spawn(move || accept(&listener, &there))?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its pictures.
    pub fn url(&self) -> String {
        format!("http://{}/video.mjpg?channel=1", self.address)
    }

    /// Does something else from now on; connections that are open end.
    pub fn behave(&self, conduct: Conduct) {
        let mut state = self.shared.lock();
        state.conduct = conduct;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Takes no login any more that holds the number of before.
    pub fn forget_logins(&self) {
        self.shared.lock().nonce += 1;
    }

    /// The first line of every request so far, and whether it was let in.
    pub fn requests(&self) -> Vec<(String, bool)> {
        self.shared.lock().requests.clone()
    }

    /// Waits until there are so many requests, and returns all; also when they do not come in time.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<(String, bool)> {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.lock();
        while state.requests.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.requests.clone()
    }
}

impl Drop for HttpCamera {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        for connection in &self.shared.lock().connections {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the thread from its wait for the next connection.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.ends.load(Ordering::SeqCst) {
            break;
        }
        let Ok(connection) = connection else { continue };
        if let Ok(other) = connection.try_clone() {
            shared.lock().connections.push(other);
        }
        let shared = Arc::clone(shared);
        let serve = move || drop(serve::serve(connection, &shared));
        let _ = std::thread::Builder::new()
            .name("http-camera-viewer".into())
            .spawn(serve);
    }
}
