//! A node's inputs: one subscriber for each wire, counted.

use std::time::Duration;

use bushbaby_bus::{Frame, ReadOptions, ReadPolicy, RecvError, Subscriber, wait_any};

use crate::control::{Dropped, InputSpec};
use crate::reporter::Reporter;
use crate::{NodeContext, NodeError};

/// Where a node's frames come from.
#[derive(Debug)]
pub struct Inputs {
    inputs: Vec<Subscriber>,
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
        let mut inputs = Vec::new();
        for spec in &context.spec.inputs {
            let subscriber = context.bus.subscriber(&spec.stream, read_options(spec))?;
            let waker = subscriber.waker();
            context.stop.on_set(move || waker.wake());
            inputs.push(subscriber);
        }
        Ok(Self {
            inputs,
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
        let all: Vec<&Subscriber> = self.inputs.iter().collect();
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
            let received = match self.inputs[index].try_recv() {
                Err(RecvError::Damaged { .. }) => {
                    let stream = self.inputs[index].stream();
                    self.reporter
                        .warn(&format!("a frame of `{stream}` was damaged and is left out"));
                    None
                }
                other => other?,
            };
            self.count(index);
            if let Some(frame) = received {
                self.reporter
                    .received(frame.stream(), frame.received_at().since(frame.captured().mono));
                self.next = (index + 1) % self.inputs.len();
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn count(&self, index: usize) {
        let subscriber = &self.inputs[index];
        let counts = subscriber.counts();
        let dropped = Dropped {
            superseded: counts.superseded,
            overflow: counts.overflow,
            damaged: counts.damaged,
            skipped: counts.skipped,
        };
        self.reporter.dropped(subscriber.stream(), dropped);
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
