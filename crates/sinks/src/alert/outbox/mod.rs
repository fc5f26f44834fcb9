//! The outbox: every alert that was raised, until each of its destinations has it or has refused it.
//!
//! It is on the disk before it is anywhere else; what is here in memory is the same once more, so that a disk that is full or
//! broken delays and loses nothing while the process lives. Whoever sends takes the oldest alert that waits for its destination
//! and says how it went: each destination gets its alerts in order, and none waits for another.

mod file;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bushbaby_node::alerts::{DeliveryState, DeliveryStatus, RaisedAlert};
use jiff::Timestamp;

use super::raised::Alert;
use file::{Fault, File};

pub use file::{Kept, read};

/// Alerts that may wait. Above it the oldest that waits is given up.
pub const MOST_WAITING: usize = 10_000;
/// Alerts that are kept after all their destinations have them.
const MOST_DONE: usize = 200;
/// Ids that were decided on without an alert are kept for so long; events are told again for a minute.
const SETTLED_FOR: Duration = Duration::from_secs(3600);

/// One alert and how far it got.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The order in which alerts were raised.
    pub seq: i64,
    /// What was raised.
    pub alert: Alert,
    /// Whether it is sent nowhere, because the alert was muted.
    pub muted: bool,
    /// How it stands with each destination.
    pub deliveries: Vec<DeliveryStatus>,
}

/// What waits for a destination.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Which entry.
    pub seq: i64,
    /// What is to be sent.
    pub alert: Alert,
    /// How often it was tried.
    pub attempts: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Delivered,
    /// It never will: another attempt is pointless.
    Refused(String),
    /// Not this time.
    Failed(String),
}

/// The outbox; shared by all who send.
#[derive(Debug)]
pub struct Outbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    file: File,
    /// The disk has not all of what is here.
    is_behind: bool,
    entries: BTreeMap<i64, Entry>,
    /// By destination: the entries that wait for it.
    waiting: BTreeMap<String, BTreeSet<i64>>,
    ids: BTreeSet<String>,
    settled: BTreeMap<String, i64>,
    last_error: BTreeMap<String, String>,
    next_seq: i64,
    is_closed: bool,
}

/// Something that a person should know.
pub type Told = String;

impl Outbox {
    /// Opens the outbox at `path`, or begins a new one. Says what was wrong with an old one, which is moved aside.
    ///
    /// - `destinations`: those of the file; what waits for others is given up.
    pub fn open(path: &Path, destinations: &BTreeSet<String>) -> (Self, Vec<Told>) {
        let (file, kept, mut told) = File::open(path);
        let mut state = State {
            file,
            is_behind: false,
            next_seq: 1,
            entries: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ids: BTreeSet::new(),
            settled: kept.settled,
            last_error: BTreeMap::new(),
            is_closed: false,
        };
        for entry in kept.entries {
            state.next_seq = state.next_seq.max(entry.seq + 1);
            state.ids.insert(entry.alert.id.clone());
            state.entries.insert(entry.seq, entry);
        }
        let mut gone = BTreeSet::new();
        for entry in state.entries.values_mut() {
            for delivery in entry
                .deliveries
                .iter_mut()
                .filter(|delivery| delivery.state == DeliveryState::Waiting)
            {
                if destinations.contains(&delivery.destination) {
                    let waiting = state.waiting.entry(delivery.destination.clone()).or_default();
                    waiting.insert(entry.seq);
                } else {
                    delivery.state = DeliveryState::Failed;
                    delivery.error = Some("the file has this destination no more".to_owned());
                    gone.insert(delivery.destination.clone());
                    state.is_behind = true;
                }
            }
        }
        for destination in gone {
            told.push(format!(
                "{destination}: alerts that waited for it are given up, the file has it no more"
            ));
        }
        told.extend(state.catch_up());
        let outbox = Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        };
        (outbox, told)
    }

    /// Every alert that is kept, oldest first, and every id that was decided on without one.
    pub fn known(&self) -> (Vec<Alert>, Vec<String>) {
        let state = self.lock();
        let alerts = state.entries.values().map(|entry| entry.alert.clone()).collect();
        (alerts, state.settled.keys().cloned().collect())
    }

    /// Takes an alert. It is on the disk when this returns `None`; otherwise it is kept in memory, and the text says why.
    /// One with an id that is known is the same alert again: nothing happens.
    pub fn raise(&self, alert: &Alert, destinations: &[String], muted: bool) -> Option<Told> {
        let mut state = self.lock();
        if !state.ids.insert(alert.id.clone()) {
            return None;
        }
        let seq = state.next_seq;
        state.next_seq += 1;
        let to: &[String] = if muted { &[] } else { destinations };
        let entry = Entry {
            seq,
            alert: alert.clone(),
            muted,
            deliveries: to.iter().map(|destination| waiting_for(destination)).collect(),
        };
        let told = state.save(|file| file.add(&entry));
        for destination in to {
            state.waiting.entry(destination.clone()).or_default().insert(seq);
        }
        state.entries.insert(seq, entry);
        let lost = state.keep_within_bounds();
        drop(state);
        self.changed.notify_all();
        told.or(lost)
    }

    /// Remembers that an id was decided on, and no alert raised.
    pub fn settle(&self, id: &str, now: Timestamp) -> Option<Told> {
        let mut state = self.lock();
        let now_ms = now.as_millisecond();
        let long_ago = now_ms.saturating_sub(i64::try_from(SETTLED_FOR.as_millis()).unwrap_or(i64::MAX));
        state.settled.retain(|_, at| *at > long_ago);
        state.settled.insert(id.to_owned(), now_ms);
        state.save(|file| file.settle(id, now_ms, long_ago))
    }

    /// Returns the oldest alert that waits for a destination, waiting for one at most so long.
    pub fn next(&self, destination: &str, timeout: Duration) -> Option<Waiting> {
        let has_none = |state: &mut State| !state.is_closed && state.oldest(destination).is_none();
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, has_none)
            .unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            None
        } else {
            state.oldest(destination)
        }
    }

    /// Says how an attempt ended.
    pub fn tried(&self, destination: &str, seq: i64, outcome: &Outcome) -> Option<Told> {
        let mut state = self.lock();
        match outcome {
            Outcome::Delivered => state.last_error.remove(destination),
            Outcome::Refused(why) | Outcome::Failed(why) => {
                state.last_error.insert(destination.to_owned(), why.clone())
            }
        };
        // It may have been given up meanwhile.
        let delivery = state
            .entries
            .get_mut(&seq)?
            .deliveries
            .iter_mut()
            .find(|one| one.destination == destination)?;
        delivery.attempts = delivery.attempts.saturating_add(1);
        (delivery.state, delivery.error) = match outcome {
            Outcome::Delivered => (DeliveryState::Delivered, None),
            Outcome::Refused(why) => (DeliveryState::Failed, Some(why.clone())),
            Outcome::Failed(why) => (DeliveryState::Waiting, Some(why.clone())),
        };
        let delivery = delivery.clone();
        if delivery.state != DeliveryState::Waiting
            && let Some(waiting) = state.waiting.get_mut(destination)
        {
            waiting.remove(&seq);
        }
        let told = state.save(|file| file.update(seq, &delivery));
        let lost = state.keep_within_bounds();
        drop(state);
        self.changed.notify_all();
        told.or(lost)
    }

    /// Writes what the disk did not take before. Says why, when it still does not.
    pub fn catch_up(&self) -> Option<Told> {
        self.lock().catch_up()
    }

    /// How many alerts wait for a destination, and why its last attempt failed.
    pub fn waiting(&self, destination: &str) -> (u64, Option<String>) {
        let state = self.lock();
        let waiting = state.waiting.get(destination).map_or(0, BTreeSet::len);
        (waiting as u64, state.last_error.get(destination).cloned())
    }

    /// The last alerts, newest first.
    pub fn recent(&self, most: usize) -> Vec<RaisedAlert> {
        self.lock()
            .entries
            .values()
            .rev()
            .take(most)
            .map(Entry::shown)
            .collect()
    }

    /// Waits until nothing waits for any destination, at most so long.
    pub fn drained(&self, timeout: Duration) -> bool {
        let is_busy = |state: &mut State| state.waiting.values().any(|waiting| !waiting.is_empty());
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, is_busy)
            .unwrap_or_else(PoisonError::into_inner);
        !is_busy(&mut state)
    }

    /// Hands out nothing more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn oldest(&self, destination: &str) -> Option<Waiting> {
        let seq = *self.waiting.get(destination)?.first()?;
        let entry = self.entries.get(&seq)?;
        let delivery = entry.deliveries.iter().find(|one| one.destination == destination)?;
        Some(Waiting {
            seq,
            alert: entry.alert.clone(),
            attempts: delivery.attempts,
        })
    }

    /// Writes one change, or all when the disk was behind.
    fn save(&mut self, change: impl FnOnce(&mut File) -> Result<(), Fault>) -> Option<Told> {
        if self.is_behind {
            // The change is in memory when the disk catches up.
            return Some("the outbox cannot be written yet; what was raised is kept in memory".to_owned());
        }
        match change(&mut self.file) {
            Ok(()) => None,
            Err(fault) => {
                self.is_behind = true;
                Some(self.worded(&fault))
            }
        }
    }

    fn catch_up(&mut self) -> Option<Told> {
        if !self.is_behind {
            return None;
        }
        let mut told = None;
        if self.file.is_broken() {
            told = self.file.begin_anew();
        }
        match self.file.write_all(self.entries.values(), &self.settled) {
            Ok(()) => {
                self.is_behind = false;
                told
            }
            Err(fault) => Some(told.unwrap_or_else(|| self.worded(&fault))),
        }
    }

    fn worded(&self, fault: &Fault) -> Told {
        format!("the outbox cannot be written: {fault}; alerts are kept in memory and sent from there")
    }

    /// Gives up the oldest that waits when there are too many, and forgets the oldest that are done.
    fn keep_within_bounds(&mut self) -> Option<Told> {
        let is_waiting = |entry: &Entry| entry.deliveries.iter().any(|one| one.state == DeliveryState::Waiting);
        let mut lost = None;
        let count = self.entries.values().filter(|entry| is_waiting(entry)).count();
        if count > MOST_WAITING
            && let Some(oldest) = self
                .entries
                .values()
                .find(|entry| is_waiting(entry))
                .map(|entry| entry.seq)
        {
            for waiting in self.waiting.values_mut() {
                waiting.remove(&oldest);
            }
            if let Some(entry) = self.entries.get_mut(&oldest) {
                for delivery in entry
                    .deliveries
                    .iter_mut()
                    .filter(|one| one.state == DeliveryState::Waiting)
                {
                    delivery.state = DeliveryState::Failed;
                    delivery.error = Some(format!("given up: more than {MOST_WAITING} alerts were waiting"));
                }
                let entry = entry.clone();
                lost = Some(format!(
                    "more than {MOST_WAITING} alerts wait: `{}` is given up",
                    entry.alert.id
                ));
                for delivery in &entry.deliveries {
                    self.save(|file| file.update(oldest, delivery));
                }
            }
        }
        let done = self
            .entries
            .values()
            .filter(|entry| !is_waiting(entry))
            .map(|entry| entry.seq);
        let done: Vec<i64> = done.collect();
        for seq in done.iter().take(done.len().saturating_sub(MOST_DONE)) {
            if let Some(entry) = self.entries.remove(seq) {
                // Its id may still be told by who found it.
                let id = entry.alert.id;
                let at = entry
                    .alert
                    .raised_at
                    .parse::<Timestamp>()
                    .map_or(0, Timestamp::as_millisecond);
                self.ids.remove(&id);
                self.settled.insert(id.clone(), at);
                self.save(|file| file.forget(*seq, &id, at));
            }
        }
        lost
    }
}

impl Entry {
    /// As the command line and the page show it.
    pub fn shown(&self) -> RaisedAlert {
        RaisedAlert {
            id: self.alert.id.clone(),
            alert: self.alert.alert.clone(),
            message: self.alert.message.clone(),
            source: self.alert.source.clone(),
            raised_at: self.alert.raised_at.clone(),
            muted: self.muted,
            deliveries: self.deliveries.clone(),
        }
    }
}

fn waiting_for(destination: &str) -> DeliveryStatus {
    DeliveryStatus {
        destination: destination.to_owned(),
        state: DeliveryState::Waiting,
        attempts: 0,
        error: None,
    }
}
