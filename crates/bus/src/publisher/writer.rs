//! What a publisher and its loans share: the slots, the numbers, and who has received what.

use std::fmt::Debug;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use iceoryx2::port::update_connections::UpdateConnections;
use iceoryx2::prelude::{CallbackProgression, EventId, PortFactory};

use super::SendReceipt;
use crate::bus::{Shared, locked};
use crate::clean;
use crate::control::{Ear, Message};
use crate::error::{BusError, PublishError};
use crate::frame::Origin;
use crate::header::{FLAG_PACED, Plan, Stamp};
use crate::janitor::Hearer;
use crate::liveness;
use crate::memory::{self, LINE_BYTES};
use crate::names::StreamName;
use crate::odometer::{Odometer, Reading};
use crate::options::{Pacing, PublisherOptions};
use crate::pacing::{Pacer, ReaderId};
use crate::room::{self, CONTROL_BYTES, NoRoom};
use crate::root::RootLock;
use crate::slots::{Demand, MAX_LOANS, SlotError, Slots};
use crate::time::{CaptureTime, MonoTime};
use crate::transport::{EVENT_FRAME, MAX_BORROWED, Notifier, SampleMut, StreamService};

/// Lines of a slot when nothing is known of the frames: enough for a small result.
const UNKNOWN_LINES: usize = 16;
/// Slots beyond those that the readers of now can hold, so that a few may come before there must be more.
const SPARE_SLOTS: usize = 32;

#[derive(Debug)]
pub(super) struct Writer {
    stream: StreamName,
    generation: u64,
    pacing: Pacing,
    expected_readers: usize,
    odometer: Odometer,
    ear: Arc<Ear>,
    pacer: Mutex<Pacer>,
    heard: Condvar,
    // Dropped in this order: a reader that is woken by the notifier's end finds no publisher any more.
    state: Mutex<State>,
    notifier: Notifier,
    service: StreamService,
    bus: Arc<Shared>,
}

#[derive(Debug)]
struct State {
    /// Absent after larger ones could not be had.
    slots: Option<Slots>,
    /// Goes up with each new port.
    epoch: u64,
    next_seq: u64,
    /// Readers when the last frame was sent.
    connected: usize,
}

/// A taken slot, and which port it belongs to.
#[derive(Debug)]
pub(super) struct Slot {
    sample: SampleMut,
    epoch: u64,
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
            Some(layout) => Plan::new(layout)?.frame_bytes / LINE_BYTES,
            None => UNKNOWN_LINES,
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
        let odometer = Odometer::create(bus.root(), stream).map_err(|source| system("making its odometer", source))?;
        let generation = MonoTime::now().as_ns();
        odometer.show(Reading {
            generation,
            next_seq: 0,
        });
        let notifier = service
            .events
            .notifier_builder()
            .default_event_id(EVENT_FRAME)
            .create()
            .map_err(|cause| BusError::transport(format!("stream `{stream}`: making the publisher's events"), cause))?;
        drop(lock);
        let writer = Arc::new(Self {
            stream: stream.clone(),
            generation,
            pacing: options.pacing,
            expected_readers: options.expected_readers,
            odometer,
            ear: Arc::new(ear),
            pacer: Mutex::default(),
            heard: Condvar::new(),
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
        let hearer: Weak<dyn Hearer> = Arc::downgrade(&(writer.clone() as Arc<dyn Hearer>));
        bus.janitor().attend(writer.ear.clone(), hearer);
        Ok(writer)
    }

    pub(super) fn stream(&self) -> &StreamName {
        &self.stream
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn readers(&self) -> usize {
        self.service.frames.dynamic_config().number_of_subscribers()
    }

    /// Takes a slot with room for the frame, all of it real.
    pub(super) fn take_slot(&self, plan: &Plan) -> Result<Slot, PublishError> {
        self.take_slot_in(&mut locked(&self.state), plan)
    }

    fn take_slot_in(&self, state: &mut State, plan: &Plan) -> Result<Slot, PublishError> {
        let lines = plan.frame_bytes / LINE_BYTES;
        if state.slots.as_ref().is_none_or(|slots| slots.lines < lines) {
            self.grow(state, lines)?;
        }
        let epoch = state.epoch;
        match self.try_take(state, lines) {
            Ok(sample) => Ok(Slot { sample, epoch }),
            Err(SlotError::AllInUse) => {
                self.grow(state, lines)?;
                let sample = self.try_take(state, lines).map_err(|error| self.failed(error))?;
                Ok(Slot {
                    sample,
                    epoch: state.epoch,
                })
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn try_take(&self, state: &mut State, lines: usize) -> Result<SampleMut, SlotError> {
        let slots = state.slots.as_mut().ok_or(SlotError::AllInUse)?;
        let mut sample = slots.take(lines)?;
        if !slots.is_real(&mut sample) {
            // Under the lock, so that nobody else counts on the same free bytes.
            let _lock = RootLock::take(self.bus.root()).map_err(SlotError::Lock)?;
            slots.make_real(memory::place_of(sample.payload_mut()))?;
        }
        Ok(sample)
    }

    /// Goes over to a port with larger slots, or with more of them. Readers that look at neither before the next change miss what this one sends.
    fn grow(&self, state: &mut State, lines: usize) -> Result<(), PublishError> {
        let old = state.slots.as_ref().map(Slots::demand);
        let (old_lines, old_count) = old.map_or((0, 0), |old| (old.lines, old.count));
        let needed = slots_for(&self.service, self.expected_readers);
        let demand = if lines <= old_lines {
            Demand {
                lines: old_lines,
                count: needed.max(2 * old_count),
                reserve: 1,
            }
        } else {
            // Twice as large, so that it seldom happens again: what no frame touches takes no memory.
            Demand {
                lines: (2 * lines).next_power_of_two(),
                count: needed.max(old_count),
                reserve: 0,
            }
        };
        let _lock = RootLock::take(self.bus.root())?;
        // At best all that the old port has becomes free. Without that much it is better to keep it.
        let freed = state.slots.as_ref().map_or(0, Slots::real_bytes);
        room::require_for_frames((demand.bytes_at_once() + lines * LINE_BYTES).saturating_sub(freed) as u64)
            .map_err(|no_room| self.failed(no_room.into()))?;
        // The old one goes first, or readers might take frames of both in any order. What they hold of it stays theirs.
        state.slots = None;
        state.epoch += 1;
        if let Some(other) = liveness::live_publisher(&self.bus.config, &self.service) {
            let stream = self.stream.clone();
            return Err(BusError::SecondPublisher { stream, pid: other.pid }.into());
        }
        match Slots::create(&self.service, demand) {
            Ok(slots) => {
                state.slots = Some(slots);
                Ok(())
            }
            Err(error) => {
                // What fitted before fits again: the stream goes on with the frames that it can have.
                state.slots = old.and_then(|old| Slots::create(&self.service, old).ok());
                Err(self.failed(error))
            }
        }
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
            locked(&self.pacer).sent(seq, &self.reader_ids(), now);
        }
        state.connected = self.readers();
        // Before the frame itself: a reader that comes between the two counts one too few, not one too many.
        state.next_seq = seq + 1;
        self.odometer.show(Reading {
            generation: self.generation,
            next_seq: state.next_seq,
        });
        let readers = slot.sample.send().map_err(|cause| self.transport("sending", &cause))?;
        drop(state);
        self.notify(EVENT_FRAME);
        Ok(SendReceipt { seq, readers })
    }

    /// A slot of an older port cannot be sent any more: its bytes move to one of the new port.
    fn move_over(&self, state: &mut State, mut old: Slot, plan: &Plan) -> Result<Slot, PublishError> {
        let mut new = self.take_slot_in(state, plan)?;
        new.bytes_mut().copy_from_slice(old.bytes_mut());
        Ok(new)
    }

    /// Connecting to a new reader makes a small file in shared memory, which must fit.
    fn check_room(&self, state: &State) -> Result<(), PublishError> {
        match room::require(CONTROL_BYTES) {
            Err(no_room) if self.readers() > state.connected => Err(self.failed(SlotError::NoRoom(no_room))),
            _ => Ok(()),
        }
    }

    fn notify(&self, event: EventId) {
        // A reader that cannot be woken looks again when its wait is over; the frame itself is with it.
        if let Err(cause) = self.notifier.notify_with_custom_event_id(event) {
            tracing::debug!(stream = %self.stream, ?cause, "cannot wake the readers");
        }
    }

    pub(super) fn wait_for_readers(&self, timeout: Duration) -> bool {
        let Pacing::WaitForReaders { outstanding } = self.pacing else {
            return true;
        };
        let deadline = MonoTime::now() + timeout;
        let mut pacer = locked(&self.pacer);
        loop {
            let now = MonoTime::now();
            pacer.seen(&self.reader_ids(), now);
            if pacer.outstanding(now) < u64::from(outstanding.max(1)) {
                return true;
            }
            if now >= deadline {
                return false;
            }
            let until = pacer
                .next_silence(now)
                .map_or(deadline, |silence| silence.min(deadline));
            pacer = wait_on(&self.heard, pacer, until.since(now).min(LOOK_AGAIN));
        }
    }

    fn reader_ids(&self) -> Vec<ReaderId> {
        let mut ids = Vec::new();
        self.service.frames.dynamic_config().list_subscribers(|reader| {
            ids.push(reader.subscriber_id.value());
            CallbackProgression::Continue
        });
        ids
    }

    /// Connects to a reader that came while nothing is sent, and gives it the last frame if it asked for that.
    fn greet(&self) {
        let mut state = locked(&self.state);
        if self.check_room(&state).is_err() {
            return;
        }
        state.connected = self.readers();
        if let Some(slots) = &state.slots
            && let Err(cause) = slots.port.update_connections()
        {
            tracing::debug!(stream = %self.stream, ?cause, "cannot connect to a new reader yet");
        }
        drop(state);
        self.notify(EVENT_FRAME);
    }

    fn failed(&self, error: SlotError) -> PublishError {
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

/// A reader that dies sends no message: its absence is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Hearer for Writer {
    fn hear(&self, message: Message) {
        match message {
            Message::Joined { .. } => self.greet(),
            Message::Received {
                reader,
                generation,
                seq,
            } if generation == self.generation => {
                locked(&self.pacer).acknowledged(reader, seq, MonoTime::now());
            }
            Message::Received { .. } => {}
            Message::Left { reader } => locked(&self.pacer).left(reader),
        }
        self.heard.notify_all();
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

/// Slots that are made real at once: for each reader one in its hand, and one that waits, is the last one sent or is being filled.
fn reserve_for(readers: usize) -> usize {
    (readers + 3).clamp(4, MAX_LOANS)
}

/// Slots that can be in use at once: what readers may hold, the last one sent, and loans; and some to spare.
fn slots_for(service: &StreamService, expected_readers: usize) -> usize {
    let mut held = expected_readers * (1 + MAX_BORROWED);
    let mut now = 0;
    service.frames.dynamic_config().list_subscribers(|reader| {
        now += reader.buffer_size + MAX_BORROWED;
        CallbackProgression::Continue
    });
    held = held.max(now);
    held + 1 + MAX_LOANS + SPARE_SLOTS
}

fn wait_on<'l, T>(condvar: &Condvar, guard: MutexGuard<'l, T>, timeout: Duration) -> MutexGuard<'l, T> {
    condvar
        .wait_timeout(guard, timeout)
        .unwrap_or_else(PoisonError::into_inner)
        .0
}

impl From<BusError> for PublishError {
    fn from(error: BusError) -> Self {
        Self::Bus(Box::new(error))
    }
}
