//! The thread of one watched source: pieces of sound in, columns, pieces for who listens and levels out. Ends with the last
//! watcher.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bushbaby_bus::{Frame, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber};
use bushbaby_node::audio;
use bushbaby_node::control::Dropped;
use serde::Serialize;

use super::loudness::Loudness;
use super::pcm::pcm;
use super::spectrum::{COLUMNS_PER_SECOND, Column, Spectrum};
use super::{Form, MOST_COLUMNS, MOST_PIECES, Now, Shared, SoundCounts, Watcher, lock};
use crate::binary;

/// How long the thread waits at most before it looks round.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long it leaves the bus alone after the bus failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Pieces that may wait for us.
const BUS_QUEUE: usize = 32;
/// Columns stand side by side as long as the clock of the sound is not farther off than this.
const COLUMNS_OFF: i64 = 4;

pub(super) fn start(shared: Arc<Shared>, stream: StreamName, thread: u64) -> std::io::Result<()> {
    let name = format!("ear {}", stream.node());
    let run = move || Worker::new(shared, stream, thread).run();
    std::thread::Builder::new().name(name).spawn(run).map(drop)
}

struct Worker {
    shared: Arc<Shared>,
    stream: StreamName,
    thread: u64,
    mono: Vec<f32>,
    loudness: Loudness,
    /// Kept while somebody wants columns.
    spectrum: Option<Spectrum>,
    next_column: i64,
    /// What earlier subscriptions of this stream lost.
    dropped_before: Dropped,
}

#[derive(Serialize)]
struct PcmHeader<'a> {
    r#type: &'static str,
    source: &'a str,
    rate_hz: u32,
    /// When the first sample was heard.
    captured_ms: f64,
}

impl Worker {
    fn new(shared: Arc<Shared>, stream: StreamName, thread: u64) -> Self {
        let dropped_before = lock(&shared.counts).entry(stream.clone()).or_default().dropped;
        Self {
            shared,
            stream,
            thread,
            mono: Vec::new(),
            loudness: Loudness::default(),
            spectrum: None,
            next_column: 0,
            dropped_before,
        }
    }

    fn run(mut self) {
        while self.is_wanted() {
            if let Err(failure) = self.read() {
                self.trouble(&format!("the sound of `{}` cannot be read: {failure}", self.stream));
                std::thread::sleep(AFTER_FAILURE);
            }
        }
    }

    /// Reads until nobody watches.
    fn read(&mut self) -> Result<(), String> {
        let options = ReadOptions {
            policy: ReadPolicy::Queue(BUS_QUEUE),
            ..ReadOptions::default()
        };
        let bus = self.shared.bus.clone();
        let subscriber = bus
            .subscriber(&self.stream, options)
            .map_err(|error| error.to_string())?;
        if let Some(source) = lock(&self.shared.sources)
            .get_mut(&self.stream)
            .filter(|source| source.thread == self.thread)
        {
            source.waker = Some(subscriber.waker());
        }
        while self.is_wanted() {
            match subscriber.recv(LONGEST_WAIT) {
                Ok(Some(frame)) => self.received(&frame),
                Ok(None) => {}
                Err(RecvError::Damaged { .. }) => self.trouble(&format!("a frame of `{}` was damaged", self.stream)),
                Err(error) => return Err(error.to_string()),
            }
            self.count_dropped(&subscriber);
        }
        Ok(())
    }

    /// Whether somebody watches. When nobody does, the source is taken from the list under the same lock, so that whoever comes
    /// next starts another thread.
    fn is_wanted(&self) -> bool {
        let mut sources = lock(&self.shared.sources);
        match sources.get(&self.stream) {
            Some(source) if source.thread != self.thread => false,
            Some(source) if source.watchers.is_empty() => {
                sources.remove(&self.stream);
                false
            }
            source => source.is_some(),
        }
    }

    fn watchers(&self) -> Vec<Arc<Watcher>> {
        let sources = lock(&self.shared.sources);
        let own = sources.get(&self.stream).filter(|source| source.thread == self.thread);
        own.map(|source| source.watchers.clone()).unwrap_or_default()
    }

    fn received(&mut self, frame: &Frame) {
        let age = frame.received_at().since(frame.captured().mono);
        self.shared.reporter.received(&self.stream, age);
        let view = match audio::view(frame) {
            Ok(view) => view,
            Err(error) => return self.trouble(&error.to_string()),
        };
        self.mono.clear();
        view.append_mono(&mut self.mono);
        let form = Form {
            rate_hz: view.meta.sample_rate_hz,
            channels: view.channels,
        };
        let loud = self.loudness.push(&self.mono, form.rate_hz);
        self.learn(|now| {
            now.form = Some((Instant::now(), form));
            now.trouble = None;
            if let Some(loud) = loud {
                now.loud = Some((Instant::now(), loud));
            }
        });
        let captured_ms = frame.captured().mono.as_ns() as f64 / 1e6;
        let watchers = self.watchers();
        let columns = self.columns(&watchers, form, captured_ms);
        let pieces = self.send_pieces(&watchers, form, captured_ms);
        self.count(|counts| {
            counts.pieces += 1;
            counts.columns += columns;
            counts.pcm += pieces;
        });
    }

    /// Gives columns to those who want them; returns how many were made.
    fn columns(&mut self, watchers: &[Arc<Watcher>], form: Form, captured_ms: f64) -> u64 {
        if !watchers.iter().any(|watcher| watcher.wish.spectrum) {
            self.spectrum = None;
            return 0;
        }
        let spectrum = match &mut self.spectrum {
            Some(spectrum) if spectrum.rate_hz() == form.rate_hz => spectrum,
            other => other.insert(Spectrum::new(form.rate_hz)),
        };
        let mut made: Vec<(u64, Column)> = Vec::new();
        spectrum.push(&self.mono, |after_s, column| {
            let middle_ms = captured_ms + after_s * 1e3;
            let by_clock = (middle_ms * COLUMNS_PER_SECOND as f64 / 1e3).round() as i64;
            if (by_clock - self.next_column).abs() > COLUMNS_OFF {
                self.next_column = by_clock.max(0);
            }
            made.push((self.next_column as u64, column));
            self.next_column += 1;
        });
        for watcher in watchers.iter().filter(|watcher| watcher.wish.spectrum) {
            let columns = &mut lock(&watcher.waiting).columns;
            columns.extend(&made);
            let too_many = columns.len().saturating_sub(MOST_COLUMNS);
            columns.drain(..too_many);
        }
        made.len() as u64
    }

    /// Gives the sound to those who listen; returns how many pieces that were.
    fn send_pieces(&self, watchers: &[Arc<Watcher>], form: Form, captured_ms: f64) -> u64 {
        let listeners = watchers.iter().filter(|watcher| watcher.wish.listen);
        let mut message = None;
        let mut sent = 0;
        for watcher in listeners {
            let message = message.get_or_insert_with(|| self.piece(form, captured_ms));
            let pieces = &mut lock(&watcher.waiting).pieces;
            pieces.push_back(message.clone());
            if pieces.len() > MOST_PIECES {
                pieces.pop_front();
            }
            watcher.bell.notify_one();
            sent += 1;
        }
        sent
    }

    fn piece(&self, form: Form, captured_ms: f64) -> axum::body::Bytes {
        let made = pcm(&self.mono, form.rate_hz);
        let header = PcmHeader {
            r#type: "pcm",
            source: self.stream.as_str(),
            rate_hz: made.rate_hz,
            captured_ms: captured_ms + made.left_out_s * 1e3,
        };
        binary::message(&header, &made.bytes).0.into()
    }

    fn trouble(&self, why: &str) {
        self.shared.reporter.warn(why);
        self.learn(|now| now.trouble = Some((Instant::now(), why.to_owned())));
    }

    fn learn(&self, change: impl FnOnce(&mut Now)) {
        let mut sources = lock(&self.shared.sources);
        let own = sources
            .get_mut(&self.stream)
            .filter(|source| source.thread == self.thread);
        if let Some(source) = own {
            change(&mut source.now);
        }
    }

    fn count(&self, change: impl FnOnce(&mut SoundCounts)) {
        change(lock(&self.shared.counts).entry(self.stream.clone()).or_default());
    }

    fn count_dropped(&self, subscriber: &Subscriber) {
        let (before, counts) = (self.dropped_before, subscriber.counts());
        let dropped = Dropped {
            superseded: before.superseded + counts.superseded,
            overflow: before.overflow + counts.overflow,
            damaged: before.damaged + counts.damaged,
            skipped: before.skipped + counts.skipped,
        };
        self.count(|counts| counts.dropped = dropped);
        self.shared.reporter.dropped(&self.stream, dropped);
    }
}
