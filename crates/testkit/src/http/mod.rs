//! An HTTP server that takes requests and fails as it is told: a receiver of webhooks.
//!
//! Loopback, a free port, HTTP/1.1, one request a connection.

mod request;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use request::Request;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It is read and answered with this status.
    Answer(u16),
    /// It is read and never answered.
    Hang,
    /// It is read, and the connection ends without an answer.
    Close,
    /// It is read and answered with bytes that are no HTTP.
    Garbage,
    /// It is read and answered with 200, one byte at a time with this pause.
    Slow(Duration),
    /// The connection ends before anything is read.
    Refuse,
}

/// A running server; dropping it ends it, and every connection with it: then the port refuses.
#[derive(Debug)]
pub struct Receiver {
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
    /// For the next requests, then `always`.
    script: VecDeque<Behaviour>,
    always: Behaviour,
    requests: Vec<Request>,
    connections: Vec<TcpStream>,
}

impl Receiver {
    /// Starts on a free port; every request is answered with 200.
    ///
    /// # Errors
    /// When nothing can listen.
    pub fn start() -> io::Result<Self> {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts at an address, as that of one that has ended.
    ///
    /// # Errors
    /// When nothing can listen there.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                script: VecDeque::new(),
                always: Behaviour::Answer(200),
                requests: Vec::new(),
                connections: Vec::new(),
            }),
            changed: Condvar::new(),
            ends: AtomicBool::new(false),
        });
        let there = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("http-receiver".into())
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

    /// An address of its own.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What happens to all requests from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        let mut state = self.shared.lock();
        state.script.clear();
        state.always = behaviour;
    }

    /// What happens to the next requests, one after another.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.shared.lock().script.extend(behaviours);
    }

    /// Every request so far, with how it was treated.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// Waits until there are so many requests, and returns all; also when they do not come in time.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Request> {
        self.wait_until(timeout, |requests| requests.len() >= count)
    }

    /// Waits until so many requests were answered with a good status, and returns those; also when they do not come in time.
    pub fn wait_for_good(&self, count: usize, timeout: Duration) -> Vec<Request> {
        let good = |requests: &[Request]| requests.iter().filter(|request| request.is_good()).count();
        let mut all = self.wait_until(timeout, |requests| good(requests) >= count);
        all.retain(Request::is_good);
        all
    }

    fn wait_until(&self, timeout: Duration, enough: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.lock();
        while !enough(&state.requests) {
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

impl Drop for Receiver {
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
        let serve = move || drop(serve(connection, &shared));
        let _ = std::thread::Builder::new().name("http-connection".into()).spawn(serve);
    }
}

fn serve(mut connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let behaviour = {
        let mut state = shared.lock();
        let next = state.script.pop_front();
        next.unwrap_or(state.always)
    };
    if behaviour == Behaviour::Refuse {
        return connection.shutdown(Shutdown::Both);
    }
    let mut request = Request::read(&mut connection)?;
    request.treated = Some(behaviour);
    shared.lock().requests.push(request);
    shared.changed.notify_all();
    match behaviour {
        Behaviour::Answer(status) => connection.write_all(answer(status).as_bytes())?,
        Behaviour::Hang => {
            // Until the other side goes, or this server ends.
            let _ = io::copy(&mut connection, &mut io::sink());
        }
        Behaviour::Garbage => connection.write_all(b"\x00\xff\x13 220 hello\r\n\r\n\x80")?,
        Behaviour::Slow(pause) => {
            for byte in answer(200).bytes() {
                connection.write_all(&[byte])?;
                std::thread::sleep(pause);
            }
        }
        Behaviour::Close | Behaviour::Refuse => {}
    }
    connection.shutdown(Shutdown::Both)
}

fn answer(status: u16) -> String {
    format!("HTTP/1.1 {status} As told\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
}
