//! One stream that is listened to: its rate, its place, its gaps.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::{Frame, MonoTime};
use bushbaby_node::audio::AudioView;
use bushbaby_node::{NodeError, Outputs};
use bushbaby_sound::listener::{Listener, ListenerSettings, Told};
use bushbaby_sound::resample::{ResampleError, Resampler};
use bushbaby_sound::results::{
    Events, EventsKind, Level, LevelKind, SOUND_VERSION, Score, Scores, ScoresKind, SoundEvent,
};
use bushbaby_sound::tagger::{Tagger, TaggerError};

use super::heard::{Anchor, Ids, event, rounded};

/// A longer gap than this begins the stream anew; a shorter one is filled with silence.
const LONGEST_GAP_S: f64 = 5.0;
/// An event is told again for so long, and so often, under its `id`: a reader that starts anew misses none.
const TOLD_FOR: Duration = Duration::from_secs(60);
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// From this age of the sound on, looks become fewer.
const LATE: Duration = Duration::from_secs(3);

/// Why a piece of sound could not be worked on.
#[derive(Debug)]
pub(super) enum StreamError {
    Node(NodeError),
    Model(TaggerError),
}

impl From<NodeError> for StreamError {
    fn from(error: NodeError) -> Self {
        Self::Node(error)
    }
}

impl From<TaggerError> for StreamError {
    fn from(error: TaggerError) -> Self {
        Self::Model(error)
    }
}

#[derive(Debug)]
pub(super) struct Stream {
    source: String,
    generation: u64,
    resampler: Resampler,
    listener: Listener,
    window_s: f64,
    /// The position that the next piece has when none is missing.
    next_position: u64,
    /// The name of what is heard now, of each sound.
    ids: Vec<Option<String>>,
    /// What was told lately, and when by the sound's own clock; oldest first.
    lately: VecDeque<(MonoTime, SoundEvent)>,
    told_at: MonoTime,
    anchor: Anchor,
    is_late: bool,
    mono: Vec<f32>,
    ready: Vec<f32>,
}

impl Stream {
    pub(super) fn new(
        frame: &Frame,
        piece: &AudioView<'_>,
        settings: &ListenerSettings,
        tagger: &Tagger,
    ) -> Result<Self, ResampleError> {
        let at_s = seconds(piece.meta.position, piece.meta.sample_rate_hz);
        Ok(Self {
            source: frame.origin().stream.node().to_owned(),
            generation: frame.generation(),
            resampler: Resampler::new(piece.meta.sample_rate_hz)?,
            listener: Listener::new(settings, tagger, at_s),
            window_s: tagger.window_samples() as f64 / f64::from(bushbaby_sound::RATE_HZ),
            next_position: piece.meta.position,
            ids: vec![None; settings.sounds.len()],
            lately: VecDeque::new(),
            told_at: frame.captured().mono,
            anchor: Anchor {
                at_s,
                wall: frame.captured().wall,
            },
            is_late: false,
            mono: Vec::new(),
            ready: Vec::new(),
        })
    }

    /// Whether a piece goes on where the last one ended, or nearly.
    pub(super) fn continues(&self, frame: &Frame, piece: &AudioView<'_>) -> bool {
        let rate_hz = piece.meta.sample_rate_hz;
        self.generation == frame.generation()
            && self.resampler.sample_rate_hz() == rate_hz
            && piece
                .meta
                .position
                .checked_sub(self.next_position)
                .is_some_and(|gap| seconds(gap, rate_hz) <= LONGEST_GAP_S)
    }

    /// Listens to one piece and sends what it brings.
    pub(super) fn hear(
        &mut self,
        frame: &Frame,
        piece: &AudioView<'_>,
        tagger: &mut Tagger,
        ids: &mut Ids,
        out: &mut Outputs,
    ) -> Result<(), StreamError> {
        let meta = &piece.meta;
        let gap = meta.position.saturating_sub(self.next_position);
        self.mono.clear();
        if gap > 0 {
            let ms = seconds(gap, meta.sample_rate_hz) * 1e3;
            out.warn(&format!(
                "{ms:.0} ms of `{}` never came: silence in their place",
                frame.stream()
            ));
            self.mono.resize(usize::try_from(gap).unwrap_or(0), 0.0);
        }
        piece.append_mono(&mut self.mono);
        self.next_position = meta.position.saturating_add(piece.len() as u64);
        self.anchor = Anchor {
            at_s: seconds(meta.position, meta.sample_rate_hz),
            wall: frame.captured().wall,
        };
        self.mind_the_time(frame, out);
        self.ready.clear();
        self.resampler.push(&self.mono, &mut self.ready);
        let mut told = Vec::new();
        self.listener.push(&self.ready, tagger, &mut |what| told.push(what))?;
        self.send(told, frame, ids, out)?;
        Ok(())
    }

    /// Ends what is heard: the stream broke off before `frame`.
    pub(super) fn end(&mut self, frame: &Frame, ids: &mut Ids, out: &mut Outputs) -> Result<(), NodeError> {
        let mut told = Vec::new();
        self.listener.end(&mut |what| told.push(what));
        self.send(told, frame, ids, out)
    }

    fn mind_the_time(&mut self, frame: &Frame, out: &mut Outputs) {
        let is_late = frame.age() > LATE;
        if is_late && !self.is_late {
            out.warn(&format!(
                "the sound of `{}` is {:.1} s old when it is looked at: windows are left out",
                frame.stream(),
                frame.age().as_secs_f64()
            ));
        }
        self.is_late = is_late;
        self.listener.set_hurry(is_late);
    }

    fn send(&mut self, told: Vec<Told>, frame: &Frame, ids: &mut Ids, out: &mut Outputs) -> Result<(), NodeError> {
        let (captured, origin) = (frame.captured(), Some(frame.origin()));
        let mut items = Vec::new();
        for what in told {
            match what {
                Told::Level {
                    rms_dbfs,
                    peak_dbfs,
                    floor_dbfs,
                    ..
                } => {
                    let level = Level {
                        kind: LevelKind::Level,
                        version: SOUND_VERSION,
                        source: self.source.clone(),
                        rms_dbfs: rounded(rms_dbfs, 10.0),
                        peak_dbfs: rounded(peak_dbfs, 10.0),
                        floor_dbfs: rounded(floor_dbfs, 10.0),
                    };
                    out.send_result("level", &level, captured, origin)?;
                }
                Told::Scores { gate_open, scores, .. } => {
                    let scores = self.scores(gate_open, &scores);
                    out.send_result("scores", &scores, captured, origin)?;
                }
                Told::Event { sound, change } => {
                    let name = &self.listener.sounds()[sound].name;
                    // It ends under the name under which it began.
                    let id = match self.ids[sound].take() {
                        Some(id) => id,
                        None => self.ids[sound].insert(ids.take()).clone(),
                    };
                    items.push(event(id, name, change, self.anchor));
                }
            }
        }
        let items = self.with_those_of_lately(items, captured.mono);
        if items.is_empty() {
            return Ok(());
        }
        let events = Events {
            kind: EventsKind::Events,
            version: SOUND_VERSION,
            source: self.source.clone(),
            items,
        };
        out.send_result("events", &events, captured, origin)
    }

    /// What is told now: what is new, and every other second all that was told within a minute.
    fn with_those_of_lately(&mut self, new: Vec<SoundEvent>, now: MonoTime) -> Vec<SoundEvent> {
        while self.lately.front().is_some_and(|(told, _)| now.since(*told) > TOLD_FOR) {
            self.lately.pop_front();
        }
        let is_due = now.since(self.told_at) >= TOLD_EVERY;
        let mut items = Vec::new();
        if is_due {
            self.told_at = now;
            items.extend(self.lately.iter().map(|(_, event)| event.clone()));
        }
        self.lately.extend(new.iter().map(|event| (now, event.clone())));
        items.extend(new);
        items
    }

    fn scores(&self, gate_open: bool, scores: &[f32]) -> Scores {
        let sounds = self.listener.sounds().iter().zip(scores).enumerate();
        Scores {
            kind: ScoresKind::Scores,
            version: SOUND_VERSION,
            source: self.source.clone(),
            window_s: self.window_s,
            gate_open,
            sounds: sounds
                .map(|(place, (sound, score))| {
                    let score = Score {
                        score: rounded(f64::from(*score), 1e4),
                        threshold: rounded(f64::from(sound.threshold), 1e4),
                        heard: self.listener.is_heard(place),
                    };
                    (sound.name.clone(), score)
                })
                .collect(),
        }
    }
}

fn seconds(samples: u64, rate_hz: u32) -> f64 {
    samples as f64 / f64::from(rate_hz.max(1))
}
