//! Asks a camera: sends one request, logs in where that is wanted, goes where it is sent on to, and hands back the answer.

use std::time::Instant;

use bushbaby_node::Stop;
use http_auth::{PasswordClient, PasswordParams};
use url::Url;

use super::address::{Address, host_of, moved, path_of};
use super::body::Body;
use super::connection::{ANSWER, Came, Connection};
use super::head::{Head, HeadError};
use super::tls::Tls;
use super::trouble::Trouble;

const USER_AGENT: &str = concat!("bushbaby/", env!("CARGO_PKG_VERSION"));
/// How often we go where a camera sends us on to.
const MOST_MOVES: u32 = 3;
/// How often we log in for one answer: the second time, if the camera says that only its number was too old.
const MOST_LOGINS: u32 = 3;
/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Asks one camera, again and again.
pub(super) struct Client {
    address: Address,
    tls: Tls,
    stop: Stop,
    /// Where the pictures are, as far as that is known.
    url: Url,
    /// How the camera wants a login.
    challenge: Option<PasswordClient>,
    /// A connection that is still open.
    kept: Option<Connection>,
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    connection: Connection,
    body: Body,
    /// Of the body, what came with the head.
    first: Vec<u8>,
    host: String,
    piece: Vec<u8>,
}

impl Client {
    pub(super) fn new(address: Address, tls: Tls, stop: Stop) -> Self {
        Self {
            url: address.url.clone(),
            address,
            tls,
            stop,
            challenge: None,
            kept: None,
        }
    }

    /// The camera's host and port.
    pub(super) fn host(&self) -> String {
        host_of(&self.url)
    }

    /// Forgets where it was sent on to and how it was to log in.
    pub(super) fn begin_anew(&mut self) {
        self.url = self.address.url.clone();
        (self.challenge, self.kept) = (None, None);
    }

    /// Asks for what is at the address; with `known`, the name of what is there already, only if it is another.
    ///
    /// Returns an answer with a status of 200 to 299, or 304.
    pub(super) fn ask(&mut self, known: Option<&str>) -> Result<Answer, Trouble> {
        let (mut moves, mut logins) = (0, 0);
        loop {
            let answer = self.ask_once(known)?;
            let host = self.host();
            match answer.head.status {
                200..=299 => return Ok(answer),
                304 if known.is_some() => return Ok(answer),
                401 => {
                    self.log_in(&answer.head, logins)?;
                    logins += 1;
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = answer.head.field("location").unwrap_or_default();
                    let to = moved(&self.url, location).map_err(|to| Trouble::Moved { host: host.clone(), to })?;
                    if moves == MOST_MOVES {
                        return Err(Trouble::MovedTooOften { host });
                    }
                    moves += 1;
                    if host_of(&to) != host || to.scheme() != self.url.scheme() {
                        // Another server, though on the same host.
                        self.challenge = None;
                        logins = 0;
                    }
                    self.url = to;
                }
                status @ (404 | 410) => return Err(Trouble::NothingThere { host, status }),
                403 if self.address.login.is_some() => return Err(Trouble::WrongLogin { host }),
                status @ (429 | 503) => return Err(Trouble::Busy { host, status }),
                status => return Err(Trouble::Refused { host, status }),
            }
        }
    }

    /// Takes back the connection of an answer that was read to its end.
    pub(super) fn keep(&mut self, answer: Answer) {
        if answer.body.is_over() && answer.head.is_kept() {
            self.kept = Some(answer.connection);
        }
    }

    fn log_in(&mut self, head: &Head, logins: u32) -> Result<(), Trouble> {
        let host = self.host();
        if self.address.login.is_none() {
            return Err(Trouble::NoLogin { host });
        }
        let challenges = head.all("www-authenticate");
        let builder = challenges.fold(PasswordClient::builder(), |builder, challenge| {
            builder.challenges(challenge)
        });
        let challenge = builder
            .build()
            .map_err(|_| Trouble::UnknownLogin { host: host.clone() })?;
        let is_stale = matches!(&challenge, PasswordClient::Digest(digest) if digest.stale());
        // The first time it may have been an answer to an older challenge.
        if logins > 0 && !(is_stale && logins < MOST_LOGINS) {
            return Err(Trouble::WrongLogin { host });
        }
        self.challenge = Some(challenge);
        Ok(())
    }

    fn ask_once(&mut self, known: Option<&str>) -> Result<Answer, Trouble> {
        let request = self.request(known)?;
        if let Some(connection) = self.kept.take() {
            match answer(connection, &request, self.host()) {
                // It was closed since.
                Err(Trouble::Closed { .. } | Trouble::Broken { .. }) => {}
                answered => return answered,
            }
        }
        let connection = Connection::open(&self.url, &self.tls, &self.stop)?;
        answer(connection, &request, self.host())
    }

    fn request(&mut self, known: Option<&str>) -> Result<String, Trouble> {
        let path = path_of(&self.url);
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map_or_else(String::new, |port| format!(":{port}"));
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: {USER_AGENT}\r\nAccept: image/jpeg, multipart/x-mixed-replace, */*\r\nCache-Control: no-cache\r\n"
        );
        if let (Some(challenge), Some(login)) = (&mut self.challenge, &self.address.login) {
            let answer = challenge.respond(&PasswordParams {
                username: &login.user,
                password: &login.password,
                uri: path,
                method: "GET",
                body: Some(&[]),
            });
            let answer = answer.map_err(|_| Trouble::UnknownLogin {
                host: host_of(&self.url),
            })?;
            request.push_str(&format!("Authorization: {answer}\r\n"));
        }
        if let Some(known) = known {
            request.push_str(&format!("If-None-Match: {known}\r\n"));
        }
        request.push_str("\r\n");
        Ok(request)
    }
}

/// Sends a request and reads the head of its answer.
fn answer(mut connection: Connection, request: &str, host: String) -> Result<Answer, Trouble> {
    connection.send(request.as_bytes())?;
    let until = Instant::now() + ANSWER;
    let mut piece = vec![0; PIECE];
    let mut bytes = Vec::new();
    let head = loop {
        match Head::read(&bytes) {
            // Only that more is to come.
            Ok(Some((head, length))) if (100..200).contains(&head.status) => {
                bytes.drain(..length);
                continue;
            }
            Ok(Some((head, length))) => {
                bytes.drain(..length);
                break head;
            }
            Ok(None) => {}
            Err(HeadError::NotHttp) => return Err(Trouble::NotHttp { host }),
            Err(HeadError::TooLong) => return Err(Trouble::LongHead { host }),
        }
        match connection.read(&mut piece, until)? {
            Came::Bytes(count) if Instant::now() < until => bytes.extend_from_slice(&piece[..count]),
            Came::Bytes(_) | Came::Nothing => return Err(Trouble::NoAnswer { host }),
            Came::End if bytes.is_empty() => return Err(Trouble::Closed { host }),
            Came::End => return Err(Trouble::NotHttp { host }),
        }
    };
    let mut body = Body::new(head.framing());
    let mut first = Vec::new();
    body.take(&bytes, &mut first)
        .map_err(|_| Trouble::BadChunk { host: host.clone() })?;
    Ok(Answer {
        head,
        connection,
        body,
        first,
        host,
        piece,
    })
}

impl Answer {
    /// Adds what comes of the body next to `out`, waiting for it until a moment.
    ///
    /// [`Came::End`]: that was all of it.
    pub(super) fn read(&mut self, out: &mut Vec<u8>, until: Instant) -> Result<Came, Trouble> {
        let before = out.len();
        if !self.first.is_empty() {
            out.append(&mut self.first);
            return Ok(Came::Bytes(out.len() - before));
        }
        while !self.body.is_over() {
            match self.connection.read(&mut self.piece, until)? {
                Came::Bytes(count) => {
                    let taken = self.body.take(&self.piece[..count], out);
                    taken.map_err(|_| Trouble::BadChunk {
                        host: self.host.clone(),
                    })?;
                    if out.len() > before {
                        return Ok(Came::Bytes(out.len() - before));
                    }
                }
                Came::Nothing => return Ok(Came::Nothing),
                Came::End if self.body.may_close() => return Ok(Came::End),
                Came::End => {
                    return Err(Trouble::Closed {
                        host: self.host.clone(),
                    });
                }
            }
        }
        Ok(Came::End)
    }
}
