//! A node's inputs: one subscriber for each wire, counted.
//!
//! A camera that gives JPEG decodes its pictures once for all who want pixels, on `NODE/decoded`. A reader of `NODE/image`
//! that meets a JPEG goes over to that stream by itself, and back when nothing comes there.

use std::time::Duration;

use bushbaby_bus::{Bus, Frame, Subscriber, wait_any};

use crate::reporter::Reporter;
use crate::{NodeContext, NodeError, Stop};

pub mod moments;
mod together;
mod windowed;
mod wire;

pub use together::Together;
use wire::Wire;
pub use wire::read_options;

/// How many frames wait where frames of one moment are looked for: of two streams the newest alone might never meet.
const SYNC_QUEUE: usize = 4;

/// Where a node's frames come from.
#[derive(Debug)]
pub struct Inputs {
    wires: Vec<Wire>,
    bus: Bus,
    stop: Stop,
    reporter: Reporter,
    /// Which input is looked at first, so that a fast one cannot starve the others.
    next: usize,
}

impl Inputs {
    /// Opens every wire of the node.
    ///
    /// # Errors
    /// When a stream cannot be read, as when it has too many readers.
    pub fn open(context: &NodeContext) -> Result<Self, NodeError> {
        let sync_queue = context.spec.sync_within_ns.map(|_| SYNC_QUEUE);
        let mut wires = Vec::new();
        for spec in &context.spec.inputs {
            wires.push(Wire::open(&context.bus, &context.stop, spec.clone(), sync_queue)?);
        }
        Ok(Self {
            wires,
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
        self.wait(0, timeout)?;
        self.try_recv()
    }

    fn try_recv(&mut self) -> Result<Option<Frame>, NodeError> {
        for step in 0..self.wires.len() {
            let index = (self.next + step) % self.wires.len();
            if let Some(frame) = self.take(index)? {
                self.wires[index].delivered(&frame, &self.reporter);
                self.next = (index + 1) % self.wires.len();
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Returns the next frame of one wire, not yet counted as handed over.
    fn take(&mut self, index: usize) -> Result<Option<Frame>, NodeError> {
        self.wires[index].take(&self.bus, &self.stop, &self.reporter)
    }

    /// Waits until a wire from that place on has something, or the node is to stop.
    fn wait(&self, from: usize, timeout: Duration) -> Result<(), NodeError> {
        let wires = self.wires.get(from..).unwrap_or_default();
        let all: Vec<&Subscriber> = wires.iter().map(|wire| &wire.subscriber).collect();
        if all.is_empty() {
            std::thread::park_timeout(timeout);
            return Ok(());
        }
        Ok(wait_any(&all, timeout)?)
    }

    fn warn_that_they_do_not_meet(&self, apart: Duration) {
        let streams: Vec<String> = self
            .wires
            .iter()
            .map(|wire| format!("`{}`", wire.spec.stream))
            .collect();
        self.reporter.warn(&format!(
            "no frames of {} are of one moment: the nearest are {:.1} ms apart",
            streams.join(" and "),
            apart.as_secs_f64() * 1e3
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::InputSpec;
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
            window: None,
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
