//! One stream: its frames to what is written of them.

use std::collections::BTreeMap;

use bushbaby_bus::{ArrayInfo, DType, Frame, Origin};
use bushbaby_node::audio::{self, Samples};
use bushbaby_node::{image, rgbd};
use bushbaby_pixels::{ImageView, PixelFormat, Plane, jpeg};
use bushbaby_recording::messages::result::{ArrayRecord, InfoRecord, OriginRecord, ResultRecord};
use bushbaby_recording::messages::{annotations, array, calibration, log, picture, points, poses, sound};
use bushbaby_recording::wav::{self, WavFormat};
use bushbaby_recording::{Contents, Message, topics};
use bushbaby_video::{VideoEncoder, VideoError};
use serde_json::Value;

use super::item::{Item, Sound, VideoPicture};
use super::settings::{Array, Color, Depth, Format, Settings};

/// What is known of a stream from its frames so far.
#[derive(Debug)]
pub(super) struct StreamRecorder {
    settings: Settings,
    /// By topic.
    videos: BTreeMap<String, VideoEncoder>,
    jpeg: Option<jpeg::Encoder>,
    info: Option<InfoRecord>,
    /// By topic, as it was written.
    calibrations: BTreeMap<String, Value>,
    /// It was said that sound has no place in an MP4 file.
    has_left_out_sound: bool,
}

/// What became of a frame.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) items: Vec<Item>,
    /// What could not be written, in words.
    pub(super) problem: Option<String>,
}

/// What a frame is, as far as a recording is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Picture,
    Capture,
    Points,
    Sound,
    Health,
    Result,
    Arrays,
}

impl StreamRecorder {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            videos: BTreeMap::new(),
            jpeg: None,
            info: None,
            calibrations: BTreeMap::new(),
            has_left_out_sound: false,
        }
    }

    /// Makes what is to be written of a frame.
    pub(super) fn take(&mut self, frame: &Frame) -> Taken {
        let body: Value = serde_json::from_slice(frame.body()).unwrap_or_default();
        let what = what(frame, &body);
        let mut taken = Taken::default();
        if self.settings.format == Format::Wav {
            if frame.array("audio").is_some() {
                piece_of_sound(frame, &mut taken);
            }
            return taken;
        }
        if self.settings.format == Format::Mp4 {
            if matches!(what, What::Picture | What::Capture) {
                self.picture(frame, frame.stream().as_str().to_owned(), &mut taken);
            } else if what == What::Sound && !std::mem::replace(&mut self.has_left_out_sound, true) {
                let told = format!(
                    "`{}` is left out: an MP4 file of ours holds no sound; `format: mcap` does",
                    frame.stream()
                );
                taken.problem = Some(told);
            }
            return taken;
        }
        match what {
            What::Health => {
                let node = frame.stream().output().to_owned();
                let data = log::health(wall_ns(frame), &node, &body);
                let topic = frame.stream().to_string();
                taken.items.push(message(frame, topic, Contents::Log, data));
            }
            What::Result => self.result(frame, body, &mut taken),
            What::Sound => self.sound(frame, body, &mut taken),
            What::Picture | What::Capture | What::Points | What::Arrays => {
                self.say_what_it_is(frame, body, &mut taken);
                match what {
                    What::Picture => self.picture(frame, frame.stream().to_string(), &mut taken),
                    What::Capture => self.capture(frame, &mut taken),
                    What::Points => cloud(frame, &mut taken),
                    _ => arrays(frame, &mut taken),
                }
            }
        }
        taken
    }

    fn picture(&mut self, frame: &Frame, topic: String, taken: &mut Taken) {
        match image::view(frame) {
            Ok(view) => self.view(frame, topic, frame.stream().node().to_owned(), &view, taken),
            Err(error) => taken.problem = Some(error.to_string()),
        }
    }

    fn capture(&mut self, frame: &Frame, taken: &mut Taken) {
        let stream = frame.stream().as_str();
        let node = frame.stream().node();
        self.picture(frame, topics::part(stream, rgbd::RGB), taken);
        for kept in self.settings.arrays.clone() {
            let name = match kept {
                Array::RgbRight => rgbd::RGB_RIGHT,
                Array::Depth => rgbd::DEPTH,
                Array::Confidence => rgbd::CONFIDENCE,
            };
            let topic = topics::part(stream, name);
            if kept == Array::RgbRight {
                match rgb(frame, name) {
                    Some(Ok(view)) => self.view(frame, topic, format!("{node}/right"), &view, taken),
                    Some(Err(problem)) => taken.problem = Some(problem),
                    None => {}
                }
                continue;
            }
            let Some(found) = frame.array(name) else { continue };
            let data = rows(found.info, found.bytes).and_then(|rows| match (kept, self.settings.depth) {
                (Array::Depth, Depth::Uint16) => array::depth(node, wall_ns(frame), rows, array::Depth::Millimetres16),
                (Array::Depth, Depth::Float32) => array::depth(node, wall_ns(frame), rows, array::Depth::Metres32),
                _ => array::raw(node, wall_ns(frame), rows),
            });
            match data {
                Some(data) => taken.items.push(message(frame, topic, Contents::RawImage, data)),
                None => taken.problem = Some(not_kept(frame, found.info)),
            }
        }
    }

    /// A piece of sound in 16 bits.
    fn sound(&mut self, frame: &Frame, mut body: Value, taken: &mut Taken) {
        let view = match audio::view(frame) {
            Ok(view) => view,
            Err(error) => {
                taken.problem = Some(error.to_string());
                return;
            }
        };
        if let Some(body) = body.as_object_mut() {
            // They change with each piece, and say nothing of the stream.
            for key in ["position", "filled", "recorded"] {
                body.remove(key);
            }
        }
        self.say_what_it_is(frame, body, taken);
        let (wall_ns, rate) = (wall_ns(frame), view.meta.sample_rate_hz);
        let data = match view.samples {
            Samples::I16(samples) => sound::sound(wall_ns, rate, view.channels, samples.iter().copied()),
            Samples::F32(samples) => {
                let samples = samples.iter().copied().map(sound::to_i16);
                sound::sound(wall_ns, rate, view.channels, samples)
            }
        };
        let topic = frame.stream().to_string();
        taken.items.push(message(frame, topic, Contents::Sound, data));
    }

    /// A picture as it was asked for; as JPEG where it cannot be video.
    fn view(&mut self, frame: &Frame, topic: String, frame_id: String, view: &ImageView<'_>, taken: &mut Taken) {
        let wall_ns = wall_ns(frame);
        match self.settings.color {
            Color::Raw => {
                if let Some(data) = picture::raw(&frame_id, wall_ns, view) {
                    taken.items.push(message(frame, topic, Contents::RawImage, data));
                } else {
                    self.jpeg(frame, topic, &frame_id, view, taken);
                }
            }
            Color::Jpeg => self.jpeg(frame, topic, &frame_id, view, taken),
            Color::H264 => {
                let bits = self.settings.bitrate.map(|bitrate| bitrate.bits_per_second);
                let video = self
                    .videos
                    .entry(topic.clone())
                    .or_insert_with(|| VideoEncoder::new(bits));
                match video.encode(view, frame.captured().mono.as_ns()) {
                    Ok(picture) => taken.items.push(Item::Video(VideoPicture {
                        topic,
                        frame_id,
                        sequence: frame.seq() as u32,
                        wall_ns,
                        mono_ns: frame.captured().mono.as_ns(),
                        picture,
                    })),
                    Err(error @ VideoError::Size { .. }) if self.settings.format == Format::Mcap => {
                        taken.problem = Some(format!("`{topic}`: {error}; it is kept as JPEG"));
                        self.jpeg(frame, topic, &frame_id, view, taken);
                    }
                    Err(error) => taken.problem = Some(format!("`{topic}`: {error}")),
                }
            }
        }
    }

    /// A JPEG as it is; anything else becomes one.
    fn jpeg(&mut self, frame: &Frame, topic: String, frame_id: &str, view: &ImageView<'_>, taken: &mut Taken) {
        let mut encode = || -> Result<Vec<u8>, jpeg::JpegError> {
            if let Some(jpeg) = view.jpeg_bytes() {
                return Ok(jpeg.to_vec());
            }
            let encoder = match &mut self.jpeg {
                Some(encoder) => encoder,
                empty => empty.insert(jpeg::Encoder::new(self.settings.quality)?),
            };
            Ok(encoder.encode(view)?.into_owned())
        };
        match encode() {
            Ok(jpeg) => {
                let data = picture::jpeg(frame_id, wall_ns(frame), jpeg);
                taken.items.push(message(frame, topic, Contents::Jpeg, data));
            }
            Err(error) => taken.problem = Some(format!("`{topic}`: {error}")),
        }
    }

    /// The stream's info and its camera's model, where they are new.
    fn say_what_it_is(&mut self, frame: &Frame, body: Value, taken: &mut Taken) {
        let info = InfoRecord {
            generation: frame.generation(),
            clock: frame.captured().known_by.as_str().to_owned(),
            arrays: frame.arrays().iter().map(array_record).collect(),
            body,
        };
        if self.info.as_ref() == Some(&info) {
            return;
        }
        let (node, wall_ns) = (frame.stream().node(), wall_ns(frame));
        let views = [
            ("calibration", topics::calibration(node), node.to_owned()),
            (
                "calibration_right",
                topics::calibration_right(node),
                format!("{node}/right"),
            ),
        ];
        for (key, topic, frame_id) in views {
            let model = info.body.get(key).filter(|model| !model.is_null());
            if let Some(model) = model.filter(|model| self.calibrations.get(&topic) != Some(model))
                && let Some(data) = calibration::calibration(&frame_id, wall_ns, model)
            {
                self.calibrations.insert(topic.clone(), model.clone());
                taken.items.push(message(frame, topic, Contents::Calibration, data));
            }
        }
        let topic = topics::part(frame.stream().as_str(), topics::INFO);
        taken.items.push(message(frame, topic, Contents::Info, info.encoded()));
        self.info = Some(info);
    }

    fn result(&mut self, frame: &Frame, body: Value, taken: &mut Taken) {
        match body.get("type").and_then(Value::as_str) {
            Some("events") => events(frame, &body, taken),
            // Numbers of sound: there is no picture to draw over.
            Some("scores" | "level") => {}
            _ => drawn(frame, &body, taken),
        }
        arrays(frame, taken);
        let record = ResultRecord {
            captured_at_ns: wall_ns(frame),
            origin: origin_record(frame.origin()),
            body,
        };
        let topic = frame.stream().to_string();
        taken
            .items
            .push(message(frame, topic, Contents::Result, record.encoded()));
    }
}

/// What was found, for those who look at pictures.
fn drawn(frame: &Frame, body: &Value, taken: &mut Taken) {
    let (stream, wall_ns) = (frame.stream().as_str(), wall_ns(frame));
    let camera = body.get("camera").and_then(Value::as_str);
    let camera = camera.unwrap_or_else(|| frame.origin().stream.node());
    let drawn = annotations::annotations(wall_ns, body);
    let topic = topics::part(stream, topics::ANNOTATIONS);
    taken.items.push(message(frame, topic, Contents::Annotations, drawn));
    if let Some(data) = poses::poses(wall_ns, camera, body) {
        let topic = topics::part(stream, topics::POSES);
        taken.items.push(message(frame, topic, Contents::Poses, data));
    }
}

/// What began or ended, as lines for people.
fn events(frame: &Frame, body: &Value, taken: &mut Taken) {
    let source = body.get("source").and_then(Value::as_str);
    let source = source.unwrap_or_else(|| frame.origin().stream.node());
    let items = body.get("items").and_then(Value::as_array);
    let lines = items
        .into_iter()
        .flatten()
        .filter_map(|item| log::event(wall_ns(frame), source, item));
    for data in lines {
        let topic = topics::part(frame.stream().as_str(), topics::LOG);
        taken.items.push(message(frame, topic, Contents::Log, data));
    }
}

fn what(frame: &Frame, body: &Value) -> What {
    if frame.stream().node() == topics::HEALTH_NODE {
        return What::Health;
    }
    if frame.array(rgbd::POINTS).is_some() {
        return What::Points;
    }
    if frame.array("audio").is_some() && body.get("type").and_then(Value::as_str) == Some("audio") {
        return What::Sound;
    }
    let is_picture = frame
        .arrays()
        .first()
        .is_some_and(|array| array.encoding.parse::<PixelFormat>().is_ok());
    match (is_picture, frame.array(rgbd::DEPTH).is_some()) {
        (true, true) => What::Capture,
        (true, false) if body.get("type").and_then(Value::as_str) == Some("rgbd") => What::Capture,
        (true, false) => What::Picture,
        (false, _) if body.is_object() => What::Result,
        (false, _) => What::Arrays,
    }
}

fn wall_ns(frame: &Frame) -> u64 {
    u64::try_from(frame.captured().wall.as_ns()).unwrap_or(0)
}

fn message(frame: &Frame, topic: String, contents: Contents, data: Vec<u8>) -> Item {
    Item::Message(Message {
        topic,
        contents,
        sequence: frame.seq() as u32,
        log_time_ns: wall_ns(frame),
        data,
    })
}

fn origin_record(origin: &Origin) -> OriginRecord {
    OriginRecord {
        stream: origin.stream.to_string(),
        generation: origin.generation,
        seq: origin.seq,
        captured_at_ns: u64::try_from(origin.captured.wall.as_ns()).unwrap_or(0),
    }
}

fn array_record(info: &ArrayInfo) -> ArrayRecord {
    let format: Option<PixelFormat> = info.encoding.parse().ok();
    let is_yuv = matches!(format, Some(PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Yuyv));
    let word = |word: &str| is_yuv.then(|| word.to_owned());
    ArrayRecord {
        name: info.name.clone(),
        dtype: info.dtype.name().to_owned(),
        shape: match (format, info.encoding.as_str(), &info.shape[..]) {
            (Some(PixelFormat::Jpeg), ..) => Vec::new(),
            // A piece may be as long as it likes.
            (_, "pcm", [_, channels]) => vec![0, *channels],
            (.., shape) => shape.to_vec(),
        },
        encoding: info.encoding.clone(),
        matrix: word(if info.color.matrix == 2 { "bt709" } else { "bt601" }),
        range: word(if info.color.range == 1 { "limited" } else { "full" }),
    }
}

/// A colour array that is not the frame's first.
fn rgb<'a>(frame: &'a Frame, name: &str) -> Option<Result<ImageView<'a>, String>> {
    let array = frame.array(name)?;
    let [height, width, 3] = array.info.shape[..] else {
        return Some(Err(not_kept(frame, array.info)));
    };
    let plane = Plane {
        bytes: array.bytes,
        stride_bytes: array.info.strides_bytes.first().copied().unwrap_or(width * 3),
    };
    let color = bushbaby_pixels::ColorSpace::JPEG;
    let view = ImageView::new(PixelFormat::Rgb8, width as u32, height as u32, color, &[plane]);
    Some(view.map_err(|error| format!("`{}`: {error}", frame.stream())))
}

/// An array of rows and columns; `None` for any other shape.
fn rows<'a>(info: &'a ArrayInfo, bytes: &'a [u8]) -> Option<array::Rows<'a>> {
    let [height, width] = info.shape[..] else { return None };
    Some(array::Rows {
        dtype: info.dtype.name(),
        width: u32::try_from(width).ok()?,
        height: u32::try_from(height).ok()?,
        stride_bytes: *info.strides_bytes.first()?,
        bytes,
    })
}

/// Every array that is an image in grey, on a topic of its own.
fn arrays(frame: &Frame, taken: &mut Taken) {
    for (index, info) in frame.arrays().iter().enumerate() {
        let Some(found) = frame.array_at(index) else { continue };
        let node = frame.stream().node();
        match rows(info, found.bytes).and_then(|rows| array::raw(node, wall_ns(frame), rows)) {
            Some(data) => {
                let topic = topics::part(frame.stream().as_str(), &info.name);
                taken.items.push(message(frame, topic, Contents::RawImage, data));
            }
            None => taken.problem = Some(not_kept(frame, info)),
        }
    }
}

fn not_kept(frame: &Frame, info: &ArrayInfo) -> String {
    format!(
        "array `{}` of `{}` ({} {:?}) has no form in a recording and is left out",
        info.name,
        frame.stream(),
        info.dtype.name(),
        info.shape
    )
}

/// What a WAV file keeps of a piece of sound.
fn piece_of_sound(frame: &Frame, taken: &mut Taken) {
    let view = match audio::view(frame) {
        Ok(view) => view,
        Err(error) => {
            taken.problem = Some(error.to_string());
            return;
        }
    };
    taken.items.push(Item::Sound(Sound {
        topic: frame.stream().to_string(),
        generation: frame.generation(),
        position: view.meta.position,
        wall_ns: wall_ns(frame),
        mono_ns: frame.captured().mono.as_ns(),
        format: WavFormat {
            sample_rate_hz: view.meta.sample_rate_hz,
            channels: view.channels as u16,
        },
        samples: match view.samples {
            Samples::I16(samples) => wav::from_int(samples),
            Samples::F32(samples) => wav::from_float(samples),
        },
    }));
}

fn cloud(frame: &Frame, taken: &mut Taken) {
    let Some(found) = frame.array(rgbd::POINTS) else { return };
    let is_points = found.info.dtype == DType::F32 && matches!(found.info.shape[..], [_, 3]) && found.info.is_tight();
    if !is_points {
        taken.problem = Some(not_kept(frame, found.info));
        return;
    }
    let colors = frame
        .array(rgbd::COLORS)
        .filter(|colors| colors.info.dtype == DType::U8 && colors.info.is_tight());
    let data = points::cloud(
        frame.stream().node(),
        wall_ns(frame),
        found.bytes,
        colors.map(|colors| colors.bytes),
    );
    let topic = frame.stream().to_string();
    taken.items.push(message(frame, topic, Contents::PointCloud, data));
}
