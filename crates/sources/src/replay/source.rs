//! One camera or microphone of a recording as a node.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{CaptureTime, MonoTime, Origin, Pacing};
use bushbaby_node::image::ImageMeta;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};
use bushbaby_recording::read::{Carried, ReadError, RecordedStream, Recording, of_cameras, streams};

use super::epoch::Epoch;
use super::settings::{no_camera, range_ns, those_there};
use super::{Playback, PlayedFrame, Position, ReplaySettings, Timeline};
use crate::decoded::{DECODED, DecodedOutput};

const IMAGE: &str = "image";
/// A step returns after this long, with or without a frame.
const STEP: Duration = Duration::from_millis(150);
/// One that is further behind the others does not race after them.
const FURTHEST_BEHIND: Duration = Duration::from_secs(1);

/// A camera that was recorded.
#[derive(Debug)]
pub struct ReplaySource {
    context: NodeContext,
    playback: Playback,
    timeline: Timeline,
    is_loop: bool,
    /// A frame each so long.
    each: Option<Duration>,
    /// The outputs, in the order of the played streams.
    outputs: Vec<&'static str>,
    /// Who plays the same recording, and shares its beginning.
    shared: String,
    epoch: Option<Epoch>,
    began: Option<MonoTime>,
    round: u64,
    pending: Option<PlayedFrame>,
    /// How many frames were sent, at all and of this round.
    sent: u64,
    sent_of_round: u64,
    /// The capture that points belong to.
    last: Option<(u64, Origin)>,
    decoded: DecodedOutput,
    has_finished: bool,
}

impl Source for ReplaySource {
    type Settings = ReplaySettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: IMAGE,
            carries: Carries::Image,
            owes_frames: false,
        },
        DECODED,
        OutputSpec {
            name: "audio",
            carries: Carries::Audio,
            owes_frames: false,
        },
    ];

    fn outputs(settings: &ReplaySettings, base_dir: &Path) -> Vec<OutputSpec> {
        let Ok(recording) = Recording::open(&base_dir.join(&settings.replay)) else {
            return Self::OUTPUTS.to_vec();
        };
        // Without its name, of every camera: only one of them has the name of the node.
        let streams = of_cameras(&recording)
            .into_iter()
            .filter(|camera| settings.camera.as_ref().is_none_or(|name| *name == camera.name))
            .flat_map(|camera| played(camera.streams, settings));
        let specs = output_specs(&recording, streams);
        if specs.is_empty() {
            Self::OUTPUTS.to_vec()
        } else {
            specs
        }
    }

    fn open(settings: ReplaySettings, context: &NodeContext) -> Result<Self, NodeError> {
        let path = context.resolve(&settings.replay);
        let recording = Recording::open(&path).map_err(|error| unreadable(&error))?;
        let name = settings.camera.as_deref().unwrap_or(context.name());
        let cameras = of_cameras(&recording);
        let Some(camera) = cameras.iter().find(|camera| camera.name == name) else {
            let message = no_camera(name, &path).unwrap_or_else(|| those_there(&cameras));
            return Err(NodeError::new(message)
                .with_hint("name one of them: `camera: NAME`")
                .for_good());
        };
        let times = recording.times_ns().unwrap_or_default();
        let (from_ns, to_ns) =
            range_ns(times, settings.from, settings.to).map_err(|message| NodeError::new(message).for_good())?;
        let mut played = played(camera.streams.clone(), &settings);
        played.sort_by_key(order);
        let timeline = Timeline::new(from_ns, to_ns, &streams(&recording), settings.speed, settings.times);
        tell_damage(&recording, context);
        let shared = format!(
            "{} {from_ns} {to_ns} {} {}",
            path.display(),
            settings.speed,
            settings.is_loop
        );
        Ok(Self {
            context: context.clone(),
            outputs: played.iter().map(|stream| spec(stream).name).collect(),
            playback: Playback::new(&recording, played, from_ns, to_ns),
            timeline,
            is_loop: settings.is_loop,
            each: settings.step.map(|time| time.0),
            shared,
            epoch: None,
            began: None,
            round: 0,
            pending: None,
            sent: 0,
            sent_of_round: 0,
            last: None,
            decoded: DecodedOutput::default(),
            has_finished: false,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let began = match self.began {
            Some(began) => began,
            None => self.begin(out)?,
        };
        if self.has_finished {
            return Ok(Step::Finished);
        }
        let next = self.pending.take().or_else(|| self.playback.next());
        for complaint in self.playback.take_complaints() {
            self.context.reporter.warn(&complaint);
        }
        let Some(frame) = next else { return self.end() };
        let at = Position {
            round: self.round,
            ns: frame.captured_ns,
        };
        let due = match self.each {
            Some(each) => Some(each.saturating_mul(u32::try_from(self.sent).unwrap_or(u32::MAX))),
            None => self.timeline.due(at),
        };
        let is_due = match due {
            Some(due) => self.wait_until(began + due),
            None => self.wait_for_readers(out, self.outputs[frame.stream])?,
        };
        if !is_due {
            self.pending = Some(frame);
            return Ok(Step::Idle);
        }
        let began = self.began.unwrap_or(began);
        let captured = self.timeline.captured(at, began, due.map(|due| began + due));
        self.send(out, &frame, captured)?;
        self.sent += 1;
        self.sent_of_round += 1;
        Ok(Step::Sent)
    }

    fn close(&mut self) {
        self.epoch = None;
    }
}

impl ReplaySource {
    /// Finds out since when the recording is played, and goes to where the others are.
    fn begin(&mut self, out: &mut Outputs) -> Result<MonoTime, NodeError> {
        let takes = self.timeline.round_takes().filter(|_| !self.is_loop);
        if self.timeline.round_takes().is_none() {
            for output in &self.outputs {
                out.set_pacing(output, Pacing::WaitForReaders { outstanding: 1 });
            }
        }
        let now = MonoTime::now();
        let folder = self.context.bus.instance().create_runtime_dir()?;
        let joined = Epoch::join(folder, &self.shared, takes, now);
        let epoch = joined.map_err(|error| NodeError::new(format!("{}: {error}", folder.display())))?;
        // Captures that are counted off begin with the first, whenever that is.
        let began = if self.each.is_some() {
            epoch.began().max(now)
        } else {
            epoch.began()
        };
        self.epoch = Some(epoch);
        let since = now.since(began);
        if since > FURTHEST_BEHIND && takes.is_some_and(|takes| since > takes) {
            self.has_finished = true;
        } else if since > FURTHEST_BEHIND && self.timeline.round_takes().is_some() {
            let position = self.timeline.position(since);
            self.round = position.round;
            self.playback.go_to(position.ns);
        }
        self.began = Some(began);
        Ok(began)
    }

    /// Waits for a moment, a step at most; returns whether it has come.
    fn wait_until(&mut self, due: MonoTime) -> bool {
        let now = MonoTime::now();
        let behind = now.since(due);
        if behind > FURTHEST_BEHIND {
            // Goes on from where it is, rather than racing after it.
            self.began = self.began.map(|began| began + behind);
            self.context
                .reporter
                .warn("this machine does not play the recording as fast as it should; cameras may be out of step");
            return true;
        }
        let left = due.since(now);
        if left > STEP {
            self.context.stop.wait(STEP);
            return false;
        }
        left.is_zero() || !self.context.stop.wait(left)
    }

    /// Waits until there are readers and they have taken the frame before, a step at most. Frames of an output that nobody reads go
    /// when somebody reads another.
    fn wait_for_readers(&self, out: &mut Outputs, output: &str) -> Result<bool, NodeError> {
        if out.is_wanted(output)? {
            return out.wait_for_readers(output, STEP);
        }
        for other in &self.outputs {
            if out.is_wanted(other)? {
                return Ok(true);
            }
        }
        self.context.stop.wait(STEP / 3);
        Ok(false)
    }

    fn send(&mut self, out: &mut Outputs, frame: &PlayedFrame, captured: CaptureTime) -> Result<(), NodeError> {
        let output = self.outputs[frame.stream];
        let carries = self.playback.streams().nth(frame.stream).map(|stream| stream.carries);
        let is_points = carries == Some(Carried::Points);
        let of_capture = self
            .last
            .as_ref()
            .filter(|(ns, _)| is_points && *ns == frame.captured_ns);
        let origin = of_capture.map(|(_, origin)| origin);
        let body = frame.body_of(Some(self.context.name()), self.playback.clock_of(frame.stream));
        out.send(output, &frame.arrays(), &body, captured, origin)?;
        if !is_points && carries != Some(Carried::Sound) {
            self.last = out.last_sent(output).map(|origin| (frame.captured_ns, origin));
        }
        if let Some(jpeg) = frame.array("jpeg").filter(|_| output == IMAGE) {
            let meta = ImageMeta::new(self.context.name(), frame.body.get("calibration"));
            let reporter = self.context.reporter.clone();
            self.decoded.send_if_wanted(out, &jpeg.bytes, &meta, &reporter)?;
        }
        Ok(())
    }

    /// Begins anew, or stays at the end.
    fn end(&mut self) -> Result<Step, NodeError> {
        if self.sent_of_round == 0 && self.sent == 0 {
            return Err(NodeError::new("not one frame of it can be played").for_good());
        }
        if !self.is_loop {
            self.has_finished = true;
            return Ok(Step::Finished);
        }
        self.round += 1;
        self.sent_of_round = 0;
        self.playback.begin_anew(self.timeline.round());
        Ok(Step::Idle)
    }
}

fn unreadable(error: &ReadError) -> NodeError {
    NodeError::new(error.to_string())
        .with_hint("is the path right? It is relative to the pipeline file")
        .for_good()
}

fn tell_damage(recording: &Recording, context: &NodeContext) {
    let path = recording.path().display();
    for damage in recording.damage() {
        context.reporter.warn(&format!("`{path}`: {damage}"));
    }
}

/// What is played of a camera. Captures that are counted off have no time that sound could keep.
fn played(mut streams: Vec<RecordedStream>, settings: &ReplaySettings) -> Vec<RecordedStream> {
    if settings.step.is_some() && streams.iter().any(|stream| stream.carries != Carried::Sound) {
        streams.retain(|stream| stream.carries != Carried::Sound);
    }
    streams
}

/// What the node's name alone means comes first: the picture, or the capture that has it.
fn order(stream: &RecordedStream) -> (u8, String) {
    let rank = match stream.carries {
        Carried::Image if stream.output == IMAGE => 0,
        Carried::Rgbd => 1,
        Carried::Image => 2,
        Carried::Points | Carried::Results => 3,
        Carried::Sound => 4,
    };
    (rank, stream.output.clone())
}

fn spec(stream: &RecordedStream) -> OutputSpec {
    let carries = match stream.carries {
        Carried::Image => Carries::Image,
        Carried::Rgbd => Carries::Rgbd,
        Carried::Points => Carries::Points,
        Carried::Sound => Carries::Audio,
        Carried::Results => Carries::Results,
    };
    OutputSpec::named(&stream.output, carries, false)
}

/// The outputs of these streams, each once, with the pixels of those that are JPEG.
fn output_specs(recording: &Recording, streams: impl Iterator<Item = RecordedStream>) -> Vec<OutputSpec> {
    let mut streams: Vec<RecordedStream> = streams.collect();
    streams.sort_by_key(order);
    let mut specs: Vec<OutputSpec> = Vec::new();
    for stream in &streams {
        if specs.iter().all(|known| known.name != stream.output) {
            specs.push(spec(stream));
        }
    }
    let is_jpeg = |stream: &RecordedStream| {
        stream.output == IMAGE
            && recording.topics().iter().any(|topic| {
                topic.schema == "foxglove.CompressedImage" && stream.topics.iter().any(|(name, _)| *name == topic.name)
            })
    };
    if streams.iter().any(is_jpeg) && specs.iter().all(|known| known.name != DECODED.name) {
        specs.push(DECODED);
    }
    specs
}
