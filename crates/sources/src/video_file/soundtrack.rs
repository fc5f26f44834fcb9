//! The sound of a film, in step with its pictures.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::CaptureTime;
use bushbaby_node::{NodeError, Outputs};
use bushbaby_sound::file::FileError;

use super::VideoFileSettings;
use crate::sound_track::Track;

/// The output.
pub(super) const AUDIO: &str = "audio";

/// The sound of a film that is played once or again and again. Times are those of the film since it was first begun.
#[derive(Debug)]
pub(super) struct Soundtrack {
    track: Track,
    /// When this round began.
    begun: Duration,
    /// Samples of each channel of this round that were sent.
    played: u64,
    /// Samples of each channel since the beginning, what pictures had no sound for included.
    position: u64,
    /// When the pictures begin anew.
    next_round: Option<Duration>,
    is_over: bool,
}

/// When a piece of sound begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) begin: Duration,
    pub(super) end: Duration,
}

impl Soundtrack {
    /// The sound of a film, if it has some that is decoded here and that keeps step: pictures at a pace of their own have none.
    pub(super) fn open(path: &Path, settings: &VideoFileSettings) -> Option<Self> {
        if settings.fps.is_some() || !path.is_file() || super::stills::is_picture(path) {
            return None;
        }
        let track = match Track::open(path) {
            Ok(track) => track,
            Err(FileError::NoSound { .. }) => return None,
            Err(error) => {
                tracing::info!("it is played without sound: {error}");
                return None;
            }
        };
        Some(Self {
            track,
            begun: Duration::ZERO,
            played: 0,
            position: 0,
            next_round: None,
            is_over: false,
        })
    }

    /// Says that the pictures begin anew at `begin`.
    pub(super) fn begins_anew(&mut self, begin: Duration) {
        self.next_round = Some(begin);
    }

    /// Makes the next piece ready and says when it is heard; `None`: there is none behind the last.
    ///
    /// # Errors
    /// What was wrong with it, after which it is over.
    pub(super) fn prepare(&mut self) -> Result<Option<Span>, FileError> {
        if let Some(begin) = self.next_round
            && (self.is_over || self.time(self.played) >= begin)
        {
            self.next_round = None;
            self.is_over = true;
            self.track.rewind()?;
            let in_samples = (begin.as_secs_f64() * f64::from(self.track.rate_hz())).round() as u64;
            (self.begun, self.played, self.is_over) = (begin, 0, false);
            self.position = self.position.max(in_samples);
        }
        if self.is_over {
            return Ok(None);
        }
        let length = self.track.prepare();
        self.is_over = !matches!(length, Ok(Some(_)));
        let Some(length) = length? else {
            return Ok(None);
        };
        Ok(Some(Span {
            begin: self.time(self.played),
            end: self.time(self.played + length as u64),
        }))
    }

    /// Sends the piece that is ready.
    pub(super) fn send(&mut self, captured: CaptureTime, out: &mut Outputs) -> Result<(), NodeError> {
        let sent = self.track.send(AUDIO, self.position, captured, out)? as u64;
        self.position += sent;
        self.played += sent;
        Ok(())
    }

    /// When a sample of this round is heard.
    fn time(&self, sample: u64) -> Duration {
        self.begun + Duration::from_secs_f64(sample as f64 / f64::from(self.track.rate_hz()))
    }
}
