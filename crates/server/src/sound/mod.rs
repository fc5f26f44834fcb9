//! Sound for the pages that look at it or listen: one thread a source that somebody watches, and nothing without.
//!
//! - `spectrum`: the columns of a running spectrogram;
//! - `pcm`: the sound itself, for who listens;
//! - `loudness`: the level, for sources that no stage listens to.

mod loudness;
mod pcm;
mod spectrum;
mod worker;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use bushbaby_bus::{Bus, StreamName, Waker};
use bushbaby_node::control::Dropped;
use bushbaby_node::reporter::Reporter;
use serde::Serialize;
use tokio::sync::Notify;

use crate::binary;
use loudness::Loud;
use spectrum::{BANDS, COLUMNS_PER_SECOND, Column};

/// Columns that may wait for one slow page, then it misses the oldest: three seconds.
const MOST_COLUMNS: usize = 60;
/// Pieces of sound that may wait for one slow page, then it misses the oldest.
const MOST_PIECES: usize = 16;
/// What was known so long ago is not known any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(2);

/// What of a source's sound is wanted, beside how loud it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) spectrum: bool,
    pub(crate) listen: bool,
}

/// The sources that are watched now.
#[derive(Debug, Clone)]
pub(crate) struct Sounds {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bus: Bus,
    reporter: Reporter,
    sources: Mutex<HashMap<StreamName, Source>>,
    counts: Mutex<HashMap<StreamName, SoundCounts>>,
    threads_started: AtomicU64,
}

/// What a source's sound cost so far.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct SoundCounts {
    pieces: u64,
    columns: u64,
    /// Pieces that were sent to somebody who listens.
    pcm: u64,
    #[serde(skip)]
    dropped: Dropped,
}

#[derive(Debug)]
struct Source {
    /// Which thread serves it: one that is about to end must not take over what its successor does.
    thread: u64,
    watchers: Vec<Arc<Watcher>>,
    /// Wakes the thread; absent until it subscribed.
    waker: Option<Waker>,
    now: Now,
}

/// What is known of a source's sound now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Now {
    form: Option<(Instant, Form)>,
    loud: Option<(Instant, Loud)>,
    /// Why its frames are no sound, in words.
    trouble: Option<(Instant, String)>,
}

/// The form in which a source sends its sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Form {
    pub(crate) rate_hz: u32,
    pub(crate) channels: usize,
}

/// One page, as the source's thread sees it.
#[derive(Debug)]
struct Watcher {
    wish: Wish,
    bell: Arc<Notify>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    columns: VecDeque<(u64, Column)>,
    pieces: VecDeque<Bytes>,
}

/// A page's place at a source: keeps the source's thread running.
#[derive(Debug)]
pub(crate) struct Listening {
    shared: Arc<Shared>,
    stream: StreamName,
    watcher: Arc<Watcher>,
}

#[derive(Serialize)]
struct SpectrumHeader<'a> {
    r#type: &'static str,
    source: &'a str,
    /// The number of the first column: its middle in ms of the server's clock, divided by `column_ms`.
    column: u64,
    column_ms: u64,
    bands: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sounds {
    pub(crate) fn new(bus: Bus, reporter: Reporter) -> Self {
        let shared = Shared {
            bus,
            reporter,
            sources: Mutex::default(),
            counts: Mutex::default(),
            threads_started: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Begins to watch a source. `bell` rings with every piece for who listens.
    ///
    /// # Errors
    /// When the source's thread cannot be started.
    pub(crate) fn watch(&self, stream: &StreamName, wish: Wish, bell: Arc<Notify>) -> std::io::Result<Listening> {
        let mut sources = lock(&self.shared.sources);
        let entry = match sources.entry(stream.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let thread = self.shared.threads_started.fetch_add(1, Ordering::Relaxed);
                worker::start(self.shared.clone(), stream.clone(), thread)?;
                entry.insert(Source {
                    thread,
                    watchers: Vec::new(),
                    waker: None,
                    now: Now::default(),
                })
            }
        };
        let watcher = Arc::new(Watcher {
            wish,
            bell,
            waiting: Mutex::default(),
        });
        entry.watchers.push(watcher.clone());
        Ok(Listening {
            shared: self.shared.clone(),
            stream: stream.clone(),
            watcher,
        })
    }

    /// What was made so far, by source, and how many watch.
    pub(crate) fn counts(&self) -> Vec<(StreamName, SoundCounts, usize)> {
        let sources = lock(&self.shared.sources);
        let watchers = |name| sources.get(name).map_or(0, |source| source.watchers.len());
        let mut counts: Vec<_> = lock(&self.shared.counts)
            .iter()
            .map(|(name, counts)| (name.clone(), counts.clone(), watchers(name)))
            .collect();
        counts.sort_by(|a, b| a.0.cmp(&b.0));
        counts
    }
}

impl Listening {
    pub(crate) fn wish(&self) -> Wish {
        self.watcher.wish
    }

    /// What is known of the sound now.
    pub(crate) fn now(&self) -> Now {
        let sources = lock(&self.shared.sources);
        sources
            .get(&self.stream)
            .map(|source| source.now.clone())
            .unwrap_or_default()
    }

    /// Takes the next message with columns that follow each other.
    pub(crate) fn take_columns(&self) -> Option<Vec<u8>> {
        let mut waiting = lock(&self.watcher.waiting);
        let (first, _) = *waiting.columns.front()?;
        let mut bytes = Vec::new();
        let mut next = first;
        while let Some((_, column)) = waiting.columns.front().filter(|(number, _)| *number == next) {
            bytes.extend(column);
            next += 1;
            waiting.columns.pop_front();
        }
        let header = SpectrumHeader {
            r#type: "spectrum",
            source: self.stream.as_str(),
            column: first,
            column_ms: 1000 / COLUMNS_PER_SECOND,
            bands: BANDS,
        };
        Some(binary::message(&header, &bytes).0)
    }

    /// Takes the next piece of sound, ready to be sent.
    pub(crate) fn take_piece(&self) -> Option<Bytes> {
        lock(&self.watcher.waiting).pieces.pop_front()
    }
}

impl Now {
    pub(crate) fn form(&self) -> Option<Form> {
        fresh(&self.form)
    }

    /// Root mean square and peak in dB relative to full scale.
    pub(crate) fn levels(&self) -> Option<[f64; 2]> {
        fresh(&self.loud).map(|loud: Loud| [loud.rms_dbfs, loud.peak_dbfs])
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        fresh(&self.trouble)
    }
}

fn fresh<T: Clone>(known: &Option<(Instant, T)>) -> Option<T> {
    let (_, value) = known.as_ref().filter(|(at, _)| at.elapsed() < FORGOTTEN_AFTER)?;
    Some(value.clone())
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut sources = lock(&self.shared.sources);
        let Some(source) = sources.get_mut(&self.stream) else {
            return;
        };
        source.watchers.retain(|watcher| !Arc::ptr_eq(watcher, &self.watcher));
        if source.watchers.is_empty()
            && let Some(waker) = &source.waker
        {
            waker.wake();
        }
    }
}
