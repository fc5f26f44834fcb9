//! What messages hold, as far as it can be played.

use bytes::Bytes;
use foxglove::Decode;
use foxglove::messages as fox;
use foxglove::messages::packed_element_field::NumericType;
use serde::Deserialize;

use super::{Pixels, Topic};
use crate::messages::result::{InfoRecord, ResultRecord};

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One picture of a video.
    Video {
        /// `h264`, as far as it can be played.
        format: String,
        /// H.264 in Annex B.
        data: Bytes,
    },
    /// A picture that stands for itself.
    Picture {
        /// `jpeg`, `png`.
        format: String,
        /// The bytes of the file.
        data: Bytes,
    },
    /// Pixels, or any other array of rows.
    Pixels(Pixels),
    /// The model of a camera.
    Calibration(Calibration),
    /// Points in space.
    Points(Cloud),
    /// A piece of sound.
    Sound(Sound),
    /// What was found in a picture, or heard.
    Result(ResultRecord),
    /// What a stream's frames say of themselves.
    Info(InfoRecord),
}

/// The model of a camera, in our pixel coordinates: (0, 0) is the outer corner of the first pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Width and height of its pictures.
    pub size_px: [u32; 2],
    /// `fx`, `fy`, `cx`, `cy`.
    pub intrinsics_px: [f64; 4],
    /// `plumb_bob`, `rational_polynomial`, `kannala_brandt`, …
    pub distortion_model: String,
    /// Its coefficients, in the model's order.
    pub distortion: Vec<f64>,
}

/// Points with their colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloud {
    /// In the frame of the camera, metres.
    pub points_m: Vec<[f32; 3]>,
    /// RGB of each point; absent: they have none.
    pub colors: Option<Vec<[u8; 3]>>,
}

/// A piece of sound as it stands in the message; nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// How it is encoded, as Foxglove names it: `pcm-s16`.
    pub format: String,
    /// Samples a second of each channel.
    pub sample_rate_hz: u32,
    /// How many channels it has.
    pub channels: u32,
    /// The samples of all channels in turn.
    pub data: Bytes,
}

/// Why a message says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Its form is not known here.
    #[error("`{topic}` holds {schema} ({encoding}), which is not played")]
    Unknown {
        /// Where it was recorded.
        topic: String,
        /// The name of its form.
        schema: String,
        /// How it is encoded.
        encoding: String,
    },
    /// It is damaged.
    #[error("a message of `{topic}` is damaged: {why}")]
    Damaged {
        /// Where it was recorded.
        topic: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Content {
    pub(super) fn read(topic: &Topic, data: &Bytes) -> Result<Self, ContentError> {
        match (topic.schema.as_str(), topic.encoding.as_str()) {
            ("foxglove.CompressedVideo", "protobuf") => {
                decode::<fox::CompressedVideo>(topic, data).map(|video| Self::Video {
                    format: video.format,
                    data: video.data,
                })
            }
            ("foxglove.CompressedImage", "protobuf") => {
                decode::<fox::CompressedImage>(topic, data).map(|picture| Self::Picture {
                    format: picture.format,
                    data: picture.data,
                })
            }
            ("foxglove.RawImage", "protobuf") => decode::<fox::RawImage>(topic, data).map(|raw| {
                Self::Pixels(Pixels {
                    width: raw.width,
                    height: raw.height,
                    encoding: raw.encoding,
                    step: raw.step,
                    data: raw.data,
                })
            }),
            ("foxglove.CameraCalibration", "protobuf") => {
                let model = decode::<fox::CameraCalibration>(topic, data)?;
                calibration(model)
                    .map(Self::Calibration)
                    .ok_or_else(|| damaged(topic, "it has no camera matrix"))
            }
            ("foxglove.PointCloud", "protobuf") => {
                let cloud = decode::<fox::PointCloud>(topic, data)?;
                points(&cloud)
                    .map(Self::Points)
                    .ok_or_else(|| damaged(topic, "its fields are not x, y and z of float32 or float64"))
            }
            ("foxglove.RawAudio", "protobuf") => decode::<fox::RawAudio>(topic, data).map(|sound| {
                Self::Sound(Sound {
                    format: sound.format,
                    sample_rate_hz: sound.sample_rate,
                    channels: sound.number_of_channels,
                    data: sound.data,
                })
            }),
            ("bushbaby.Result", "json") => json(topic, data).map(Self::Result),
            ("bushbaby.Info", "json") => json(topic, data).map(Self::Info),
            (schema, encoding) => Err(ContentError::Unknown {
                topic: topic.name.clone(),
                schema: if schema.is_empty() {
                    "messages without a schema".to_owned()
                } else {
                    schema.to_owned()
                },
                encoding: encoding.to_owned(),
            }),
        }
    }

    /// Whether messages of a topic can be read at all.
    pub fn is_known(topic: &Topic) -> bool {
        // An empty message is an empty picture in protobuf, and damaged in JSON: either way its form is known.
        !matches!(Self::read(topic, &Bytes::new()), Err(ContentError::Unknown { .. }))
    }
}

/// The `frame_id` of a picture's message: whose picture it is.
pub(super) fn frame_id(topic: &Topic, data: &Bytes) -> Option<String> {
    match topic.schema.as_str() {
        "foxglove.CompressedVideo" => decode::<fox::CompressedVideo>(topic, data)
            .ok()
            .map(|video| video.frame_id),
        "foxglove.CompressedImage" => decode::<fox::CompressedImage>(topic, data)
            .ok()
            .map(|picture| picture.frame_id),
        "foxglove.RawImage" => decode::<fox::RawImage>(topic, data).ok().map(|raw| raw.frame_id),
        "foxglove.PointCloud" => decode::<fox::PointCloud>(topic, data).ok().map(|cloud| cloud.frame_id),
        "foxglove.CameraCalibration" => decode::<fox::CameraCalibration>(topic, data)
            .ok()
            .map(|model| model.frame_id),
        _ => None,
    }
}

fn decode<T: Decode>(topic: &Topic, data: &Bytes) -> Result<T, ContentError> {
    T::decode(data.clone()).map_err(|error| damaged(topic, &error.to_string()))
}

fn json<T: for<'de> Deserialize<'de>>(topic: &Topic, data: &Bytes) -> Result<T, ContentError> {
    serde_json::from_slice(data).map_err(|error| damaged(topic, &error.to_string()))
}

fn damaged(topic: &Topic, why: &str) -> ContentError {
    ContentError::Damaged {
        topic: topic.name.clone(),
        why: why.to_owned(),
    }
}

fn calibration(model: fox::CameraCalibration) -> Option<Calibration> {
    let [fx, _, cx, _, fy, cy, ..] = *model.k.first_chunk::<9>()?;
    // Foxglove, as ROS, writes 0 for "not calibrated", and counts from the centre of the first pixel.
    (fx != 0.0).then_some(Calibration {
        size_px: [model.width, model.height],
        intrinsics_px: [fx, fy, cx + 0.5, cy + 0.5],
        distortion_model: model.distortion_model,
        distortion: model.d,
    })
}

fn points(cloud: &fox::PointCloud) -> Option<Cloud> {
    let stride = usize::try_from(cloud.point_stride).ok().filter(|stride| *stride > 0)?;
    let field = |name: &str| {
        let field = cloud.fields.iter().find(|field| field.name == name)?;
        Some((field.offset as usize, NumericType::try_from(field.r#type).ok()?))
    };
    let axes = [field("x")?, field("y")?, field("z")?];
    let channels = ["red", "green", "blue"].map(field);
    let rows = || cloud.data.chunks_exact(stride);
    let points_m = rows()
        .map(|row| {
            let [x, y, z] = axes.map(|(offset, kind)| coordinate(row, offset, kind));
            Some([x?, y?, z?])
        })
        .collect::<Option<Vec<_>>>()?;
    let colors = match channels {
        [Some(red), Some(green), Some(blue)] => rows()
            .map(|row| {
                let [r, g, b] = [red, green, blue].map(|(offset, kind)| channel(row, offset, kind));
                Some([r?, g?, b?])
            })
            .collect(),
        _ => None,
    };
    Some(Cloud { points_m, colors })
}

fn coordinate(row: &[u8], offset: usize, kind: NumericType) -> Option<f32> {
    let from = row.get(offset..)?;
    match kind {
        NumericType::Float32 => from.first_chunk().map(|bytes| f32::from_le_bytes(*bytes)),
        NumericType::Float64 => from.first_chunk().map(|bytes| f64::from_le_bytes(*bytes) as f32),
        _ => None,
    }
}

fn channel(row: &[u8], offset: usize, kind: NumericType) -> Option<u8> {
    match kind {
        NumericType::Uint8 => row.get(offset).copied(),
        NumericType::Float32 => coordinate(row, offset, kind).map(|share| (share * 255.0).round() as u8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic(schema: &str, encoding: &str) -> Topic {
        Topic {
            name: "front/image".to_owned(),
            schema: schema.to_owned(),
            encoding: encoding.to_owned(),
            count: 1,
            first_ns: 0,
            last_ns: 0,
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let error = Content::read(&topic("sensor_msgs/msg/Image", "cdr"), &Bytes::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`front/image` holds sensor_msgs/msg/Image (cdr), which is not played"
        );
        assert!(!Content::is_known(&topic("foxglove.RawImage", "json")));
        assert!(Content::is_known(&topic("foxglove.RawImage", "protobuf")));
        assert!(Content::is_known(&topic("bushbaby.Result", "json")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(data in proptest::collection::vec(any::<u8>(), 0..120)) {
            let data = Bytes::from(data);
            let schemas = [
                "CompressedVideo",
                "CompressedImage",
                "RawImage",
                "CameraCalibration",
                "PointCloud",
                "RawAudio",
            ];
            for schema in schemas {
                let _ = Content::read(&topic(&format!("foxglove.{schema}"), "protobuf"), &data);
            }
            for schema in ["Result", "Info"] {
                let _ = Content::read(&topic(&format!("bushbaby.{schema}"), "json"), &data);
            }
        }

    }
}
