//! What was heard lately: kept so that a page that is opened later sees it. Pure; time comes in.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bushbaby_bus::StreamName;
use bushbaby_sound::results::{EventState, Events, SoundEvent};
use serde::Serialize;

/// Of one stage.
const MOST_EVENTS: usize = 200;
const LONGEST: Duration = Duration::from_secs(3600);
/// Of one message; what no stage of ours sends.
const MOST_ITEMS: usize = 64;
const MOST_STAGES: usize = 256;
const LONGEST_WORD: usize = 200;

/// One event, as pages are told of it: the body's fields, and who said it about whom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Told {
    /// The stream that said it.
    pub(crate) stream: StreamName,
    /// The camera or microphone that was listened to.
    pub(crate) source: String,
    #[serde(flatten)]
    pub(crate) event: SoundEvent,
}

/// Events by stage, each in the order in which it was last heard of.
#[derive(Debug, Default)]
pub(crate) struct History {
    stages: HashMap<StreamName, VecDeque<Entry>>,
    /// How often something was added or changed.
    number: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    at: Instant,
    told: Told,
}

impl History {
    /// Takes in a message of a stage; returns whether anything in it is new.
    pub(crate) fn add(&mut self, stream: &StreamName, events: Events, now: Instant) -> bool {
        if !self.stages.contains_key(stream) && self.stages.len() >= MOST_STAGES {
            return false;
        }
        let before = self.number;
        let entries = self.stages.entry(stream.clone()).or_default();
        for event in events.items.into_iter().take(MOST_ITEMS) {
            let words = [
                &event.id,
                &event.sound,
                &events.source,
                &event.start_at,
                &event.decided_at,
            ];
            if words.iter().any(|word| word.len() > LONGEST_WORD)
                || event.end_at.as_ref().is_some_and(|at| at.len() > LONGEST_WORD)
            {
                continue;
            }
            let known = entries.iter().position(|entry| entry.told.event.id == event.id);
            // A reader that comes may be handed the last message once more.
            if known
                .is_some_and(|at| entries[at].told.event == event || entries[at].told.event.state == EventState::Ended)
            {
                continue;
            }
            if let Some(at) = known {
                entries.remove(at);
            }
            self.number += 1;
            entries.push_back(Entry {
                number: self.number,
                at: now,
                told: Told {
                    stream: stream.clone(),
                    source: events.source.clone(),
                    event,
                },
            });
        }
        while entries.len() > MOST_EVENTS || entries.front().is_some_and(|entry| now - entry.at > LONGEST) {
            entries.pop_front();
        }
        self.number > before
    }

    /// What was added or changed after that number, oldest first, and the number of the last.
    pub(crate) fn since(&self, number: u64, now: Instant) -> (Vec<&Told>, u64) {
        let mut entries: Vec<&Entry> = self
            .stages
            .values()
            .flatten()
            .filter(|entry| entry.number > number && now - entry.at <= LONGEST)
            .collect();
        entries.sort_by_key(|entry| entry.number);
        (entries.iter().map(|entry| &entry.told).collect(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn events(id: &str, state: &str) -> Events {
        let mut item = json!({"id": id, "sound": "baby_cry", "state": state, "score": 0.9, "start_at": "2026-01-02T03:04:05Z",
            "decided_at": "2026-01-02T03:04:07Z", "start_s": 1.0, "decided_s": 3.0});
        if state == "ended" {
            item["end_at"] = json!("2026-01-02T03:04:09Z");
            item["end_s"] = json!(5.0);
        }
        serde_json::from_value(json!({"type": "events", "version": 1, "source": "door", "items": [item]})).unwrap()
    }

    fn ids(history: &History, number: u64, now: Instant) -> Vec<(String, EventState)> {
        let (told, _) = history.since(number, now);
        told.iter()
            .map(|told| (told.event.id.clone(), told.event.state))
            .collect()
    }

    #[test]
    fn an_event_is_there_once_as_it_was_last_told() {
        let (mut history, now) = (History::default(), Instant::now());
        let stream = "cry@door/events".parse().unwrap();
        assert!(history.add(&stream, events("a", "began"), now));
        assert!(!history.add(&stream, events("a", "began"), now), "told twice");
        let (_, seen) = history.since(0, now);
        assert!(history.add(&stream, events("b", "began"), now));
        assert!(history.add(&stream, events("a", "ended"), now));
        assert!(!history.add(&stream, events("a", "began"), now), "it is over");
        let began_b = ("b".to_owned(), EventState::Began);
        assert_eq!(ids(&history, seen, now), [began_b, ("a".to_owned(), EventState::Ended)]);
        assert_eq!(ids(&history, 0, now).len(), 2);
        assert!(ids(&history, 99, now).is_empty());
    }

    #[test]
    fn it_forgets_after_an_hour_and_beyond_two_hundred() {
        let (mut history, now) = (History::default(), Instant::now());
        let stream = "cry@door/events".parse().unwrap();
        for number in 0..250 {
            history.add(&stream, events(&format!("{number}"), "began"), now);
        }
        assert_eq!(ids(&history, 0, now)[0].0, "50");
        let later = now + LONGEST + Duration::from_secs(1);
        assert!(ids(&history, 0, later).is_empty());
        history.add(&stream, events("new", "began"), later);
        assert_eq!(history.stages[&stream].len(), 1);
    }

    #[test]
    fn what_is_far_too_long_is_left_out() {
        let (mut history, now) = (History::default(), Instant::now());
        assert!(!history.add(&"cry/events".parse().unwrap(), events(&"a".repeat(300), "began"), now));
        for number in 0..2 * MOST_STAGES {
            history.add(
                &format!("cry{number}/events").parse().unwrap(),
                events("a", "began"),
                now,
            );
        }
        assert_eq!(history.stages.len(), MOST_STAGES);
    }
}
