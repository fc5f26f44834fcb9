//! What stages found, for the pages that watch the pictures it was found in: one thread a stream, while somebody wants it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use bushbaby_bus::{Bus, Frame, ReadOptions, ReadPolicy, RecvError, StreamName, Waker};
use bushbaby_node::control::Dropped;
use bushbaby_node::reporter::Reporter;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast;

use crate::pictures::origin_key;

/// Results that may wait for one slow page; then it misses the oldest.
const QUEUE: usize = 64;
/// Results of one stream that may wait for us: a stage may read several cameras, so the newest alone is not enough.
const BUS_QUEUE: usize = 8;
/// Longer results are not sent to pages.
const LONGEST_BYTES: usize = 512 << 10;
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One result, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Found {
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
    found: broadcast::Sender<Found>,
}

#[derive(Debug, Default)]
struct Reading {
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
        if !streams.contains_key(stream) {
            let (shared, name) = (self.shared.clone(), stream.clone());
            std::thread::Builder::new()
                .name(format!("res {}", stream.node()))
                .spawn(move || run(&shared, &name))?;
        }
        streams.entry(stream.clone()).or_default().wanted_by += 1;
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
    /// Whether somebody wants the stream; else it is taken from the list under the same lock.
    fn is_wanted(&self, stream: &StreamName) -> bool {
        let mut streams = lock(&self.streams);
        let is_wanted = streams.get(stream).is_some_and(|reading| reading.wanted_by > 0);
        if !is_wanted {
            streams.remove(stream);
        }
        is_wanted
    }
}

fn run(shared: &Shared, stream: &StreamName) {
    while shared.is_wanted(stream) {
        if let Err(reason) = read(shared, stream) {
            shared.reporter.warn(&format!("`{stream}` cannot be read: {reason}"));
            std::thread::sleep(LONGEST_WAIT);
        }
    }
}

fn read(shared: &Shared, stream: &StreamName) -> Result<(), String> {
    let options = ReadOptions {
        policy: ReadPolicy::Queue(BUS_QUEUE),
        ..ReadOptions::default()
    };
    let subscriber = shared
        .bus
        .subscriber(stream, options)
        .map_err(|error| error.to_string())?;
    if let Some(reading) = lock(&shared.streams).get_mut(stream) {
        reading.waker = Some(subscriber.waker());
    }
    let before = lock(&shared.dropped).get(stream).copied().unwrap_or_default();
    while shared.is_wanted(stream) {
        match subscriber.recv(LONGEST_WAIT) {
            Ok(Some(frame)) => {
                shared
                    .reporter
                    .received(stream, frame.received_at().since(frame.captured().mono));
                match message(&frame) {
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

fn message(frame: &Frame) -> Result<Found, String> {
    #[derive(Serialize)]
    struct Message<'a> {
        r#type: &'static str,
        stream: &'a str,
        camera: &'a str,
        origin: String,
        captured_ms: f64,
        sent_ms: f64,
        body: &'a RawValue,
    }
    if frame.body().len() > LONGEST_BYTES {
        return Err(format!(
            "it is {} bytes long, {LONGEST_BYTES} are allowed",
            frame.body().len()
        ));
    }
    let body: &RawValue = serde_json::from_slice(frame.body()).map_err(|error| format!("it is no JSON: {error}"))?;
    let origin = frame.origin();
    let message = Message {
        r#type: "results",
        stream: frame.stream().as_str(),
        camera: origin.stream.as_str(),
        origin: origin_key(origin),
        captured_ms: frame.captured().mono.as_ns() as f64 / 1e6,
        sent_ms: frame.published_at().as_ns() as f64 / 1e6,
        body,
    };
    let text = serde_json::to_string(&message).map_err(|error| error.to_string())?;
    Ok(Found {
        camera: origin.stream.clone(),
        message: text.into(),
    })
}
