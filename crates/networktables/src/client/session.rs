//! The thread: connects, tells everything, carries values, and begins again when the server is gone.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Bytes, HandshakeError, Message, WebSocket};

use super::race::Race;
use super::shelf::Outgoing;
use super::{Inner, Options, Update, lock};
use crate::clock::ClockOffset;
use crate::time_sync::TimeSync;
use crate::wire::{
    LONGEST_BYTES, PROTOCOLS, TIME_SYNC_ID, Timed, ToClient, ToServer, decode, encode, from_text, time_request, to_text,
};
use crate::{Address, TopicType, Value, local_us, wake};

/// How long a server may take to agree, and then to tell its clock.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// Between two rounds over all addresses.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(200);
/// How often the server is asked for a sign of life, and after which silence it counts as gone.
const PING_EVERY: Duration = Duration::from_millis(200);
const SILENCE: Duration = Duration::from_secs(1);
/// How often the clocks are compared.
const SYNC_EVERY: Duration = Duration::from_secs(3);
/// Values go out together in frames of about this size.
const FRAME_BYTES: usize = 32 << 10;
/// Messages that are taken in at one turn: one who talks without end does not keep us from talking.
const MOST_AT_ONCE: usize = 256;

/// Works until the client ends.
pub(super) fn run(inner: &Inner, address: &Address, options: &Options) {
    let race = Race::new(address);
    while !lock(&inner.shelf).ends {
        let error = one_round(inner, &race, options);
        let mut shelf = lock(&inner.shelf);
        if shelf.ends {
            return;
        }
        shelf.disconnected(error);
        drop(shelf);
        // A bell that rings for values must not make it hurry: nobody is there to take them.
        let until = Instant::now() + BETWEEN_ROUNDS;
        while !lock(&inner.shelf).ends {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || wake::wait(&mut [PollFd::new(&inner.bell, PollFlags::IN)], left).is_err() {
                break;
            }
            inner.bell.clear();
        }
    }
}

/// Connects and works; returns why it is not connected any more, or was not at all.
fn one_round(inner: &Inner, race: &Race, options: &Options) -> String {
    let (at, stream) = match race.run() {
        Ok(open) => open,
        Err(why) => return why,
    };
    let agreed = agree(at, stream, &options.identity)
        .and_then(|(socket, protocol)| Session::new(inner, socket, at, protocol, options.time_sync));
    match agreed {
        Ok(mut session) => match session.work() {
            Ok(()) => "the client ends".to_owned(),
            Err(error) => format!("the connection to {at} ended: {error}"),
        },
        Err(error) => format!("{at}: {error}"),
    }
}

type Socket = WebSocket<TcpStream>;

/// Agrees on the protocol.
fn agree(at: SocketAddr, stream: TcpStream, identity: &str) -> io::Result<(Socket, String)> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HANDSHAKE))?;
    stream.set_write_timeout(Some(HANDSHAKE))?;
    let failed = |error: tungstenite::Error| io::Error::other(error.to_string());
    let mut request = format!("ws://{at}/nt/{}", encoded(identity))
        .into_client_request()
        .map_err(failed)?;
    let protocols = PROTOCOLS.join(", ").parse().map_err(io::Error::other)?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocols);
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_BYTES))
        .max_frame_size(Some(LONGEST_BYTES));
    let (socket, response) =
        tungstenite::client::client_with_config(request, stream, Some(config)).map_err(|error| match error {
            HandshakeError::Failure(error) => failed(error),
            HandshakeError::Interrupted(_) => io::Error::new(io::ErrorKind::TimedOut, "it does not answer as a server"),
        })?;
    let agreed = response.headers().get("Sec-WebSocket-Protocol");
    let protocol = agreed
        .and_then(|name| name.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if !PROTOCOLS.contains(&protocol.as_str()) {
        let message = format!("it speaks `{protocol}`, wanted NetworkTables 4");
        return Err(io::Error::other(message));
    }
    socket.get_ref().set_nonblocking(true)?;
    Ok((socket, protocol))
}

/// A name as a part of a path.
fn encoded(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'@' => path.push(char::from(byte)),
            other => path += &format!("%{other:02X}"),
        }
    }
    path
}

/// One connection.
struct Session<'a> {
    inner: &'a Inner,
    socket: Socket,
    at: SocketAddr,
    protocol: String,
    /// Topics of the server by their numbers.
    announced: std::collections::HashMap<i64, (String, TopicType)>,
    clock: ClockOffset,
    /// When it was asked for its time last.
    asked: Option<Instant>,
    began: Instant,
    /// It was told everything.
    is_open: bool,
    time_sync: Option<TimeSync>,
    heard: Instant,
    pinged: Instant,
    /// Written, but not taken by the network yet.
    is_full: bool,
    /// There may be more to take in.
    has_more: bool,
}

impl<'a> Session<'a> {
    fn new(inner: &'a Inner, socket: Socket, at: SocketAddr, protocol: String, time_sync: bool) -> io::Result<Self> {
        Ok(Self {
            inner,
            socket,
            at,
            protocol,
            announced: std::collections::HashMap::new(),
            clock: ClockOffset::default(),
            asked: None,
            began: Instant::now(),
            is_open: false,
            time_sync: time_sync.then(|| TimeSync::new(at)).transpose()?,
            heard: Instant::now(),
            pinged: Instant::now(),
            is_full: false,
            has_more: false,
        })
    }

    /// Carries messages until the client ends or the connection does.
    fn work(&mut self) -> io::Result<()> {
        loop {
            if lock(&self.inner.shelf).ends {
                let _ = self.socket.close(None);
                let _ = self.socket.flush();
                return Ok(());
            }
            self.keep_alive()?;
            self.compare_clocks()?;
            if self.is_open && !self.is_full {
                self.tell_news()?;
            }
            self.flush()?;
            if !self.has_more {
                self.wait()?;
            }
            self.inner.bell.clear();
            self.has_more = self.read()?;
            self.hear_time_sync();
        }
    }

    fn wait(&self) -> io::Result<()> {
        let now = Instant::now();
        let mut until = self.pinged + PING_EVERY;
        if let Some(time_sync) = &self.time_sync {
            until = until.min(time_sync.next_ping());
        }
        let socket = if self.is_full {
            PollFlags::IN | PollFlags::OUT
        } else {
            PollFlags::IN
        };
        let mut fds = vec![
            PollFd::new(self.socket.get_ref(), socket),
            PollFd::new(&self.inner.bell, PollFlags::IN),
        ];
        if let Some(time_sync) = &self.time_sync {
            fds.push(PollFd::new(time_sync.socket(), PollFlags::IN));
        }
        wake::wait(&mut fds, until.saturating_duration_since(now))
    }

    fn keep_alive(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if now.duration_since(self.heard) > SILENCE {
            let silent = format!("it was silent for {} s", SILENCE.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, silent));
        }
        if !self.is_open && now.duration_since(self.began) > HANDSHAKE {
            let timeless = "it speaks NetworkTables and never tells its time";
            return Err(io::Error::new(io::ErrorKind::TimedOut, timeless));
        }
        if now.duration_since(self.pinged) >= PING_EVERY {
            self.pinged = now;
            self.write(Message::Ping(Bytes::new()))?;
        }
        Ok(())
    }

    fn compare_clocks(&mut self) -> io::Result<()> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= SYNC_EVERY) {
            self.asked = Some(Instant::now());
            self.write(Message::Binary(time_request(local_us()).into()))?;
        }
        if let Some(time_sync) = &mut self.time_sync {
            time_sync.ping_when_due();
        }
        Ok(())
    }

    /// The server told its time. The first answer opens the way for values.
    fn clock_told(&mut self, server_us: i64, asked_us: i64) -> io::Result<()> {
        let now = local_us();
        if !self.clock.learn(asked_us, server_us, now) {
            self.damaged("a time that was told before it was asked for");
            return Ok(());
        }
        let mut shelf = lock(&self.inner.shelf);
        shelf.status.offset_us = self.clock.offset_us();
        if std::mem::replace(&mut self.is_open, true) {
            return Ok(());
        }
        shelf.status.server = Some(self.at);
        shelf.status.own = self.socket.get_ref().local_addr().ok();
        shelf.status.since_us = Some(now);
        shelf.status.protocol = Some(self.protocol.clone());
        shelf.status.error = None;
        shelf.status.counts.connections += 1;
        let (messages, values) = shelf.all();
        drop(shelf);
        self.tell(&messages, values)
    }

    fn tell_news(&mut self) -> io::Result<()> {
        let (messages, values) = lock(&self.inner.shelf).news();
        self.tell(&messages, values)
    }

    fn tell(&mut self, messages: &[ToServer], values: Vec<Outgoing>) -> io::Result<()> {
        if !messages.is_empty() {
            self.write(Message::text(to_text(messages)))?;
        }
        let Some(offset_us) = self.clock.offset_us() else {
            return Ok(());
        };
        let (mut frame, mut sent) = (Vec::new(), 0);
        for (number, value, local_us) in values {
            // A robot that was switched on after this value was set has no such time; 0 would mean that nobody set it.
            encode(&mut frame, number, local_us.saturating_add(offset_us).max(1), &value);
            sent += 1;
            if frame.len() >= FRAME_BYTES {
                self.write(Message::Binary(std::mem::take(&mut frame).into()))?;
            }
        }
        if !frame.is_empty() {
            self.write(Message::Binary(frame.into()))?;
        }
        lock(&self.inner.shelf).status.counts.sent += sent;
        Ok(())
    }

    fn write(&mut self, message: Message) -> io::Result<()> {
        self.done(|socket| socket.write(message))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.is_full = false;
        self.done(WebSocket::flush)
    }

    /// What the network does not take now stays in the socket's own memory.
    fn done(&mut self, act: impl FnOnce(&mut Socket) -> tungstenite::Result<()>) -> io::Result<()> {
        match act(&mut self.socket) {
            Ok(()) => Ok(()),
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_full = true;
                Ok(())
            }
            Err(tungstenite::Error::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }

    /// Takes in what came, not without end; returns whether there may be more.
    fn read(&mut self) -> io::Result<bool> {
        for _ in 0..MOST_AT_ONCE {
            let message = match self.socket.read() {
                Ok(message) => message,
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(tungstenite::Error::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::other(error.to_string())),
            };
            self.heard = Instant::now();
            match message {
                Message::Text(text) => match from_text(&text) {
                    Ok((messages, unknown)) => {
                        // Newer servers may say more than we know.
                        tracing::trace!("{unknown} messages of {} are unknown", self.at);
                        messages.into_iter().for_each(|message| self.ruled(message));
                    }
                    Err(error) => self.damaged(&error.to_string()),
                },
                Message::Binary(frame) => match decode(&frame) {
                    Ok(values) => {
                        for value in values {
                            self.came(value)?;
                        }
                    }
                    Err(error) => self.damaged(&error.to_string()),
                },
                Message::Close(_) => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionReset, "the server closed it"));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        Ok(true)
    }

    fn ruled(&mut self, message: ToClient) {
        /// More topics than any robot has.
        const MOST_TOPICS: usize = 20_000;
        match message {
            ToClient::Announce { name, id, r#type, .. } if self.announced.len() < MOST_TOPICS => {
                self.announced.insert(id, (name, TopicType::named(r#type)));
            }
            ToClient::Announce { .. } => self.damaged("more topics than any robot has"),
            ToClient::Unannounce { id, .. } => drop(self.announced.remove(&id)),
            ToClient::Properties { .. } => {}
        }
    }

    fn came(&mut self, Timed { id, server_us, value }: Timed) -> io::Result<()> {
        if id == TIME_SYNC_ID {
            return match value {
                Value::Int(asked_us) => self.clock_told(server_us, asked_us),
                other => {
                    self.damaged(&format!("a time that is {other}"));
                    Ok(())
                }
            };
        }
        let Some((topic, topic_type)) = self.announced.get(&id) else {
            self.damaged(&format!("a value of topic {id}, which was not announced"));
            return Ok(());
        };
        if !topic_type.fits(&value) || !value.is_finite() {
            self.damaged(&format!("`{topic}` is {value}, wanted a {topic_type}"));
            return Ok(());
        }
        let mut shelf = lock(&self.inner.shelf);
        shelf.status.counts.received += 1;
        let mailboxes: Vec<_> = shelf.mailboxes_of(topic).cloned().collect();
        for mailbox in mailboxes {
            let has_missed = mailbox.put(Update {
                topic: topic.clone(),
                topic_type: topic_type.clone(),
                value: value.clone(),
                server_us,
            });
            shelf.status.counts.missed += u64::from(has_missed);
        }
        Ok(())
    }

    fn hear_time_sync(&mut self) {
        if let Some(time_sync) = &mut self.time_sync
            && let Some(status) = time_sync.hear()
        {
            lock(&self.inner.shelf).status.time_sync = Some(status);
        }
    }

    /// What came cannot be; it is left out.
    fn damaged(&self, what: &str) {
        let mut shelf = lock(&self.inner.shelf);
        shelf.status.counts.damaged += 1;
        shelf.status.damage = Some(format!("{} sent {what}", self.at));
    }
}
