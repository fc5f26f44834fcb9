//! One connection to a camera: plain or encrypted, every wait with an end.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use bushbaby_node::Stop;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use url::{Host, Url};

use super::address::host_of;
use super::tls::Tls;
use super::trouble::Trouble;
use crate::first_line::first_line;

/// How long a camera may take for each answer.
pub(super) const ANSWER: Duration = Duration::from_secs(3);
/// A read looks up that often, to hear a stop.
const SLICE: Duration = Duration::from_millis(100);

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    stop: Stop,
    host: String,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// What came of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// So many bytes.
    Bytes(usize),
    /// Nothing in that time, or until the stop.
    Nothing,
    /// The camera has closed the connection.
    End,
}

impl Connection {
    /// Connects to the host of `url`.
    pub(super) fn open(url: &Url, tls: &Tls, stop: &Stop) -> Result<Self, Trouble> {
        let host = host_of(url);
        let until = Instant::now() + ANSWER;
        let socket = connect(url, &host, until)?;
        let ready = socket
            .set_nodelay(true)
            .and_then(|()| socket.set_read_timeout(Some(SLICE)))
            .and_then(|()| socket.set_write_timeout(Some(ANSWER)));
        ready.map_err(|error| unreachable(&host, &error))?;
        let stream = match url.scheme() {
            "https" => Stream::Encrypted(Box::new(encrypt(socket, url, &host, tls, until, stop)?)),
            _ => Stream::Plain(socket),
        };
        Ok(Self {
            stream,
            stop: stop.clone(),
            host,
        })
    }

    /// Sends all of it.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let sent = match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Encrypted(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        sent.map_err(|error| self.broken(&error))
    }

    /// Waits for bytes until a moment.
    pub(super) fn read(&mut self, buffer: &mut [u8], until: Instant) -> Result<Came, Trouble> {
        loop {
            let read = match &mut self.stream {
                Stream::Plain(socket) => socket.read(buffer),
                Stream::Encrypted(stream) => stream.read(buffer),
            };
            match read {
                Ok(0) => return Ok(Came::End),
                Ok(count) => return Ok(Came::Bytes(count)),
                Err(error) if is_wait(&error) => {}
                // Few cameras say goodbye to an encrypted connection.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Came::End),
                Err(error) => return Err(self.broken(&error)),
            }
            if Instant::now() >= until || self.stop.is_set() {
                return Ok(Came::Nothing);
            }
        }
    }

    fn broken(&self, error: &io::Error) -> Trouble {
        Trouble::Broken {
            host: self.host.clone(),
            why: first_line(error),
        }
    }
}

fn connect(url: &Url, host: &str, until: Instant) -> Result<TcpStream, Trouble> {
    let port = url.port_or_known_default().unwrap_or_default();
    let found = match url.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![(ip, port).into()]),
        Some(Host::Domain(name)) => (name, port).to_socket_addrs().map(Vec::from_iter),
        None => Ok(Vec::new()),
    };
    let found = found.map_err(|error| unreachable(host, &error))?;
    let mut trouble = Trouble::Unreachable {
        host: host.to_owned(),
        why: "it has no address".to_owned(),
    };
    for address in found {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Trouble::NoAnswer { host: host.to_owned() });
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(socket) => return Ok(socket),
            Err(error) => trouble = unreachable(host, &error),
        }
    }
    Err(trouble)
}

fn unreachable(host: &str, error: &io::Error) -> Trouble {
    let host = host.to_owned();
    if is_wait(error) {
        return Trouble::NoAnswer { host };
    }
    Trouble::Unreachable {
        host,
        why: first_line(error),
    }
}

fn encrypt(
    mut socket: TcpStream,
    url: &Url,
    host: &str,
    tls: &Tls,
    until: Instant,
    stop: &Stop,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Trouble> {
    let no_tls = |why: String| Trouble::NoTls {
        host: host.to_owned(),
        why,
    };
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(|error| no_tls(error.to_string()))?;
    let mut connection = ClientConnection::new(tls.config.clone(), name).map_err(|error| no_tls(first_line(&error)))?;
    while connection.is_handshaking() {
        match connection.complete_io(&mut socket) {
            Ok(_) => {}
            Err(error) if is_wait(&error) => {
                if Instant::now() >= until || stop.is_set() {
                    return Err(Trouble::NoAnswer { host: host.to_owned() });
                }
            }
            Err(error) => return Err(not_encrypted(&error, host, tls)),
        }
    }
    Ok(StreamOwned::new(connection, socket))
}

/// Why the first words of an encrypted connection failed.
fn not_encrypted(error: &io::Error, host: &str, tls: &Tls) -> Trouble {
    let host = host.to_owned();
    match tls.refused().map(|fingerprint| fingerprint.to_string()) {
        Some(fingerprint) if tls.is_pinned() => Trouble::OtherCertificate { host, fingerprint },
        Some(fingerprint) => Trouble::UnknownCertificate {
            host,
            why: first_line(error),
            fingerprint,
        },
        None => Trouble::NoTls {
            host,
            why: first_line(error),
        },
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
