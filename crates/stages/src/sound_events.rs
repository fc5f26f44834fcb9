//! `sound_events`: what is heard: a baby's cry, a smoke alarm, breaking glass.
//!
//! In: sound in any form, of one stream or of many; each is listened to on its own. Out: [`Events`](results::Events) when something
//! begins or ends and, under the same `id`, again every 2 s for a minute, so that a reader that starts anew misses none; [`Scores`](results::Scores) with every window, [`Level`](results::Level) four times a second, with the capture time
//! and the origin of the piece of sound that completed them.

use std::collections::BTreeMap;

use bushbaby_bus::{Frame, WallTime};
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Stage, audio};
use bushbaby_sound::listener::ListenerSettings;
use bushbaby_sound::tagger::Tagger;

mod heard;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

use heard::Ids;
pub use settings::{ClassList, ListenFor, Settings};
use stream::{Stream, StreamError};

/// The kind.
pub const KIND: Kind = Kind::stage::<SoundEvents>("sound_events", "Hears a baby cry, a smoke alarm, breaking glass.");

/// The stage.
#[derive(Debug)]
pub struct SoundEvents {
    tagger: Tagger,
    settings: ListenerSettings,
    streams: BTreeMap<String, Stream>,
    ids: Ids,
}

impl Stage for SoundEvents {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Sound;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "events",
            carries: Carries::Events,
            owes_frames: false,
        },
        OutputSpec {
            name: "scores",
            carries: Carries::Scores,
            owes_frames: false,
        },
        OutputSpec {
            name: "level",
            carries: Carries::Level,
            owes_frames: false,
        },
    ];

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let tagger = settings.tagger(&context.spec.base_dir)?;
        Ok(Self {
            settings: settings.listener(&tagger)?,
            tagger,
            streams: BTreeMap::new(),
            ids: Ids::new(context.name(), WallTime::now()),
        })
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        let piece = match audio::view(&frame) {
            Ok(piece) => piece,
            // One damaged piece is no reason to end: the next may be whole.
            Err(error) => {
                out.warn(&error.to_string());
                return Ok(());
            }
        };
        let name = frame.stream().as_str();
        let continues = self
            .streams
            .get(name)
            .is_some_and(|stream| stream.continues(&frame, &piece));
        if !continues {
            if let Some(mut broken_off) = self.streams.remove(name) {
                broken_off.end(&frame, &mut self.ids, out)?;
            }
            match Stream::new(&frame, &piece, &self.settings, &self.tagger) {
                Ok(stream) => drop(self.streams.insert(name.to_owned(), stream)),
                Err(error) => {
                    out.warn(&format!("stream `{name}`: {error}"));
                    return Ok(());
                }
            }
        }
        let Some(stream) = self.streams.get_mut(name) else {
            return Ok(());
        };
        match stream.hear(&frame, &piece, &mut self.tagger, &mut self.ids, out) {
            Ok(()) => Ok(()),
            Err(StreamError::Node(error)) => Err(error),
            Err(StreamError::Model(error)) => Err(NodeError::new(error.to_string())),
        }
    }
}
