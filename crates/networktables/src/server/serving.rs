//! The thread that holds all connections.

use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::StatusCode;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

use super::hub::Saying;
use super::{Inner, lock};
use crate::wire::{
    LONGEST_BYTES, PROTOCOLS, TIME_SYNC_ID, Timed, ToServer, decode, encode, from_text, time_reply, to_text,
};
use crate::{local_us, time_sync, wake};

/// How long a newcomer may take to agree.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// Newcomers that may be agreeing at once.
const MOST_CLIENTS: usize = 64;
/// Messages of one client that are taken in at one turn: the others have theirs.
const MOST_AT_ONCE: usize = 256;
/// The thread looks round at least this often.
const LOOK_ROUND: Duration = Duration::from_secs(1);
/// A client that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) type Socket = (WebSocket<TcpStream>, String);

pub(super) struct Serving {
    inner: Arc<Inner>,
    listener: TcpListener,
    clock: UdpSocket,
    clients: Vec<Connection>,
    /// Newcomers that have not agreed yet.
    agreeing: Arc<AtomicUsize>,
    sent_away: u64,
}

struct Connection {
    number: u64,
    socket: WebSocket<TcpStream>,
    heard: Instant,
    is_full: bool,
}

impl Serving {
    pub(super) fn new(inner: Arc<Inner>, listener: TcpListener, clock: UdpSocket) -> Self {
        Self {
            inner,
            listener,
            clock,
            clients: Vec::new(),
            agreeing: Arc::default(),
            sent_away: 0,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            if self.wait().is_err() {
                // The system has no memory left to wait with: there is no event that could be waited for instead.
                std::thread::sleep(Duration::from_millis(100));
            }
            self.inner.bell.clear();
            self.tell_time();
            self.take_connections();
            let mut state = lock(&self.inner.state);
            if state.ends {
                return;
            }
            let sends_away = std::mem::replace(&mut self.sent_away, state.sent_away) != state.sent_away;
            for (socket, identity) in std::mem::take(&mut state.newcomers) {
                let number = state.hub.join(&identity);
                self.clients.push(Connection {
                    number,
                    socket,
                    heard: Instant::now(),
                    is_full: false,
                });
            }
            drop(state);
            let mut gone = Vec::new();
            for connection in &mut self.clients {
                let is_too_slow = lock(&self.inner.state).hub.is_too_slow(connection.number);
                let is_silent = connection.heard.elapsed() > SILENCE;
                if sends_away || is_too_slow || is_silent || connection.serve(&self.inner).is_err() {
                    gone.push(connection.number);
                }
            }
            self.clients.retain(|connection| !gone.contains(&connection.number));
            let mut state = lock(&self.inner.state);
            for client in gone {
                state.hub.leave(client);
            }
            drop(state);
            // What one said is for the others.
            for connection in &mut self.clients {
                // One that cannot be written to is found gone at the next turn.
                let _ = connection.say(&self.inner);
            }
            self.inner.changed.notify_all();
        }
    }

    fn wait(&self) -> io::Result<()> {
        let mut fds = vec![
            PollFd::new(&self.listener, PollFlags::IN),
            PollFd::new(&self.clock, PollFlags::IN),
            PollFd::new(&self.inner.bell, PollFlags::IN),
        ];
        fds.extend(self.clients.iter().map(|connection| {
            let full = if connection.is_full {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            PollFd::new(connection.socket.get_ref(), PollFlags::IN | full)
        }));
        wake::wait(&mut fds, LOOK_ROUND)
    }

    fn tell_time(&self) {
        let mut question = [0; 64];
        for _ in 0..MOST_AT_ONCE {
            let Ok((length, from)) = self.clock.recv_from(&mut question) else {
                return;
            };
            if let Some(answer) = time_sync::answer(&question[..length], local_us()) {
                // A clock that is not told is asked for again.
                let _ = self.clock.send_to(&answer, from);
            }
        }
    }

    /// Each newcomer agrees in a thread of its own, so that one that says nothing holds up nobody.
    fn take_connections(&self) {
        while let Ok((stream, from)) = self.listener.accept() {
            if self.clients.len() + self.agreeing.load(Ordering::SeqCst) >= MOST_CLIENTS {
                tracing::debug!("{from} is one client too many");
                continue;
            }
            let (inner, agreeing) = (self.inner.clone(), self.agreeing.clone());
            agreeing.fetch_add(1, Ordering::SeqCst);
            let agree = move || {
                match agree(stream) {
                    Ok(socket) => lock(&inner.state).newcomers.push(socket),
                    Err(error) => tracing::debug!("{from} did not agree: {error}"),
                }
                agreeing.fetch_sub(1, Ordering::SeqCst);
                inner.bell.ring();
            };
            // Without a thread it is turned away.
            if std::thread::Builder::new()
                .name("nt-newcomer".into())
                .spawn(agree)
                .is_err()
            {
                self.agreeing.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

fn agree(stream: TcpStream) -> io::Result<Socket> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HANDSHAKE))?;
    stream.set_write_timeout(Some(HANDSHAKE))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_BYTES))
        .max_frame_size(Some(LONGEST_BYTES));
    let mut identity = String::new();
    #[allow(clippy::result_large_err)] // the handshake's own type
    let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let asked: Vec<&str> = request
            .headers()
            .get_all("Sec-WebSocket-Protocol")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let best = PROTOCOLS.into_iter().find(|protocol| asked.contains(protocol));
        let refused = |status| {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = status;
            response
        };
        let Some(best) = best else {
            return Err(refused(StatusCode::BAD_REQUEST));
        };
        let Some(name) = request.uri().path().strip_prefix("/nt/") else {
            return Err(refused(StatusCode::NOT_FOUND));
        };
        identity = decoded(name).chars().take(64).collect();
        let best = best.parse().map_err(|_| refused(StatusCode::INTERNAL_SERVER_ERROR))?;
        response.headers_mut().insert("Sec-WebSocket-Protocol", best);
        Ok(response)
    };
    let socket = tungstenite::accept_hdr_with_config(stream, choose, Some(config))
        .map_err(|error| io::Error::other(error.to_string()))?;
    socket.get_ref().set_nonblocking(true)?;
    Ok((socket, identity))
}

/// A part of a path as the name that it was.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = behind
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        (rest, _) = match (first, hex) {
            (b'%', Some(byte)) => (&behind[2..], bytes.push(byte)),
            _ => (behind, bytes.push(*first)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Connection {
    /// Takes in all that came and answers it.
    fn serve(&mut self, inner: &Inner) -> io::Result<()> {
        for _ in 0..MOST_AT_ONCE {
            match self.socket.read() {
                Ok(message) => {
                    self.heard = Instant::now();
                    self.came(inner, message)?;
                }
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.say(inner);
                }
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        // There may be more, which the socket need not tell of again.
        inner.bell.ring();
        self.say(inner)
    }

    fn came(&mut self, inner: &Inner, message: Message) -> io::Result<()> {
        match message {
            Message::Text(text) => {
                let (messages, _) = from_text::<ToServer>(&text).map_err(io::Error::other)?;
                let mut state = lock(&inner.state);
                for message in messages {
                    state.hub.ruled(self.number, message);
                }
            }
            Message::Binary(frame) => {
                for timed in decode(&frame).map_err(io::Error::other)? {
                    if timed.id == TIME_SYNC_ID {
                        self.write(Message::Binary(time_reply(local_us(), timed.value).into()))?;
                    } else {
                        lock(&inner.state).hub.came(self.number, timed);
                    }
                }
            }
            Message::Close(_) => return Err(io::ErrorKind::ConnectionReset.into()),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        Ok(())
    }

    /// Says what the hub has for it, rules and values in their order.
    fn say(&mut self, inner: &Inner) -> io::Result<()> {
        if self.is_full {
            self.done(WebSocket::flush)?;
            if self.is_full {
                // What waits for it stays where it is counted.
                return Ok(());
            }
        }
        let sayings = lock(&inner.state).hub.take_sayings(self.number);
        let (mut rules, mut values) = (Vec::new(), Vec::new());
        for saying in sayings {
            match saying {
                Saying::Rule(rule) => {
                    self.write_values(&mut values)?;
                    rules.push(rule);
                }
                Saying::Value(Timed { id, server_us, value }) => {
                    if !rules.is_empty() {
                        self.write(Message::text(to_text(&std::mem::take(&mut rules))))?;
                    }
                    encode(&mut values, id, server_us, &value);
                }
            }
        }
        if !rules.is_empty() {
            self.write(Message::text(to_text(&rules)))?;
        }
        self.write_values(&mut values)?;
        self.done(WebSocket::flush)
    }

    fn write_values(&mut self, values: &mut Vec<u8>) -> io::Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        self.write(Message::Binary(std::mem::take(values).into()))
    }

    fn write(&mut self, message: Message) -> io::Result<()> {
        self.done(|socket| socket.write(message))
    }

    /// What the network does not take now stays in the socket's own memory.
    fn done(&mut self, act: impl FnOnce(&mut WebSocket<TcpStream>) -> tungstenite::Result<()>) -> io::Result<()> {
        match act(&mut self.socket) {
            Ok(()) => {
                self.is_full = false;
                Ok(())
            }
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_full = true;
                Ok(())
            }
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }
}
