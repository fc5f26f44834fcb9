//! What Home Assistant is told once, so that it makes entities by itself: retained messages, one for each entity.
//!
//! | entity | state |
//! |---|---|
//! | `binary_sensor`, `device_class: sound`, one for each camera and sound | `PREFIX/CAMERA/audio/SOUND`, `ON` or `OFF`, as Frigate has it |
//! | `event`, one for each camera | `PREFIX/CAMERA/audio/event`, JSON, when a sound begins |
//! | `sensor`, one for each camera | `PREFIX/CAMERA/audio/dBFS` |
//! | `switch`, one for each alert | `PREFIX/alerts/ALERT/state`, `OFF` while it is muted; set by `PREFIX/alerts/ALERT/set` |
//!
//! All are available while `PREFIX/available` says `online`; those of a camera only while `PREFIX/CAMERA/available` does, too.

use serde_json::{Value, json};

/// A message for the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: String,
    pub(super) retain: bool,
}

/// Which topics there are.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    /// What all of ours start with.
    pub(super) prefix: String,
    /// What those start with on which devices are announced; absent: none is.
    pub(super) discovery: Option<String>,
    /// Keeps the entities of two instances apart.
    pub(super) instance: String,
}

impl Topics {
    pub(super) fn available(&self) -> String {
        format!("{}/available", self.prefix)
    }

    pub(super) fn camera_available(&self, camera: &str) -> String {
        format!("{}/{}/available", self.prefix, plain(camera))
    }

    pub(super) fn audio(&self, camera: &str, what: &str) -> String {
        format!("{}/{}/audio/{}", self.prefix, plain(camera), plain(what))
    }

    pub(super) fn alert(&self, alert: &str, what: &str) -> String {
        format!("{}/alerts/{}/{what}", self.prefix, plain(alert))
    }

    /// Where alerts are switched: all of them.
    pub(super) fn switches(&self) -> String {
        format!("{}/alerts/+/set", self.prefix)
    }

    /// The alert that a topic switches.
    pub(super) fn switched<'t>(&self, topic: &'t str) -> Option<&'t str> {
        topic
            .strip_prefix(&self.prefix)?
            .strip_prefix("/alerts/")?
            .strip_suffix("/set")
    }

    /// The entities of a camera of which these sounds are listened for.
    pub(super) fn camera<'s>(&self, camera: &str, sounds: impl Iterator<Item = &'s str> + Clone) -> Vec<Message> {
        let availability = json!([{ "topic": self.available() }, { "topic": self.camera_available(camera) }]);
        let device = json!({
            "identifiers": [format!("bushbaby_{}_{}", self.instance, plain(camera))],
            "name": camera,
            "manufacturer": "bushbaby",
            "via_device": self.device_id(),
        });
        let id = |what: &str| format!("bushbaby_{}_{}_{}", plain(&self.instance), plain(camera), plain(what));
        let common = |name: &str, id: &str| {
            json!({
                "name": name, "unique_id": id, "availability": availability, "availability_mode": "all",
                "device": device, "origin": origin(),
            })
        };
        let mut messages = Vec::new();
        for sound in sounds.clone() {
            let id = id(sound);
            let own = json!({
                "device_class": "sound", "state_topic": self.audio(camera, sound), "payload_on": ON, "payload_off": OFF,
            });
            messages.extend(self.config("binary_sensor", &id, joined(common(&in_words(sound), &id), own)));
        }
        let types: Vec<&str> = sounds.collect();
        let event =
            json!({ "state_topic": self.audio(camera, "event"), "event_types": types, "icon": "mdi:ear-hearing" });
        messages.extend(self.config("event", &id("event"), joined(common("Sound", &id("event")), event)));
        let level = json!({
            "state_topic": self.audio(camera, "dBFS"), "unit_of_measurement": "dBFS", "state_class": "measurement",
            "suggested_display_precision": 0, "icon": "mdi:volume-high",
        });
        messages.extend(self.config("sensor", &id("dbfs"), joined(common("Level", &id("dbfs")), level)));
        messages
    }

    /// The switch of an alert.
    pub(super) fn switch(&self, alert: &str) -> Option<Message> {
        let id = format!("bushbaby_{}_alert_{}", plain(&self.instance), plain(alert));
        let device = json!({
            "identifiers": [self.device_id()], "name": format!("bushbaby {}", self.instance), "manufacturer": "bushbaby",
        });
        let config = json!({
            "name": format!("Alert {alert}"), "unique_id": id, "state_topic": self.alert(alert, "state"),
            "command_topic": self.alert(alert, "set"), "payload_on": ON, "payload_off": OFF, "icon": "mdi:bell",
            "availability": [{ "topic": self.available() }], "device": device, "origin": origin(),
        });
        self.config("switch", &id, config)
    }

    fn device_id(&self) -> String {
        format!("bushbaby_{}", self.instance)
    }

    fn config(&self, component: &str, id: &str, config: Value) -> Option<Message> {
        let discovery = self.discovery.as_ref()?;
        Some(Message {
            topic: format!("{discovery}/{component}/{id}/config"),
            payload: config.to_string(),
            retain: true,
        })
    }
}

pub(super) const ON: &str = "ON";
pub(super) const OFF: &str = "OFF";

fn origin() -> Value {
    json!({ "name": "bushbaby", "sw_version": env!("CARGO_PKG_VERSION") })
}

fn joined(mut first: Value, second: Value) -> Value {
    if let (Some(first), Value::Object(second)) = (first.as_object_mut(), second) {
        first.extend(second);
    }
    first
}

/// A part of a topic: what has a meaning there is replaced.
fn plain(name: &str) -> String {
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '.') {
            c
        } else {
            '_'
        }
    };
    name.chars().map(keep).collect()
}

/// `baby_cry` as people read it.
fn in_words(sound: &str) -> String {
    let text = sound.replace('_', " ");
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + letters.as_str()
}
