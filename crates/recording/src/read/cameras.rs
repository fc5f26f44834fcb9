//! What was recorded of whom: topics put together to the streams that they were.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::content::{Content, frame_id};
use super::{ReadError, Recording, Selection, Topic};
use crate::{Contents, topics};

/// What a recorded stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Pictures.
    Image,
    /// Captures of a depth camera.
    Rgbd,
    /// Points in space.
    Points,
    /// Sound.
    Sound,
    /// What was found in pictures, or heard.
    Results,
}

impl Carried {
    /// Whether a camera or a microphone makes it.
    pub const fn is_of_camera(self) -> bool {
        !matches!(self, Self::Results)
    }

    /// As a word for lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Rgbd => "rgbd",
            Self::Points => "points",
            Self::Sound => "audio",
            Self::Results => "results",
        }
    }
}

/// A stream as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStream {
    /// The node that wrote it.
    pub node: String,
    /// Behind the slash.
    pub output: String,
    /// What its frames are.
    pub carries: Carried,
    /// How many there are.
    pub count: u64,
    /// When the first was captured, in nanoseconds since 1970.
    pub first_ns: u64,
    /// When the last was.
    pub last_ns: u64,
    /// The names of the topics that hold it, each with the array that it is; without one for the whole frame.
    pub topics: Vec<(String, Option<String>)>,
    /// The topic that says what its frames say of themselves.
    pub info: Option<String>,
    /// The topic with the model of its camera.
    pub calibration: Option<String>,
}

impl RecordedStream {
    /// `node/output`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.node, self.output)
    }
}

/// What was recorded of one camera, or one microphone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCamera {
    /// The node's name; in recordings of others the `frame_id` of its pictures.
    pub name: String,
    /// What it wrote.
    pub streams: Vec<RecordedStream>,
}

/// Lists what was recorded of which camera; a microphone is one that has sound only.
///
/// # Errors
/// [`ReadError`], when the file is no recording.
pub fn cameras(path: &Path) -> Result<Vec<RecordedCamera>, ReadError> {
    Ok(of_cameras(&Recording::open(path)?))
}

/// The same of a recording that is open.
pub fn of_cameras(recording: &Recording) -> Vec<RecordedCamera> {
    let mut cameras: Vec<RecordedCamera> = Vec::new();
    for stream in streams(recording)
        .into_iter()
        .filter(|stream| stream.carries.is_of_camera())
    {
        match cameras.iter_mut().find(|camera| camera.name == stream.node) {
            Some(camera) => camera.streams.push(stream),
            None => cameras.push(RecordedCamera {
                name: stream.node.clone(),
                streams: vec![stream],
            }),
        }
    }
    cameras
}

/// Every stream of a recording that can be played, by name.
pub fn streams(recording: &Recording) -> Vec<RecordedStream> {
    match recording.recorder() {
        Some(_) => ours(recording.topics()),
        None => of_others(recording),
    }
}

/// Topics of recordings that hold nothing that can be played, in words.
pub fn left_out(recording: &Recording) -> Vec<String> {
    let unknown = recording.topics().iter().filter(|topic| {
        Contents::of_schema(&topic.schema).is_none_or(|contents| contents.message_encoding() != topic.encoding)
    });
    unknown
        .map(|topic| match topic.schema.as_str() {
            "" => format!("`{}` ({})", topic.name, topic.encoding),
            schema => format!("`{}` ({schema}, {})", topic.name, topic.encoding),
        })
        .collect()
}

/// What a topic of ours is a part of, and what that is.
fn part_of<'a>(topic: &'a Topic, results: &BTreeSet<&str>) -> Option<(&'a str, Option<&'a str>, Carried)> {
    let (stream, part) = topics::split(&topic.name)?;
    let carries = match (topic.schema.as_str(), part) {
        ("bushbaby.Result", None) => Carried::Results,
        ("foxglove.PointCloud", None) => Carried::Points,
        ("foxglove.RawAudio", None) => Carried::Sound,
        ("foxglove.CompressedVideo" | "foxglove.CompressedImage" | "foxglove.RawImage", part) => match part {
            None => Carried::Image,
            Some(_) if results.contains(stream) => Carried::Results,
            Some(_) => Carried::Rgbd,
        },
        _ => return None,
    };
    (Content::is_known(topic) && !stream.starts_with('_')).then_some((stream, part, carries))
}

fn ours(topics: &[Topic]) -> Vec<RecordedStream> {
    let results: BTreeSet<&str> = topics
        .iter()
        .filter(|topic| topic.schema == "bushbaby.Result")
        .map(|topic| topic.name.as_str())
        .collect();
    let named = |name: String| topics.iter().any(|topic| topic.name == name).then_some(name);
    let mut streams: BTreeMap<&str, (RecordedStream, BTreeMap<Option<&str>, u64>)> = BTreeMap::new();
    for topic in topics {
        let Some((stream, part, carries)) = part_of(topic, &results) else {
            continue;
        };
        let Some((node, output)) = stream.split_once('/') else {
            continue;
        };
        let (recorded, counts) = streams.entry(stream).or_insert_with(|| {
            let recorded = RecordedStream {
                node: node.to_owned(),
                output: output.to_owned(),
                carries,
                count: 0,
                first_ns: u64::MAX,
                last_ns: 0,
                topics: Vec::new(),
                info: named(topics::part(stream, topics::INFO)),
                calibration: named(topics::calibration(node)),
            };
            (recorded, BTreeMap::new())
        });
        recorded.first_ns = recorded.first_ns.min(topic.first_ns);
        recorded.last_ns = recorded.last_ns.max(topic.last_ns);
        let held = (topic.name.clone(), part.map(str::to_owned));
        if !recorded.topics.contains(&held) {
            recorded.topics.push(held);
        }
        *counts.entry(part).or_insert(0) += topic.count;
    }
    streams
        .into_values()
        .map(|(mut stream, counts)| {
            stream.count = counts.into_values().max().unwrap_or(0);
            stream
        })
        .collect()
}

/// Pictures, points and sound of others: whose they are is what their first message says.
fn of_others(recording: &Recording) -> Vec<RecordedStream> {
    let mut streams: Vec<RecordedStream> = Vec::new();
    let frame_of = |topic: &Topic| {
        let only_it = Selection::all().of(recording.topics(), |other| other == topic);
        let first = recording.messages(&only_it).next()?;
        frame_id(topic, &first.data)
    };
    let calibrations: Vec<(String, &str)> = recording
        .topics()
        .iter()
        .filter(|topic| topic.schema == "foxglove.CameraCalibration")
        .filter_map(|topic| Some((frame_of(topic)?, topic.name.as_str())))
        .collect();
    for topic in recording.topics().iter().filter(|topic| Content::is_known(topic)) {
        let (carries, output) = match topic.schema.as_str() {
            "foxglove.CompressedVideo" | "foxglove.CompressedImage" | "foxglove.RawImage" => (Carried::Image, "image"),
            "foxglove.PointCloud" => (Carried::Points, "points"),
            "foxglove.RawAudio" => (Carried::Sound, "audio"),
            _ => continue,
        };
        let frame = frame_of(topic).unwrap_or_default();
        let taken = |node: &str| {
            streams
                .iter()
                .any(|stream| stream.node == node && stream.output == output)
        };
        let names = [as_node(&frame), as_node(&topic.name)].into_iter().flatten();
        let numbered = (1..).map(|number| format!("camera{number}"));
        let Some(node) = names.chain(numbered).find(|node| !taken(node)) else {
            continue;
        };
        streams.push(RecordedStream {
            node,
            output: output.to_owned(),
            carries,
            count: topic.count,
            first_ns: topic.first_ns,
            last_ns: topic.last_ns,
            topics: vec![(topic.name.clone(), None)],
            info: None,
            calibration: calibrations
                .iter()
                .find(|(of, _)| *of == frame)
                .map(|(_, name)| (*name).to_owned()),
        });
    }
    streams.sort_by_key(RecordedStream::name);
    streams
}

/// A name that a node may have, as near to this one as can be.
fn as_node(name: &str) -> Option<String> {
    let name: String = name
        .trim_matches('/')
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') {
                c
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    let begins_well = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(begins_well).then_some(name)
}
