//! Everything that is not decoded here: an ffmpeg child writes raw pictures into a pipe.

mod child;
#[cfg(test)]
mod tests;
mod y4m;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bushbaby_node::NodeContext;
use bushbaby_node::children::Spawner;
use bushbaby_pixels::{Image, ImageView};

use super::footage::{Advance, Footage, FootageError};
use child::{Running, Said};
use y4m::Header;

const PROGRAM: &str = "ffmpeg";
/// How long ffmpeg may look at a file before its first picture comes.
const FIRST_PICTURE: Duration = Duration::from_secs(30);

/// A film that ffmpeg decodes.
#[derive(Debug)]
pub(super) struct Ffmpeg {
    spawner: Spawner,
    program: OsString,
    path: PathBuf,
    fps: Option<f64>,
    running: Option<Running>,
    header: Option<Header>,
    shown: Option<Image>,
    shown_count: u32,
    complaint: Option<String>,
    started: Instant,
}

impl Ffmpeg {
    /// Starts ffmpeg and waits for what it says about the pictures to come. `why` it is needed.
    pub(super) fn open(path: &Path, fps: Option<f64>, why: &str, context: &NodeContext) -> Result<Self, FootageError> {
        Self::with_program(PROGRAM.into(), path, fps, why, context)
    }

    pub(super) fn with_program(
        program: OsString,
        path: &Path,
        fps: Option<f64>,
        why: &str,
        context: &NodeContext,
    ) -> Result<Self, FootageError> {
        let mut ffmpeg = Self {
            spawner: context.spawner.clone(),
            program,
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            fps,
            running: None,
            header: None,
            shown: None,
            shown_count: 0,
            complaint: None,
            started: Instant::now(),
        };
        ffmpeg.start().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FootageError::NoFfmpeg {
                path: path.to_owned(),
                why: why.to_owned(),
            },
            _ => FootageError::FfmpegStart { why: error.to_string() },
        })?;
        while ffmpeg.header.is_none() && !context.stop.is_set() {
            ffmpeg.hear(Duration::from_millis(100))?;
        }
        Ok(ffmpeg)
    }

    fn start(&mut self) -> io::Result<()> {
        self.running = Some(Running::start(&self.spawner, &self.program, &self.path)?);
        (self.header, self.shown_count, self.started) = (None, 0, Instant::now());
        Ok(())
    }

    /// Takes the next thing that ffmpeg says.
    fn hear(&mut self, wait: Duration) -> Result<Advance, FootageError> {
        let Some(running) = &self.running else {
            return Ok(Advance::End);
        };
        match running.next(wait) {
            None if self.header.is_none() && self.started.elapsed() > FIRST_PICTURE => {
                Err(FootageError::FfmpegSilent {
                    path: self.path.clone(),
                    waited: FIRST_PICTURE,
                })
            }
            None => Ok(Advance::NotYet),
            Some(Said::Header(header)) => {
                self.header = Some(header);
                Ok(Advance::NotYet)
            }
            Some(Said::Picture(image)) => {
                if let Some(old) = self.shown.replace(image) {
                    running.give_back(old);
                }
                let at = self.frame_time() * self.shown_count;
                self.shown_count += 1;
                Ok(Advance::Picture { at })
            }
            Some(Said::End(trouble)) => self.end(trouble),
        }
    }

    fn end(&mut self, trouble: Option<String>) -> Result<Advance, FootageError> {
        let Some(running) = self.running.take() else {
            return Ok(Advance::End);
        };
        let ended = running.ended();
        let said = match (ended.last_line.as_str(), trouble) {
            ("", trouble) => trouble.unwrap_or_else(|| "it said nothing".to_owned()),
            (line, _) => line.to_owned(),
        };
        if self.shown_count == 0 {
            return Err(FootageError::Ffmpeg {
                path: self.path.clone(),
                how: ended.how,
                said,
            });
        }
        let (path, count) = (self.path.display(), self.shown_count);
        if !ended.is_success {
            let how = ended.how;
            self.complaint = Some(format!(
                "`{path}` ends after {count} pictures: ffmpeg ended with {how}: {said}"
            ));
        } else if !ended.last_line.is_empty() {
            // A film that is cut off is no failure for ffmpeg.
            self.complaint = Some(format!("`{path}` ends after {count} pictures; ffmpeg said: {said}"));
        }
        Ok(Advance::End)
    }

    fn frame_time(&self) -> Duration {
        super::frame_time(self.fps.or(self.header.map(|header| header.fps)).unwrap_or(1.0))
    }
}

impl Footage for Ffmpeg {
    fn advance(&mut self, wait: Duration) -> Result<Advance, FootageError> {
        self.hear(wait)
    }

    fn picture(&self) -> Option<ImageView<'_>> {
        self.shown.as_ref().map(Image::view)
    }

    fn played(&self) -> Duration {
        self.frame_time() * self.shown_count
    }

    fn rewind(&mut self) -> Result<(), FootageError> {
        self.running = None;
        self.start()
            .map_err(|error| FootageError::FfmpegStart { why: error.to_string() })
    }

    fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    fn close(&mut self) {
        self.running = None;
    }
}
