//! What stages heard: events, which are kept for pages that are opened later, and scores and levels while somebody wants them. One
//! thread reads all of these streams; they are small.

mod history;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber, Waker, wait_any};
use bushbaby_node::Stop;
use bushbaby_node::control::Dropped;
use bushbaby_node::reporter::Reporter;
use bushbaby_sound::results::{Events, Level, Scores};
use serde::Deserialize;
use tokio::sync::watch;

use history::History;
pub(crate) use history::Told;

/// How long the thread waits at most before it looks round.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Frames of one stream that may wait for us: a stage may listen to several sources.
const BUS_QUEUE: usize = 32;
/// Longer messages are not looked at.
const LONGEST_BYTES: usize = 64 << 10;
/// Sources of one stage that are remembered.
const MOST_SOURCES: usize = 256;
/// Sounds of one window that are remembered.
const MOST_SOUNDS: usize = 64;
/// Longer names of a sound or a source are no names.
const LONGEST_NAME: usize = 200;
/// No window is farther apart from the next.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(6);
/// Streams with events that are read.
const MOST_EVENT_STREAMS: usize = 256;

/// What is heard in this instance. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    shared: Arc<Shared>,
    /// Changes with every event.
    pub(crate) told: watch::Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    bus: Bus,
    reporter: Reporter,
    state: Mutex<State>,
    changed: Condvar,
    told: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Read all the time.
    events: Vec<StreamName>,
    /// Scores and levels, and by how many they are wanted.
    wanted: BTreeMap<StreamName, usize>,
    newest: HashMap<StreamName, Newest>,
    history: History,
    /// Ends the wait for frames.
    waker: Option<Waker>,
    is_changed: bool,
    is_over: bool,
}

/// What a stream said last, by the source that it was about.
#[derive(Debug, Default)]
struct Newest(HashMap<String, (Instant, Said)>);

/// What a stage says again and again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Scores(Scores),
    Level(Level),
}

/// Keeps a stream of scores or levels being read.
#[derive(Debug)]
pub(crate) struct Wanted {
    shared: Arc<Shared>,
    stream: StreamName,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Heard {
    /// Starts the thread that reads, until `stop` is set.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(bus: Bus, reporter: Reporter, stop: &Stop) -> std::io::Result<Self> {
        let (sender, told) = watch::channel(());
        let shared = Arc::new(Shared {
            bus,
            reporter,
            state: Mutex::default(),
            changed: Condvar::new(),
            told: sender,
        });
        let reads = shared.clone();
        std::thread::Builder::new()
            .name("heard".into())
            .spawn(move || read_all(&reads))?;
        let ended = shared.clone();
        stop.on_set(move || ended.change(|state| state.is_over = true));
        Ok(Self { shared, told })
    }

    /// Has these streams read for their events, and no others.
    pub(crate) fn follow(&self, events: &[StreamName]) {
        let events = events.get(..MOST_EVENT_STREAMS).unwrap_or(events);
        if lock(&self.shared.state).events != events {
            self.shared.change(|state| state.events = events.to_vec());
        }
    }

    /// Has a stream of scores or levels read for as long as the guard lives.
    pub(crate) fn want(&self, stream: &StreamName) -> Wanted {
        self.shared
            .change(|state| *state.wanted.entry(stream.clone()).or_default() += 1);
        Wanted {
            shared: self.shared.clone(),
            stream: stream.clone(),
        }
    }

    /// What was heard after that number, as `read` makes it of the events, and the number of the last.
    pub(crate) fn since<T>(&self, number: u64, read: impl FnOnce(&[&Told]) -> T) -> (T, u64) {
        let state = lock(&self.shared.state);
        let (told, last) = state.history.since(number, Instant::now());
        (read(&told), last)
    }
}

impl Wanted {
    pub(crate) fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// What was said last about a source, if that was a short while ago.
    pub(crate) fn said_of(&self, source: &StreamName) -> Option<Said> {
        let state = lock(&self.shared.state);
        let newest = state.newest.get(&self.stream)?;
        let (at, said) = newest.0.get(source.node()).or_else(|| newest.0.get(source.as_str()))?;
        (at.elapsed() < FORGOTTEN_AFTER).then(|| said.clone())
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.shared.change(|state| {
            let count = state.wanted.get_mut(&self.stream);
            let left = count.map_or(0, |count| {
                *count -= 1;
                *count
            });
            if left == 0 {
                state.wanted.remove(&self.stream);
                state.newest.remove(&self.stream);
            }
        });
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        state.is_changed = true;
        if let Some(waker) = &state.waker {
            waker.wake();
        }
        self.changed.notify_all();
    }

    /// The streams that are to be read now; waits while there are none. `None`: it is over.
    fn streams(&self) -> Option<Vec<StreamName>> {
        let mut state = lock(&self.state);
        loop {
            if state.is_over {
                return None;
            }
            if !state.events.is_empty() || !state.wanted.is_empty() {
                break;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_changed = false;
        let mut streams: Vec<_> = state.events.iter().chain(state.wanted.keys()).cloned().collect();
        streams.sort();
        streams.dedup();
        Some(streams)
    }
}

/// A stream that is read, and what earlier readers of it lost.
struct Reading {
    subscriber: Subscriber,
    before: Dropped,
}

fn read_all(shared: &Shared) {
    let mut readings: BTreeMap<StreamName, Reading> = BTreeMap::new();
    let mut lost: HashMap<StreamName, Dropped> = HashMap::new();
    while let Some(streams) = shared.streams() {
        readings.retain(|stream, _| streams.contains(stream));
        for stream in streams {
            if readings.contains_key(&stream) {
                continue;
            }
            let is_event = lock(&shared.state).events.contains(&stream);
            let options = ReadOptions {
                policy: ReadPolicy::Queue(BUS_QUEUE),
                // What began before we came is still going on.
                replay_last: is_event,
                ..ReadOptions::default()
            };
            match shared.bus.subscriber(&stream, options) {
                Ok(subscriber) => {
                    let before = lost.get(&stream).copied().unwrap_or_default();
                    readings.insert(stream, Reading { subscriber, before });
                }
                Err(error) => shared.reporter.warn(&format!("`{stream}` cannot be read: {error}")),
            }
        }
        if readings.is_empty() {
            std::thread::sleep(LONGEST_WAIT);
            continue;
        }
        {
            let mut state = lock(&shared.state);
            state.waker = readings.values().next().map(|reading| reading.subscriber.waker());
            // What changed in between rang at another bell.
            if state.is_changed {
                continue;
            }
        }
        let all: Vec<&Subscriber> = readings.values().map(|reading| &reading.subscriber).collect();
        if let Err(error) = wait_any(&all, LONGEST_WAIT) {
            shared
                .reporter
                .warn(&format!("what is heard cannot be waited for: {error}"));
            std::thread::sleep(LONGEST_WAIT);
        }
        let mut broken = Vec::new();
        for (stream, reading) in &readings {
            if let Err(error) = take_all(shared, stream, &reading.subscriber) {
                shared.reporter.warn(&format!("`{stream}` cannot be read: {error}"));
                broken.push(stream.clone());
            }
            let dropped = sum(reading.before, reading.subscriber.counts());
            lost.insert(stream.clone(), dropped);
            shared.reporter.dropped(stream, dropped);
        }
        for stream in broken {
            readings.remove(&stream);
        }
    }
}

fn sum(before: Dropped, counts: bushbaby_bus::ReadCounts) -> Dropped {
    Dropped {
        superseded: before.superseded + counts.superseded,
        overflow: before.overflow + counts.overflow,
        damaged: before.damaged + counts.damaged,
        skipped: before.skipped + counts.skipped,
    }
}

/// Takes everything that waits on a stream.
fn take_all(shared: &Shared, stream: &StreamName, subscriber: &Subscriber) -> Result<(), RecvError> {
    // The others wait while one that floods is read: no more of it at once than its queue holds.
    for _ in 0..BUS_QUEUE {
        match subscriber.try_recv() {
            Ok(Some(frame)) => {
                let age = frame.received_at().since(frame.captured().mono);
                shared.reporter.received(stream, age);
                if let Err(reason) = shared.take(stream, &frame) {
                    shared
                        .reporter
                        .warn(&format!("what `{stream}` says is not understood: {reason}"));
                }
            }
            Ok(None) => break,
            Err(RecvError::Damaged { .. }) => shared.reporter.warn(&format!("a frame of `{stream}` was damaged")),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Shared {
    /// Takes in one message.
    fn take(&self, stream: &StreamName, frame: &Frame) -> Result<(), String> {
        let (now, said) = (Instant::now(), read(frame.body())?);
        let mut state = lock(&self.state);
        match said {
            Message::Events(events) => {
                if state.history.add(stream, events, now) {
                    self.told.send_replace(());
                }
            }
            // A stage's first output may be its scores: what nobody wants is not kept.
            Message::Said(source, said) if state.wanted.contains_key(stream) => {
                let newest = &mut state.newest.entry(stream.clone()).or_default().0;
                if newest.len() < MOST_SOURCES || newest.contains_key(&source) {
                    newest.insert(source, (now, said));
                }
            }
            Message::Said(..) => {}
        }
        Ok(())
    }
}

enum Message {
    Events(Events),
    Said(String, Said),
}

/// Reads a body: what is in `type` says as what.
fn read(body: &[u8]) -> Result<Message, String> {
    #[derive(Deserialize)]
    struct Typed {
        r#type: String,
    }
    if body.len() > LONGEST_BYTES {
        return Err(format!("it is {} bytes long, {LONGEST_BYTES} are allowed", body.len()));
    }
    let no_json = |error: serde_json::Error| error.to_string();
    let Typed { r#type } = serde_json::from_slice(body).map_err(no_json)?;
    let (source, said) = match r#type.as_str() {
        "events" => return serde_json::from_slice(body).map(Message::Events).map_err(no_json),
        "scores" => {
            let scores: Scores = serde_json::from_slice(body).map_err(no_json)?;
            let is_long = |name: &String| name.len() > LONGEST_NAME;
            if scores.sounds.len() > MOST_SOUNDS || scores.sounds.keys().any(is_long) {
                return Err(format!(
                    "more than {MOST_SOUNDS} sounds, or names of more than {LONGEST_NAME} bytes"
                ));
            }
            (scores.source.clone(), Said::Scores(scores))
        }
        "level" => {
            let level: Level = serde_json::from_slice(body).map_err(no_json)?;
            (level.source.clone(), Said::Level(level))
        }
        other => {
            return Err(format!(
                "`{}` is nothing that is heard",
                other.chars().take(40).collect::<String>()
            ));
        }
    };
    if source.len() > LONGEST_NAME {
        return Err(format!("the name of its source is {} bytes long", source.len()));
    }
    Ok(Message::Said(source, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_told_in_words() {
        for (body, said) in [
            ("", "EOF"),
            ("{}", "missing field `type`"),
            (r#"{"type":"detections"}"#, "`detections` is nothing that is heard"),
            (
                r#"{"type":"level","version":1,"source":"door","rms_dbfs":"loud"}"#,
                "invalid type",
            ),
            (r#"{"type":"scores","version":1,"source":"door"}"#, "missing field"),
        ] {
            let Err(error) = read(body.as_bytes()) else {
                panic!("{body}")
            };
            assert!(error.contains(said), "{error}");
        }
        let long = format!(
            r#"{{"type":"level","version":1,"source":"{}","rms_dbfs":-1,"peak_dbfs":-1,"floor_dbfs":-1}}"#,
            "a".repeat(300)
        );
        assert!(read(long.as_bytes()).is_err());
        assert!(read(" ".repeat(LONGEST_BYTES + 1).as_bytes()).is_err());
    }
}
