//! The body of an answer, freed from how it travels. Pure.

use super::head::Framing;

/// Longest line that tells the length of a chunk, and longest trailer.
const MOST_LINE: usize = 1024;

/// Takes the body out of what comes over a connection.
#[derive(Debug)]
pub(super) struct Body {
    place: Place,
    /// A line that is not whole yet.
    line: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// So much is still to come.
    Within(u64),
    UntilClose,
    /// In the line that tells the length of a chunk.
    ChunkLength,
    /// So much of a chunk is still to come.
    Chunk(u64),
    /// In the end of line behind a chunk.
    ChunkEnd,
    /// Behind the last chunk, up to an empty line.
    Trailer,
    Over,
}

/// Its chunks make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadChunk;

impl Body {
    pub(super) fn new(framing: Framing) -> Self {
        let place = match framing {
            Framing::Length(0) => Place::Over,
            Framing::Length(length) => Place::Within(length),
            Framing::Chunked => Place::ChunkLength,
            Framing::UntilClose => Place::UntilClose,
        };
        Self {
            place,
            line: Vec::new(),
        }
    }

    /// Whether all of it came.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// Whether it may end with the connection.
    pub(super) fn may_close(&self) -> bool {
        matches!(self.place, Place::Over | Place::UntilClose)
    }

    /// Adds to `out` what is of the body. What comes behind it is left out.
    pub(super) fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), BadChunk> {
        while !bytes.is_empty() {
            match self.place {
                Place::Over => return Ok(()),
                Place::UntilClose => {
                    out.extend_from_slice(bytes);
                    return Ok(());
                }
                Place::Within(left) => {
                    let left = left - take_some(&mut bytes, left, out);
                    self.place = if left == 0 { Place::Over } else { Place::Within(left) };
                }
                Place::Chunk(left) => {
                    let left = left - take_some(&mut bytes, left, out);
                    self.place = if left == 0 { Place::ChunkEnd } else { Place::Chunk(left) };
                }
                Place::ChunkLength | Place::ChunkEnd | Place::Trailer => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    self.line.extend_from_slice(piece);
                    bytes = rest;
                    if self.line.len() > MOST_LINE {
                        return Err(BadChunk);
                    }
                    if end.is_some() {
                        self.place = self.behind_line()?;
                        self.line.clear();
                    }
                }
            }
        }
        Ok(())
    }

    fn behind_line(&self) -> Result<Place, BadChunk> {
        let line = self.line.trim_ascii();
        Ok(match self.place {
            Place::ChunkLength => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let digits = std::str::from_utf8(digits).map_err(|_| BadChunk)?.trim();
                if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
                    return Err(BadChunk);
                }
                match u64::from_str_radix(digits, 16).map_err(|_| BadChunk)? {
                    0 => Place::Trailer,
                    length => Place::Chunk(length),
                }
            }
            Place::ChunkEnd if line.is_empty() => Place::ChunkLength,
            Place::Trailer if line.is_empty() => Place::Over,
            Place::Trailer => Place::Trailer,
            _ => return Err(BadChunk),
        })
    }
}

/// Moves up to `most` bytes; returns how many.
fn take_some(bytes: &mut &[u8], most: u64, out: &mut Vec<u8>) -> u64 {
    let count = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
    let (taken, rest) = bytes.split_at(count);
    out.extend_from_slice(taken);
    *bytes = rest;
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(framing: Framing, bytes: &[u8], step: usize) -> Result<(Vec<u8>, bool), BadChunk> {
        let (mut body, mut out) = (Body::new(framing), Vec::new());
        for piece in bytes.chunks(step) {
            body.take(piece, &mut out)?;
        }
        Ok((out, body.is_over()))
    }

    #[test]
    fn chunks_are_put_together_however_they_come() {
        let chunked = b"5\r\nhello\r\n00a; x=y\r\n 1234567\r\n\r\n0\r\nX: y\r\n\r\nbehind";
        for step in [1, 2, 3, 100] {
            assert_eq!(
                taken(Framing::Chunked, chunked, step),
                Ok((b"hello 1234567\r\n".to_vec(), true))
            );
        }
    }

    #[test]
    fn what_is_behind_its_length_is_no_part_of_it() {
        assert_eq!(taken(Framing::Length(3), b"abcdef", 2), Ok((b"abc".to_vec(), true)));
        assert_eq!(taken(Framing::Length(0), b"abc", 2), Ok((Vec::new(), true)));
        assert_eq!(taken(Framing::UntilClose, b"abc", 2), Ok((b"abc".to_vec(), false)));
    }

    #[test]
    fn chunks_that_make_no_sense_are_refused() {
        let long = "1".repeat(MOST_LINE + 1);
        for bytes in [
            "x\r\n",
            "\r\n",
            "-1\r\n",
            "+1\r\na\r\n",
            "1\r\nab\r\n",
            "11111111111111111\r\n",
            &long,
        ] {
            assert_eq!(
                taken(Framing::Chunked, bytes.as_bytes(), 7),
                Err(BadChunk),
                "{bytes:.20}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused_and_never_grow(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"0123\r\n;".to_vec())], 0..200),
            step in 1_usize..20
        ) {
            if let Ok((out, _)) = taken(Framing::Chunked, &bytes, step) {
                prop_assert!(out.len() <= bytes.len());
            }
        }
    }
}
