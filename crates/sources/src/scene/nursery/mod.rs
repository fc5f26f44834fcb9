//! A nursery at night, to be heard: the quiet of a room, and in it cries, a dog, a sneeze and a clock, each at its known time.
//!
//! In: settings and a clock. Out: sound, the same for the same seed, and what is heard in it. The recordings are in `clips/`,
//! with whom they are from.

mod clips;
mod room;
mod script;
#[cfg(test)]
mod tests;

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_node::audio::{self, AudioMeta, Samples};
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Step, Stop};
use bushbaby_sound::results::{EventState, Events, EventsKind, SOUND_VERSION, SoundEvent};

use super::settings::SceneSettings;
use super::source::TRUTH;
use crate::sound_pace::SoundPace;
use room::Room;
pub(super) use script::Plan;
use script::{Heard, Script};

/// Of the sound and of the recordings.
const RATE_HZ: u32 = 16_000;
/// Samples of one piece: 50 ms.
const PIECE: usize = 800;

/// What `scene: nursery` writes.
pub(super) const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "audio",
        carries: Carries::Audio,
        owes_frames: true,
    },
    OutputSpec {
        name: TRUTH.name,
        carries: Carries::Events,
        owes_frames: false,
    },
];

const AUDIO: &str = OUTPUTS[0].name;

/// The room, and how far it has been heard.
#[derive(Debug)]
pub(super) struct Nursery {
    room: Room,
    pace: SoundPace,
    position: u64,
    piece: Vec<i16>,
    /// What is heard now, each with the capture time of its first sample.
    heard: Vec<(Heard, CaptureTime)>,
    /// Part of every event's name: no other run has it.
    life: String,
}

impl Nursery {
    pub(super) fn open(settings: &SceneSettings, context: &NodeContext) -> Self {
        let plan = settings.nursery_plan();
        let begun = CaptureTime::now(CaptureClock::Rendered);
        Self {
            room: Room::new(Script::new(plan)),
            pace: SoundPace::new(RATE_HZ, 1.0),
            position: 0,
            piece: vec![0; PIECE],
            heard: Vec::new(),
            life: format!("{}-{:x}", context.name(), begun.wall.as_ns()),
        }
    }

    pub(super) fn step(&mut self, stop: &Stop, out: &mut Outputs) -> Result<Step, NodeError> {
        let Some(first_sample) = self.pace.wait_for(self.position, PIECE, stop) else {
            return Ok(Step::Idle);
        };
        let captured = CaptureTime::at(first_sample, CaptureClock::Rendered);
        self.room.listen(&mut self.piece);
        let meta = AudioMeta::new(out.node(), RATE_HZ, self.position);
        audio::send(out, AUDIO, Samples::I16(&self.piece), 1, &meta, captured, None)?;
        self.position += PIECE as u64;
        self.tell(captured, out)?;
        Ok(Step::Sent)
    }

    /// Sends what began or ended in the piece that was captured at `captured`.
    fn tell(&mut self, captured: CaptureTime, out: &mut Outputs) -> Result<(), NodeError> {
        let piece_begins = self.position - PIECE as u64;
        let moment = |sample: u64| {
            let after = std::time::Duration::from_secs_f64((sample - piece_begins) as f64 / f64::from(RATE_HZ));
            CaptureTime::at(captured.mono + after, CaptureClock::Rendered)
        };
        let mut items = Vec::new();
        for heard in self.room.script().beginning_in(piece_begins..self.position) {
            let began = moment(heard.begin);
            items.push(self.event(&heard, began, None));
            self.heard.push((heard, began));
        }
        let over = self.heard.extract_if(.., |(heard, _)| heard.end <= self.position);
        let over: Vec<(Heard, CaptureTime)> = over.collect();
        items.extend(over.iter().map(|(heard, began)| {
            let ended = moment(heard.end.max(piece_begins));
            self.event(heard, *began, Some(ended))
        }));
        // The truth is told whether anybody listens or not: a reader that comes later hears how it ends.
        if items.is_empty() {
            return Ok(());
        }
        let events = Events {
            kind: EventsKind::Events,
            version: SOUND_VERSION,
            source: out.node().to_owned(),
            items,
        };
        let origin = out.last_sent(AUDIO);
        out.send_result(TRUTH.name, &events, captured, origin.as_ref())
    }

    fn event(&self, heard: &Heard, began: CaptureTime, ended: Option<CaptureTime>) -> SoundEvent {
        let seconds = |sample: u64| sample as f64 / f64::from(RATE_HZ);
        SoundEvent {
            id: format!("{}-{}", self.life, heard.begin),
            sound: heard.sound.name().to_owned(),
            state: if ended.is_some() {
                EventState::Ended
            } else {
                EventState::Began
            },
            score: 1.0,
            start_at: time_of_day(began),
            decided_at: time_of_day(began),
            end_at: ended.map(time_of_day),
            start_s: seconds(heard.begin),
            decided_s: seconds(heard.begin),
            end_s: ended.map(|_| seconds(heard.end)),
        }
    }
}

/// RFC 3339, in UTC.
fn time_of_day(time: CaptureTime) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.wall.as_ns()))
        .unwrap_or_default()
        .to_string()
}
