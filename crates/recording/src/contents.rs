//! What the messages of a topic are: their schema, their encoding, and whether they can still be compressed.

use foxglove::messages as fox;
use foxglove::{Encode, Schema};

/// What one topic holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contents {
    /// `foxglove.CompressedVideo`: H.264, Annex B, one picture a message, parameter sets with each keyframe.
    Video,
    /// `foxglove.CompressedImage`: JPEG.
    Jpeg,
    /// `foxglove.RawImage`: pixels, depth or any other array of rows.
    RawImage,
    /// `foxglove.CameraCalibration`.
    Calibration,
    /// `foxglove.PointCloud`.
    PointCloud,
    /// `foxglove.RawAudio`: a piece of sound, `pcm-s16`.
    Sound,
    /// JSON, `bushbaby.Result`: what a stage found.
    Result,
    /// JSON, `bushbaby.Info`: what a stream's frames say of themselves.
    Info,
    /// `foxglove.ImageAnnotations`: results to draw over the picture.
    Annotations,
    /// `foxglove.FrameTransforms`: poses of results.
    Poses,
    /// `foxglove.Log`: a change in a node's health.
    Log,
}

/// The JSON Schema of [`Contents::Result`].
const RESULT_SCHEMA: &str = r#"{"title":"bushbaby.Result","type":"object","properties":{
"captured_at_ns":{"type":"integer","description":"capture time of the picture, nanoseconds since 1970"},
"origin":{"type":"object","description":"the frame that it was found in","properties":{"stream":{"type":"string"},"generation":{"type":"integer"},"seq":{"type":"integer"},"captured_at_ns":{"type":"integer"}}},
"body":{"type":"object","description":"the result as the stage wrote it; `type` says which"}}}"#;

/// The JSON Schema of [`Contents::Info`].
const INFO_SCHEMA: &str = r#"{"title":"bushbaby.Info","type":"object","properties":{
"generation":{"type":"integer"},"clock":{"type":"string","description":"how the capture times are known"},
"arrays":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"dtype":{"type":"string"},"shape":{"type":"array","items":{"type":"integer"}},"encoding":{"type":"string"},"matrix":{"type":"string"},"range":{"type":"string"}}}},
"body":{"type":"object","description":"the frames' body"}}}"#;

impl Contents {
    /// Every one, for readers that meet a schema's name.
    pub const ALL: [Self; 11] = [
        Self::Video,
        Self::Jpeg,
        Self::RawImage,
        Self::Calibration,
        Self::PointCloud,
        Self::Sound,
        Self::Result,
        Self::Info,
        Self::Annotations,
        Self::Poses,
        Self::Log,
    ];

    /// The name of its schema.
    pub const fn schema_name(self) -> &'static str {
        match self {
            Self::Video => "foxglove.CompressedVideo",
            Self::Jpeg => "foxglove.CompressedImage",
            Self::RawImage => "foxglove.RawImage",
            Self::Calibration => "foxglove.CameraCalibration",
            Self::PointCloud => "foxglove.PointCloud",
            Self::Sound => "foxglove.RawAudio",
            Self::Result => "bushbaby.Result",
            Self::Info => "bushbaby.Info",
            Self::Annotations => "foxglove.ImageAnnotations",
            Self::Poses => "foxglove.FrameTransforms",
            Self::Log => "foxglove.Log",
        }
    }

    /// The one with that schema; `None` for schemas that we do not write.
    pub fn of_schema(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contents| contents.schema_name() == name)
    }

    /// Whether its messages are JSON; otherwise they are protobuf.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Result | Self::Info)
    }

    /// `json` or `protobuf`.
    pub const fn message_encoding(self) -> &'static str {
        if self.is_json() { "json" } else { "protobuf" }
    }

    /// `jsonschema` or `protobuf`.
    pub const fn schema_encoding(self) -> &'static str {
        if self.is_json() { "jsonschema" } else { "protobuf" }
    }

    /// The schema itself: a JSON Schema, or a serialized `FileDescriptorSet`.
    pub fn schema_data(self) -> Vec<u8> {
        fn data(schema: Option<Schema>) -> Vec<u8> {
            schema.map(|schema| schema.data.into_owned()).unwrap_or_default()
        }
        match self {
            Self::Video => data(fox::CompressedVideo::get_schema()),
            Self::Jpeg => data(fox::CompressedImage::get_schema()),
            Self::RawImage => data(fox::RawImage::get_schema()),
            Self::Calibration => data(fox::CameraCalibration::get_schema()),
            Self::PointCloud => data(fox::PointCloud::get_schema()),
            Self::Sound => data(fox::RawAudio::get_schema()),
            Self::Result => RESULT_SCHEMA.into(),
            Self::Info => INFO_SCHEMA.into(),
            Self::Annotations => data(fox::ImageAnnotations::get_schema()),
            Self::Poses => data(fox::FrameTransforms::get_schema()),
            Self::Log => data(fox::Log::get_schema()),
        }
    }

    /// Whether its messages are compressed by themselves: such chunks are written as they are.
    pub const fn is_compressed(self) -> bool {
        matches!(self, Self::Video | Self::Jpeg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_there_and_its_name_leads_back_to_it() {
        for contents in Contents::ALL {
            assert_eq!(Contents::of_schema(contents.schema_name()), Some(contents));
            let data = contents.schema_data();
            assert!(data.len() > 50, "{contents:?}");
            if contents.is_json() {
                let schema: serde_json::Value = serde_json::from_slice(&data).unwrap();
                assert_eq!(schema["title"], contents.schema_name());
            }
        }
    }
}
