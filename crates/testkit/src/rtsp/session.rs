//! One viewer: answers its requests and, once it plays, sends it packets.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::live::Medium;
use super::message::{Request, answer};
use super::player::{Player, Way, Ways};
use super::{Mood, Shared, auth, sdp};

/// How long a thread may not notice that the camera ends or that connections are cut.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// A connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    socket: TcpStream,
    pub(super) writer: Arc<Mutex<TcpStream>>,
    /// How many cuts there were before this connection.
    cuts: u64,
    pub(super) number: u32,
    ways: Ways,
    player: Option<Player>,
}

impl Session {
    pub(super) fn new(socket: TcpStream, shared: Arc<Shared>, number: u32) -> io::Result<Self> {
        socket.set_read_timeout(Some(GLANCE))?;
        socket.set_write_timeout(Some(Duration::from_secs(5)))?;
        socket.set_nodelay(true)?;
        let writer = Arc::new(Mutex::new(socket.try_clone()?));
        let cuts = shared.cuts.load(Ordering::SeqCst);
        Ok(Self {
            shared,
            socket,
            writer,
            cuts,
            number,
            ways: Ways::default(),
            player: None,
        })
    }

    /// Answers until the viewer, the camera or a cut ends it.
    pub(super) fn serve(&mut self) -> io::Result<()> {
        let patient = Patient {
            socket: self.socket.try_clone()?,
            shared: self.shared.clone(),
            cuts: self.cuts,
        };
        let mut reader = BufReader::new(patient);
        while let Some(request) = Request::read(&mut reader)? {
            while self.shared.mood() == Mood::Mute {
                if self.shared.is_ending() {
                    return Ok(());
                }
                std::thread::sleep(GLANCE);
            }
            if !self.answer(&request)? {
                break;
            }
        }
        Ok(())
    }

    /// Answers one request; returns whether more may come.
    fn answer(&mut self, request: &Request) -> io::Result<bool> {
        let shared = self.shared.clone();
        if let Some(login) = shared
            .options
            .login
            .as_ref()
            .filter(|login| !auth::is_welcome(request, login))
        {
            self.say(request, "401 Unauthorized", &[auth::challenge(login)], "")?;
            return Ok(true);
        }
        let session = format!("Session: {:08x};timeout=60", self.number);
        match request.method.as_str() {
            "OPTIONS" => {
                let methods = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER".to_owned();
                self.say(request, "200 OK", &[methods], "")?;
            }
            "DESCRIBE" => {
                let headers = [
                    format!("Content-Base: {}/", request.uri.trim_end_matches('/')),
                    "Content-Type: application/sdp".into(),
                ];
                self.say(
                    request,
                    "200 OK",
                    &headers,
                    &sdp::describe(&shared.options, &shared.live.parameter_sets, shared.live.sound.as_ref()),
                )?;
            }
            "SETUP" => match self.set_up(request)? {
                Some(transport) => self.say(request, "200 OK", &[session, transport], "")?,
                None => self.say(request, "461 Unsupported Transport", &[], "")?,
            },
            "PLAY" => {
                self.say(request, "200 OK", &[session], "")?;
                self.player = Some(Player::start(self, self.ways.clone())?);
            }
            "TEARDOWN" => {
                self.player = None;
                shared.goodbyes.fetch_add(1, Ordering::SeqCst);
                self.say(request, "200 OK", &[session], "")?;
                return Ok(false);
            }
            "GET_PARAMETER" | "SET_PARAMETER" => self.say(request, "200 OK", &[session], "")?,
            _ => self.say(request, "501 Not Implemented", &[], "")?,
        }
        Ok(true)
    }

    fn say(&self, request: &Request, status: &str, headers: &[String], body: &str) -> io::Result<()> {
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&answer(request, status, headers, body))
    }

    /// Agrees on a way; returns the header that says which, `None` when the camera will not go the way that was asked for.
    fn set_up(&mut self, request: &Request) -> io::Result<Option<String>> {
        let asked = request.header("Transport").unwrap_or_default().to_owned();
        let medium = if request.uri.trim_end_matches('/').ends_with("/audio") {
            Medium::Sound
        } else {
            Medium::Pictures
        };
        let pair = |name: &str| -> Option<[u16; 2]> {
            let value = asked
                .split(';')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
            let (first, second) = value.split_once('-')?;
            Some([first.parse().ok()?, second.parse().ok()?])
        };
        if asked.contains("TCP") {
            let [rtp, rtcp] = pair("interleaved").unwrap_or([0, 1]);
            *self.ways.of(medium) = Some(Way::Interleaved {
                rtp_channel: rtp as u8,
                rtcp_channel: rtcp as u8,
            });
            return Ok(self
                .shared
                .options
                .tcp
                .then(|| format!("Transport: RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}")));
        }
        let Some([rtp_port, rtcp_port]) = pair("client_port").filter(|_| self.shared.options.udp) else {
            return Ok(None);
        };
        let [rtp, rtcp] = neighbours()?;
        let here = rtp.local_addr()?.port();
        rtp.connect((self.socket.peer_addr()?.ip(), rtp_port))?;
        rtcp.connect((self.socket.peer_addr()?.ip(), rtcp_port))?;
        *self.ways.of(medium) = Some(Way::Datagrams {
            rtp: Arc::new(rtp),
            rtcp: Arc::new(rtcp),
        });
        let there = here + 1;
        Ok(Some(format!(
            "Transport: RTP/AVP;unicast;client_port={rtp_port}-{rtcp_port};server_port={here}-{there}"
        )))
    }
}

/// Two sockets on an even port and the next.
fn neighbours() -> io::Result<[UdpSocket; 2]> {
    for _ in 0..200 {
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = rtp.local_addr()?.port();
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1))
        {
            return Ok([rtp, rtcp]);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        "no two neighbouring ports are free",
    ))
}

/// Reads for as long as it takes, but not past the end of the camera or a cut.
struct Patient {
    socket: TcpStream,
    shared: Arc<Shared>,
    cuts: u64,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.shared.is_ending() || self.shared.cuts.load(Ordering::SeqCst) != self.cuts {
                let _ = self.socket.shutdown(std::net::Shutdown::Both);
                return Ok(0);
            }
            match self.socket.read(buffer) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                other => return other,
            }
        }
    }
}
