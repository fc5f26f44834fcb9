//! A recording as frames: messages in, whole frames out, in the order of their capture times.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bushbaby_bus::DType;
use bushbaby_node::rgbd;
use bushbaby_recording::messages::result::{InfoRecord, OriginRecord};
use bushbaby_recording::read::{Carried, Content, Message, Messages, RecordedStream, Recording, Selection};
use bushbaby_vision::camera::{CameraModel, Distortion, Intrinsics};
use serde_json::{Value, json};

use super::frame::{PlayedArray, PlayedFrame};
use super::picture::{NoPicture, PictureReader};
use super::seek;

/// Plays streams of a recording.
#[derive(Debug)]
pub struct Playback {
    recording: Recording,
    streams: Vec<Stream>,
    /// What each topic is.
    topics: BTreeMap<String, Role>,
    from_ns: u64,
    to_ns: u64,
    /// What was captured before is only read for what is built on it.
    shown_from_ns: u64,
    messages: Messages,
    /// Frames of one moment that may not be whole yet.
    moment: Moment,
    ready: VecDeque<PlayedFrame>,
    complaints: Vec<String>,
    complained: BTreeSet<String>,
}

#[derive(Debug)]
struct Stream {
    recorded: RecordedStream,
    info: Option<InfoRecord>,
    /// The model of its camera as a recording of others has it.
    calibration: Option<Value>,
    /// One for each array that is a picture.
    pictures: BTreeMap<String, PictureReader>,
}

/// What a topic is to the streams that are played.
#[derive(Debug, Clone, Default)]
struct Role {
    /// It holds frames of a stream, or that array of them.
    frames: Option<(usize, Option<String>)>,
    describes: Vec<usize>,
}

#[derive(Debug, Default)]
struct Moment {
    ns: u64,
    /// By what they carry (pictures first), stream and number.
    frames: BTreeMap<(u8, usize, u32), Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    arrays: Vec<PlayedArray>,
    result: Option<(OriginRecord, Value)>,
    /// A part that the frame is nothing without could not be read.
    is_spoiled: bool,
}

impl Playback {
    /// Plays what was captured between two times, in nanoseconds since 1970.
    pub fn new(recording: &Recording, streams: Vec<RecordedStream>, from_ns: u64, to_ns: u64) -> Self {
        let mut topics: BTreeMap<String, Role> = BTreeMap::new();
        for (index, stream) in streams.iter().enumerate() {
            for (topic, part) in &stream.topics {
                topics.entry(topic.clone()).or_default().frames = Some((index, part.clone()));
            }
            for topic in stream.info.iter().chain(&stream.calibration) {
                topics.entry(topic.clone()).or_default().describes.push(index);
            }
        }
        let stream = |recorded| Stream {
            recorded,
            info: None,
            calibration: None,
            pictures: BTreeMap::new(),
        };
        let mut playback = Self {
            recording: recording.clone(),
            streams: streams.into_iter().map(stream).collect(),
            topics,
            from_ns,
            to_ns,
            shown_from_ns: from_ns,
            messages: recording.messages(&Selection::all().to_ns(0)),
            moment: Moment::default(),
            ready: VecDeque::new(),
            complaints: Vec::new(),
            complained: BTreeSet::new(),
        };
        playback.go_to(from_ns);
        playback
    }

    /// What is played.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = &RecordedStream> {
        self.streams.iter().map(|stream| &stream.recorded)
    }

    /// How the capture times of a stream were known, as the recording says; empty when it does not.
    pub fn clock_of(&self, stream: usize) -> &str {
        let info = self.streams.get(stream).and_then(|stream| stream.info.as_ref());
        info.map_or("", |info| &info.clock)
    }

    /// Goes on with what was captured at `ns`, or with the beginning when that is later.
    pub fn go_to(&mut self, ns: u64) {
        let ns = ns.max(self.from_ns);
        for stream in &mut self.streams {
            stream.pictures.values_mut().for_each(PictureReader::lost);
        }
        self.moment = Moment::default();
        self.ready.clear();
        self.describe_before(ns);
        let is_played = |name: &str| self.topics.contains_key(name);
        let begin = seek::begin(&self.recording, is_played, ns);
        let selection = Selection::all().of(self.recording.topics(), |topic| is_played(&topic.name));
        self.messages = self.recording.messages(&selection.from_ns(begin).to_ns(self.to_ns));
        self.shown_from_ns = ns;
    }

    /// Reads what described the streams before a time: it stands where it changed.
    fn describe_before(&mut self, ns: u64) {
        let describes = |name: &str| self.topics.get(name).is_some_and(|role| !role.describes.is_empty());
        let selection = Selection::all().of(self.recording.topics(), |topic| describes(&topic.name));
        for message in self.recording.messages(&selection.to_ns(ns)) {
            self.describe(&message);
        }
    }

    fn describe(&mut self, message: &Message) {
        let Some(role) = self.topics.get(&message.topic().name) else {
            return;
        };
        if role.describes.is_empty() {
            return;
        }
        let content = message.content();
        for index in &role.describes {
            match &content {
                Ok(Content::Info(info)) => self.streams[*index].info = Some(info.clone()),
                Ok(Content::Calibration(model)) => self.streams[*index].calibration = model_of(model),
                _ => {}
            }
        }
    }

    /// What could not be played since this was asked last, each kind of trouble once.
    pub fn take_complaints(&mut self) -> Vec<String> {
        for damage in self.messages.take_damage() {
            self.complain(format!("`{}`: {damage}", self.recording.path().display()));
        }
        std::mem::take(&mut self.complaints)
    }

    fn complain(&mut self, words: String) {
        if self.complained.insert(words.clone()) {
            self.complaints.push(words);
        }
    }

    /// Puts a message to the frame that it is a part of.
    fn take(&mut self, message: &Message) {
        self.describe(message);
        let frames = self
            .topics
            .get(&message.topic().name)
            .and_then(|role| role.frames.clone());
        let Some((index, part)) = frames else { return };
        let stream = &mut self.streams[index];
        let carries = stream.recorded.carries;
        let key = (rank(carries), index, message.sequence);
        let read = message
            .content()
            .map_err(|error| NoPicture::Damaged(error.to_string()))
            .and_then(|content| stream.read(content, part.as_deref()));
        let parts = self.moment.frames.entry(key).or_default();
        match read {
            Ok(Read::Arrays(mut arrays)) => parts.arrays.append(&mut arrays),
            Ok(Read::Result(origin, body)) => parts.result = Some((origin, body)),
            Err(why) => {
                parts.is_spoiled |= part.as_deref().is_none_or(|part| part == rgbd::RGB);
                // Before the first keyframe nobody expects a picture.
                if why != NoPicture::NeedsKeyframe {
                    let name = self.streams[index].recorded.name();
                    self.complain(format!("`{name}`: {why}"));
                }
            }
        }
    }

    /// Hands out the frames of a moment that is over.
    fn end_moment(&mut self) {
        let moment = std::mem::take(&mut self.moment);
        if moment.ns < self.shown_from_ns {
            return;
        }
        for ((_, index, sequence), parts) in moment.frames {
            let stream = &self.streams[index];
            self.ready.extend(stream.frame(index, moment.ns, sequence, parts));
        }
    }
}

impl Iterator for Playback {
    type Item = PlayedFrame;

    fn next(&mut self) -> Option<PlayedFrame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            match self.messages.next() {
                Some(message) => {
                    if message.log_time_ns != self.moment.ns {
                        self.end_moment();
                        self.moment.ns = message.log_time_ns;
                    }
                    self.take(&message);
                }
                None if self.moment.frames.is_empty() => return None,
                None => self.end_moment(),
            }
        }
    }
}

enum Read {
    Arrays(Vec<PlayedArray>),
    Result(OriginRecord, Value),
}

impl Stream {
    fn read(&mut self, content: Content, part: Option<&str>) -> Result<Read, NoPicture> {
        let info = self.info.as_ref();
        let pictures = &mut self.pictures;
        Ok(Read::Arrays(match (self.recorded.carries, part, content) {
            (Carried::Results, None, Content::Result(result)) => return Ok(Read::Result(result.origin, result.body)),
            (Carried::Image, None, content) => pictures.entry(String::new()).or_default().arrays(content, info)?,
            (Carried::Rgbd, Some(name @ (rgbd::RGB | rgbd::RGB_RIGHT)), content) => {
                let rgb = pictures.entry(name.to_owned()).or_default().rgb(content, info)?;
                let shape = vec![rgb.view().height() as usize, rgb.view().width() as usize, 3];
                let mut array = PlayedArray::new(name, DType::U8, shape, rgb.bytes().to_vec());
                array.layout = array.layout.with_encoding("rgb8");
                vec![array]
            }
            (Carried::Rgbd, Some(rgbd::DEPTH), Content::Pixels(pixels)) => {
                let shape = vec![pixels.height as usize, pixels.width as usize];
                let depth = pixels.depth_m().ok_or_else(|| no_rows(&pixels.encoding))?;
                let bytes: Vec<u8> = depth.iter().flat_map(|metres| metres.to_le_bytes()).collect();
                vec![PlayedArray::new(rgbd::DEPTH, DType::F32, shape, bytes)]
            }
            (_, Some(name), Content::Pixels(pixels)) => {
                let shape = vec![pixels.height as usize, pixels.width as usize];
                let (dtype, bytes) = pixels.numbers().ok_or_else(|| no_rows(&pixels.encoding))?;
                let dtype = DType::from_name(dtype).ok_or_else(|| no_rows(&pixels.encoding))?;
                vec![PlayedArray::new(name, dtype, shape, bytes)]
            }
            (Carried::Points, None, Content::Points(cloud)) => {
                let count = cloud.points_m.len();
                let points: Vec<u8> = cloud.points_m.iter().flatten().flat_map(|m| m.to_le_bytes()).collect();
                let mut arrays = vec![PlayedArray::new(rgbd::POINTS, DType::F32, vec![count, 3], points)];
                if let Some(colors) = cloud.colors {
                    let shape = vec![colors.len(), 3];
                    arrays.push(PlayedArray::new(
                        rgbd::COLORS,
                        DType::U8,
                        shape,
                        colors.into_flattened(),
                    ));
                }
                arrays
            }
            _ => {
                return Err(NoPicture::Unknown(
                    "of another form than the stream's other messages".to_owned(),
                ));
            }
        }))
    }

    /// The frame that these parts make; `None` when what it is nothing without is missing.
    fn frame(&self, index: usize, captured_ns: u64, sequence: u32, mut parts: Parts) -> Option<PlayedFrame> {
        if self.recorded.carries == Carried::Rgbd {
            // The picture is the first array; the others keep an order of their own.
            let place = |array: &PlayedArray| {
                let order = [rgbd::RGB, rgbd::RGB_RIGHT, rgbd::DEPTH, rgbd::CONFIDENCE];
                let known = order.iter().position(|name| *name == array.layout.name);
                known.unwrap_or(order.len())
            };
            parts.arrays.sort_by_key(place);
        }
        let is_empty = match self.recorded.carries {
            Carried::Results => parts.result.is_none(),
            Carried::Rgbd => parts.arrays.first().is_none_or(|array| array.layout.name != rgbd::RGB),
            _ => parts.arrays.is_empty(),
        };
        if is_empty || parts.is_spoiled {
            return None;
        }
        let (origin, body) = match parts.result {
            Some((origin, body)) => (Some(origin), body),
            None => (None, self.body()),
        };
        Some(PlayedFrame {
            stream: index,
            seq: sequence.into(),
            generation: self.info.as_ref().map_or(0, |info| info.generation),
            captured_ns,
            origin,
            arrays: parts.arrays,
            body,
        })
    }

    /// What the frames said of themselves; of recordings of others what can be known.
    fn body(&self) -> Value {
        if let Some(info) = self.info.as_ref().filter(|info| info.body.is_object()) {
            return info.body.clone();
        }
        let mut body = json!({"type": self.recorded.carries.name(), "version": 1, "camera": self.recorded.node});
        if let Some(model) = &self.calibration {
            body["calibration"] = model.clone();
        }
        body
    }
}

fn no_rows(encoding: &str) -> NoPicture {
    NoPicture::Damaged(format!(
        "its rows are not all there, or `{encoding}` is no array that is known"
    ))
}

/// What comes first of the frames of one moment.
fn rank(carries: Carried) -> u8 {
    match carries {
        Carried::Image | Carried::Rgbd => 0,
        Carried::Points => 1,
        Carried::Results => 2,
    }
}

/// A camera model as ours; `None` for lenses that we have no model of.
fn model_of(calibration: &bushbaby_recording::read::Calibration) -> Option<Value> {
    let [width, height] = calibration.size_px;
    let [fx, fy, cx, cy] = calibration.intrinsics_px;
    let model = match calibration.distortion_model.as_str() {
        "kannala_brandt" => "fisheye",
        "plumb_bob" | "rational_polynomial" | "" => "pinhole",
        _ => return None,
    };
    let is_straight = calibration.distortion.iter().all(|number| *number == 0.0) && model == "pinhole";
    let coefficients: &[f64] = if is_straight { &[] } else { &calibration.distortion };
    let distortion = Distortion::from_model(model, coefficients).ok()?;
    let model = CameraModel::new(width, height, Intrinsics { fx, fy, cx, cy }, distortion).ok()?;
    serde_json::to_value(model).ok()
}
