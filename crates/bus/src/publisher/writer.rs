//! What a publisher and its loans share: the slots, the numbers, and who has received what.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, Weak};

use iceoryx2::prelude::EventId;

use super::SendReceipt;
use super::audience::{Audience, Hearing};
use super::taking::{reserve_for, slots_for};
use crate::bus::{Shared, locked};
use crate::clean;
use crate::control::Ear;
use crate::error::{BusError, PublishError};
use crate::frame::Origin;
use crate::header::{FLAG_PACED, Plan, Stamp};
use crate::janitor::Hearer;
use crate::liveness;
use crate::memory::{self, LINE_BYTES};
use crate::names::StreamName;
use crate::odometer::Odometer;
use crate::options::{Pacing, PublisherOptions};
use crate::room::{self, CONTROL_BYTES, NoRoom};
use crate::slots::{Demand, SlotError, Slots};
use crate::time::{CaptureTime, MonoTime};
use crate::transport::{EVENT_FRAME, Notifier, SampleMut, StreamService};

/// Lines of the smallest slots: enough for most results, so that a stream of results seldom goes over to larger ones. What no
/// frame touches takes no memory.
const LEAST_LINES: usize = (16 << 10) / LINE_BYTES;

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) stream: StreamName,
    pub(super) generation: u64,
    pub(super) pacing: Pacing,
    pub(super) expected_readers: usize,
    odometer: Odometer,
    ear: Arc<Ear>,
    pub(super) audience: Arc<Audience>,
    hearing: Arc<Hearing>,
    // Dropped in this order: a reader that is woken by the notifier's end finds no publisher any more.
    pub(super) state: Mutex<State>,
    notifier: Notifier,
    pub(super) service: StreamService,
    pub(super) bus: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct State {
    /// Absent after larger ones could not be had.
    pub(super) slots: Option<Slots>,
    /// Goes up with each new port.
    pub(super) epoch: u64,
    pub(super) next_seq: u64,
    /// Readers when the last frame was sent.
    pub(super) connected: usize,
}

/// A taken slot, and which port it belongs to.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) sample: SampleMut,
    pub(super) epoch: u64,
}

impl Slot {
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        memory::as_bytes_mut(self.sample.payload_mut())
    }
}

impl Writer {
    pub(super) fn open(
        bus: &Arc<Shared>,
        stream: &StreamName,
        options: &PublisherOptions,
    ) -> Result<Arc<Self>, BusError> {
        let lines = match &options.expected {
            Some(layout) => LEAST_LINES.max(Plan::new(layout)?.frame_bytes / LINE_BYTES),
            None => LEAST_LINES,
        };
        let lock = bus.lock_for(stream)?;
        clean::remove_dead_nodes(&bus.config);
        let service = StreamService::open(bus, stream)?;
        if let Some(other) = liveness::live_publisher(&bus.config, &service) {
            return Err(BusError::SecondPublisher {
                stream: stream.clone(),
                pid: other.pid,
            });
        }
        let reserve = if options.expected.is_some() {
            reserve_for(options.expected_readers)
        } else {
            0
        };
        let count = slots_for(&service, options.expected_readers);
        let slots =
            Slots::create(&service, Demand { lines, count, reserve }).map_err(|error| bus_error(stream, error))?;
        let system = |what: &str, source| BusError::system(format!("stream `{stream}`: {what}"), source);
        let ear = Ear::open(bus.root(), stream).map_err(|source| system("making the publisher's socket", source))?;
        let generation = MonoTime::now().as_ns();
        let odometer =
            Odometer::create(bus.root(), stream, generation).map_err(|source| system("making its odometer", source))?;
        let notifier = service
            .events
            .notifier_builder()
            .default_event_id(EVENT_FRAME)
            .create()
            .map_err(|cause| BusError::transport(format!("stream `{stream}`: making the publisher's events"), cause))?;
        drop(lock);
        let audience = Arc::<Audience>::default();
        let writer = Arc::new_cyclic(|writer| Self {
            hearing: Arc::new(Hearing {
                audience: audience.clone(),
                generation,
                writer: writer.clone(),
            }),
            stream: stream.clone(),
            generation,
            pacing: options.pacing,
            expected_readers: options.expected_readers,
            odometer,
            ear: Arc::new(ear),
            audience,
            state: Mutex::new(State {
                slots: Some(slots),
                epoch: 0,
                next_seq: 0,
                connected: 0,
            }),
            notifier,
            service,
            bus: bus.clone(),
        });
        let hearer: Weak<dyn Hearer> = Arc::downgrade(&(writer.hearing.clone() as Arc<dyn Hearer>));
        bus.janitor().attend(writer.ear.clone(), hearer);
        Ok(writer)
    }

    pub(super) fn stream(&self) -> &StreamName {
        &self.stream
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn send(
        &self,
        mut slot: Slot,
        plan: &Plan,
        body_bytes: usize,
        captured: CaptureTime,
        origin: Option<Origin>,
    ) -> Result<SendReceipt, PublishError> {
        let mut state = locked(&self.state);
        if slot.epoch != state.epoch {
            slot = self.move_over(&mut state, slot, plan)?;
        }
        self.check_room(&state)?;
        let seq = state.next_seq;
        let origin = origin.unwrap_or_else(|| Origin {
            stream: self.stream.clone(),
            generation: self.generation,
            seq,
            captured,
        });
        let now = MonoTime::now();
        let paced = matches!(self.pacing, Pacing::WaitForReaders { .. });
        let stamp = Stamp {
            flags: if paced { FLAG_PACED } else { 0 },
            generation: self.generation,
            seq,
            captured,
            published_at: now,
            origin: &origin,
            body_bytes,
        };
        plan.write(slot.bytes_mut(), &stamp);
        if paced {
            self.audience.sent(seq, &self.reader_ids(), now);
        }
        state.connected = self.readers();
        // Before the frame itself: a reader that comes between the two counts one too few, not one too many.
        state.next_seq = seq + 1;
        self.odometer.show(state.next_seq);
        let readers = slot.sample.send().map_err(|cause| self.transport("sending", &cause))?;
        drop(state);
        self.notify(EVENT_FRAME);
        Ok(SendReceipt { seq, readers })
    }

    /// Connecting to a new reader makes a small file in shared memory, which must fit.
    pub(super) fn check_room(&self, state: &State) -> Result<(), PublishError> {
        // The system is asked only when it matters: with every frame, that would be a good part of what a small one costs.
        if self.readers() <= state.connected {
            return Ok(());
        }
        room::require(CONTROL_BYTES).map_err(|no_room| self.failed(SlotError::NoRoom(no_room)))
    }

    pub(super) fn notify(&self, event: EventId) {
        // A reader that cannot be woken looks again when its wait is over; the frame itself is with it.
        if let Err(cause) = self.notifier.notify_with_custom_event_id(event) {
            tracing::debug!(stream = %self.stream, ?cause, "cannot wake the readers");
        }
    }

    pub(super) fn failed(&self, error: SlotError) -> PublishError {
        match error {
            SlotError::NoRoom(NoRoom {
                wanted_bytes,
                free_bytes,
            }) => PublishError::ShmFull {
                stream: self.stream.clone(),
                wanted_bytes,
                free_bytes,
            },
            SlotError::Lock(error) => error.into(),
            SlotError::AllInUse => self.transport("taking a slot", &"all are in use"),
            SlotError::Create(cause) => self.transport("making slots", &cause),
            SlotError::Loan(cause) => self.transport("taking a slot", &cause),
        }
    }

    fn transport(&self, what: &'static str, cause: &dyn Debug) -> PublishError {
        PublishError::Transport {
            stream: self.stream.clone(),
            what,
            cause: format!("{cause:?}"),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // While the port is still there, and so no other publisher of the stream.
        self.ear.leave();
    }
}

fn bus_error(stream: &StreamName, error: SlotError) -> BusError {
    let transport = |cause: &dyn Debug| BusError::transport(format!("stream `{stream}`: making slots"), cause);
    match error {
        SlotError::NoRoom(no_room) => no_room.into_error(Some(stream)),
        SlotError::Lock(error) => error,
        SlotError::AllInUse => transport(&"all are in use"),
        SlotError::Create(cause) => transport(&cause),
        SlotError::Loan(cause) => transport(&cause),
    }
}

impl From<BusError> for PublishError {
    fn from(error: BusError) -> Self {
        Self::Bus(Box::new(error))
    }
}
