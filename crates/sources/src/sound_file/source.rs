//! Plays a sound file: sends each piece when it is due, or when the readers are ready for it.

use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, Pacing};
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};
use bushbaby_sound::file::FileError;

use super::{Pace, SoundFileSettings};
use crate::sound_pace::SoundPace;
use crate::sound_track::Track;

const AUDIO: &str = "audio";
/// A step returns after this long, with or without sound.
const STEP: Duration = Duration::from_millis(150);

/// A sound file.
#[derive(Debug)]
pub struct SoundFileSource {
    context: NodeContext,
    track: Track,
    is_loop: bool,
    pace: Pace,
    speed: f64,
    /// Absent before the first piece.
    clock: Option<SoundPace>,
    /// Samples of each channel sent so far.
    position: u64,
    /// As much was sent when the file began anew last.
    begun_at: u64,
    has_finished: bool,
}

impl Source for SoundFileSource {
    type Settings = SoundFileSettings;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: AUDIO,
        carries: Carries::Audio,
        owes_frames: false,
    }];

    fn open(settings: SoundFileSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let track = Track::open(&context.resolve(&settings.sound_file)).map_err(|error| unplayable(&error))?;
        Ok(Self {
            context: context.clone(),
            track,
            is_loop: settings.is_loop,
            pace: settings.pace,
            speed: settings.speed,
            clock: None,
            position: 0,
            begun_at: 0,
            has_finished: false,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        if self.has_finished {
            return Ok(Step::Finished);
        }
        let length = self.track.prepare().unwrap_or_else(|error| {
            self.context.reporter.warn(&error.to_string());
            None
        });
        let Some(length) = length else {
            return self.end();
        };
        let captured = match self.pace {
            Pace::File => self.when_due(length),
            Pace::Readers => self.when_wanted(out)?,
        };
        let Some(captured) = captured else {
            return Ok(Step::Idle);
        };
        self.position += self.track.send(AUDIO, self.position, captured, out)? as u64;
        Ok(Step::Sent)
    }
}

impl SoundFileSource {
    /// Begins anew, or stays at the end.
    fn end(&mut self) -> Result<Step, NodeError> {
        if let Some(complaint) = self.track.complaint() {
            self.context.reporter.warn(&complaint);
        }
        if self.position == self.begun_at {
            return Err(NodeError::new("the file holds no sound that can be played").for_good());
        }
        if !self.is_loop {
            self.has_finished = true;
            return Ok(Step::Finished);
        }
        self.begun_at = self.position;
        self.track.rewind().map_err(|error| unplayable(&error))?;
        Ok(Step::Idle)
    }

    fn when_due(&mut self, length: usize) -> Option<CaptureTime> {
        let clock = self
            .clock
            .get_or_insert_with(|| SoundPace::new(self.track.rate_hz(), self.speed));
        let first_sample = clock.wait_for(self.position, length, &self.context.stop)?;
        Some(CaptureTime::at(first_sample, CaptureClock::File))
    }

    /// Waits until there are readers and they have taken the piece before, a step at most.
    fn when_wanted(&self, out: &mut Outputs) -> Result<Option<CaptureTime>, NodeError> {
        if self.position == 0 {
            out.set_pacing(AUDIO, Pacing::WaitForReaders { outstanding: 1 });
        }
        if !out.is_wanted(AUDIO)? {
            self.context.stop.wait(STEP / 3);
            return Ok(None);
        }
        Ok(out
            .wait_for_readers(AUDIO, STEP)?
            .then(|| CaptureTime::now(CaptureClock::File)))
    }
}

fn unplayable(error: &FileError) -> NodeError {
    NodeError::new(error.to_string()).for_good()
}
