//! A node's outputs: one publisher each, counted, opened when first needed.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::{
    ArrayLayout, Bus, CaptureTime, FrameLayout, Loan, MonoTime, Origin, Pacing, Publisher, PublisherOptions, StreamName,
};
use serde::Serialize;

use crate::frozen::FrozenWatch;
use crate::kind::{Carries, OutputSpec};
use crate::reporter::Reporter;
use crate::{NodeContext, NodeError};

/// Where a node's results go.
#[derive(Debug)]
pub struct Outputs {
    bus: Bus,
    node: String,
    reporter: Reporter,
    late_ms: u64,
    outputs: BTreeMap<&'static str, Output>,
    frozen: BTreeMap<&'static str, FrozenWatch>,
}

#[derive(Debug)]
struct Output {
    stream: StreamName,
    publisher: Option<Publisher>,
    pacing: Pacing,
    /// Number and capture time of the frame sent last.
    last: Option<(u64, CaptureTime)>,
}

impl Outputs {
    /// The outputs of a node, none of them open yet.
    ///
    /// # Errors
    /// When the node's name makes no stream's name.
    pub fn open(context: &NodeContext, specs: &[OutputSpec]) -> Result<Self, NodeError> {
        let mut outputs = BTreeMap::new();
        let mut frozen = BTreeMap::new();
        for spec in specs {
            let stream = StreamName::new(context.name(), spec.name)
                .map_err(|error| NodeError::new(error.to_string()).for_good())?;
            if let Some(limit) = context.spec.frozen_frames.filter(|_| spec.carries == Carries::Image) {
                frozen.insert(spec.name, FrozenWatch::new(limit));
            }
            outputs.insert(
                spec.name,
                Output {
                    stream,
                    publisher: None,
                    pacing: Pacing::Free,
                    last: None,
                },
            );
        }
        Ok(Self {
            bus: context.bus.clone(),
            node: context.name().to_owned(),
            reporter: context.reporter.clone(),
            late_ms: context.spec.late_ms,
            outputs,
            frozen,
        })
    }

    /// The node's name: what `camera` says in results of its pictures.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Tells something that stops nothing, such as one picture that could not be read.
    pub fn warn(&self, message: &str) {
        self.reporter.warn(message);
    }

    /// Lets an output wait for its readers, as a file that is played as fast as they go does. Before its first frame.
    pub fn set_pacing(&mut self, output: &str, pacing: Pacing) {
        if let Some(output) = self.outputs.get_mut(output) {
            output.pacing = pacing;
        }
    }

    /// Whether anybody reads an output: ask before making what is only made for readers.
    ///
    /// # Errors
    /// When the stream cannot be opened.
    pub fn is_wanted(&mut self, output: &str) -> Result<bool, NodeError> {
        let bus = self.bus.clone();
        let readers = named(&mut self.outputs, &self.node, output)?
            .publisher(&bus, None)?
            .readers() as u64;
        self.reporter.readers(output, readers);
        Ok(readers > 0)
    }

    /// Waits until an output that [minds its readers](Outputs::set_pacing) may send again; returns whether it may. At once and
    /// true for any other.
    ///
    /// # Errors
    /// When the stream cannot be opened.
    pub fn wait_for_readers(&mut self, output: &str, timeout: Duration) -> Result<bool, NodeError> {
        let bus = self.bus.clone();
        let publisher = named(&mut self.outputs, &self.node, output)?.publisher(&bus, None)?;
        Ok(publisher.wait_for_readers(timeout))
    }

    /// Reserves memory for frames of this layout, so that the first is as quick as the others.
    ///
    /// # Errors
    /// When the stream cannot be opened or the memory is not there.
    pub fn reserve(&mut self, output: &str, layout: &FrameLayout) -> Result<(), NodeError> {
        let bus = self.bus.clone();
        named(&mut self.outputs, &self.node, output)?
            .publisher(&bus, Some(layout))
            .map(drop)
    }

    /// Sends one frame: `fill` writes the arrays and returns the body.
    ///
    /// `captured` is when the picture was taken; `origin` says which frame it came from, `None` for a frame that is itself
    /// an origin.
    ///
    /// # Errors
    /// When the memory is not there, or what `fill` returned.
    pub fn send_with(
        &mut self,
        output: &str,
        layout: &FrameLayout,
        captured: CaptureTime,
        origin: Option<&Origin>,
        fill: impl FnOnce(&mut Loan<'_>) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        self.send_once_filled(output, layout, origin, |loan| fill(loan).map(|()| captured))
    }

    /// As [`Outputs::send_with`], for a picture whose capture is only over when `fill` has returned and said when it was.
    ///
    /// # Errors
    /// As [`Outputs::send_with`].
    pub fn send_once_filled(
        &mut self,
        output: &str,
        layout: &FrameLayout,
        origin: Option<&Origin>,
        fill: impl FnOnce(&mut Loan<'_>) -> Result<CaptureTime, NodeError>,
    ) -> Result<(), NodeError> {
        let bus = self.bus.clone();
        let mut watch = self.frozen.get_mut(output);
        let slot = named(&mut self.outputs, &self.node, output)?;
        let mut loan = slot.publisher(&bus, Some(layout))?.loan(layout)?;
        let captured = fill(&mut loan)?;
        let is_frozen = watch
            .as_mut()
            .is_some_and(|watch| watch.look(loan.arrays_mut().iter().map(|array| &**array)));
        let receipt = loan.send(captured, origin.cloned())?;
        slot.last = Some((receipt.seq, captured));
        self.warn_if(is_frozen, output);
        let shape = describe(layout);
        let bytes = layout.arrays.iter().map(bytes_of).sum::<u64>();
        self.sent(output, bytes, captured, receipt.readers as u64, &shape);
        Ok(())
    }

    /// Sends one frame whose arrays are ready in memory: one copy.
    ///
    /// # Errors
    /// As [`Outputs::send_with`].
    pub fn send(
        &mut self,
        output: &str,
        arrays: &[(&ArrayLayout, &[u8])],
        body: &[u8],
        captured: CaptureTime,
        origin: Option<&Origin>,
    ) -> Result<(), NodeError> {
        let layout = FrameLayout {
            arrays: arrays.iter().map(|(layout, _)| (*layout).clone()).collect(),
            body_capacity_bytes: body.len(),
        };
        let bus = self.bus.clone();
        let watch = self.frozen.get_mut(output);
        let is_frozen = watch.is_some_and(|watch| watch.look(arrays.iter().map(|(_, bytes)| *bytes)));
        let slot = named(&mut self.outputs, &self.node, output)?;
        let receipt = slot
            .publisher(&bus, Some(&layout))?
            .send(arrays, body, captured, origin.cloned())?;
        slot.last = Some((receipt.seq, captured));
        self.warn_if(is_frozen, output);
        let bytes = arrays.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        self.sent(output, bytes, captured, receipt.readers as u64, &describe(&layout));
        Ok(())
    }

    /// Sends a result: JSON in the body, no arrays.
    ///
    /// # Errors
    /// As [`Outputs::send_with`].
    pub fn send_result<T: Serialize>(
        &mut self,
        output: &str,
        result: &T,
        captured: CaptureTime,
        origin: Option<&Origin>,
    ) -> Result<(), NodeError> {
        let body = serde_json::to_vec(result)
            .map_err(|error| NodeError::new(format!("a result cannot be written as JSON: {error}")))?;
        self.send(output, &[], &body, captured, origin)
    }

    /// The frame sent last on an output, as the origin of what is made of it for another output (a JPEG and its pixels).
    pub fn last_sent(&self, output: &str) -> Option<Origin> {
        let output = self.outputs.get(output)?;
        let (seq, captured) = output.last?;
        Some(Origin {
            stream: output.stream.clone(),
            generation: output.publisher.as_ref()?.generation(),
            seq,
            captured,
        })
    }

    fn warn_if(&self, is_frozen: bool, output: &str) {
        if is_frozen {
            self.reporter
                .warn(&format!("`{output}` is frozen: the same picture again and again"));
        }
    }

    fn sent(&self, output: &str, bytes: u64, captured: CaptureTime, readers: u64, shape: &str) {
        self.reporter.sent(output, bytes, captured, readers, shape);
        let age = MonoTime::now().since(captured.mono);
        if age.as_millis() as u64 > self.late_ms {
            self.reporter.warn(&format!(
                "`{output}` is late: older than {} ms when it is sent",
                self.late_ms
            ));
        }
    }
}

fn named<'a>(
    outputs: &'a mut BTreeMap<&'static str, Output>,
    node: &str,
    name: &str,
) -> Result<&'a mut Output, NodeError> {
    outputs
        .get_mut(name)
        .ok_or_else(|| NodeError::new(format!("node `{node}` has no output `{name}`")).for_good())
}

impl Output {
    fn publisher(&mut self, bus: &Bus, expected: Option<&FrameLayout>) -> Result<&mut Publisher, NodeError> {
        if self.publisher.is_none() {
            let options = PublisherOptions {
                expected: expected.cloned(),
                pacing: self.pacing,
                ..PublisherOptions::default()
            };
            self.publisher = Some(bus.publisher(&self.stream, options)?);
        }
        self.publisher
            .as_mut()
            .ok_or_else(|| NodeError::new("the publisher just opened is gone"))
    }
}

fn bytes_of(layout: &ArrayLayout) -> u64 {
    layout.shape.iter().product::<usize>() as u64 * layout.dtype.size_bytes() as u64
}

/// What a frame holds in a few words: `1280x720 i420`, or the arrays' names and shapes.
fn describe(layout: &FrameLayout) -> String {
    let Some(first) = layout.arrays.first() else {
        return String::new();
    };
    let size = match first.shape.as_slice() {
        [height, width, ..] => format!("{width}x{height}"),
        [length] => format!("{length} B"),
        [] => String::new(),
    };
    if first.encoding.is_empty() {
        format!("{size} {}", first.dtype.name())
    } else {
        format!("{size} {}", first.encoding)
    }
}
