//! Which streams are sound, and who listens to them: decided here, and told to the pages.

use std::collections::BTreeSet;

use bushbaby_bus::StreamName;
use bushbaby_node::Carries;
use serde::Serialize;

use super::Known;
use super::pictures::Streams;

/// No page is told of more sounds.
const MOST_SOUNDS: usize = 64;

/// A stream of sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SoundStream {
    pub(crate) stream: StreamName,
    /// What people call it: its node, or the whole stream where its node has several.
    pub(crate) name: String,
    /// A source of this instance makes it: then silence is a fault.
    pub(crate) is_source: bool,
    /// Pictures of the same camera: then the sound is shown with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<StreamName>,
    /// Streams with what was heard in it (events, scores, levels), in the order of their names.
    pub(crate) results: Vec<StreamName>,
}

impl Known {
    /// Finds a stream of sound.
    pub(crate) fn sound(&self, stream: &str) -> Option<&SoundStream> {
        self.sounds.iter().find(|sound| sound.stream.as_str() == stream)
    }
}

impl<'a> Streams<'a> {
    /// Sources first; in the order of their names.
    pub(super) fn sounds(&self) -> Vec<SoundStream> {
        let shown = || self.carrying(|carries| carries == Carries::Audio);
        let mut sounds: Vec<_> = shown()
            .map(|name| {
                let of_node = shown().filter(|other| other.node() == name.node()).count();
                let mut pictures = self.carrying(Carries::has_picture);
                SoundStream {
                    stream: name.clone(),
                    name: if of_node > 1 { name.as_str() } else { name.node() }.to_owned(),
                    is_source: self.role(name.node()) == Some("source"),
                    picture: pictures.find(|other| other.node() == name.node()).cloned(),
                    results: self.heard_in(name),
                }
            })
            .collect();
        sounds.sort_by_key(|sound| !sound.is_source);
        sounds.truncate(MOST_SOUNDS);
        sounds
    }

    /// Streams that say when something began to be heard.
    pub(super) fn events(&self) -> Vec<StreamName> {
        self.carrying(|carries| carries == Carries::Events).cloned().collect()
    }

    fn heard_in(&self, sound: &StreamName) -> Vec<StreamName> {
        self.carrying(|carries| matches!(carries, Carries::Events | Carries::Scores | Carries::Level))
            .filter(|name| self.listens_to(name.node(), sound, &mut BTreeSet::new()))
            .cloned()
            .collect()
    }

    /// A stage listens to the sound that it reads; one that reads none, to what the stages hear whose results it reads. A program
    /// whose wires nobody knows may listen to everything: its results say to what.
    fn listens_to(&self, stage: &'a str, sound: &StreamName, asked: &mut BTreeSet<&'a str>) -> bool {
        if !asked.insert(stage) || self.role(stage) == Some("source") {
            return false;
        }
        let wires = self.wires_to(stage);
        let is_sound = |name: &StreamName| {
            self.carrying(|carries| carries == Carries::Audio)
                .any(|other| other == name)
        };
        if wires.is_empty() || wires.iter().copied().any(is_sound) {
            return wires.is_empty() || wires.contains(&sound);
        }
        wires.iter().any(|wire| self.listens_to(wire.node(), sound, asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use serde_json::json;

    fn known(published: &[&str]) -> Known {
        let node = |role: &str| json!({"kind": "kind", "role": role, "state": "running", "restarts": 0});
        let stream = |carries: &str| json!({"carries": carries, "frames": 1, "fps": 30.0});
        let edge = |from: &str, to: &str| {
            json!({"from": from, "to": to, "delivered": 1,
                "dropped": {"superseded": 0, "overflow": 0, "damaged": 0, "skipped": 0}})
        };
        let status = json!({
            "seconds": 1.0,
            "nodes": {"door": node("source"), "cot": node("source"), "cry@door": node("stage"), "all": node("stage"),
                "later": node("stage"), "tags": node("stage")},
            "streams": {
                "door/image": stream("image"), "door/audio": stream("audio"), "cot/audio": stream("audio"),
                "cry@door/events": stream("events"), "cry@door/level": stream("level"), "all/scores": stream("scores"),
                "later/events": stream("events"), "tags/detections": stream("detections"), "tags/events": stream("events"),
            },
            "edges": [edge("door/audio", "cry@door"), edge("door/audio", "all"), edge("cot/audio", "all"),
                edge("all/scores", "later"), edge("door/image", "tags")],
        });
        let published: Vec<StreamName> = published.iter().map(|name| name.parse().unwrap()).collect();
        Known::new(serde_json::from_value(status).unwrap(), Bytes::new(), &published)
    }

    fn results(known: &Known, stream: &str) -> Vec<String> {
        let results = &known.sound(stream).unwrap().results;
        results.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_microphone_stands_alone_and_a_camera_with_its_pictures() {
        let known = known(&["mine/audio"]);
        let told: Vec<_> = known
            .sounds
            .iter()
            .map(|sound| {
                (
                    sound.name.as_str(),
                    sound.is_source,
                    sound.picture.as_ref().map(StreamName::as_str),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("cot", true, None),
                ("door", true, Some("door/image")),
                ("mine", false, None)
            ]
        );
    }

    #[test]
    fn what_is_heard_belongs_to_the_sound_that_its_stage_reads() {
        let known = known(&["own/events"]);
        let of_door = [
            "all/scores",
            "cry@door/events",
            "cry@door/level",
            "later/events",
            "own/events",
        ];
        assert_eq!(results(&known, "door/audio"), of_door);
        assert_eq!(
            results(&known, "cot/audio"),
            ["all/scores", "later/events", "own/events"]
        );
        let events: Vec<_> = known.events.iter().map(StreamName::as_str).collect();
        assert_eq!(events, ["cry@door/events", "later/events", "own/events", "tags/events"]);
    }
}
