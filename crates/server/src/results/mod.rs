//! What stages found, for the pages that watch the pictures it was found in: one thread a stream, while somebody wants it.

mod masks;
mod message;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use bushbaby_bus::{Bus, ReadOptions, ReadPolicy, RecvError, StreamName, Waker};
use bushbaby_node::control::Dropped;
use bushbaby_node::reporter::Reporter;
use tokio::sync::broadcast;

/// Results that may wait for one slow page; then it misses the oldest.
const QUEUE: usize = 64;
/// Results of one stream that may wait for us: a stage may read several cameras, so the newest alone is not enough.
const BUS_QUEUE: usize = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One result, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) stream: StreamName,
    /// The camera whose picture it was found in.
    pub(crate) camera: StreamName,
    pub(crate) message: Utf8Bytes,
}

/// The result streams that are read now.
#[derive(Debug, Clone)]
pub(crate) struct Results {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bus: Bus,
    reporter: Reporter,
    streams: Mutex<HashMap<StreamName, Reading>>,
    dropped: Mutex<HashMap<StreamName, Dropped>>,
    threads_started: AtomicU64,
    found: broadcast::Sender<Found>,
}

#[derive(Debug)]
struct Reading {
    /// Which thread reads it: one that is about to end must not take over what its successor does.
    thread: u64,
    wanted_by: usize,
    waker: Option<Waker>,
}

/// Keeps one stream being read.
#[derive(Debug)]
pub(crate) struct Wanted {
    shared: Arc<Shared>,
    stream: StreamName,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Results {
    pub(crate) fn new(bus: Bus, reporter: Reporter) -> Self {
        let shared = Shared {
            bus,
            reporter,
            streams: Mutex::default(),
            dropped: Mutex::default(),
            threads_started: AtomicU64::new(0),
            found: broadcast::Sender::new(QUEUE),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Returns where everything that is read arrives.
    pub(crate) fn found(&self) -> broadcast::Receiver<Found> {
        self.shared.found.subscribe()
    }

    /// Has a stream read for as long as the guard lives.
    ///
    /// # Errors
    /// When the stream's thread cannot be started.
    pub(crate) fn want(&self, stream: &StreamName) -> std::io::Result<Wanted> {
        let mut streams = lock(&self.shared.streams);
        let reading = match streams.entry(stream.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let thread = self.shared.threads_started.fetch_add(1, Ordering::Relaxed);
                let (shared, name) = (self.shared.clone(), stream.clone());
                let run = move || run(&shared, &name, thread);
                std::thread::Builder::new()
                    .name(format!("res {}", stream.node()))
                    .spawn(run)?;
                entry.insert(Reading {
                    thread,
                    wanted_by: 0,
                    waker: None,
                })
            }
        };
        reading.wanted_by += 1;
        Ok(Wanted {
            shared: self.shared.clone(),
            stream: stream.clone(),
        })
    }
}

impl Wanted {
    pub(crate) fn stream(&self) -> &StreamName {
        &self.stream
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        let mut streams = lock(&self.shared.streams);
        let Some(reading) = streams.get_mut(&self.stream) else {
            return;
        };
        reading.wanted_by -= 1;
        if reading.wanted_by == 0
            && let Some(waker) = &reading.waker
        {
            waker.wake();
        }
    }
}

impl Shared {
    /// Whether somebody wants the stream of this thread; else it is taken from the list under the same lock.
    fn is_wanted(&self, stream: &StreamName, thread: u64) -> bool {
        let mut streams = lock(&self.streams);
        match streams.get(stream) {
            Some(reading) if reading.thread != thread => false,
            Some(reading) if reading.wanted_by == 0 => {
                streams.remove(stream);
                false
            }
            reading => reading.is_some(),
        }
    }
}

fn run(shared: &Shared, stream: &StreamName, thread: u64) {
    while shared.is_wanted(stream, thread) {
        if let Err(reason) = read(shared, stream, thread) {
            shared.reporter.warn(&format!("`{stream}` cannot be read: {reason}"));
            std::thread::sleep(LONGEST_WAIT);
        }
    }
}

fn read(shared: &Shared, stream: &StreamName, thread: u64) -> Result<(), String> {
    let options = ReadOptions {
        policy: ReadPolicy::Queue(BUS_QUEUE),
        ..ReadOptions::default()
    };
    let subscriber = shared
        .bus
        .subscriber(stream, options)
        .map_err(|error| error.to_string())?;
    if let Some(reading) = lock(&shared.streams)
        .get_mut(stream)
        .filter(|reading| reading.thread == thread)
    {
        reading.waker = Some(subscriber.waker());
    }
    let before = lock(&shared.dropped).get(stream).copied().unwrap_or_default();
    while shared.is_wanted(stream, thread) {
        match subscriber.recv(LONGEST_WAIT) {
            Ok(Some(frame)) => {
                shared
                    .reporter
                    .received(stream, frame.received_at().since(frame.captured().mono));
                match message::found(&frame) {
                    // Nobody may be listening any more: then it is not missed.
                    Ok(found) => drop(shared.found.send(found)),
                    Err(reason) => shared
                        .reporter
                        .warn(&format!("a result on `{stream}` cannot be shown: {reason}")),
                }
            }
            Ok(None) => {}
            Err(RecvError::Damaged { .. }) => shared.reporter.warn(&format!("a frame of `{stream}` was damaged")),
            Err(error) => return Err(error.to_string()),
        }
        let counts = subscriber.counts();
        let dropped = Dropped {
            superseded: before.superseded + counts.superseded,
            overflow: before.overflow + counts.overflow,
            damaged: before.damaged + counts.damaged,
            skipped: before.skipped + counts.skipped,
        };
        lock(&shared.dropped).insert(stream.clone(), dropped);
        shared.reporter.dropped(stream, dropped);
    }
    Ok(())
}
