//! One wire of a node: its subscriber, and what it lost.

use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, ReadCounts, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber};

use crate::control::{Dropped, InputSpec};
use crate::inputs::windowed::Windowed;
use crate::reporter::Reporter;
use crate::{NodeError, Stop};

/// After this long without decoded pictures a reader takes the camera's own again, and stays with them five times as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// One wire.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) spec: InputSpec,
    /// How many frames wait where the file asks for the newest, but frames of one moment are looked for.
    sync_queue: Option<usize>,
    pub(super) subscriber: Subscriber,
    /// What subscribers before this one lost.
    before: Dropped,
    /// What came and was not handed to the node.
    pub(super) unused: Dropped,
    /// Set while decoded pictures are read: when the last one came.
    decoded_at: Option<Instant>,
    /// No decoded pictures before this.
    not_before: Instant,
    /// Puts windows of sound together, where they are asked for.
    windowed: Option<Windowed>,
}

impl Wire {
    pub(super) fn open(bus: &Bus, stop: &Stop, spec: InputSpec, sync_queue: Option<usize>) -> Result<Self, NodeError> {
        Ok(Self {
            subscriber: subscribe(bus, stop, &spec.stream, &spec, sync_queue)?,
            windowed: spec.window.map(Windowed::new),
            spec,
            sync_queue,
            before: Dropped::default(),
            unused: Dropped::default(),
            decoded_at: None,
            not_before: Instant::now(),
        })
    }

    /// Returns the next frame, or the next window of sound, if there is one. A damaged one is told, counted and passed over.
    pub(super) fn take(&mut self, bus: &Bus, stop: &Stop, reporter: &Reporter) -> Result<Option<Frame>, NodeError> {
        loop {
            if let Some(window) = self.windowed.as_mut().and_then(Windowed::next_window) {
                return Ok(Some(window));
            }
            let received = self.take_one(bus, stop, reporter)?;
            let (Some(windowed), Some(piece)) = (&mut self.windowed, &received) else {
                return Ok(received);
            };
            if let Err(problem) = windowed.take(piece) {
                reporter.warn(&problem);
            }
        }
    }

    fn take_one(&mut self, bus: &Bus, stop: &Stop, reporter: &Reporter) -> Result<Option<Frame>, NodeError> {
        let received = match self.subscriber.try_recv() {
            Err(RecvError::Damaged { .. }) => {
                let stream = &self.spec.stream;
                reporter.warn(&format!("a frame of `{stream}` was damaged and is left out"));
                None
            }
            other => other?,
        };
        reporter.dropped(&self.spec.stream, self.dropped());
        match &received {
            Some(frame) => self.follow(frame, bus, stop)?,
            None => self.go_back_if_silent(bus, stop)?,
        }
        Ok(received)
    }

    /// Counts a frame that is handed to the node.
    pub(super) fn delivered(&self, frame: &Frame, reporter: &Reporter) {
        let age = frame.received_at().since(frame.captured().mono);
        reporter.received(&self.spec.stream, age);
    }

    /// What the wire lost so far.
    fn dropped(&self) -> Dropped {
        let now = dropped(self.subscriber.counts());
        let mut all = sum(sum(self.before, self.unused), now);
        if self.spec.queue.is_none() {
            all.superseded += std::mem::take(&mut all.overflow);
        }
        all
    }

    /// Goes over to the decoded pictures of a camera that turns out to give JPEG.
    fn follow(&mut self, frame: &Frame, bus: &Bus, stop: &Stop) -> Result<(), NodeError> {
        let now = Instant::now();
        if let Some(at) = &mut self.decoded_at {
            *at = now;
            return Ok(());
        }
        let is_jpeg = frame.arrays().first().is_some_and(|array| array.encoding == "jpeg");
        if !is_jpeg || self.spec.stream.output() != "image" || now < self.not_before {
            return Ok(());
        }
        self.not_before = now + 5 * PATIENCE;
        let Ok(decoded) = StreamName::new(self.spec.stream.node(), "decoded") else {
            return Ok(());
        };
        let is_made = bus
            .streams()?
            .iter()
            .any(|stream| stream.name == decoded && stream.publisher_pid.is_some());
        if is_made {
            self.read(subscribe(bus, stop, &decoded, &self.spec, self.sync_queue)?);
            self.decoded_at = Some(now);
        }
        Ok(())
    }

    /// Takes the camera's own pictures again when no decoded ones come: it may have been set to another format.
    fn go_back_if_silent(&mut self, bus: &Bus, stop: &Stop) -> Result<(), NodeError> {
        if self.decoded_at.is_some_and(|at| at.elapsed() > PATIENCE) {
            self.read(subscribe(bus, stop, &self.spec.stream, &self.spec, self.sync_queue)?);
            self.decoded_at = None;
            self.not_before = Instant::now() + 5 * PATIENCE;
        }
        Ok(())
    }

    fn read(&mut self, subscriber: Subscriber) {
        self.before = sum(self.before, dropped(self.subscriber.counts()));
        self.subscriber = subscriber;
    }
}

fn subscribe(
    bus: &Bus,
    stop: &Stop,
    stream: &StreamName,
    spec: &InputSpec,
    sync_queue: Option<usize>,
) -> Result<Subscriber, NodeError> {
    let mut options = read_options(spec);
    if let (ReadPolicy::Latest, Some(frames)) = (options.policy, sync_queue) {
        options.policy = ReadPolicy::Queue(frames);
    }
    let subscriber = bus.subscriber(stream, options)?;
    let waker = subscriber.waker();
    stop.on_set(move || waker.wake());
    Ok(subscriber)
}

fn dropped(counts: ReadCounts) -> Dropped {
    Dropped {
        superseded: counts.superseded,
        overflow: counts.overflow,
        damaged: counts.damaged,
        skipped: counts.skipped,
    }
}

fn sum(a: Dropped, b: Dropped) -> Dropped {
    Dropped {
        superseded: a.superseded + b.superseded,
        overflow: a.overflow + b.overflow,
        damaged: a.damaged + b.damaged,
        skipped: a.skipped + b.skipped,
    }
}

/// What a wire of the file means on the bus.
pub fn read_options(spec: &InputSpec) -> ReadOptions {
    ReadOptions {
        policy: spec.queue.map_or(ReadPolicy::Latest, ReadPolicy::Queue),
        every: spec.every,
        max_fps: spec.max_fps,
        ..ReadOptions::default()
    }
}
