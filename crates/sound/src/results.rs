//! What was heard, as the JSON that travels in a frame's body: the same for stage, command line, alerts, recorder and page.
//!
//! | body | sent |
//! |---|---|
//! | [`Events`] | when something began to be heard and when it was over; again every 2 s for a minute, under the same `id` |
//! | [`Scores`] | with every window that was looked at |
//! | [`Level`] | four times a second |
//!
//! Times of day are RFC 3339 in UTC; seconds count from the first sample of the stream that was listened to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the JSON that this code writes.
pub const SOUND_VERSION: u32 = 1;

/// What began or ended at one moment: the body `{"type":"events","version":1,…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Events {
    /// Always `events`.
    #[serde(rename = "type")]
    pub kind: EventsKind,
    /// [`SOUND_VERSION`].
    pub version: u32,
    /// The camera or microphone (the node) that was listened to.
    pub source: String,
    /// What began or ended.
    pub items: Vec<SoundEvent>,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventsKind {
    /// `events`.
    Events,
}

/// Something that is heard, from its beginning to its end. It is told with the same `id` when it begins and when it ends, and each of these
/// again every 2 s for a minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundEvent {
    /// The same when it begins and when it ends, and no other's: also not after a restart.
    pub id: String,
    /// What is heard, as `listen_for:` names it: `baby_cry`.
    pub sound: String,
    /// Whether it began or ended.
    pub state: EventState,
    /// The highest score so far, 0 to 1.
    pub score: f64,
    /// When it began: where its score first rose, time of day.
    pub start_at: String,
    /// When it was decided that it began: the capture time of the last sample of the deciding window, time of day.
    pub decided_at: String,
    /// When it was last heard, time of day. Absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<String>,
    /// `start_at` in seconds of the stream.
    pub start_s: f64,
    /// `decided_at` in seconds of the stream.
    pub decided_s: f64,
    /// `end_at` in seconds of the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_s: Option<f64>,
}

/// Whether something began or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// It is heard from now on.
    Began,
    /// It is no longer heard.
    Ended,
}

/// How sure a model is of each sound in one window: the body `{"type":"scores","version":1,…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Always `scores`.
    #[serde(rename = "type")]
    pub kind: ScoresKind,
    /// [`SOUND_VERSION`].
    pub version: u32,
    /// The camera or microphone (the node) that was listened to.
    pub source: String,
    /// Length of the window in seconds.
    pub window_s: f64,
    /// Whether the gate let the window through to the model; while it is shut, all scores are 0.
    pub gate_open: bool,
    /// Each sound that is listened for.
    pub sounds: BTreeMap<String, Score>,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoresKind {
    /// `scores`.
    Scores,
}

/// The score of one sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 1.
    pub score: f64,
    /// From where on it counts as heard.
    pub threshold: f64,
    /// Whether it counts as heard now.
    pub heard: bool,
}

/// How loud it is: the body `{"type":"level","version":1,…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Always `level`.
    #[serde(rename = "type")]
    pub kind: LevelKind,
    /// [`SOUND_VERSION`].
    pub version: u32,
    /// The camera or microphone (the node) that was listened to.
    pub source: String,
    /// Root mean square of the last quarter second, dB relative to full scale; -120 for silence.
    pub rms_dbfs: f64,
    /// The largest sample of the last quarter second, dB relative to full scale.
    pub peak_dbfs: f64,
    /// How loud the room is when nothing happens, as the noise gate follows it.
    pub floor_dbfs: f64,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelKind {
    /// `level`.
    Level,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_goes_on_has_no_end() {
        let event = SoundEvent {
            id: "cry@door-1a2b-7".to_owned(),
            sound: "baby_cry".to_owned(),
            state: EventState::Began,
            score: 0.5,
            start_at: "2026-01-02T03:04:05.5Z".to_owned(),
            decided_at: "2026-01-02T03:04:07Z".to_owned(),
            end_at: None,
            start_s: 12.5,
            decided_s: 14.0,
            end_s: None,
        };
        let events = Events {
            kind: EventsKind::Events,
            version: SOUND_VERSION,
            source: "door".to_owned(),
            items: vec![event],
        };
        let text = serde_json::to_string(&events).unwrap();
        assert_eq!(
            text,
            r#"{"type":"events","version":1,"source":"door","items":[{"id":"cry@door-1a2b-7","sound":"baby_cry","state":"began","score":0.5,"start_at":"2026-01-02T03:04:05.5Z","decided_at":"2026-01-02T03:04:07Z","start_s":12.5,"decided_s":14.0}]}"#
        );
        assert_eq!(serde_json::from_str::<Events>(&text).unwrap(), events);
    }
}
