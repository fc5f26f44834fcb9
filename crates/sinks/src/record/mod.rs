//! `record`: what comes on streams, into files that others open.
//!
//! In: any streams. Out: MCAP, MP4 or WAV files in a folder; what is written where stands in the crate `bushbaby-recording`.
//!
//! ```text
//! bus ── stream's thread (video, JPEG, depth) ──┐
//! bus ── stream's thread ───────────────────────┼─ lanes ── writing ── files
//! bus ── stream's thread (results, health) ─────┘
//! ```
//!
//! Each stream is read by a thread of its own with a queue of its own on the bus, which drops the oldest frames when the thread is
//! behind: no camera and no other reader is slowed, whatever the disk does, and every frame that is missing is counted.

mod appender;
mod disk;
mod files;
mod item;
mod lanes;
mod names;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod unfinished;
mod videos;
mod wavs;
mod writing;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bushbaby_bus::{Instance, MAX_QUEUE, ReadOptions, ReadPolicy, RecvError, Subscriber};
use bushbaby_node::control::{Dropped, InputSpec};
use bushbaby_node::inputs::read_options;
use bushbaby_node::status::{Reply, Request, ask};
use bushbaby_node::{InputNeed, NodeContext, NodeError, Sink, turns};
use bushbaby_recording::topics;

use disk::{Disk, Folder};
use files::{Files, Limits, McapFiles};
use lanes::Lanes;
use stream::StreamRecorder;
use videos::VideoFiles;
use wavs::WavFiles;
use writing::Writing;

pub use files::WrittenFile;
pub use settings::{Array, Color, Depth, Format, Settings, Split};

/// Frames of a stream that may wait on the bus where the wire does not say.
const QUEUE: usize = 8;
/// What was found in pictures, and health, waits longer: it is small, and nothing brings it back.
const QUEUE_OF_RESULTS: usize = 64;
/// Sound comes in short pieces: as many wait as the bus allows.
const QUEUE_OF_SOUND: usize = MAX_QUEUE;
/// Outputs by which results are known before their first frame.
const RESULTS: [&str; 6] = ["detections", "results", "targets", "pose", "truth", "events"];
/// The output by which sound is known before its first piece.
const SOUND: &str = "audio";
/// A stream's thread looks at least this often whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long after the stop frames that wait on the bus are still taken.
const LAST_FRAMES: Duration = Duration::from_millis(1500);

/// A recorder whose folder can be written.
pub struct Recorder {
    settings: Settings,
    folder: PathBuf,
    disk: Box<dyn Disk>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// What a recording became.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// The folder.
    pub folder: PathBuf,
    /// The files that were ended, oldest first.
    pub files: Vec<WrittenFile>,
    /// By stream: frames that came, and frames that were lost.
    pub streams: BTreeMap<String, Counted>,
}

/// How it went with a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// Frames that were taken.
    pub frames: u64,
    /// Frames that came too fast for this machine or this disk.
    pub dropped: u64,
}

impl Sink for Recorder {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Anything;

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let folder = context.resolve(&settings.to);
        let disk = Folder::open(&folder).map_err(|error| {
            NodeError::new(format!("`{}` cannot be written: {error}", folder.display()))
                .with_hint("name a folder that this user may write to: `record: FOLDER`")
        })?;
        Ok(Self {
            settings,
            folder,
            disk: Box::new(disk),
        })
    }

    fn run(self, context: &NodeContext) -> Result<(), NodeError> {
        self.record(context).map(drop)
    }
}

impl Recorder {
    /// Records until `context.stop` is set, and tells what was written.
    ///
    /// # Errors
    /// When a stream cannot be read at all, or a thread cannot be started.
    pub fn record(self, context: &NodeContext) -> Result<Written, NodeError> {
        // What it encodes can wait in its queues; cameras, and loops that steer something, cannot.
        if let Err(error) = turns::take_long_turns() {
            tracing::debug!("no long turns on the processor: {error}");
        }
        let inputs = &context.spec.inputs;
        if inputs.is_empty() {
            return Err(NodeError::new("there is nothing to record")
                .with_hint("name streams: `record: {in: [front, tags]}`")
                .for_good());
        }
        let mut subscribers = Vec::new();
        for spec in inputs {
            subscribers.push(subscribe(context, spec)?);
        }
        let lanes = Lanes::new(subscribers.len());
        let budget_bytes = self.settings.budget.map(|budget| budget.bytes);
        let mut writing = Writing {
            files: self.files(context),
            disk: self.disk,
            budget_bytes,
            reporter: context.reporter.clone(),
            stop: context.stop.clone(),
            lanes: &lanes,
        };
        unfinished::mend(&self.folder, &context.reporter);
        if !writing.begin() {
            return Ok(Written::default());
        }
        context.reporter.ready();
        context.reporter.running();
        let no_thread = |error| NodeError::new(format!("a thread cannot be started: {error}"));
        let settings = &self.settings;
        std::thread::scope(|scope| {
            let mut reading = Vec::new();
            for subscriber in subscribers {
                let name = subscriber.stream().to_string();
                let lanes = &lanes;
                let read = move || {
                    let _leaves = Leaves(lanes);
                    read(&subscriber, settings, lanes, context)
                };
                let thread = std::thread::Builder::new().name(name.clone()).spawn_scoped(scope, read);
                match thread {
                    Ok(thread) => reading.push((name, thread)),
                    Err(error) => {
                        context.stop.set();
                        return Err(no_thread(error));
                    }
                }
            }
            let files = writing.run().unwrap_or_default();
            let counted = reading.into_iter().map(|(name, thread)| {
                let counted = thread.join().unwrap_or_default();
                (name, counted)
            });
            Ok(Written {
                folder: self.folder,
                files,
                streams: counted.collect(),
            })
        })
    }

    fn files(&self, context: &NodeContext) -> Box<dyn Files> {
        let split = self.settings.split.unwrap_or_default();
        let share = self.settings.budget.map(|budget| budget.bytes / 8);
        let limits = Limits {
            time: split.time.map(|time| time.0),
            bytes: split.size.map(|size| size.bytes).into_iter().chain(share).min(),
        };
        match self.settings.format {
            Format::Mp4 => return Box::new(VideoFiles::new(limits)),
            Format::Wav => return Box::new(WavFiles::new(limits)),
            Format::Mcap => {}
        }
        let mut metadata = BTreeMap::from([
            ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("instance".to_owned(), context.spec.instance.to_string()),
            ("started_at".to_owned(), jiff::Timestamp::now().to_string()),
        ]);
        if let Some(nodes) = nodes(context) {
            metadata.insert("nodes".to_owned(), nodes);
        }
        Box::new(McapFiles::new(metadata, limits, Instant::now()))
    }
}

/// Kind and role of each node, as JSON; `None` where there is no supervisor to ask.
fn nodes(context: &NodeContext) -> Option<String> {
    let instance = Instance::new(context.spec.instance.clone());
    let Ok(Reply::Status(status)) = ask(&instance, &Request::Status) else {
        return None;
    };
    let nodes = status.nodes.iter();
    let nodes: BTreeMap<_, _> = nodes
        .map(|(name, node)| (name, serde_json::json!({"kind": node.kind, "role": node.role})))
        .collect();
    serde_json::to_string(&nodes).ok()
}

/// Says that a stream has ended, however its thread does.
struct Leaves<'a>(&'a Lanes);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

fn subscribe(context: &NodeContext, spec: &InputSpec) -> Result<Subscriber, NodeError> {
    let is_result = spec.stream.node() == topics::HEALTH_NODE || RESULTS.contains(&spec.stream.output());
    let is_sound = spec.stream.output() == SOUND;
    let queue = spec.queue.unwrap_or(if is_sound { QUEUE_OF_SOUND } else { QUEUE });
    let queue = if is_result { queue.max(QUEUE_OF_RESULTS) } else { queue };
    let options = ReadOptions {
        policy: ReadPolicy::Queue(queue),
        ..read_options(spec)
    };
    let subscriber = context.bus.subscriber(&spec.stream, options)?;
    let waker = subscriber.waker();
    context.stop.on_set(move || waker.wake());
    Ok(subscriber)
}

/// Reads one stream until the stop, and then what still waits.
fn read(subscriber: &Subscriber, settings: &Settings, lanes: &Lanes, context: &NodeContext) -> Counted {
    let mut recorder = StreamRecorder::new(settings);
    let mut counted = Counted::default();
    let mut refused = 0;
    let mut stopped_at: Option<Instant> = None;
    loop {
        if stopped_at.is_none() && context.stop.is_set() {
            stopped_at = Some(Instant::now());
        }
        let received = match stopped_at {
            None => subscriber.recv(LOOK_EVERY),
            Some(at) if at.elapsed() < LAST_FRAMES => subscriber.try_recv(),
            Some(_) => Ok(None),
        };
        let stream = subscriber.stream();
        match received {
            Ok(Some(frame)) => {
                context
                    .reporter
                    .received(stream, frame.received_at().since(frame.captured().mono));
                let taken = recorder.take(&frame);
                // The bus has its memory back before anything waits for the disk.
                drop(frame);
                if let Some(problem) = taken.problem {
                    context.reporter.warn(&problem);
                }
                let all = taken.items.into_iter().map(|item| lanes.push(item));
                if all.fold(true, |all, pushed| all & pushed) {
                    counted.frames += 1;
                } else {
                    refused += 1;
                }
            }
            Ok(None) if stopped_at.is_some() => break,
            Ok(None) => {}
            Err(RecvError::Damaged { .. }) => {
                let told = format!("a frame of `{stream}` was damaged and is left out");
                context.reporter.warn(&told);
            }
            Err(error) => {
                context.reporter.warn(&format!("`{stream}` cannot be read: {error}"));
                break;
            }
        }
        let counts = subscriber.counts();
        let dropped = Dropped {
            superseded: counts.superseded,
            overflow: counts.overflow + refused,
            damaged: counts.damaged,
            skipped: counts.skipped,
        };
        counted.dropped = dropped.overflow + dropped.damaged;
        context.reporter.dropped(stream, dropped);
    }
    counted
}
