//! When an alert is raised: a plain function of what came and of the time. No clock, no disk, no bus.
//!
//! ```text
//! what came ──▶ a condition holds, since … ──(for)──▶ due ──(quiet)──▶ raised, once for each condition
//! ```
//!
//! A condition is what one rule says of one event, camera, node or stream. One that ends while it is due and quiet was silenced:
//! that is for good, too. An event is known by its id, however often it is told and whoever was down meanwhile.

mod condition;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::status::NodeState;
use bushbaby_node::when::{When, state_word};
use bushbaby_sound::results::{EventState, SoundEvent};
use jiff::Timestamp;

use super::raised::Alert;
use super::seen::{Seen, Thing};
use condition::{Condition, Facts};

/// A moment on both clocks: one to measure with, one to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic.
    pub mono: MonoTime,
    /// Time of day.
    pub wall: Timestamp,
}

/// What was decided. All of it is to be kept before anything else is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The alert is raised.
    Raise(Box<Alert>),
    /// What could have raised an alert never will: it was over before `for`, or while all was `quiet`.
    Settle {
        /// The id that the alert would have had.
        id: String,
    },
}

/// One alert of the file, as it is decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What must be so.
    pub when: When,
    /// For how long.
    pub hold: Duration,
    /// How long it is not raised again.
    pub quiet: Duration,
    /// The streams that it is about, `NODE/output`; nodes' health as `_health/NODE`.
    pub streams: Vec<String>,
}

/// Something found in pictures is gone when it was not seen for so long: a detector that misses it once does not end it.
const GONE_AFTER: Duration = Duration::from_secs(2);
/// The same for slow streams: so many times the time between their frames, and at most so long.
const GONE_AFTER_FRAMES: u32 = 3;
const GONE_AFTER_AT_MOST: Duration = Duration::from_secs(60);
/// An id that was decided on is forgotten when nobody told it for so long; events are told again for a minute.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// All rules and what is known.
#[derive(Debug)]
pub struct Rules {
    instance: String,
    rules: Vec<Watched>,
    /// Ids that were decided on, and when they were told last.
    settled: BTreeMap<String, MonoTime>,
    /// By stream: when its last frame came, and how long after the one before.
    arrivals: BTreeMap<String, Arrival>,
    began: Now,
}

#[derive(Debug)]
struct Watched {
    rule: Rule,
    conditions: BTreeMap<String, Condition>,
    /// By source: until when it is not raised again.
    quiet_until: BTreeMap<String, MonoTime>,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    last: Now,
    gap: Duration,
    /// Its node ends as it was asked: it owes nothing.
    excused: bool,
}

impl Rules {
    /// Starts to watch.
    pub fn new(instance: &str, rules: Vec<Rule>, now: Now) -> Self {
        let mut arrivals = BTreeMap::new();
        for stream in rules
            .iter()
            .filter(|rule| is_about_age(rule))
            .flat_map(|rule| &rule.streams)
        {
            let arrival = Arrival {
                last: now,
                gap: Duration::ZERO,
                excused: false,
            };
            arrivals.insert(stream.clone(), arrival);
        }
        let watched = |rule| Watched {
            rule,
            conditions: BTreeMap::new(),
            quiet_until: BTreeMap::new(),
        };
        Self {
            instance: instance.to_owned(),
            rules: rules.into_iter().map(watched).collect(),
            settled: BTreeMap::new(),
            arrivals,
            began: now,
        }
    }

    /// Remembers an alert that was raised before this process began.
    pub fn raised_before(&mut self, alert: &Alert, now: Now) {
        self.settled_before(&alert.id, now);
        let Some(watched) = self.rules.iter_mut().find(|watched| watched.rule.name == alert.alert) else {
            return;
        };
        let ago = alert.raised_at.parse().map_or(Duration::MAX, |at| since(at, now.wall));
        // A clock that was set back makes nothing quieter than it was.
        let left = watched.rule.quiet.saturating_sub(ago);
        if !left.is_zero() {
            let until = now.mono + left;
            let known = watched.quiet_until.entry(alert.source.clone()).or_insert(until);
            *known = (*known).max(until);
        }
    }

    /// Remembers an id that was decided on before this process began.
    pub fn settled_before(&mut self, id: &str, now: Now) {
        self.settled.insert(id.to_owned(), now.mono);
    }

    /// Takes what came on a stream.
    pub fn see(&mut self, stream: &str, seen: &Seen, now: Now) -> Vec<Decision> {
        let gap = self.arrived(stream, seen, now);
        let mut decisions = Vec::new();
        for place in 0..self.rules.len() {
            if !self.rules[place].rule.streams.iter().any(|own| own == stream) {
                continue;
            }
            match (self.rules[place].rule.when.clone(), seen) {
                (When::Finds { what, above, .. }, Seen::Heard { source, events }) => {
                    for event in events.iter().filter(|event| event.sound == what) {
                        decisions.extend(self.heard(place, stream, source, event, above.unwrap_or(0.0), now));
                    }
                }
                (When::Finds { what, above, .. }, Seen::Found { source, things }) => {
                    let least = above.unwrap_or(0.0);
                    let fits = |thing: &&Thing| thing.is(&what) && thing.score.unwrap_or(1.0) >= least;
                    let source = source.as_deref().unwrap_or_else(|| node_of(stream));
                    let best = things.iter().filter(fits).max_by(|a, b| {
                        let score = |thing: &Thing| thing.score.unwrap_or(1.0);
                        score(a).total_cmp(&score(b))
                    });
                    if let Some(thing) = best {
                        self.found(place, stream, source, &what, thing, gap, now);
                    }
                }
                (
                    When::Is { state: wanted, .. } | When::Any { state: wanted },
                    Seen::Health {
                        node,
                        state,
                        reason,
                        at,
                    },
                ) => {
                    let holds = (*state == wanted).then_some(reason.as_deref());
                    decisions.extend(self.health(place, node, holds, *at, now));
                }
                _ => {}
            }
        }
        decisions.extend(self.tick(now));
        decisions
    }

    /// Decides what time alone decides.
    pub fn tick(&mut self, now: Now) -> Vec<Decision> {
        self.look_for_silence(now);
        let mut decisions = Vec::new();
        for watched in &mut self.rules {
            let gone: Vec<String> = watched
                .conditions
                .iter()
                .filter(|(_, condition)| condition.gone_at.is_some_and(|at| at <= now.mono))
                .map(|(key, _)| key.clone())
                .collect();
            for key in gone {
                watched.conditions.remove(&key);
            }
            for condition in watched.conditions.values_mut() {
                if condition.is_done || condition.since.mono + watched.rule.hold > now.mono {
                    continue;
                }
                let quiet = watched.quiet_until.get(&condition.facts.source);
                if quiet.is_some_and(|until| *until > now.mono) {
                    continue;
                }
                condition.is_done = true;
                if condition.facts.sound.is_some() {
                    // Its id is known for good: an end that is never told must not keep it.
                    condition.gone_at = Some(now.mono);
                }
                self.settled.insert(condition.id.clone(), now.mono);
                if !watched.rule.quiet.is_zero() {
                    let until = now.mono + watched.rule.quiet;
                    watched.quiet_until.insert(condition.facts.source.clone(), until);
                }
                let alert = condition.raise(&watched.rule, &self.instance, now);
                decisions.push(Decision::Raise(Box::new(alert)));
            }
            watched.quiet_until.retain(|_, until| *until > now.mono);
        }
        self.settled.retain(|_, told| now.mono.since(*told) < FORGET_AFTER);
        decisions
    }

    /// When [`Rules::tick`] has something to decide next, as far as it is known.
    pub fn next(&self) -> Option<MonoTime> {
        let of_rules = self.rules.iter().flat_map(move |watched| {
            let open = watched.conditions.values().filter(|condition| !condition.is_done);
            let due = open.map(move |condition| {
                let due = condition.since.mono + watched.rule.hold;
                let quiet = watched.quiet_until.get(&condition.facts.source);
                quiet.map_or(due, |until| due.max(*until))
            });
            let gone = watched.conditions.values().filter_map(|condition| condition.gone_at);
            due.chain(gone).chain(self.silent_at(watched))
        });
        of_rules.min()
    }

    /// When the streams that are waited for will have been silent for too long.
    fn silent_at<'a>(&'a self, watched: &'a Watched) -> impl Iterator<Item = MonoTime> + 'a {
        let than = match &watched.rule.when {
            When::Older { than, .. } => Some(than.0),
            _ => None,
        };
        than.into_iter().flat_map(move |than| {
            let waits = move |stream: &&String| !watched.conditions.contains_key(stream.as_str());
            let arrivals = watched.rule.streams.iter().filter(waits);
            let arrivals = arrivals.filter_map(|stream| self.arrivals.get(stream));
            arrivals
                .filter(|arrival| !arrival.excused)
                .map(move |arrival| arrival.last.mono + than)
        })
    }

    /// Notes that a frame came; returns how long after the one before.
    fn arrived(&mut self, stream: &str, seen: &Seen, now: Now) -> Duration {
        if let Seen::Health { node, state, .. } = seen {
            let excused = matches!(state, NodeState::Stopping | NodeState::Stopped);
            for (_, arrival) in self.arrivals.iter_mut().filter(|(stream, _)| node_of(stream) == node) {
                if arrival.excused && !excused {
                    arrival.last = now;
                }
                arrival.excused = excused;
            }
        }
        let arrival = self.arrivals.entry(stream.to_owned()).or_insert(Arrival {
            last: self.began,
            gap: Duration::ZERO,
            excused: false,
        });
        arrival.gap = now.mono.since(arrival.last.mono);
        arrival.last = now;
        let gap = arrival.gap;
        for watched in self.rules.iter_mut().filter(|watched| is_about_age(&watched.rule)) {
            watched.conditions.remove(stream);
        }
        gap
    }

    fn heard(
        &mut self,
        place: usize,
        stream: &str,
        source: &str,
        event: &SoundEvent,
        least: f64,
        now: Now,
    ) -> Option<Decision> {
        let watched = &mut self.rules[place];
        let id = format!("{}-{}", watched.rule.name, event.id);
        if let Some(told) = self.settled.get_mut(&id) {
            *told = now.mono;
            if event.state == EventState::Ended {
                watched.conditions.remove(&event.id);
            }
            return None;
        }
        if event.score < least {
            return None;
        }
        let wall = |text: &str| text.parse::<Timestamp>().ok();
        let decided = wall(&event.decided_at).unwrap_or(now.wall);
        let since_then = now.before(since(decided, now.wall));
        let condition = watched.conditions.entry(event.id.clone()).or_insert_with(|| Condition {
            id: id.clone(),
            since: since_then,
            gone_at: None,
            is_done: false,
            facts: Facts {
                node: node_of(stream).to_owned(),
                source: source.to_owned(),
                stream: Some(stream.to_owned()),
                found: Some(event.sound.clone()),
                sound: Some(event.sound.clone()),
                start_at: Some(event.start_at.clone()),
                decided_at: Some(event.decided_at.clone()),
                ..Facts::default()
            },
        });
        condition.facts.score = Some(event.score);
        if event.state == EventState::Began {
            return None;
        }
        // It is over. It counts when it lasted long enough, also when nobody was there to hear it begin.
        let ended = event.end_at.as_deref().and_then(wall).unwrap_or(now.wall);
        let lasted = since(decided, ended);
        let quiet = watched.quiet_until.get(source).is_some_and(|until| *until > now.mono);
        if lasted < watched.rule.hold || quiet {
            watched.conditions.remove(&event.id);
            self.settled.insert(id.clone(), now.mono);
            return Some(Decision::Settle { id });
        }
        // Raised with the next tick, then forgotten.
        condition.since = now.before(watched.rule.hold);
        condition.gone_at = Some(now.mono + GONE_AFTER);
        None
    }

    #[allow(clippy::too_many_arguments)] // what one thing in one frame is
    fn found(&mut self, place: usize, stream: &str, source: &str, what: &str, thing: &Thing, gap: Duration, now: Now) {
        let watched = &mut self.rules[place];
        let keep = (gap * GONE_AFTER_FRAMES).clamp(GONE_AFTER, GONE_AFTER_AT_MOST);
        let key = format!("{stream} {source}");
        let name = &watched.rule.name;
        let condition = watched.conditions.entry(key).or_insert_with(|| Condition {
            id: format!("{name}-{source}-{}", now.wall.as_millisecond()),
            since: now,
            gone_at: None,
            is_done: false,
            facts: Facts {
                node: node_of(stream).to_owned(),
                source: source.to_owned(),
                stream: Some(stream.to_owned()),
                found: Some(what.to_owned()),
                ..Facts::default()
            },
        });
        condition.gone_at = Some(now.mono + keep);
        let highest = [condition.facts.score, thing.score].into_iter().flatten();
        condition.facts.score = highest.max_by(f64::total_cmp);
    }

    /// `holds`: why, when the node is in the state that the rule is about.
    fn health(
        &mut self,
        place: usize,
        node: &str,
        holds: Option<Option<&str>>,
        at: Timestamp,
        now: Now,
    ) -> Option<Decision> {
        let watched = &mut self.rules[place];
        let (When::Is { state, .. } | When::Any { state }) = &watched.rule.when else {
            return None;
        };
        let word = state_word(*state);
        let Some(reason) = holds else {
            let over = watched.conditions.remove(node).filter(|condition| !condition.is_done)?;
            self.settled.insert(over.id.clone(), now.mono);
            return Some(Decision::Settle { id: over.id });
        };
        let id = format!("{}-{node}-{word}-{}", watched.rule.name, at.as_millisecond());
        if let Some(told) = self.settled.get_mut(&id) {
            *told = now.mono;
        }
        let is_done = self.settled.contains_key(&id);
        watched.conditions.entry(node.to_owned()).or_insert_with(|| Condition {
            id,
            since: now.before(since(at, now.wall)),
            gone_at: None,
            is_done,
            facts: Facts {
                node: node.to_owned(),
                source: node.to_owned(),
                state: Some(word.to_owned()),
                reason: reason.map(str::to_owned),
                start_at: Some(at.to_string()),
                decided_at: Some(at.to_string()),
                ..Facts::default()
            },
        });
        None
    }

    fn look_for_silence(&mut self, now: Now) {
        for watched in &mut self.rules {
            let When::Older { than, .. } = &watched.rule.when else {
                continue;
            };
            for stream in &watched.rule.streams {
                let Some(arrival) = self.arrivals.get(stream).filter(|_| !stream.starts_with(HEALTH)) else {
                    continue;
                };
                if arrival.excused {
                    watched.conditions.remove(stream);
                    continue;
                }
                if now.mono.since(arrival.last.mono) < than.0 || watched.conditions.contains_key(stream) {
                    continue;
                }
                let name = &watched.rule.name;
                let condition = Condition {
                    id: format!(
                        "{name}-{}-{}",
                        stream.replace('/', "."),
                        arrival.last.wall.as_millisecond()
                    ),
                    since: now,
                    gone_at: None,
                    is_done: false,
                    facts: Facts {
                        node: node_of(stream).to_owned(),
                        source: node_of(stream).to_owned(),
                        stream: Some(stream.clone()),
                        silent_since: Some(arrival.last),
                        start_at: Some(arrival.last.wall.to_string()),
                        ..Facts::default()
                    },
                };
                watched.conditions.insert(stream.clone(), condition);
            }
        }
    }
}

impl Now {
    /// This moment, on both clocks.
    pub fn read() -> Self {
        Self {
            mono: MonoTime::now(),
            wall: Timestamp::now(),
        }
    }

    fn before(self, earlier_by: Duration) -> Self {
        let ns = u64::try_from(earlier_by.as_nanos()).unwrap_or(u64::MAX);
        Self {
            mono: MonoTime::from_ns(self.mono.as_ns().saturating_sub(ns)),
            wall: self.wall.checked_sub(earlier_by).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Where the states of nodes come from.
const HEALTH: &str = "_health/";

fn is_about_age(rule: &Rule) -> bool {
    matches!(rule.when, When::Older { .. })
}

fn node_of(stream: &str) -> &str {
    stream.split_once('/').map_or(stream, |(node, _)| node)
}

/// How long after `earlier` this is; zero when it is not after.
fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}
