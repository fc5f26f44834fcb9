//! What a broker knows of cameras, sounds and alerts: messages out of what came and the time. No socket, no clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_sound::results::{EventState, Scores, SoundEvent};
use serde_json::json;

use super::discovery::{Message, OFF, ON, Topics};
use crate::alert::rules::Now;
use crate::alert::seen::Seen;

/// A camera of which no window was looked at for so long hears nothing: its sensors say so instead of `OFF`.
const DEAF_AFTER: Duration = Duration::from_secs(10);
/// Level goes out at most this often.
const LEVEL_EVERY: Duration = Duration::from_secs(1);
/// An event that was decided longer ago is told again by its stage, and is no news.
const OLD_AFTER: Duration = Duration::from_secs(10);
/// Events that are known, so that each is told once.
const MOST_EVENTS: usize = 1000;
/// More than any house has.
const MOST_CAMERAS: usize = 500;
/// All that a model knows.
const MOST_SOUNDS: usize = 600;

/// What is to be known at the broker.
#[derive(Debug)]
pub(super) struct Home {
    topics: Topics,
    cameras: BTreeMap<String, Camera>,
    /// By alert: whether it is muted.
    alerts: BTreeMap<String, bool>,
    told: VecDeque<(String, EventState)>,
}

#[derive(Debug, Default)]
struct Camera {
    sounds: BTreeMap<String, bool>,
    heard_at: Option<MonoTime>,
    is_deaf: bool,
    level_at: Option<MonoTime>,
}

impl Home {
    pub(super) fn new(topics: Topics, alerts: impl IntoIterator<Item = String>) -> Self {
        Self {
            topics,
            cameras: BTreeMap::new(),
            alerts: alerts.into_iter().map(|alert| (alert, false)).collect(),
            told: VecDeque::new(),
        }
    }

    pub(super) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Everything, for a broker that knows nothing yet.
    pub(super) fn everything(&self) -> Vec<Message> {
        let mut messages = vec![retained(self.topics.available(), "online")];
        for (alert, muted) in &self.alerts {
            messages.extend(self.topics.switch(alert));
            messages.push(self.switch_state(alert, *muted));
        }
        for (name, camera) in &self.cameras {
            messages.extend(self.topics.camera(name, camera.sounds.keys().map(String::as_str)));
            messages.push(self.availability(name, camera));
            let states = camera
                .sounds
                .iter()
                .map(|(sound, on)| self.sound_state(name, sound, *on));
            messages.extend(states);
        }
        messages
    }

    /// The last word before the end.
    pub(super) fn goodbye(&self) -> Message {
        retained(self.topics.available(), "offline")
    }

    /// Takes what came on a stream.
    pub(super) fn see(&mut self, seen: &Seen, now: Now) -> Vec<Message> {
        match seen {
            Seen::Scores(scores) => self.scores(scores, now),
            Seen::Heard { source, events } => {
                let mut messages = Vec::new();
                for event in events {
                    messages.extend(self.event(source, event, now));
                }
                messages
            }
            Seen::Level(level) => {
                let Some(camera) = self.cameras.get_mut(&level.source) else {
                    return Vec::new();
                };
                if camera.level_at.is_some_and(|at| now.mono.since(at) < LEVEL_EVERY) || !level.rms_dbfs.is_finite() {
                    return Vec::new();
                }
                camera.level_at = Some(now.mono);
                vec![Message {
                    topic: self.topics.audio(&level.source, "dBFS"),
                    payload: format!("{:.1}", level.rms_dbfs),
                    retain: false,
                }]
            }
            Seen::Found { .. } | Seen::Health { .. } | Seen::Frame => Vec::new(),
        }
    }

    /// Notes which cameras are no longer listened to.
    pub(super) fn tick(&mut self, now: Now) -> Vec<Message> {
        let is_silent = |camera: &Camera| camera.heard_at.is_none_or(|at| now.mono.since(at) > DEAF_AFTER);
        let mut deaf = Vec::new();
        for (name, camera) in self
            .cameras
            .iter_mut()
            .filter(|(_, camera)| !camera.is_deaf && is_silent(camera))
        {
            camera.is_deaf = true;
            deaf.push(name.clone());
        }
        let told = deaf
            .iter()
            .filter_map(|name| Some(self.availability(name, self.cameras.get(name)?)));
        told.collect()
    }

    /// Notes whether an alert is muted.
    pub(super) fn muted(&mut self, alert: &str, muted: bool) -> Option<Message> {
        let known = self.alerts.get_mut(alert)?;
        if std::mem::replace(known, muted) == muted {
            return None;
        }
        Some(self.switch_state(alert, muted))
    }

    /// What somebody switched: which alert, and whether it is muted from now on.
    pub(super) fn switched(&self, topic: &str, payload: &[u8]) -> Option<(String, bool)> {
        let alert = self
            .topics
            .switched(topic)
            .filter(|alert| self.alerts.contains_key(*alert))?;
        match payload {
            b"ON" => Some((alert.to_owned(), false)),
            b"OFF" => Some((alert.to_owned(), true)),
            _ => None,
        }
    }

    fn scores(&mut self, scores: &Scores, now: Now) -> Vec<Message> {
        let source = &scores.source;
        if !self.cameras.contains_key(source) && self.cameras.len() >= MOST_CAMERAS {
            return Vec::new();
        }
        let camera = self.cameras.entry(source.clone()).or_default();
        let is_new = camera.heard_at.is_none();
        camera.heard_at = Some(now.mono);
        let was_deaf = std::mem::replace(&mut camera.is_deaf, false);
        let mut changed = Vec::new();
        let mut has_more = is_new;
        for (sound, score) in scores.sounds.iter().take(MOST_SOUNDS) {
            let before = camera.sounds.insert(sound.clone(), score.heard);
            has_more |= before.is_none();
            if before != Some(score.heard) {
                changed.push((sound.clone(), score.heard));
            }
        }
        let mut messages = Vec::new();
        if let (true, Some(camera)) = (has_more, self.cameras.get(source)) {
            messages.extend(self.topics.camera(source, camera.sounds.keys().map(String::as_str)));
        }
        if let (true, Some(camera)) = (is_new || was_deaf, self.cameras.get(source)) {
            messages.push(self.availability(source, camera));
        }
        messages.extend(changed.iter().map(|(sound, on)| self.sound_state(source, sound, *on)));
        messages
    }

    fn event(&mut self, source: &str, event: &SoundEvent, now: Now) -> Vec<Message> {
        let Some(camera) = self.cameras.get_mut(source) else {
            return Vec::new();
        };
        let key = (event.id.clone(), event.state);
        if self.told.contains(&key) {
            return Vec::new();
        }
        self.told.push_back(key);
        while self.told.len() > MOST_EVENTS {
            self.told.pop_front();
        }
        let decided = event.decided_at.parse::<jiff::Timestamp>().unwrap_or(now.wall);
        let is_old = now.wall.duration_since(decided) > jiff::SignedDuration::try_from(OLD_AFTER).unwrap_or_default();
        if event.state != EventState::Began || is_old {
            // Scores say when it is over, window by window.
            return Vec::new();
        }
        let mut messages = Vec::new();
        if camera.sounds.get(&event.sound) == Some(&false) {
            camera.sounds.insert(event.sound.clone(), true);
            messages.push(self.sound_state(source, &event.sound, true));
        }
        let told = json!({
            "event_type": event.sound, "id": event.id, "score": event.score, "start_at": event.start_at,
            "decided_at": event.decided_at,
        });
        messages.push(Message {
            topic: self.topics.audio(source, "event"),
            payload: told.to_string(),
            retain: false,
        });
        messages
    }

    fn availability(&self, name: &str, camera: &Camera) -> Message {
        let word = if camera.is_deaf { "offline" } else { "online" };
        retained(self.topics.camera_available(name), word)
    }

    fn sound_state(&self, camera: &str, sound: &str, on: bool) -> Message {
        retained(self.topics.audio(camera, sound), if on { ON } else { OFF })
    }

    fn switch_state(&self, alert: &str, muted: bool) -> Message {
        retained(self.topics.alert(alert, "state"), if muted { OFF } else { ON })
    }
}

fn retained(topic: String, payload: &str) -> Message {
    Message {
        topic,
        payload: payload.to_owned(),
        retain: true,
    }
}
