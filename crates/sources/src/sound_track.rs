//! The sound of a file, in pieces of the length that the bus carries.

use std::path::{Path, PathBuf};

use bushbaby_bus::CaptureTime;
use bushbaby_node::audio::{self, AudioMeta, Samples};
use bushbaby_node::{NodeError, Outputs};
use bushbaby_sound::file::{FileError, SoundFile};

/// Pieces a second.
const PIECES_A_SECOND: u32 = 20;

/// The sound of a file from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Track {
    path: PathBuf,
    file: SoundFile,
    /// Decoded, of all channels in turn, not passed yet.
    waiting: Vec<f32>,
    /// Samples of each channel in the next piece.
    next: usize,
    is_read: bool,
    /// How many samples were silence in the place of damaged ones when the last piece was passed.
    filled: u64,
}

impl Track {
    /// Opens a file and finds out what it holds.
    ///
    /// # Errors
    /// Why it is no sound.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        Ok(Self {
            path: path.to_owned(),
            file: SoundFile::open(path)?,
            waiting: Vec::new(),
            next: 0,
            is_read: false,
            filled: 0,
        })
    }

    pub(crate) fn rate_hz(&self) -> u32 {
        self.file.sample_rate_hz()
    }

    /// Makes the next piece ready and returns its length in samples of each channel; `None` at the end. The last one is as short
    /// as it happens to be.
    ///
    /// # Errors
    /// When the file cannot be read any further. What was read before is still there.
    pub(crate) fn prepare(&mut self) -> Result<Option<usize>, FileError> {
        let channels = self.file.channels();
        let wanted = (self.rate_hz() / PIECES_A_SECOND).max(1) as usize;
        while !self.is_read && self.waiting.len() < wanted * channels {
            match self.file.next_block() {
                Ok(Some(block)) => self.waiting.extend_from_slice(block),
                Ok(None) => self.is_read = true,
                Err(error) => {
                    self.is_read = true;
                    self.next = 0;
                    return Err(error);
                }
            }
        }
        self.next = wanted.min(self.waiting.len() / channels);
        Ok((self.next > 0).then_some(self.next))
    }

    /// Sends the piece that is ready and returns its length; `position`: its place in the stream.
    ///
    /// # Errors
    /// When the memory is not there.
    pub(crate) fn send(
        &mut self,
        output: &str,
        position: u64,
        captured: CaptureTime,
        out: &mut Outputs,
    ) -> Result<usize, NodeError> {
        let channels = self.file.channels();
        let mut meta = AudioMeta::new(out.node(), self.rate_hz(), position);
        meta.filled = (self.file.filled() - self.filled).min(self.next as u64);
        self.filled += meta.filled;
        let piece = &self.waiting[..self.next * channels];
        audio::send(out, output, Samples::F32(piece), channels, &meta, captured, None)?;
        self.waiting.drain(..self.next * channels);
        Ok(std::mem::take(&mut self.next))
    }

    /// Goes back to its beginning.
    ///
    /// # Errors
    /// When the file is not what it was.
    pub(crate) fn rewind(&mut self) -> Result<(), FileError> {
        *self = Self::open(&self.path)?;
        Ok(())
    }

    /// What was wrong with the file as far as it was read.
    pub(crate) fn complaint(&self) -> Option<String> {
        let filled = self.file.filled();
        let seconds = filled as f64 / f64::from(self.rate_hz());
        (filled > 0).then(|| {
            let path = self.path.display();
            format!("`{path}`: {seconds:.2} s of its sound are damaged; silence was played instead")
        })
    }
}
