//! How a publisher gets its slots: from its port, and from a larger one when a frame does not fit.

use iceoryx2::prelude::{CallbackProgression, PortFactory};

use super::writer::{Slot, State, Writer};
use crate::bus::locked;
use crate::error::{BusError, PublishError};
use crate::header::Plan;
use crate::liveness;
use crate::memory::{self, LINE_BYTES};
use crate::room;
use crate::root::RootLock;
use crate::slots::{Demand, MAX_LOANS, SlotError, Slots};
use crate::transport::{MAX_BORROWED, SampleMut, StreamService};

/// Slots beyond those that the readers of now can hold, so that a few may come before there must be more.
const SPARE_SLOTS: usize = 32;

impl Writer {
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

    /// Goes over to a port with larger slots, or with more of them. Readers that look at neither before the next change
    /// miss what this one sends.
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
        self.audience.port_changed();
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

    /// A slot of an older port cannot be sent any more: its bytes move to one of the new port.
    pub(super) fn move_over(&self, state: &mut State, mut old: Slot, plan: &Plan) -> Result<Slot, PublishError> {
        let mut new = self.take_slot_in(state, plan)?;
        new.bytes_mut().copy_from_slice(old.bytes_mut());
        Ok(new)
    }
}

/// Slots that are made real at once: for each reader one in its hand, and one that waits, is the last one sent or is
/// being filled.
pub(super) fn reserve_for(readers: usize) -> usize {
    (readers + 3).clamp(4, MAX_LOANS)
}

/// Slots that can be in use at once: what readers may hold, the last one sent, and loans; and some to spare.
pub(super) fn slots_for(service: &StreamService, expected_readers: usize) -> usize {
    let mut held = expected_readers * (1 + MAX_BORROWED);
    let mut now = 0;
    service.frames.dynamic_config().list_subscribers(|reader| {
        now += reader.buffer_size + MAX_BORROWED;
        CallbackProgression::Continue
    });
    held = held.max(now);
    held + 1 + MAX_LOANS + SPARE_SLOTS
}
