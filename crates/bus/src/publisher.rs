//! The writing end: loan, fill, send.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iceoryx2::prelude::{AllocationStrategy, BackpressureStrategy};

use crate::bus::{Shared, locked};
use crate::error::{BusError, PublishError};
use crate::frame::Origin;
use crate::header::{Plan, Stamp};
use crate::layout::{ArrayLayout, FrameLayout};
use crate::memory::{self, LINE_BYTES, Line};
use crate::names::StreamName;
use crate::options::{Pacing, PublisherOptions};
use crate::time::{CaptureTime, MonoTime};
use crate::transport::{EVENT_FRAME, Notifier, Port, SampleMut, StreamService};

/// The writing end of a stream. Dropping it ends the stream, until somebody writes it again.
#[derive(Debug)]
pub struct Publisher(Arc<Writer>);

#[derive(Debug)]
struct Writer {
    stream: StreamName,
    generation: u64,
    options: PublisherOptions,
    notifier: Notifier,
    state: Mutex<State>,
    service: StreamService,
    _bus: Arc<Shared>,
}

#[derive(Debug)]
struct State {
    port: Option<Port>,
    next_seq: u64,
}

/// What became of a sent frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendReceipt {
    /// Its number since the publisher's start, from 0.
    pub seq: u64,
    /// How many readers it was handed to.
    pub readers: usize,
}

impl Publisher {
    pub(crate) fn open(
        bus: &Arc<Shared>,
        stream: &StreamName,
        options: PublisherOptions,
    ) -> Result<Self, BusError> {
        let service = StreamService::open(&bus.node, stream)?;
        let lines = match &options.expected {
            Some(layout) => Plan::new(layout)?.frame_bytes / LINE_BYTES,
            None => 1,
        };
        let port =
            open_port(&service, lines).map_err(|cause| BusError::transport("publisher", cause))?;
        let notifier = service
            .events
            .notifier_builder()
            .create()
            .map_err(|cause| BusError::transport("notifier", cause))?;
        Ok(Self(Arc::new(Writer {
            stream: stream.clone(),
            generation: MonoTime::now().as_ns(),
            options,
            notifier,
            state: Mutex::new(State {
                port: Some(port),
                next_seq: 0,
            }),
            service,
            _bus: bus.clone(),
        })))
    }

    /// Returns a slot of shared memory with room for a frame; fill its arrays, then send it.
    ///
    /// # Errors
    /// [`PublishError::ShmFull`], when there is no room: nothing was written then. [`PublishError::Layout`], when no frame can look like that.
    pub fn loan(&self, layout: &FrameLayout) -> Result<Loan<'_>, PublishError> {
        self.loan_planned(Plan::new(layout)?)
    }

    /// The same, for callers that cannot borrow the publisher meanwhile.
    ///
    /// # Errors
    /// As [`Self::loan`].
    pub fn loan_owned(&self, layout: &FrameLayout) -> Result<Loan<'static>, PublishError> {
        self.loan_planned(Plan::new(layout)?)
    }

    /// Sends copies of arrays and of a body.
    ///
    /// # Errors
    /// As [`Self::loan`], and [`PublishError::WrongLength`], when an array's bytes are not as many as its layout takes.
    pub fn send(
        &self,
        arrays: &[(&ArrayLayout, &[u8])],
        body: &[u8],
        captured: CaptureTime,
        origin: Option<Origin>,
    ) -> Result<SendReceipt, PublishError> {
        let layouts: Vec<&ArrayLayout> = arrays.iter().map(|(layout, _)| *layout).collect();
        let plan = Plan::of_arrays(&layouts, body.len())?;
        for ((layout, bytes), range) in arrays.iter().zip(&plan.ranges) {
            if bytes.len() != range.len() {
                return Err(PublishError::WrongLength {
                    stream: self.0.stream.clone(),
                    array: layout.name.clone(),
                    got: bytes.len(),
                    wanted: range.len(),
                });
            }
        }
        let mut loan = self.loan_planned(plan)?;
        for (index, (_, bytes)) in arrays.iter().enumerate() {
            loan.array_mut(index).copy_from_slice(bytes);
        }
        loan.set_body(body)?;
        loan.send(captured, origin)
    }

    /// Returns whether anybody reads the stream now; cheap enough to ask before each frame.
    pub fn is_wanted(&self) -> bool {
        self.readers() > 0
    }

    /// Returns how many read the stream now.
    pub fn readers(&self) -> usize {
        use iceoryx2::prelude::PortFactory;
        self.0
            .service
            .frames
            .dynamic_config()
            .number_of_subscribers()
    }

    /// Returns the stream that it writes.
    pub fn stream(&self) -> &StreamName {
        &self.0.stream
    }

    /// Returns the number of this start: larger for each later start of the stream's publisher.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// Waits until fewer frames are outstanding than [`Pacing::WaitForReaders`] allows; returns whether that came in time. At once and true with [`Pacing::Free`].
    pub fn wait_for_readers(&self, timeout: Duration) -> bool {
        let _ = timeout;
        self.0.options.pacing == Pacing::Free
    }

    fn loan_planned<'p>(&self, plan: Plan) -> Result<Loan<'p>, PublishError> {
        let sample = self.0.loan(plan.frame_bytes / LINE_BYTES)?;
        Ok(Loan {
            writer: self.0.clone(),
            sample,
            plan,
            body_bytes: 0,
            _publisher: PhantomData,
        })
    }
}

fn open_port(
    service: &StreamService,
    lines: usize,
) -> Result<Port, iceoryx2::port::publisher::PublisherCreateError> {
    service
        .frames
        .publisher_builder()
        .initial_max_slice_len(lines)
        .allocation_strategy(AllocationStrategy::PowerOfTwo)
        .backpressure_strategy(BackpressureStrategy::DiscardData)
        .create()
}

impl Writer {
    fn loan(&self, lines: usize) -> Result<SampleMut, PublishError> {
        let state = locked(&self.state);
        let failed = |cause: &dyn std::fmt::Debug| PublishError::Transport {
            stream: self.stream.clone(),
            what: "taking a slot",
            cause: format!("{cause:?}"),
        };
        let port = state.port.as_ref().ok_or_else(|| failed(&"no port"))?;
        let sample = port
            .loan_slice_uninit(lines)
            .map_err(|cause| failed(&cause))?;
        Ok(sample.write_from_fn(|_| Line::ZERO))
    }

    fn send(
        &self,
        mut sample: SampleMut,
        plan: &Plan,
        body_bytes: usize,
        captured: CaptureTime,
        origin: Option<Origin>,
    ) -> Result<SendReceipt, PublishError> {
        let mut state = locked(&self.state);
        let seq = state.next_seq;
        let origin = origin.unwrap_or_else(|| Origin {
            stream: self.stream.clone(),
            generation: self.generation,
            seq,
            captured,
        });
        let stamp = Stamp {
            flags: 0,
            generation: self.generation,
            seq,
            captured,
            published_at: MonoTime::now(),
            origin: &origin,
            body_bytes,
        };
        plan.write(memory::as_bytes_mut(sample.payload_mut()), &stamp);
        let failed = |cause: &dyn std::fmt::Debug| PublishError::Transport {
            stream: self.stream.clone(),
            what: "sending",
            cause: format!("{cause:?}"),
        };
        let readers = sample.send().map_err(|cause| failed(&cause))?;
        state.next_seq = seq + 1;
        self.notifier
            .notify_with_custom_event_id(EVENT_FRAME)
            .map_err(|cause| failed(&cause))?;
        Ok(SendReceipt { seq, readers })
    }
}

/// A slot of shared memory, to be filled and sent. Dropping it gives the slot back.
#[derive(Debug)]
pub struct Loan<'p> {
    writer: Arc<Writer>,
    sample: SampleMut,
    plan: Plan,
    body_bytes: usize,
    _publisher: PhantomData<&'p Publisher>,
}

impl Loan<'_> {
    /// Returns the bytes of an array, by its place in the layout: all of it, gaps between rows included. They are whatever an earlier frame left there.
    ///
    /// # Panics
    /// When the layout has no such array.
    pub fn array_mut(&mut self, index: usize) -> &mut [u8] {
        let range = self.plan.ranges[index].clone();
        &mut memory::as_bytes_mut(self.sample.payload_mut())[range]
    }

    /// Returns the bytes of all arrays at once, in the layout's order.
    pub fn arrays_mut(&mut self) -> Vec<&mut [u8]> {
        let mut rest = memory::as_bytes_mut(self.sample.payload_mut());
        let mut begin = 0;
        let mut arrays = Vec::with_capacity(self.plan.ranges.len());
        for range in &self.plan.ranges {
            let (array, behind) = rest
                .split_at_mut(range.start - begin)
                .1
                .split_at_mut(range.len());
            arrays.push(array);
            rest = behind;
            begin = range.end;
        }
        arrays
    }

    /// Sets the body; it may be shorter than the room that was loaned.
    ///
    /// # Errors
    /// [`PublishError::BodyTooLong`], when it is longer.
    pub fn set_body(&mut self, body: &[u8]) -> Result<(), PublishError> {
        let room = self.plan.body.clone();
        if body.len() > room.len() {
            return Err(PublishError::BodyTooLong {
                stream: self.writer.stream.clone(),
                got: body.len(),
                capacity: room.len(),
            });
        }
        let bytes = memory::as_bytes_mut(self.sample.payload_mut());
        bytes[room.start..room.start + body.len()].copy_from_slice(body);
        self.body_bytes = body.len();
        Ok(())
    }

    /// Sends the frame. `origin`: the frame that it came from; absent: it is its own origin.
    ///
    /// # Errors
    /// [`PublishError::Transport`], when the transport below said no.
    pub fn send(
        self,
        captured: CaptureTime,
        origin: Option<Origin>,
    ) -> Result<SendReceipt, PublishError> {
        let Self {
            writer,
            sample,
            plan,
            body_bytes,
            ..
        } = self;
        writer.send(sample, &plan, body_bytes, captured, origin)
    }
}

impl From<BusError> for PublishError {
    fn from(error: BusError) -> Self {
        Self::Bus(Box::new(error))
    }
}
