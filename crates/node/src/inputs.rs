//! A node's inputs: one subscriber for each wire, counted.
//!
//! A camera that gives JPEG decodes its pictures once for all who want pixels, on `NODE/decoded`. A reader of `NODE/image`
//! that meets a JPEG goes over to that stream by itself, and back when nothing comes there.

use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, ReadCounts, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber, wait_any};

use crate::control::{Dropped, InputSpec};
use crate::reporter::Reporter;
use crate::{NodeContext, NodeError, Stop};

/// After this long without decoded pictures a reader takes the camera's own again, and stays with them five times as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a node's frames come from.
#[derive(Debug)]
pub struct Inputs {
    inputs: Vec<Input>,
    bus: Bus,
    stop: Stop,
    reporter: Reporter,
    /// Which input is looked at first, so that a fast one cannot starve the others.
    next: usize,
}

/// One wire.
#[derive(Debug)]
struct Input {
    spec: InputSpec,
    subscriber: Subscriber,
    /// What subscribers before this one lost.
    before: Dropped,
    /// Set while decoded pictures are read: when the last one came.
    decoded_at: Option<Instant>,
    /// No decoded pictures before this.
    not_before: Instant,
}

impl Inputs {
    /// Opens every wire of the node.
    ///
    /// # Errors
    /// When a stream cannot be read, as when it has too many readers.
    pub fn open(context: &NodeContext) -> Result<Self, NodeError> {
        let mut inputs = Vec::new();
        for spec in &context.spec.inputs {
            inputs.push(Input {
                subscriber: subscribe(&context.bus, &context.stop, &spec.stream, spec)?,
                spec: spec.clone(),
                before: Dropped::default(),
                decoded_at: None,
                not_before: Instant::now(),
            });
        }
        Ok(Self {
            inputs,
            bus: context.bus.clone(),
            stop: context.stop.clone(),
            reporter: context.reporter.clone(),
            next: 0,
        })
    }

    /// Returns the next frame of any input; `None` when none came in time. A damaged frame is counted and passed over.
    ///
    /// # Errors
    /// When the bus cannot be read any more.
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Frame>, NodeError> {
        if let Some(frame) = self.try_recv()? {
            return Ok(Some(frame));
        }
        let all: Vec<&Subscriber> = self.inputs.iter().map(|input| &input.subscriber).collect();
        if all.is_empty() {
            std::thread::park_timeout(timeout);
            return Ok(None);
        }
        wait_any(&all, timeout)?;
        self.try_recv()
    }

    fn try_recv(&mut self) -> Result<Option<Frame>, NodeError> {
        for step in 0..self.inputs.len() {
            let index = (self.next + step) % self.inputs.len();
            let input = &mut self.inputs[index];
            let received = match input.subscriber.try_recv() {
                Err(RecvError::Damaged { .. }) => {
                    let stream = &input.spec.stream;
                    self.reporter
                        .warn(&format!("a frame of `{stream}` was damaged and is left out"));
                    None
                }
                other => other?,
            };
            self.reporter.dropped(&input.spec.stream, input.dropped());
            if let Some(frame) = received {
                let age = frame.received_at().since(frame.captured().mono);
                self.reporter.received(&input.spec.stream, age);
                input.follow(&frame, &self.bus, &self.stop)?;
                self.next = (index + 1) % self.inputs.len();
                return Ok(Some(frame));
            }
            input.go_back_if_silent(&self.bus, &self.stop)?;
        }
        Ok(None)
    }
}

impl Input {
    /// What the wire lost so far.
    fn dropped(&self) -> Dropped {
        let now = dropped(self.subscriber.counts());
        Dropped {
            superseded: self.before.superseded + now.superseded,
            overflow: self.before.overflow + now.overflow,
            damaged: self.before.damaged + now.damaged,
            skipped: self.before.skipped + now.skipped,
        }
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
            self.read(subscribe(bus, stop, &decoded, &self.spec)?);
            self.decoded_at = Some(now);
        }
        Ok(())
    }

    /// Takes the camera's own pictures again when no decoded ones come: it may have been set to another format.
    fn go_back_if_silent(&mut self, bus: &Bus, stop: &Stop) -> Result<(), NodeError> {
        if self.decoded_at.is_some_and(|at| at.elapsed() > PATIENCE) {
            self.read(subscribe(bus, stop, &self.spec.stream, &self.spec)?);
            self.decoded_at = None;
            self.not_before = Instant::now() + 5 * PATIENCE;
        }
        Ok(())
    }

    fn read(&mut self, subscriber: Subscriber) {
        self.before = self.dropped();
        self.subscriber = subscriber;
    }
}

fn subscribe(bus: &Bus, stop: &Stop, stream: &StreamName, spec: &InputSpec) -> Result<Subscriber, NodeError> {
    let subscriber = bus.subscriber(stream, read_options(spec))?;
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

/// What a wire of the file means on the bus.
pub fn read_options(spec: &InputSpec) -> ReadOptions {
    ReadOptions {
        policy: spec.queue.map_or(ReadPolicy::Latest, ReadPolicy::Queue),
        every: spec.every,
        max_fps: spec.max_fps,
        ..ReadOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bushbaby_bus::{ArrayLayout, CaptureClock, CaptureTime, DType, Publisher, PublisherOptions};

    fn publisher(bus: &Bus, stream: &str) -> Publisher {
        bus.publisher(&stream.parse().unwrap(), PublisherOptions::default())
            .unwrap()
    }

    fn send(publisher: &mut Publisher, encoding: &str) {
        let layout = ArrayLayout::new("a", DType::U8, vec![4]).with_encoding(encoding);
        publisher
            .send(
                &[(&layout, &[1, 2, 3, 4])],
                b"",
                CaptureTime::now(CaptureClock::Received),
                None,
            )
            .unwrap();
    }

    #[test]
    fn a_reader_that_meets_a_jpeg_goes_over_to_the_decoded_pictures() {
        let instance = testing::instance("decoded");
        let spec = InputSpec {
            stream: "front/image".parse().unwrap(),
            queue: Some(8),
            every: None,
            max_fps: None,
        };
        let context = testing::context(&instance, "tags", "apriltag", vec![spec]).unwrap();
        let mut inputs = Inputs::open(&context).unwrap();
        let mut jpeg = publisher(&context.bus, "front/image");
        let mut decoded = publisher(&context.bus, "front/decoded");
        assert_eq!(decoded.readers(), 0, "nobody wants pixels yet");
        send(&mut jpeg, "jpeg");
        let first = inputs.recv(Duration::from_secs(10)).unwrap().unwrap();
        assert_eq!(first.stream().as_str(), "front/image");
        assert_eq!(decoded.readers(), 1);
        send(&mut decoded, "i420");
        let second = inputs.recv(Duration::from_secs(10)).unwrap().unwrap();
        assert_eq!(second.stream().as_str(), "front/decoded");
    }
}
