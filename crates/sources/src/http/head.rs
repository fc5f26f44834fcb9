//! The head of an answer: its status and its fields. Pure.

use super::multipart::plain_type;

/// The longest head that is read.
const MOST_BYTES: usize = 64 * 1024;
const MOST_FIELDS: usize = 128;

/// What an answer says before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Names in lower case.
    fields: Vec<(String, String)>,
    /// Whether the connection may serve another request.
    is_kept: bool,
}

/// Why an answer has no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadError {
    /// It is no HTTP.
    NotHttp,
    /// It does not end.
    TooLong,
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Media {
    /// Pictures one after another, with the line between them as the head tells it.
    Pictures { boundary: Option<String> },
    /// One picture; or something without a type, which may be one.
    Picture,
    /// A page for people.
    Page,
    /// Something else, by its type.
    Other(String),
}

impl Head {
    /// Reads the head of an answer that begins with these bytes, and tells its length; `None`: it is not whole yet.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        // Cameras are careless.
        let parsed = httparse::ParserConfig::default()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .ignore_invalid_headers_in_responses(true)
            .parse_response(&mut answer, bytes);
        let length = match parsed {
            Ok(httparse::Status::Complete(length)) if length <= MOST_BYTES => length,
            Ok(httparse::Status::Partial) if bytes.len() <= MOST_BYTES => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLong),
            Err(_) => return Err(HeadError::NotHttp),
        };
        let is_new = answer.version == Some(1);
        let mut head = Self {
            status: answer.code.unwrap_or_default(),
            fields: Vec::new(),
            is_kept: false,
        };
        for field in answer.headers {
            let value = String::from_utf8_lossy(field.value).trim().to_owned();
            head.fields.push((field.name.trim().to_ascii_lowercase(), value));
        }
        let says = |word: &str| {
            let said = head.field("connection").unwrap_or_default();
            said.split(',').any(|said| said.trim().eq_ignore_ascii_case(word))
        };
        head.is_kept = if is_new { !says("close") } else { says("keep-alive") };
        Ok(Some((head, length)))
    }

    /// The value of a field, by its name in lower case.
    pub(super) fn field(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a field that may stand there several times.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let named = self.fields.iter().filter(move |(own, _)| own.as_str() == name);
        named.map(|(_, value)| value.as_str())
    }

    /// How its body ends.
    pub(super) fn framing(&self) -> Framing {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Framing::Length(0);
        }
        let is_chunked = self
            .field("transfer-encoding")
            .is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"));
        if is_chunked {
            return Framing::Chunked;
        }
        // Of a stream that has no end some cameras tell a length all the same.
        if matches!(self.media(), Media::Pictures { .. }) {
            return Framing::UntilClose;
        }
        match self.field("content-length").map(str::parse) {
            Some(Ok(length)) => Framing::Length(length),
            _ => Framing::UntilClose,
        }
    }

    /// Whether the connection may serve another request once the body was read.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept && self.framing() != Framing::UntilClose
    }

    /// What its body is.
    pub(super) fn media(&self) -> Media {
        let told = self.field("content-type").unwrap_or_default();
        let name = plain_type(told);
        match name.as_str() {
            "image/jpeg" | "image/jpg" | "image/pjpeg" | "" | "application/octet-stream" => Media::Picture,
            "text/html" | "application/xhtml+xml" => Media::Page,
            name if name.starts_with("multipart/") => Media::Pictures {
                boundary: boundary(told),
            },
            _ => Media::Other(name),
        }
    }
}

/// The parameter `boundary` of a type, without its quotes.
fn boundary(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, value) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = value.trim().trim_matches(['"', '\'']).trim();
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(text: &str) -> Head {
        Head::read(text.as_bytes()).unwrap().unwrap().0
    }

    fn media(content_type: &str) -> Media {
        head(&format!("HTTP/1.0 200 OK\r\nContent-Type: {content_type}\r\n\r\n")).media()
    }

    fn stream(boundary: &str) -> Media {
        Media::Pictures {
            boundary: Some(boundary.to_owned()),
        }
    }

    #[test]
    fn the_line_between_pictures_is_told_with_and_without_quotes() {
        assert_eq!(media("multipart/x-mixed-replace;boundary=frame"), stream("frame"));
        assert_eq!(
            media("multipart/x-mixed-replace; boundary=\"--my frame\""),
            stream("--my frame")
        );
        assert_eq!(media("Multipart/X-Mixed-Replace; x=y; BOUNDARY = --f "), stream("--f"));
        assert_eq!(media("multipart/x-mixed-replace"), Media::Pictures { boundary: None });
    }

    #[test]
    fn what_is_no_picture_is_known_by_its_type() {
        assert_eq!(media("image/jpeg"), Media::Picture);
        assert_eq!(media("text/html; charset=utf-8"), Media::Page);
        assert_eq!(media("video/mp4"), Media::Other("video/mp4".into()));
        assert_eq!(media("[31m/x <y>"), Media::Other("31m/xy".into()));
        assert_eq!(head("HTTP/1.1 200 OK\r\n\r\n").media(), Media::Picture);
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        let framing = |fields: &str| head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).framing();
        assert_eq!(framing("Content-Length: 12\r\n"), Framing::Length(12));
        assert_eq!(framing("Content-Length: -12\r\n"), Framing::UntilClose);
        assert_eq!(
            framing("Transfer-Encoding: Chunked\r\nContent-Length: 12\r\n"),
            Framing::Chunked
        );
        assert_eq!(
            framing("Content-Type: multipart/x-mixed-replace\r\nContent-Length: 0\r\n"),
            Framing::UntilClose
        );
        assert_eq!(
            head("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").framing(),
            Framing::Length(0)
        );
    }

    #[test]
    fn a_connection_is_kept_only_where_the_end_of_the_body_is_known() {
        let is_kept = |start: &str, fields: &str| head(&format!("{start} 200 OK\r\n{fields}\r\n")).is_kept();
        assert!(is_kept("HTTP/1.1", "Content-Length: 1\r\n"));
        assert!(is_kept("HTTP/1.0", "Connection: Keep-Alive\r\nContent-Length: 1\r\n"));
        assert!(!is_kept("HTTP/1.0", "Content-Length: 1\r\n"));
        assert!(!is_kept("HTTP/1.1", ""));
        assert!(!is_kept("HTTP/1.1", "Connection: close\r\nContent-Length: 1\r\n"));
    }

    #[test]
    fn a_head_that_does_not_end_is_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(MOST_BYTES));
        assert_eq!(Head::read(endless.as_bytes()), Err(HeadError::TooLong));
        let many = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(1000));
        assert_eq!(Head::read(many.as_bytes()), Err(HeadError::TooLong));
        assert_eq!(Head::read(b"220 mail.example ESMTP\r\n"), Err(HeadError::NotHttp));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_head_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), is_answer: bool) {
            let bytes = if is_answer { [b"HTTP/1.1 200 OK\r\n".to_vec(), bytes].concat() } else { bytes };
            if let Ok(Some((head, length))) = Head::read(&bytes) {
                prop_assert!(length <= bytes.len());
                let _ = (head.framing(), head.media(), head.is_kept());
            }
        }
    }
}
