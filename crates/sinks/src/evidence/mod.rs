//! `evidence`: the sound and the picture around everything that is heard, for whoever is told of it.
//!
//! In: events, the sound of every source, and pictures. Out: files in a folder, three for each event ([`Settings`]).
//!
//! Sound is kept in memory for as long as an event may need it, so that what came before it is there. Pictures are only read when
//! something was heard: a camera that nobody looks at decodes none for this.

mod clips;
mod folder;
mod ring;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bushbaby_bus::{Frame, MAX_QUEUE, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber, WallTime, wait_any};
use bushbaby_node::audio::follow::{Follower, Joint, PieceInfo};
use bushbaby_node::audio::{self, Samples};
use bushbaby_node::control::{Dropped, InputSpec};
use bushbaby_node::inputs::read_options;
use bushbaby_node::{InputNeed, NodeContext, NodeError, Sink};
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_recording::wav::WavFormat;
use bushbaby_sound::results::Events;
use jiff::Timestamp;

use clips::{Clip, Clips, Taken};
use folder::{Evidence, Folder, Picture};
use ring::Ring;

use crate::jpeg::jpeg_of;

pub use settings::Settings;

/// It is looked this often whether a clip is complete.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Sound that is later than this is missing from its clip.
const SLACK: Duration = Duration::from_secs(10);
/// So long a picture is waited for: a network camera may have to wait for its next keyframe.
const PICTURE_PATIENCE: Duration = Duration::from_secs(10);

/// What is heard and seen, ready to be kept.
#[derive(Debug)]
pub struct EvidenceKeeper {
    settings: Settings,
    folder: Folder,
}

/// All that is known of one source.
#[derive(Debug)]
struct Source {
    follower: Follower,
    ring: Ring,
    /// Where its pictures come from.
    pictures: Option<InputSpec>,
    /// Reads them while something waits for one.
    reader: Option<(Subscriber, Instant)>,
    /// By event.
    taken: BTreeMap<String, Picture>,
    /// Events that have none yet.
    without: Vec<String>,
}

impl Sink for EvidenceKeeper {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Anything;

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let path = context.resolve(&settings.to);
        let folder = Folder::open(&path, settings.budget.bytes).map_err(|error| {
            NodeError::new(format!("`{}` cannot be written: {error}", path.display()))
                .with_hint("name a folder that this user may write to: `evidence: FOLDER`")
        })?;
        Ok(Self { settings, folder })
    }

    fn run(self, context: &NodeContext) -> Result<(), NodeError> {
        let mut keeping = Keeping::open(self, context)?;
        context.reporter.ready();
        context.reporter.running();
        while !context.stop.is_set() {
            let readers: Vec<&Subscriber> = keeping.readers.iter().collect();
            wait_any(&readers, LOOK_EVERY)?;
            keeping.take_all(context)?;
            keeping.look_for_pictures(context);
            keeping.write_due(context);
        }
        // What was heard last is kept as far as it is there.
        let left = keeping.clips.now(None);
        keeping.write(left, context);
        Ok(())
    }
}

/// The state of a running keeper.
struct Keeping {
    settings: Settings,
    folder: Folder,
    /// Of sound and events.
    readers: Vec<Subscriber>,
    sources: BTreeMap<String, Source>,
    clips: Clips,
    encoder: Option<Encoder>,
}

impl Keeping {
    fn open(keeper: EvidenceKeeper, context: &NodeContext) -> Result<Self, NodeError> {
        let EvidenceKeeper { settings, folder } = keeper;
        let mut keeping = Self {
            settings,
            folder,
            readers: Vec::new(),
            sources: BTreeMap::new(),
            clips: Clips::default(),
            encoder: None,
        };
        for spec in &context.spec.inputs {
            match spec.stream.output() {
                "image" | "rgbd" => keeping.source(spec.stream.node()).pictures = Some(spec.clone()),
                _ => {
                    let options = ReadOptions {
                        policy: ReadPolicy::Queue(spec.queue.unwrap_or(MAX_QUEUE)),
                        ..read_options(spec)
                    };
                    let reader = context.bus.subscriber(&spec.stream, options)?;
                    let waker = reader.waker();
                    context.stop.on_set(move || waker.wake());
                    keeping.readers.push(reader);
                }
            }
        }
        Ok(keeping)
    }

    fn source(&mut self, name: &str) -> &mut Source {
        let keeps = self.settings.before.0 + self.settings.after.0 + SLACK;
        self.sources.entry(name.to_owned()).or_insert_with(|| Source {
            follower: Follower::default(),
            ring: Ring::new(keeps),
            pictures: None,
            reader: None,
            taken: BTreeMap::new(),
            without: Vec::new(),
        })
    }

    /// Takes everything that waits on the bus.
    fn take_all(&mut self, context: &NodeContext) -> Result<(), NodeError> {
        for index in 0..self.readers.len() {
            loop {
                let reader = &self.readers[index];
                let stream = reader.stream().clone();
                let received = match reader.try_recv() {
                    Err(RecvError::Damaged { .. }) => {
                        let told = format!("a frame of `{stream}` was damaged and is left out");
                        context.reporter.warn(&told);
                        continue;
                    }
                    other => other?,
                };
                let counts = reader.counts();
                let dropped = Dropped {
                    superseded: counts.superseded,
                    overflow: counts.overflow,
                    damaged: counts.damaged,
                    skipped: counts.skipped,
                };
                context.reporter.dropped(&stream, dropped);
                let Some(frame) = received else { break };
                let age = frame.received_at().since(frame.captured().mono);
                context.reporter.received(&stream, age);
                self.take(&stream, &frame, context);
            }
        }
        Ok(())
    }

    fn take(&mut self, stream: &StreamName, frame: &Frame, context: &NodeContext) {
        if frame.array("audio").is_some() {
            self.take_sound(stream, frame, context);
            return;
        }
        let Ok(events) = serde_json::from_slice::<Events>(frame.body()) else {
            context
                .reporter
                .warn(&format!("`{stream}` holds no events that can be read"));
            return;
        };
        let (before, after) = (self.settings.before.0, self.settings.after.0);
        for (id, taken) in self.clips.take(&events, before, after) {
            match taken {
                Taken::Yes => self.source(&events.source).without.push(id),
                Taken::No => {}
                Taken::Unreadable => context
                    .reporter
                    .warn(&format!("event `{id}` of `{stream}` does not say when it was")),
                Taken::TooMany => context.reporter.warn(&format!(
                    "event `{id}` of `{stream}` is not kept: too much is heard at once"
                )),
            }
        }
    }

    fn take_sound(&mut self, stream: &StreamName, frame: &Frame, context: &NodeContext) {
        let view = match audio::view(frame) {
            Ok(view) => view,
            Err(error) => return context.reporter.warn(&error.to_string()),
        };
        let format = WavFormat {
            sample_rate_hz: view.meta.sample_rate_hz,
            channels: view.channels as u16,
        };
        let source = self.source(stream.node());
        let joint = source.follower.next(PieceInfo::of(frame, &view));
        if joint == Joint::Anew {
            // What there is of the sound before is all that there will be.
            let cut_short = self.clips.now(Some(stream.node()));
            self.write(cut_short, context);
        }
        let wall_ns = frame.captured().wall.as_ns();
        let ring = &mut self.source(stream.node()).ring;
        match view.samples {
            Samples::I16(samples) => ring.take(format, joint, wall_ns, samples),
            Samples::F32(samples) => {
                let as_i16 = |sample: &f32| (sample.clamp(-1.0, 1.0) * 32_767.0) as i16;
                let samples: Vec<i16> = samples.iter().map(as_i16).collect();
                ring.take(format, joint, wall_ns, &samples);
            }
        }
    }

    /// Reads a picture for each event that has none yet.
    fn look_for_pictures(&mut self, context: &NodeContext) {
        for source in self.sources.values_mut() {
            if source.without.is_empty() {
                source.reader = None;
                continue;
            }
            let Some(spec) = &source.pictures else {
                source.without.clear();
                continue;
            };
            if source.reader.is_none() {
                match context.bus.subscriber(&spec.stream, ReadOptions::default()) {
                    Ok(reader) => source.reader = Some((reader, Instant::now())),
                    Err(error) => {
                        context
                            .reporter
                            .warn(&format!("`{}` cannot be read: {error}", spec.stream));
                        source.without.clear();
                    }
                }
            }
            let Some((reader, since)) = &source.reader else {
                continue;
            };
            if let Ok(Some(frame)) = reader.try_recv() {
                let jpeg = jpeg_of(&frame, &mut self.encoder);
                match jpeg {
                    Ok(jpeg) => {
                        let captured_at = time_of_day(frame.captured().wall.as_ns());
                        for id in source.without.drain(..) {
                            let picture = Picture {
                                jpeg: jpeg.clone(),
                                captured_at: captured_at.clone(),
                            };
                            source.taken.insert(id, picture);
                        }
                    }
                    Err(problem) => {
                        context.reporter.warn(&problem);
                        source.without.clear();
                    }
                }
            } else if since.elapsed() > PICTURE_PATIENCE {
                source.without.clear();
            }
        }
    }

    fn write_due(&mut self, context: &NodeContext) {
        let end = |name: &str| self.sources.get(name).map(|source| source.ring.end_wall_ns());
        let due = self.clips.due(end, WallTime::now().as_ns());
        self.write(due, context);
    }

    fn write(&mut self, clips: Vec<Clip>, context: &NodeContext) {
        for clip in clips {
            let source = self.source(&clip.source);
            source.without.retain(|id| *id != clip.event.id);
            let evidence = Evidence {
                sound: source.ring.cut(clip.from_wall_ns, clip.to_wall_ns),
                picture: source.taken.remove(&clip.event.id),
                source: &clip.source,
                event: &clip.event,
            };
            match self.folder.write(&evidence) {
                Ok(stem) => tracing::info!("kept `{stem}`"),
                Err(error) => context.reporter.warn(&format!(
                    "the evidence of `{}` cannot be written: {error}",
                    clip.event.id
                )),
            }
        }
    }
}

/// RFC 3339 in UTC, to the millisecond.
fn time_of_day(wall_ns: i64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(wall_ns)).unwrap_or_default();
    format!("{time:.3}")
}
