//! Cuts a stream of pictures (`multipart/x-mixed-replace`) into its parts.
//!
//! In: bytes as they arrive, and what the answer's head says of the line between parts. Out: the parts, each once it is whole.
//! Pure: no socket, no clock; the moment of arrival is handed in and comes out again.
//!
//! Cameras are careless here, and this reads what they mean: dashes before that line are told or not told, it may be another
//! than was told, lengths are right, absent, zero or wrong. All that waits is limited.

use super::jpeg_end::JpegEnd;

/// What may stand before the first line between parts.
const MOST_BEFORE_FIRST: usize = 64 * 1024;
/// The head of one part.
const MOST_HEAD: usize = 16 * 1024;
/// One part.
pub(super) const MOST_PART: usize = 16 * 1024 * 1024;
/// What may stand between a part and the line behind it.
const MOST_BETWEEN: usize = 1024 * 1024;

/// One part of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<T> {
    /// In lower case, without parameters; empty when the part does not say.
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
    /// When its first byte came.
    pub(super) began: T,
}

/// Why a stream cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MultipartError {
    #[error("no line between pictures in the first {} kB", MOST_BEFORE_FIRST / 1024)]
    NoBoundary,
    #[error("the head of a picture is longer than {} kB", MOST_HEAD / 1024)]
    LongHead,
    #[error("a picture is larger than {} MB", MOST_PART / 1024 / 1024)]
    LargePart,
    #[error("no line between pictures in {} kB behind one", MOST_BETWEEN / 1024)]
    LostBoundary,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next<T> {
    Part(Part<T>),
    /// More bytes are needed.
    More,
    /// The stream has said that it ends.
    End,
}

/// Cuts one stream.
#[derive(Debug)]
pub(super) struct Multipart<T> {
    /// What the answer's head said, without dashes before it; empty: nothing.
    told: Vec<u8>,
    /// The line between parts as it really is, once it is known.
    line: Vec<u8>,
    buffer: Vec<u8>,
    /// How much of `buffer` is done with.
    done: usize,
    /// How far `buffer` was searched in vain, from `done`.
    searched: usize,
    /// When the newest bytes came.
    newest: Option<T>,
    state: State<T>,
    /// Whether this camera's lengths were found wrong.
    are_lengths_wrong: bool,
}

#[derive(Debug, Clone)]
enum State<T> {
    /// Before the first line between parts.
    Before,
    /// In the head of a part.
    Head,
    /// In a part.
    Body {
        content_type: String,
        length: Option<usize>,
        began: Option<T>,
        end: JpegEnd,
    },
    /// Behind a part, up to the next line between parts.
    Between {
        /// Whether the part was cut by the length that the camera told.
        is_by_length: bool,
    },
    Ended,
}

impl<T: Copy> Multipart<T> {
    /// For a stream whose head tells this boundary.
    pub(super) fn new(boundary: Option<&str>) -> Self {
        let told = boundary.unwrap_or_default().trim().trim_start_matches('-');
        Self {
            told: told.as_bytes().to_vec(),
            line: Vec::new(),
            buffer: Vec::new(),
            done: 0,
            searched: 0,
            newest: None,
            state: State::Before,
            are_lengths_wrong: false,
        }
    }

    /// Takes in what arrived at `now`. What is complete with it is to be fetched before more is taken in.
    pub(super) fn push(&mut self, bytes: &[u8], now: T) {
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
        self.newest = Some(now);
    }

    /// Returns the next part, if it is whole.
    ///
    /// # Errors
    /// [`MultipartError`], when something is longer than it may be: then nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Next<T>, MultipartError> {
        loop {
            let has_moved = match &self.state {
                State::Before => self.before()?,
                State::Head => self.head()?,
                State::Body { .. } => match self.body()? {
                    Some(part) => return Ok(Next::Part(part)),
                    None => false,
                },
                State::Between { .. } => self.between()?,
                State::Ended => return Ok(Next::End),
            };
            if !has_moved {
                return Ok(Next::More);
            }
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.done..]
    }

    fn enter(&mut self, state: State<T>, consumed: usize) {
        self.done += consumed;
        self.searched = 0;
        self.state = state;
    }

    /// Looks for the first line between parts: as it was told, or else one that looks like it.
    fn before(&mut self) -> Result<bool, MultipartError> {
        let rest = self.rest();
        let mut at = 0;
        let mut found = None;
        while let Some((line, next)) = line_at(rest, at) {
            let is_told = !self.told.is_empty() && is_line_of(line, &self.told);
            // What was told may be wrong.
            let looks_so = || line.len() > 2 && line.starts_with(b"--");
            if is_told {
                found = Some((line.to_vec(), next));
                break;
            }
            if looks_so() {
                match line_at(rest, next) {
                    Some((head, _)) if starts_with_name(head, b"content-") => {
                        found = Some((line.to_vec(), next));
                        break;
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            at = next;
        }
        let length = rest.len();
        if let Some((line, next)) = found {
            self.line = line;
            self.enter(State::Head, next);
            return Ok(true);
        }
        if length > MOST_BEFORE_FIRST {
            return Err(MultipartError::NoBoundary);
        }
        Ok(false)
    }

    fn head(&mut self) -> Result<bool, MultipartError> {
        let rest = self.rest();
        let mut content_type = String::new();
        let mut length = None;
        let mut at = 0;
        while let Some((line, next)) = line_at(rest, at) {
            if next > MOST_HEAD {
                return Err(MultipartError::LongHead);
            }
            at = next;
            if !line.is_empty() {
                match named(line) {
                    Some((b"content-type", value)) => content_type = plain_type(value),
                    Some((b"content-length", value)) => length = value.parse::<u64>().ok(),
                    _ => {}
                }
                continue;
            }
            // No length, or none that can be: the line behind the part tells.
            let length = match length.filter(|length| *length > 0 && !self.are_lengths_wrong) {
                Some(length) if length > MOST_PART as u64 => return Err(MultipartError::LargePart),
                length => length.map(|length| length as usize),
            };
            let body = State::Body {
                content_type,
                length,
                began: None,
                end: JpegEnd::default(),
            };
            self.enter(body, at);
            return Ok(true);
        }
        if rest.len() > MOST_HEAD {
            return Err(MultipartError::LongHead);
        }
        Ok(false)
    }

    fn body(&mut self) -> Result<Option<Part<T>>, MultipartError> {
        let newest = self.newest;
        let rest = &self.buffer[self.done..];
        let State::Body {
            content_type,
            length,
            began,
            end,
        } = &mut self.state
        else {
            return Ok(None);
        };
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(began) = began.or(newest) else {
            return Ok(None);
        };
        let (part_length, is_by_length, is_wrong) = match *length {
            Some(length) if rest.len() < length => (None, true, false),
            Some(length) => match find_line(&rest[..length], &self.line, 0) {
                // It told more than there was.
                Some((cut, _)) => (Some(cut), false, true),
                None => (Some(length), true, false),
            },
            None => {
                let ended = end.find(rest);
                let cut = || find_line(rest, &self.line, self.searched).map(|(cut, _)| cut);
                (ended.or_else(cut), false, false)
            }
        };
        let Some(part_length) = part_length else {
            if rest.len() > MOST_PART {
                return Err(MultipartError::LargePart);
            }
            if length.is_none() {
                // A line that is cut apart is searched for again.
                self.searched = rest.len().saturating_sub(self.line.len() + 4);
            }
            if let State::Body { began: kept, .. } = &mut self.state {
                *kept = Some(began);
            }
            return Ok(None);
        };
        let part = Part {
            content_type: std::mem::take(content_type),
            bytes: rest[..part_length].to_vec(),
            began,
        };
        self.are_lengths_wrong |= is_wrong;
        self.enter(State::Between { is_by_length }, part_length);
        Ok(Some(part))
    }

    fn between(&mut self) -> Result<bool, MultipartError> {
        let State::Between { is_by_length } = self.state else {
            return Ok(false);
        };
        let rest = self.rest();
        // The line may begin at once.
        let found = find_line_or_start(rest, &self.line, self.searched);
        let Some((cut, next)) = found else {
            if rest.len() > MOST_BETWEEN {
                return Err(MultipartError::LostBoundary);
            }
            self.searched = rest.len().saturating_sub(self.line.len() + 4);
            return Ok(false);
        };
        let is_junk = rest[..cut].iter().any(|byte| !byte.is_ascii_whitespace());
        let line = rest[..next].trim_ascii_end();
        let is_end = line.ends_with(b"--") && !self.line.ends_with(b"--");
        // It told less than there was.
        self.are_lengths_wrong |= is_by_length && is_junk;
        self.enter(if is_end { State::Ended } else { State::Head }, next);
        Ok(true)
    }
}

/// The line that begins at an offset, without its end, and where the next begins; `None`: it is not whole yet.
fn line_at(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = &rest[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), at + end + 1))
}

/// Whether a line is the told one, with any number of dashes before it.
fn is_line_of(line: &[u8], told: &[u8]) -> bool {
    let dashes = line.iter().take_while(|byte| **byte == b'-').count();
    line[dashes..].trim_ascii_end() == told
}

/// Finds `line` as a line of its own behind the end of another; returns where what is before it ends, and where what is behind
/// it begins. A line that is not whole yet is not found.
fn find_line(bytes: &[u8], line: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let end = at + bytes.get(at..)?.iter().position(|byte| *byte == b'\n')?;
        let start = end + 1;
        if let Some(next) = ends_line(bytes, start, line) {
            let cut = if end > 0 && bytes[end - 1] == b'\r' {
                end - 1
            } else {
                end
            };
            return Some((cut, next));
        }
        at = start;
    }
}

fn find_line_or_start(bytes: &[u8], line: &[u8], from: usize) -> Option<(usize, usize)> {
    let at_start = (from == 0).then(|| ends_line(bytes, 0, line)).flatten();
    at_start.map(|next| (0, next)).or_else(|| find_line(bytes, line, from))
}

/// Where the line behind `line` begins, if that stands at `start` and nothing but dashes or spaces follows in its line.
fn ends_line(bytes: &[u8], start: usize, line: &[u8]) -> Option<usize> {
    let behind = bytes.get(start..)?.strip_prefix(line)?;
    let (rest, next) = line_at(behind, 0)?;
    matches!(rest.trim_ascii(), b"" | b"--").then_some(start + line.len() + next)
}

/// The name of a field, in lower case where it is one of those that matter, and its value.
fn named(line: &[u8]) -> Option<(&'static [u8], &str)> {
    const NAMES: [&[u8]; 2] = [b"content-type", b"content-length"];
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii();
    let name = NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
    Some((name, std::str::from_utf8(&line[colon + 1..]).ok()?.trim()))
}

fn starts_with_name(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// A type without its parameters, in lower case; what is no part of a type's name is left out.
pub(super) fn plain_type(value: &str) -> String {
    const LONGEST: usize = 60;
    let name = value.split(';').next().unwrap_or_default();
    let is_of_type = |c: &char| c.is_ascii_alphanumeric() || "/+-._".contains(*c);
    name.chars()
        .filter(is_of_type)
        .take(LONGEST)
        .collect::<String>()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
