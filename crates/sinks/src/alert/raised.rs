//! An alert that was raised: what is kept on the disk, and what destinations are sent.

use serde::{Deserialize, Serialize};

/// The version of the JSON that this code writes.
pub const ALERT_VERSION: u32 = 1;

/// An alert that was raised, `{"type":"alert","version":1,…}`. Times of day are RFC 3339 in UTC. What does not apply is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Always `alert`.
    #[serde(rename = "type")]
    pub kind: AlertKind,
    /// [`ALERT_VERSION`].
    pub version: u32,
    /// The same each time that this alert is sent, and no other's: who gets it twice can drop the second.
    pub id: String,
    /// The alert's name in the file.
    pub alert: String,
    /// One sentence for people.
    pub message: String,
    /// What had to be so, as the file says it.
    pub when: String,
    /// The instance that raised it.
    pub instance: String,
    /// The node that it is about: who found it, or whose state it is.
    pub node: String,
    /// The camera or microphone that was looked at or listened to; otherwise the node.
    pub source: String,
    /// The stream that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The sound that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// How sure it is, 0 to 1: the highest score until the alert was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The node's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why the node is in that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long nothing had come on the stream, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// When what is told began.
    pub start_at: String,
    /// When it was decided that it began.
    pub decided_at: String,
    /// When the alert was raised.
    pub raised_at: String,
    /// Whether it was sent by hand, to try the way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// `alert`.
    #[default]
    Alert,
}

impl Alert {
    /// An alert that is sent by hand.
    pub fn test(name: &str, when: &str, instance: &str, now: jiff::Timestamp) -> Self {
        let at = now.to_string();
        Self {
            kind: AlertKind::Alert,
            version: ALERT_VERSION,
            id: format!("{name}-test-{}", now.as_millisecond()),
            alert: name.to_owned(),
            message: format!("a test of the alert `{name}`"),
            when: when.to_owned(),
            instance: instance.to_owned(),
            node: "alerts".to_owned(),
            source: "test".to_owned(),
            stream: None,
            found: None,
            sound: None,
            score: None,
            state: None,
            reason: None,
            age_ms: None,
            start_at: at.clone(),
            decided_at: at.clone(),
            raised_at: at,
            test: true,
        }
    }
}
