//! What a frame says, as far as alerts are concerned. Everything in it is from outside.

use bushbaby_bus::Frame;
use bushbaby_node::status::NodeState;
use bushbaby_sound::results::{Events, Level, Scores, SoundEvent};
use jiff::Timestamp;
use serde_json::Value;

/// Longest body that is read.
const LONGEST_BODY_BYTES: usize = 1 << 20;
/// Most things of one frame that are looked at.
const MOST_ITEMS: usize = 10_000;

/// What came on a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// What is heard: each event each time that it is told.
    Heard {
        /// The camera or microphone.
        source: String,
        /// What began or ended.
        events: Vec<SoundEvent>,
    },
    /// What was found in one picture, or whatever the frame was about; nothing too.
    Found {
        /// The camera; absent when the frame does not say.
        source: Option<String>,
        /// Each thing.
        things: Vec<Thing>,
    },
    /// How sure a model is.
    Scores(Scores),
    /// How loud it is.
    Level(Level),
    /// How a node is.
    Health {
        /// Which.
        node: String,
        /// Its state from now on.
        state: NodeState,
        /// Why.
        reason: Option<String>,
        /// Since when.
        at: Timestamp,
    },
    /// Anything else: only that it came.
    Frame,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// What it may be called: its label, its family and number, its type.
    pub names: Vec<String>,
    /// How sure it is, where that is told.
    pub score: Option<f64>,
}

impl Thing {
    /// Whether it is called so.
    pub fn is(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

/// Reads a frame.
///
/// # Errors
/// What is wrong with a body that should be read, in words.
pub fn seen(frame: &Frame) -> Result<Seen, String> {
    let body = frame.body();
    if body.is_empty() || body.len() > LONGEST_BODY_BYTES {
        return Ok(Seen::Frame);
    }
    read(body)
}

/// Reads a body.
///
/// # Errors
/// What is wrong with it.
pub fn read(body: &[u8]) -> Result<Seen, String> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Ok(Seen::Frame);
    };
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
    let wrong = |error: serde_json::Error| format!("`{kind}` cannot be read: {error}");
    match kind.as_str() {
        "events" => {
            let Events { source, items, .. } = serde_json::from_value(value).map_err(wrong)?;
            Ok(Seen::Heard { source, events: items })
        }
        "scores" => serde_json::from_value(value).map(Seen::Scores).map_err(wrong),
        "level" => serde_json::from_value(value).map(Seen::Level).map_err(wrong),
        "health" => health(&value),
        "" | "audio" => Ok(Seen::Frame),
        _ => Ok(found(&kind, &value)),
    }
}

fn health(value: &Value) -> Result<Seen, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let state = value.get("state").cloned().unwrap_or(Value::Null);
    let (Some(node), Ok(state)) = (text("node"), serde_json::from_value(state)) else {
        return Err("`health` names no node or no state".to_owned());
    };
    Ok(Seen::Health {
        node: node.to_owned(),
        state,
        reason: text("reason").map(str::to_owned),
        at: text("at").and_then(|at| at.parse().ok()).unwrap_or_else(Timestamp::now),
    })
}

/// Results of any kind: a list of things in `items`, or one thing that the body itself is.
fn found(kind: &str, value: &Value) -> Seen {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let things = match value.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().take(MOST_ITEMS).map(thing).collect(),
        None => {
            let mut itself = thing(value);
            itself.names.push(kind.to_owned());
            vec![itself]
        }
    };
    Seen::Found {
        source: text("camera").or_else(|| text("source")),
        things,
    }
}

fn thing(item: &Value) -> Thing {
    let mut names = Vec::new();
    for key in ["label", "class", "name", "type", "family", "sound"] {
        names.extend(item.get(key).and_then(Value::as_str).map(str::to_owned));
    }
    // A tag is called by its family, its number, or both: `tag36h11`, `7`, `tag36h11/7`.
    if let Some(number) = item.get("id").and_then(Value::as_u64) {
        if let Some(family) = item.get("family").and_then(Value::as_str) {
            names.push(format!("{family}/{number}"));
            names.extend(family.strip_prefix("tag").map(|short| format!("{short}/{number}")));
        }
        names.push(number.to_string());
    }
    if let Some(short) = item
        .get("family")
        .and_then(Value::as_str)
        .and_then(|family| family.strip_prefix("tag"))
    {
        names.push(short.to_owned());
    }
    let score = ["score", "confidence"]
        .iter()
        .find_map(|key| item.get(*key).and_then(Value::as_f64));
    Thing {
        names,
        score: score.filter(|score| score.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Seen {
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn boxes_tags_and_single_results_are_found_by_their_names() {
        let boxes = r#"{"type":"boxes","camera":"front","items":[{"label":"person","score":0.8},{"label":"cat"}]}"#;
        let Seen::Found { source, things } = of(boxes) else {
            panic!()
        };
        assert_eq!(source.as_deref(), Some("front"));
        assert!(things[0].is("person") && things[0].score == Some(0.8) && things[1].is("cat"));
        let tags = r#"{"type":"detections","version":1,"camera":"front","items":[{"id":7,"family":"tag36h11"}]}"#;
        let Seen::Found { things, .. } = of(tags) else { panic!() };
        for name in ["7", "36h11", "tag36h11", "36h11/7", "tag36h11/7"] {
            assert!(things[0].is(name), "{name}");
        }
        let Seen::Found { things, .. } = of(r#"{"type":"fire","score":0.5}"#) else {
            panic!()
        };
        assert!(things[0].is("fire"));
        assert_eq!(
            of(r#"{"type":"boxes","items":[]}"#),
            Seen::Found {
                source: None,
                things: vec![]
            }
        );
    }

    #[test]
    fn what_is_no_result_is_only_a_frame_and_damage_is_told() {
        for text in ["", "[", "[1]", "null", "{}", r#"{"type":"audio"}"#, r#"{"type":7}"#] {
            assert_eq!(of(text), Seen::Frame, "{text}");
        }
        for text in [
            r#"{"type":"events"}"#,
            r#"{"type":"health","node":"a","state":"odd"}"#,
            r#"{"type":"scores","source":1}"#,
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
