//! One request, as it came over the wire.

use std::io::{self, Read};

use super::Behaviour;

/// Longest request that is read.
const LONGEST_BYTES: usize = 1 << 20;

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its first line, as in `POST /hook HTTP/1.1`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it was treated.
    pub treated: Option<Behaviour>,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it was answered with a good status.
    pub fn is_good(&self) -> bool {
        matches!(self.treated, Some(Behaviour::Answer(200..=299)))
    }

    pub(crate) fn read(connection: &mut impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            more(connection, &mut bytes)?;
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or("").to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let of = |name: &str| {
            headers
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value.as_str())
        };
        let body = match of("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => {
                while bytes.len() < head + 4 + length {
                    more(connection, &mut bytes)?;
                }
                bytes[head + 4..head + 4 + length].to_vec()
            }
            None if of("transfer-encoding") == Some("chunked") => {
                while !bytes.ends_with(b"0\r\n\r\n") {
                    more(connection, &mut bytes)?;
                }
                unchunked(&bytes[head + 4..])?
            }
            None => Vec::new(),
        };
        Ok(Self {
            line,
            headers,
            body,
            treated: None,
        })
    }
}

fn more(connection: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 4096];
    let read = connection.read(&mut piece)?;
    if read == 0 || bytes.len() > LONGEST_BYTES {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(&piece[..read]);
    Ok(())
}

fn unchunked(mut bytes: &[u8]) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").ok_or_else(wrong)?;
        let length = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong())?;
        let length = usize::from_str_radix(length.trim(), 16).map_err(|_| wrong())?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(bytes.get(end + 2..end + 2 + length).ok_or_else(wrong)?);
        bytes = bytes.get(end + 4 + length..).ok_or_else(wrong)?;
    }
}
