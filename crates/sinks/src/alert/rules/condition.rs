//! What one rule says of one event, camera, node or stream, from the moment at which it is so.

use bushbaby_bus::MonoTime;

use super::{Now, Rule};
use crate::alert::raised::{ALERT_VERSION, Alert, AlertKind};

#[derive(Debug)]
pub(super) struct Condition {
    /// The id of the alert that it raises.
    pub(super) id: String,
    /// Since when it is so.
    pub(super) since: Now,
    /// When it ends by itself.
    pub(super) gone_at: Option<MonoTime>,
    /// Whether its alert was raised.
    pub(super) is_done: bool,
    pub(super) facts: Facts,
}

/// What there is to tell of it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) node: String,
    pub(super) source: String,
    pub(super) stream: Option<String>,
    pub(super) found: Option<String>,
    pub(super) sound: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) state: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) silent_since: Option<Now>,
    pub(super) start_at: Option<String>,
    pub(super) decided_at: Option<String>,
}

/// Longest text from outside that an alert quotes, in characters.
const LONGEST: usize = 1000;

impl Condition {
    pub(super) fn raise(&self, rule: &Rule, instance: &str, now: Now) -> Alert {
        let facts = &self.facts;
        let clip = |text: &String| text.chars().take(LONGEST).collect::<String>();
        let since = || self.since.wall.to_string();
        let age = facts.silent_since.map(|since| now.mono.since(since.mono));
        Alert {
            kind: AlertKind::Alert,
            version: ALERT_VERSION,
            id: self.id.clone(),
            alert: rule.name.clone(),
            message: self.message(now),
            when: rule.when.to_string(),
            instance: instance.to_owned(),
            node: facts.node.clone(),
            source: clip(&facts.source),
            stream: facts.stream.clone(),
            found: facts.found.clone(),
            sound: facts.sound.clone(),
            score: facts.score,
            state: facts.state.clone(),
            reason: facts.reason.as_ref().map(clip),
            age_ms: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            start_at: facts.start_at.as_ref().map_or_else(since, clip),
            decided_at: facts.decided_at.as_ref().map_or_else(since, clip),
            raised_at: now.wall.to_string(),
            test: false,
        }
    }

    fn message(&self, now: Now) -> String {
        let Facts {
            node, source, score, ..
        } = &self.facts;
        if let Some(found) = &self.facts.found {
            let score = score.map(|score| format!(" (score {score:.2})")).unwrap_or_default();
            return format!("{found} at {source}{score}");
        }
        if let Some(since) = self.facts.silent_since {
            let stream = self.facts.stream.as_deref().unwrap_or(node);
            return format!(
                "nothing came on {stream} for {:.0} s",
                now.mono.since(since.mono).as_secs_f64()
            );
        }
        let state = self.facts.state.as_deref().unwrap_or("");
        match &self.facts.reason {
            Some(reason) => format!("{node} is {state}: {}", reason.lines().next().unwrap_or("")),
            None => format!("{node} is {state}"),
        }
    }
}
