//! RTSP requests, read from a connection; answers, written as text.

use std::io::{self, BufRead, Read};

/// Longest request that a viewer of a test sends.
const LONGEST_BYTES: u64 = 64 * 1024;

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) uri: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads the next request; packets that a viewer sends between its requests are passed over. `None`: the viewer is gone.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        loop {
            let Some(first) = from.fill_buf()?.first().copied() else {
                return Ok(None);
            };
            if first != b'$' {
                break;
            }
            let mut header = [0; 4];
            from.read_exact(&mut header)?;
            let length = u64::from(u16::from_be_bytes([header[2], header[3]]));
            io::copy(&mut from.take(length), &mut io::sink())?;
        }
        let mut lines = Vec::new();
        let mut limited = from.take(LONGEST_BYTES);
        loop {
            let mut line = String::new();
            if limited.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let request = Self::from_lines(&lines);
        if let Some(length) = request
            .as_ref()
            .and_then(|request| request.header("Content-Length")?.parse::<u64>().ok())
        {
            io::copy(&mut from.take(length.min(LONGEST_BYTES)), &mut io::sink())?;
        }
        request
            .map(Some)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no RTSP request"))
    }

    fn from_lines(lines: &[String]) -> Option<Self> {
        let (first, rest) = lines.split_first()?;
        let mut words = first.split(' ');
        let (method, uri) = (words.next()?.to_owned(), words.next()?.to_owned());
        words.next().filter(|version| version.starts_with("RTSP/"))?;
        let headers = rest.iter().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        Some(Self {
            method,
            uri,
            headers: headers.collect(),
        })
    }

    /// A header's value, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// An answer as it goes over the wire.
pub(super) fn answer(request: &Request, status: &str, headers: &[String], body: &str) -> Vec<u8> {
    let mut text = format!("RTSP/1.0 {status}\r\n");
    if let Some(number) = request.header("CSeq") {
        text += &format!("CSeq: {number}\r\n");
    }
    for header in headers {
        text += &format!("{header}\r\n");
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_one_by_one_past_packets_between_them() {
        let mut bytes = b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n$\x01\x00\x03abc".to_vec();
        bytes.extend_from_slice(b"GET_PARAMETER rtsp://a/ RTSP/1.0\r\ncseq: 2\r\nContent-Length: 2\r\n\r\nhi");
        let mut from = bytes.as_slice();
        let first = Request::read(&mut from).unwrap().unwrap();
        assert_eq!((first.method.as_str(), first.header("cseq")), ("OPTIONS", Some("1")));
        let second = Request::read(&mut from).unwrap().unwrap();
        assert_eq!(
            (second.method.as_str(), second.header("CSeq")),
            ("GET_PARAMETER", Some("2"))
        );
        assert_eq!(Request::read(&mut from).unwrap(), None);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert!(Request::read(&mut b"GET / HTTP/1.1\r\n\r\n".as_slice()).is_err());
    }
}
