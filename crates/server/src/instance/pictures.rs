//! Which streams are pictures, and what belongs into them: decided here, and told to the pages.
//!
//! In: the status, with what each stream carries and who reads whom, and the streams that other programs send on the same bus.
//! A stream whose status does not say what it carries is taken for what its frames' shape or its name say.

use std::collections::BTreeSet;

use axum::body::Bytes;
use bushbaby_bus::StreamName;
use bushbaby_node::Carries;
use bushbaby_node::status::Status;
use bushbaby_pixels::PixelFormat;
use serde::Serialize;

use super::Known;

/// No page is told of more pictures.
const MOST_PICTURES: usize = 64;
/// Streams of other programs that are looked at.
const MOST_OTHERS: usize = 256;

/// A stream that is shown as pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PictureStream {
    pub(crate) stream: StreamName,
    /// What people call it: its node, or the whole stream where its node has several.
    pub(crate) name: String,
    /// A source of this instance makes it: then silence is a fault. What stages and other programs make comes when it comes.
    pub(crate) is_camera: bool,
    /// Whether there is depth in it, and maybe a second view.
    pub(crate) is_rgbd: bool,
    /// Streams with what was found in these pictures, in the order of their names.
    pub(crate) results: Vec<StreamName>,
}

impl Known {
    /// `json` is `status` as `bushbaby status --json` prints it; `published` are the streams on the bus.
    pub(crate) fn new(status: Status, json: Bytes, published: &[StreamName]) -> Self {
        let streams = Streams::new(&status, published);
        let (pictures, sounds, events) = (streams.pictures(), streams.sounds(), streams.events());
        let masks = streams.carrying(|carries| carries == Carries::Mask).cloned().collect();
        Self {
            status,
            json,
            pictures,
            sounds,
            events,
            masks,
        }
    }

    /// Finds the pictures that somebody calls `name`: a stream, a node's first ones, or, without a name, the first of all.
    pub(crate) fn picture(&self, name: Option<&str>) -> Option<&PictureStream> {
        match name {
            None => self.pictures.first(),
            Some(name) if name.contains('/') => self.pictures.iter().find(|picture| picture.stream.as_str() == name),
            Some(name) => {
                let of_node = self.pictures.iter().filter(|picture| picture.stream.node() == name);
                let outputs = self.status.nodes.get(name).map_or(&[][..], |node| &node.outputs);
                of_node.min_by_key(|picture| {
                    let place = outputs.iter().position(|output| *output == picture.stream);
                    (place.unwrap_or(usize::MAX), picture.stream.output() != "image")
                })
            }
        }
    }
}

/// All streams, and what each carries as far as it is known.
pub(super) struct Streams<'a> {
    status: &'a Status,
    all: Vec<(&'a StreamName, Option<Carries>)>,
}

impl<'a> Streams<'a> {
    fn new(status: &'a Status, published: &'a [StreamName]) -> Self {
        let others = published.iter().filter(|name| !status.streams.contains_key(*name));
        let mut all: Vec<_> = status
            .streams
            .iter()
            .map(|(name, stream)| {
                let told = stream.carries.filter(|told| *told != Carries::Arrays);
                (name, told.or_else(|| by_shape(&stream.shape)).or_else(|| by_name(name)))
            })
            .chain(others.take(MOST_OTHERS).map(|name| (name, by_name(name))))
            .collect();
        all.sort_by_key(|(name, _)| *name);
        Self { status, all }
    }

    fn pictures(&self) -> Vec<PictureStream> {
        let shown: Vec<_> = self
            .all
            .iter()
            .filter(|(name, carries)| carries.is_some_and(Carries::has_picture) && !self.is_twin(name))
            .collect();
        let mut pictures: Vec<_> = shown
            .iter()
            .map(|(name, carries)| {
                let of_node = shown.iter().filter(|(other, _)| other.node() == name.node());
                PictureStream {
                    stream: (*name).clone(),
                    name: if of_node.count() > 1 {
                        name.as_str()
                    } else {
                        name.node()
                    }
                    .to_owned(),
                    is_camera: self.role(name.node()) == Some("source"),
                    is_rgbd: *carries == Some(Carries::Rgbd),
                    results: self.results_of(name),
                }
            })
            .collect();
        pictures.sort_by_key(|picture| !picture.is_camera);
        pictures.truncate(MOST_PICTURES);
        pictures
    }

    /// Whether these are the pictures of `NODE/image` once more, decoded for those who want pixels.
    fn is_twin(&self, name: &StreamName) -> bool {
        name.output() == "decoded" && self.all.iter().any(|(other, _)| is_output(other, name.node(), "image"))
    }

    pub(super) fn role(&self, node: &str) -> Option<&str> {
        self.status.nodes.get(node).map(|node| node.role.as_str())
    }

    /// The streams that carry such things, in the order of their names.
    pub(super) fn carrying(&self, is_such: impl Fn(Carries) -> bool) -> impl Iterator<Item = &'a StreamName> {
        let such = self
            .all
            .iter()
            .filter(move |(_, carries)| carries.is_some_and(&is_such));
        such.map(|(name, _)| *name)
    }

    /// What a node reads, as far as it is known.
    pub(super) fn wires_to(&self, node: &str) -> Vec<&'a StreamName> {
        let edges = self.status.edges.iter().filter(|edge| edge.to == node);
        edges.map(|edge| &edge.from).collect()
    }

    /// Results belong into the pictures that their stage reads; those of a stage that reads none, into the pictures of the
    /// stages whose results it reads. A stage whose wires nobody knows counts for every camera.
    fn results_of(&self, picture: &StreamName) -> Vec<StreamName> {
        let found = self
            .all
            .iter()
            .filter(|(_, carries)| matches!(carries, Some(Carries::Detections | Carries::Results)));
        found
            .filter(|(name, _)| self.looks_at(name.node(), picture, &mut BTreeSet::new()))
            .map(|(name, _)| (*name).clone())
            .collect()
    }

    fn looks_at(&self, stage: &'a str, picture: &StreamName, asked: &mut BTreeSet<&'a str>) -> bool {
        if !asked.insert(stage) {
            return false;
        }
        let wires: Vec<_> = self.status.edges.iter().filter(|edge| edge.to == stage).collect();
        if wires.is_empty() {
            return self.role(picture.node()) != Some("stage");
        }
        let is_picture = |name: &StreamName| {
            let known = self.all.iter().find(|(other, _)| *other == name);
            known.is_some_and(|(_, carries)| carries.is_some_and(Carries::has_picture))
        };
        if wires.iter().any(|wire| is_picture(&wire.from)) {
            return wires.iter().any(|wire| wire.from == *picture);
        }
        wires.iter().any(|wire| self.looks_at(wire.from.node(), picture, asked))
    }
}

fn is_output(name: &StreamName, node: &str, output: &str) -> bool {
    name.node() == node && name.output() == output
}

/// `1280x720 rgb8` is a picture, `1280x720 float32` may be anything.
fn by_shape(shape: &str) -> Option<Carries> {
    let encoding = shape.rsplit(' ').next()?;
    encoding.parse::<PixelFormat>().ok().map(|_| Carries::Image)
}

/// What streams of these names carry by convention. The health of a node has that node's name behind the slash.
fn by_name(name: &StreamName) -> Option<Carries> {
    if name.node().starts_with('_') {
        return None;
    }
    match name.output() {
        "image" => Some(Carries::Image),
        "rgbd" => Some(Carries::Rgbd),
        "points" => Some(Carries::Points),
        "results" | "targets" | "pose" => Some(Carries::Results),
        "detections" => Some(Carries::Detections),
        "mask" => Some(Carries::Mask),
        "audio" => Some(Carries::Audio),
        "events" => Some(Carries::Events),
        "scores" => Some(Carries::Scores),
        "level" => Some(Carries::Level),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_name_of_a_node_means_its_first_pictures() {
        let mut status = known(&[]).status;
        let outputs = ["heat/map", "heat/picture", "heat/image"].map(|name| name.parse().unwrap());
        status.nodes.get_mut("heat").unwrap().outputs = outputs.to_vec();
        let known = Known::new(status, Bytes::new(), &[]);
        assert_eq!(known.picture(Some("heat")).unwrap().stream.as_str(), "heat/picture");
    }

    fn node(role: &str) -> Value {
        json!({"kind": "kind", "role": role, "state": "running", "restarts": 0})
    }

    fn stream(carries: &str, shape: &str) -> Value {
        json!({"carries": carries, "frames": 1, "fps": 30.0, "shape": shape})
    }

    fn edge(from: &str, to: &str) -> Value {
        json!({"from": from, "to": to, "delivered": 1,
            "dropped": {"superseded": 0, "overflow": 0, "damaged": 0, "skipped": 0}})
    }

    fn known(published: &[&str]) -> Known {
        let status = json!({
            "seconds": 1.0,
            "nodes": {
                "door": node("source"), "front": node("source"), "table": node("source"),
                "heat": node("stage"), "count": node("stage"), "late": node("stage"), "tags": node("stage"),
            },
            "streams": {
                "door/image": stream("image", "640x480 jpeg"),
                "door/decoded": stream("image", ""),
                "front/image": stream("image", "1280x720 i420"),
                "front/truth": stream("truth", ""),
                "table/rgbd": stream("rgbd", "640x480 rgb8"),
                "table/points": stream("points", "3x307200 float32"),
                "heat/image": stream("image", "320x240 rgb8"),
                "heat/map": stream("arrays", "320x240 float32"),
                "heat/picture": stream("arrays", "320x240 gray8"),
                "count/results": stream("results", ""),
                "late/detections": stream("detections", ""),
                "tags/detections": stream("detections", ""),
            },
            "edges": [edge("front/image", "tags"), edge("front/image", "heat"), edge("tags/detections", "count"),
                edge("heat/map", "count"), edge("count/results", "heat")],
        });
        let published: Vec<StreamName> = published.iter().map(|name| name.parse().unwrap()).collect();
        Known::new(serde_json::from_value(status).unwrap(), Bytes::new(), &published)
    }

    fn results(known: &Known, stream: &str) -> Vec<String> {
        let picture = known.picture(Some(stream)).unwrap();
        picture.results.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_camera_is_found_by_node_by_stream_or_as_the_first() {
        let known = known(&[]);
        let found = |name| known.picture(name).map(|picture| picture.stream.to_string());
        assert_eq!(found(None).as_deref(), Some("door/image"));
        assert_eq!(found(Some("front")).as_deref(), Some("front/image"));
        assert_eq!(found(Some("heat")).as_deref(), Some("heat/image"));
        assert_eq!(found(Some("front/image")).as_deref(), Some("front/image"));
        assert_eq!(found(Some("table")).as_deref(), Some("table/rgbd"));
        assert_eq!(found(Some("front/truth")), None);
        assert_eq!(found(Some("tags")), None);
    }

    #[test]
    fn cameras_come_first_and_every_picture_is_there_once() {
        let known = known(&[]);
        let told: Vec<_> = known
            .pictures
            .iter()
            .map(|p| (p.name.as_str(), p.is_camera, p.is_rgbd))
            .collect();
        let expected = [
            ("door", true, false),
            ("front", true, false),
            ("table", true, true),
            ("heat/image", false, false),
            ("heat/picture", false, false),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn results_belong_into_the_pictures_that_their_stage_reads() {
        let known = known(&[]);
        assert_eq!(
            results(&known, "front"),
            ["count/results", "late/detections", "tags/detections"]
        );
        // Nobody knows the wires of `late`.
        assert_eq!(results(&known, "door"), ["late/detections"]);
        assert!(results(&known, "heat").is_empty());
    }

    #[test]
    fn what_other_programs_send_is_known_by_its_name() {
        let known = known(&[
            "people/results",
            "mine/image",
            "mine/odd",
            "front/image",
            "_health/targets",
        ]);
        assert!(results(&known, "door").contains(&"people/results".to_owned()));
        assert!(!results(&known, "door").contains(&"_health/targets".to_owned()));
        let mine = known.picture(Some("mine")).unwrap();
        assert_eq!((mine.name.as_str(), mine.is_camera), ("mine", false));
        assert_eq!(
            known
                .pictures
                .iter()
                .filter(|picture| picture.stream.node() == "mine")
                .count(),
            1
        );
    }
}
