//! What is being collected: which stretches are due, for which events. Pure: the time comes in.

use std::time::Duration;

use bushbaby_sound::results::{EventState, Events, SoundEvent};
use jiff::Timestamp;

/// More at once than any night brings: further events wait for none of them and are told.
const MOST: usize = 256;
/// So much longer than until its end a clip waits for sound that is late.
const LATE: Duration = Duration::from_secs(5);
/// So many events are remembered, so that one that is told again is not kept again.
const REMEMBERED: usize = 1024;

/// One event and what is to be kept of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clip {
    pub(super) source: String,
    pub(super) event: SoundEvent,
    /// From when on its sound is kept, on the wall clock.
    pub(super) from_wall_ns: i64,
    /// Until when.
    pub(super) to_wall_ns: i64,
}

/// All events whose sound is still to come.
#[derive(Debug, Default)]
pub(super) struct Clips {
    waiting: Vec<Clip>,
    known: std::collections::VecDeque<String>,
}

/// Whether an event was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is collected from now on.
    Yes,
    /// It needs nothing: an end, or one that is known.
    No,
    /// Its times cannot be read.
    Unreadable,
    /// There are too many at once.
    TooMany,
}

impl Clips {
    /// Takes what began. Ends are no evidence of their own.
    pub(super) fn take(&mut self, events: &Events, before: Duration, after: Duration) -> Vec<(String, Taken)> {
        let began = events.items.iter().filter(|event| event.state == EventState::Began);
        began
            .map(|event| (event.id.clone(), self.take_one(&events.source, event, before, after)))
            .collect()
    }

    fn take_one(&mut self, source: &str, event: &SoundEvent, before: Duration, after: Duration) -> Taken {
        if self.known.contains(&event.id) {
            return Taken::No;
        }
        if self.waiting.len() >= MOST {
            return Taken::TooMany;
        }
        let (Some(start), Some(decided)) = (wall_ns(&event.start_at), wall_ns(&event.decided_at)) else {
            return Taken::Unreadable;
        };
        self.known.push_back(event.id.clone());
        if self.known.len() > REMEMBERED {
            self.known.pop_front();
        }
        // What claims to have begun long ago or to be decided long after is cut at what is kept anyway.
        self.waiting.push(Clip {
            source: source.to_owned(),
            event: event.clone(),
            from_wall_ns: start.min(decided).saturating_sub(before.as_nanos() as i64),
            to_wall_ns: decided.saturating_add(after.as_nanos() as i64),
        });
        Taken::Yes
    }

    /// Takes out the clips that are complete: their sound is there, or it has been waited for long enough.
    ///
    /// - `end_wall_ns`: until when there is sound of a source.
    /// - `now_wall_ns`: this moment.
    pub(super) fn due(&mut self, end_wall_ns: impl Fn(&str) -> Option<i64>, now_wall_ns: i64) -> Vec<Clip> {
        let late = LATE.as_nanos() as i64;
        let is_due = |clip: &mut Clip| {
            end_wall_ns(&clip.source).is_some_and(|end| end >= clip.to_wall_ns)
                || now_wall_ns >= clip.to_wall_ns.saturating_add(late)
        };
        self.waiting.extract_if(.., is_due).collect()
    }

    /// Takes out all clips of a source, or all there are: what is to be had of them is there by now.
    pub(super) fn now(&mut self, source: Option<&str>) -> Vec<Clip> {
        let is_meant = |clip: &mut Clip| source.is_none_or(|source| clip.source == source);
        self.waiting.extract_if(.., is_meant).collect()
    }
}

/// Nanoseconds since 1970 of a time of day.
fn wall_ns(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use bushbaby_sound::results::{EventsKind, SOUND_VERSION};

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn events(id: &str, state: EventState, start_at: &str) -> Events {
        Events {
            kind: EventsKind::Events,
            version: SOUND_VERSION,
            source: "door".to_owned(),
            items: vec![SoundEvent {
                id: id.to_owned(),
                sound: "baby_cry".to_owned(),
                state,
                score: 0.5,
                start_at: start_at.to_owned(),
                decided_at: "1970-01-01T00:01:42Z".to_owned(),
                end_at: None,
                start_s: 0.0,
                decided_s: 0.0,
                end_s: None,
            }],
        }
    }

    fn take(clips: &mut Clips, id: &str, state: EventState, start_at: &str) -> Taken {
        let seconds = Duration::from_secs;
        clips
            .take(&events(id, state, start_at), seconds(10), seconds(20))
            .first()
            .map_or(Taken::No, |(_, taken)| *taken)
    }

    #[test]
    fn each_event_is_kept_once_from_before_its_beginning_to_after_its_decision() {
        let mut clips = Clips::default();
        let start = "1970-01-01T00:01:40Z";
        assert_eq!(take(&mut clips, "a", EventState::Began, start), Taken::Yes);
        assert_eq!(take(&mut clips, "a", EventState::Began, start), Taken::No);
        assert_eq!(take(&mut clips, "a", EventState::Ended, start), Taken::No);
        assert_eq!(take(&mut clips, "b", EventState::Began, "yesterday"), Taken::Unreadable);
        assert!(
            clips.due(|_| Some(122 * SECOND - 1), 0).is_empty(),
            "its sound is still to come"
        );
        let due = clips.due(|_| Some(122 * SECOND), 0);
        assert_eq!((due[0].from_wall_ns, due[0].to_wall_ns), (90 * SECOND, 122 * SECOND));
        assert!(clips.due(|_| Some(i64::MAX), 0).is_empty());
    }

    #[test]
    fn sound_that_does_not_come_is_not_waited_for() {
        let mut clips = Clips::default();
        take(&mut clips, "a", EventState::Began, "1970-01-01T00:01:40Z");
        assert!(clips.due(|_| None, 127 * SECOND - 1).is_empty());
        assert_eq!(clips.due(|_| None, 127 * SECOND).len(), 1);
    }

    #[test]
    fn more_than_can_be_is_refused() {
        let mut clips = Clips::default();
        let start = "1970-01-01T00:01:40Z";
        for n in 0..MOST {
            assert_eq!(take(&mut clips, &n.to_string(), EventState::Began, start), Taken::Yes);
        }
        assert_eq!(take(&mut clips, "one more", EventState::Began, start), Taken::TooMany);
        assert_eq!(clips.now(Some("hall")).len(), 0);
        assert_eq!(clips.now(None).len(), MOST);
    }
}
