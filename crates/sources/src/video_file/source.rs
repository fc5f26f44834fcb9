//! Plays footage: sends each picture when it is due, or when the readers are ready for it.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, Pacing};
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step, image};

use super::footage::{Advance, Footage, open};
use super::soundtrack::{AUDIO, Soundtrack, Span};
use super::{Pace, VideoFileSettings};
use crate::calibration::Calibrated;

const IMAGE: &str = "image";
/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(150);
/// A film that is further behind its pace goes on from where it is, rather than racing after it.
const FURTHEST_BEHIND: Duration = Duration::from_secs(1);
/// A film that is shorter is not begun anew more often than this.
const SHORTEST_LOOP: Duration = Duration::from_millis(10);

/// A film or a folder of pictures.
#[derive(Debug)]
pub struct VideoFileSource {
    context: NodeContext,
    calibrated: Calibrated,
    footage: Box<dyn Footage>,
    sound: Option<Soundtrack>,
    /// When the piece of sound that is ready is heard.
    next_sound: Option<Span>,
    is_loop: bool,
    pace: Pace,
    is_open: bool,
    /// When the picture that the footage is at is shown, since the first; absent: it has been sent.
    pending: Option<Duration>,
    /// How much was played before the footage began anew last.
    before: Duration,
    /// How many pictures were sent since the footage began anew last.
    sent: u64,
    /// When the very first picture was shown, or would have been at the pace since then.
    started: Option<MonoTime>,
    has_finished: bool,
}

impl Source for VideoFileSource {
    type Settings = VideoFileSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: IMAGE,
            carries: Carries::Image,
            owes_frames: false,
        },
        OutputSpec {
            name: AUDIO,
            carries: Carries::Audio,
            owes_frames: false,
        },
    ];

    fn outputs(settings: &VideoFileSettings, base_dir: &Path) -> Vec<OutputSpec> {
        let has_sound = Soundtrack::open(&base_dir.join(&settings.video_file), settings).is_some();
        let outputs = Self::OUTPUTS.iter().filter(|output| has_sound || output.name != AUDIO);
        outputs.copied().collect()
    }

    fn open(settings: VideoFileSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let path = context.resolve(&settings.video_file);
        let footage = open(&path, settings.fps, context)?;
        Ok(Self {
            sound: Soundtrack::open(&path, &settings),
            next_sound: None,
            context: context.clone(),
            calibrated: Calibrated::new(context, settings.calibration.as_deref()),
            footage,
            is_loop: settings.is_loop,
            pace: settings.pace,
            is_open: false,
            pending: None,
            before: Duration::ZERO,
            sent: 0,
            started: None,
            has_finished: false,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        if !self.is_open && self.pace == Pace::Readers {
            for output in [IMAGE, AUDIO] {
                out.set_pacing(output, Pacing::WaitForReaders { outstanding: 1 });
            }
        }
        self.is_open = true;
        if self.send_sound(out)? {
            return Ok(Step::Sent);
        }
        if self.has_finished && self.next_sound.is_none() {
            return Ok(Step::Finished);
        }
        if self.has_finished {
            self.context.stop.wait(self.patience());
            return Ok(Step::Idle);
        }
        let at = match self.pending {
            Some(at) => at,
            None => match self.advance()? {
                Advance::Picture { at } => {
                    let at = *self.pending.insert(self.before + at);
                    // What was heard before this picture goes before it.
                    if self.pace == Pace::Readers && self.send_sound(out)? {
                        return Ok(Step::Sent);
                    }
                    at
                }
                Advance::NotYet => return Ok(Step::Idle),
                Advance::End => return self.end(),
            },
        };
        let captured = match self.pace {
            Pace::Film => self.when_due(at),
            Pace::Readers => self.when_wanted(out)?,
        };
        let Some(captured) = captured else {
            return Ok(Step::Idle);
        };
        if let Some(picture) = self.footage.picture() {
            let meta = self.calibrated.meta([picture.width(), picture.height()]);
            image::send(out, IMAGE, &picture, captured, None, meta)?;
        }
        self.pending = None;
        self.sent += 1;
        Ok(Step::Sent)
    }

    fn close(&mut self) {
        self.footage.close();
    }
}

impl VideoFileSource {
    fn advance(&mut self) -> Result<Advance, NodeError> {
        let advance = self.footage.advance(STEP);
        if let Some(complaint) = self.footage.take_complaint() {
            self.context.reporter.warn(&complaint);
        }
        Ok(advance?)
    }

    /// Begins anew, or stays at the end.
    fn end(&mut self) -> Result<Step, NodeError> {
        if !self.is_loop {
            self.has_finished = true;
            self.footage.close();
            return Ok(Step::Idle);
        }
        if self.sent == 0 {
            return Err(NodeError::new("not one picture could be played"));
        }
        self.before += self.footage.played().max(SHORTEST_LOOP);
        if let Some(sound) = &mut self.sound {
            sound.begins_anew(self.before);
        }
        self.sent = 0;
        self.footage.rewind()?;
        Ok(Step::Idle)
    }

    /// Waits for the moment of a picture, a step at most; returns it once it has come.
    fn when_due(&mut self, at: Duration) -> Option<CaptureTime> {
        let now = MonoTime::now();
        let started = *self
            .started
            .get_or_insert_with(|| MonoTime::from_ns(now.as_ns().saturating_sub(at.as_nanos() as u64)));
        let mut due = started + at;
        let behind = now.since(due);
        if behind > FURTHEST_BEHIND {
            self.started = Some(started + behind);
            due = now;
        }
        let (left, patience) = (due.since(now), self.patience());
        if left > patience {
            self.context.stop.wait(patience);
            return None;
        }
        if !left.is_zero() && self.context.stop.wait(left) {
            return None;
        }
        Some(CaptureTime::at(due, CaptureClock::File))
    }

    /// Sends the next piece of sound if it is its turn: at the film's pace once it would have been heard, at the readers' before
    /// the next picture. Returns whether it did.
    fn send_sound(&mut self, out: &mut Outputs) -> Result<bool, NodeError> {
        let Some(sound) = &mut self.sound else {
            return Ok(false);
        };
        if self.next_sound.is_none() {
            self.next_sound = sound.prepare().unwrap_or_else(|error| {
                self.context.reporter.warn(&error.to_string());
                None
            });
        }
        let Some(Span { begin, end }) = self.next_sound else {
            return Ok(false);
        };
        let captured = match (self.pace, self.started, self.pending) {
            (Pace::Film, Some(started), _) if MonoTime::now() >= started + end => {
                CaptureTime::at(started + begin, CaptureClock::File)
            }
            (Pace::Readers, _, Some(at)) if at < end => return Ok(false),
            (Pace::Readers, _, None) if !self.has_finished => return Ok(false),
            (Pace::Readers, ..) if out.is_wanted(AUDIO)? && !out.wait_for_readers(AUDIO, STEP)? => return Ok(false),
            (Pace::Readers, ..) => CaptureTime::now(CaptureClock::File),
            (Pace::Film, ..) => return Ok(false),
        };
        self.next_sound = None;
        sound.send(captured, out)?;
        Ok(true)
    }

    /// How long a step may wait for a picture: until a piece of sound is due.
    fn patience(&self) -> Duration {
        let due = self.started.zip(self.next_sound).filter(|_| self.pace == Pace::Film);
        due.map_or(STEP, |(started, sound)| {
            (started + sound.end).since(MonoTime::now()).min(STEP)
        })
    }

    /// Waits until there are readers and they have taken the picture before, a step at most.
    fn when_wanted(&self, out: &mut Outputs) -> Result<Option<CaptureTime>, NodeError> {
        if !out.is_wanted(IMAGE)? {
            self.context.stop.wait(STEP / 3);
            return Ok(None);
        }
        Ok(out
            .wait_for_readers(IMAGE, STEP)?
            .then(|| CaptureTime::now(CaptureClock::File)))
    }
}
