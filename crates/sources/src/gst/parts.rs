//! Cuts what `multipartmux` writes into pictures, and knows when the first byte of each arrived.

use std::io::{self, Read};

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime};

use super::pipeline::BOUNDARY;

/// Longer than any picture of [`bushbaby_pixels::MAX_SIDE_PX`] that a camera has; more is a pipe out of step.
const MAX_PART_BYTES: usize = 1 << 30;
/// Longer than any header that `multipartmux` writes.
const MAX_LINE_BYTES: usize = 512;
/// A picture's header, and the start of its pixels, are read at once.
const BUFFER_BYTES: usize = 16 * 1024;

/// The bytes of one picture, rows as the pipeline laid them out.
#[derive(Debug)]
pub(super) struct RawFrame {
    pub(super) bytes: Vec<u8>,
    /// When the first byte came through the pipe.
    pub(super) captured: CaptureTime,
}

/// Why no further picture can be cut off.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartError {
    #[error("the pipe cannot be read: {0}")]
    Pipe(#[from] io::Error),
    /// Another program writes into the pipe, or an element other than ours ends the pipeline.
    #[error("the pipe holds something else than pictures: {0}")]
    OutOfStep(String),
}

/// Reads pictures from a pipe.
#[derive(Debug)]
pub(super) struct PartReader<R> {
    pipe: R,
    buffer: Box<[u8]>,
    /// What of the buffer was read and not yet taken.
    filled: std::ops::Range<usize>,
    /// When the buffer was filled.
    filled_at: CaptureTime,
}

impl<R: Read> PartReader<R> {
    pub(super) fn new(pipe: R) -> Self {
        let filled_at = CaptureTime::now(CaptureClock::Received);
        Self {
            pipe,
            buffer: vec![0; BUFFER_BYTES].into(),
            filled: 0..0,
            filled_at,
        }
    }

    /// Waits for the next picture and reads it into `memory`, whose contents are lost. `None`: the pipe was closed.
    ///
    /// # Errors
    /// [`PartError`]; then nothing more can be read.
    pub(super) fn next(&mut self, memory: Vec<u8>) -> Result<Option<RawFrame>, PartError> {
        let Some(captured) = self.boundary()? else {
            return Ok(None);
        };
        let length = self.length()?;
        let mut bytes = memory;
        bytes.resize(length, 0);
        let from_buffer = self.filled.len().min(length);
        let (start, rest) = bytes.split_at_mut(from_buffer);
        start.copy_from_slice(&self.buffer[self.filled.start..][..from_buffer]);
        self.filled.start += from_buffer;
        match self.pipe.read_exact(rest) {
            Ok(()) => Ok(Some(RawFrame { bytes, captured })),
            // The program ended in the middle of a picture.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Skips to behind the next boundary; returns when its first byte came.
    fn boundary(&mut self) -> Result<Option<CaptureTime>, PartError> {
        loop {
            if self.filled.is_empty() && !self.fill()? {
                return Ok(None);
            }
            let first_byte = self.filled_at;
            match self.line()? {
                None => return Ok(None),
                Some(line) if line.is_empty() => {}
                Some(line) if line.strip_prefix(b"--") == Some(BOUNDARY.as_bytes()) => return Ok(Some(first_byte)),
                Some(line) => return Err(PartError::OutOfStep(format!("`{}`", line.escape_ascii()))),
            }
        }
    }

    /// Reads the header lines up to the empty one; returns the length they tell.
    fn length(&mut self) -> Result<usize, PartError> {
        let mut length = None;
        loop {
            let line = self.line()?.unwrap_or_default();
            if line.is_empty() {
                let length = length.filter(|length| (1..=MAX_PART_BYTES).contains(length));
                return length.ok_or_else(|| PartError::OutOfStep("a picture without a length".to_owned()));
            }
            let text = String::from_utf8_lossy(&line);
            if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok();
            }
        }
    }

    /// Reads one line, without its end; `None` at the end of the pipe.
    fn line(&mut self) -> Result<Option<Vec<u8>>, PartError> {
        let mut line = Vec::new();
        loop {
            if self.filled.is_empty() && !self.fill()? {
                return Ok(None);
            }
            let byte = self.buffer[self.filled.start];
            self.filled.start += 1;
            match byte {
                b'\n' => return Ok(Some(line)),
                b'\r' => {}
                _ if line.len() == MAX_LINE_BYTES => {
                    return Err(PartError::OutOfStep(format!("`{}…`", line[..32].escape_ascii())));
                }
                byte => line.push(byte),
            }
        }
    }

    /// Reads what there is into the empty buffer; false at the end of the pipe.
    fn fill(&mut self) -> Result<bool, PartError> {
        let read = loop {
            match self.pipe.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled_at = CaptureTime::at(MonoTime::now(), CaptureClock::Received);
        self.filled = 0..read;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of a fixed length.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(self.1).min(to.len());
            let (piece, rest) = self.0.split_at(length);
            to[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    fn part(bytes: &[u8]) -> Vec<u8> {
        let header = format!(
            "--bushbaby\r\nContent-Type: video/x-raw\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        );
        [header.as_bytes(), bytes, b"\r\n"].concat()
    }

    fn cut(stream: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, String> {
        let mut reader = PartReader::new(Pieces(stream, piece));
        let mut frames = Vec::new();
        while let Some(frame) = reader.next(Vec::new()).map_err(|error| error.to_string())? {
            frames.push(frame.bytes);
        }
        Ok(frames)
    }

    #[test]
    fn pictures_are_cut_whole_however_the_pipe_gives_them() {
        let frames = vec![vec![1; 7], b"--bushbaby\r\n\r\n".to_vec(), vec![2; 70_000], vec![3; 1]];
        let stream: Vec<u8> = frames.iter().flat_map(|frame| part(frame)).collect();
        for piece in [1, 7, 100, 16_384, usize::MAX] {
            assert_eq!(cut(&stream, piece).as_ref(), Ok(&frames), "pieces of {piece}");
        }
    }

    #[test]
    fn a_picture_that_is_cut_off_is_left_out() {
        let stream = [part(&[1; 7]), part(&[2; 50_000])].concat();
        assert_eq!(cut(&stream[..stream.len() - 100], 4096), Ok(vec![vec![1; 7]]));
        assert_eq!(cut(&[], 1), Ok(vec![]));
    }

    #[test]
    fn what_is_no_picture_is_told() {
        assert_eq!(
            cut(b"hello\nworld", 4).unwrap_err(),
            "the pipe holds something else than pictures: `hello`"
        );
        assert!(
            cut(&[0xff; 5000], 512)
                .unwrap_err()
                .starts_with("the pipe holds something else")
        );
        for length in ["0", "-1", "99999999999999", "x"] {
            let stream = format!("--bushbaby\r\nContent-Length: {length}\r\n\r\n");
            assert!(
                cut(stream.as_bytes(), 9)
                    .unwrap_err()
                    .ends_with("a picture without a length"),
                "{length}"
            );
        }
    }

    #[test]
    fn the_time_is_that_of_the_first_byte() {
        struct Slow<'a>(Vec<&'a [u8]>, Vec<MonoTime>);
        impl Read for Slow<'_> {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                if self.0.is_empty() {
                    return Ok(0);
                }
                let (piece, rest) = self.0[0].split_at(self.0[0].len().min(to.len()));
                to[..piece.len()].copy_from_slice(piece);
                self.1.push(MonoTime::now());
                self.0[0] = rest;
                self.0.retain(|piece| !piece.is_empty());
                Ok(piece.len())
            }
        }
        let stream = part(&[5; 100]);
        let (head, tail) = stream.split_at(stream.len() - 50);
        let mut reader = PartReader::new(Slow(vec![head, tail], Vec::new()));
        let frame = reader.next(Vec::new()).unwrap().unwrap();
        assert!(frame.captured.mono >= reader.pipe.1[0] && frame.captured.mono <= reader.pipe.1[1]);
        assert_eq!(frame.captured.known_by, CaptureClock::Received);
    }
}
