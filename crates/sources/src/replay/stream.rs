//! One stream of a recording: what its messages hold becomes arrays, and arrays become frames.

use std::collections::BTreeMap;

use bushbaby_bus::DType;
use bushbaby_node::rgbd;
use bushbaby_recording::messages::result::{InfoRecord, OriginRecord};
use bushbaby_recording::read::{Calibration, Carried, Content, RecordedStream};
use bushbaby_vision::camera::{CameraModel, Distortion, Intrinsics};
use serde_json::{Value, json};

use super::frame::{PlayedArray, PlayedFrame};
use super::picture::{NoPicture, PictureReader};
use super::sound::{self, Positions};

/// A stream that is played.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) recorded: RecordedStream,
    pub(super) info: Option<InfoRecord>,
    /// The model of its camera as a recording of others has it.
    calibration: Option<Value>,
    /// One for each array that is a picture.
    pictures: BTreeMap<String, PictureReader>,
    positions: Positions,
    /// Messages that could not be read.
    pub(super) left_out: u64,
}

/// What is there of a frame.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) arrays: Vec<PlayedArray>,
    pub(super) result: Option<(OriginRecord, Value)>,
    /// Of a piece of sound.
    pub(super) sample_rate_hz: Option<u32>,
    /// A part that the frame is nothing without could not be read.
    pub(super) is_spoiled: bool,
}

/// When a frame was captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// Nanoseconds since 1970.
    pub(super) captured_ns: u64,
    /// The same, on a clock that goes on when the recording begins anew.
    pub(super) played_ns: u64,
}

/// What a message is to its frame.
pub(super) enum Read {
    Arrays(Vec<PlayedArray>),
    /// With its rate in hertz.
    Sound(PlayedArray, u32),
    Result(OriginRecord, Value),
}

impl Stream {
    pub(super) fn new(recorded: RecordedStream) -> Self {
        Self {
            recorded,
            info: None,
            calibration: None,
            pictures: BTreeMap::new(),
            positions: Positions::default(),
            left_out: 0,
        }
    }

    /// What describes its frames from now on.
    pub(super) fn describe(&mut self, content: &Content) {
        match content {
            Content::Info(info) => self.info = Some(info.clone()),
            Content::Calibration(model) => self.calibration = model_of(model),
            _ => {}
        }
    }

    /// What follows does not go on where this was.
    pub(super) fn lost(&mut self) {
        self.pictures.values_mut().for_each(PictureReader::lost);
    }

    /// Reads a message of it: a whole frame, or the array that `part` names.
    pub(super) fn read(&mut self, content: Content, part: Option<&str>) -> Result<Read, NoPicture> {
        let info = self.info.as_ref();
        let pictures = &mut self.pictures;
        Ok(Read::Arrays(match (self.recorded.carries, part, content) {
            (Carried::Results, None, Content::Result(result)) => return Ok(Read::Result(result.origin, result.body)),
            (Carried::Sound, None, Content::Sound(sound)) => {
                let (array, sample_rate_hz) = sound::array(sound)?;
                return Ok(Read::Sound(array, sample_rate_hz));
            }
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
    pub(super) fn frame(&mut self, index: usize, at: At, sequence: u32, mut parts: Parts) -> Option<PlayedFrame> {
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
        let (origin, body) = match (parts.result, parts.sample_rate_hz) {
            (Some((origin, body)), _) => (Some(origin), body),
            (None, Some(rate)) => {
                let samples = parts.arrays.first().and_then(|array| array.layout.shape.first());
                let position = self.positions.place(at.played_ns, samples.copied().unwrap_or(0), rate);
                (None, sound::body(&self.recorded.node, rate, position))
            }
            (None, None) => (None, self.body()),
        };
        Some(PlayedFrame {
            stream: index,
            seq: sequence.into(),
            generation: self.info.as_ref().map_or(0, |info| info.generation),
            captured_ns: at.captured_ns,
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
pub(super) fn rank(carries: Carried) -> u8 {
    match carries {
        Carried::Image | Carried::Rgbd | Carried::Sound => 0,
        Carried::Points => 1,
        Carried::Results => 2,
    }
}

/// A camera model as ours; `None` for lenses that we have no model of.
fn model_of(calibration: &Calibration) -> Option<Value> {
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
