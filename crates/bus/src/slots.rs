//! The slots of a publisher: how many, how large, and which pages of them are real already.
//!
//! A port has a fixed number of slots of one size, most of which are only addresses. The page with each slot's header
//! is made real when the port is
//! made, because iceoryx2 writes there before it tells which slot it took; the rest of a slot when it is first used. A
//! frame that does not
//! fit gets a new port with larger slots; the old port's slots live on for as long as a reader keeps one.

use std::collections::HashMap;

use iceoryx2::port::LoanError;
use iceoryx2::port::publisher::PublisherCreateError;
use iceoryx2::prelude::{AllocationStrategy, BackpressureStrategy};

use crate::error::BusError;
use crate::memory::{self, LINE_BYTES};
use crate::options::{MAX_QUEUE, MAX_READERS};
use crate::populate::{self, Place, Way};
use crate::room::{self, NoRoom};
use crate::transport::{MAX_BORROWED, Port, SampleMut, StreamService};

/// Slots that may be loaned at once.
pub(crate) const MAX_LOANS: usize = 8;
/// Slots that a port can need at most: with every reader's queue full, all that they may hold, the last one sent, and
/// loans.
const MOST_SLOTS: usize = MAX_READERS * (MAX_QUEUE + MAX_BORROWED) + 1 + MAX_LOANS;
/// The bookkeeping of a port, apart from its slots.
const PORT_BYTES: usize = 64 << 10;
/// iceoryx2's own header takes fewer.
const HEAD_LINES: usize = 4;
const PAGE_BYTES: usize = 4096;

/// What a port must be able to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Lines of the largest frame.
    pub(crate) lines: usize,
    /// Slots that can be in use at once.
    pub(crate) count: usize,
    /// Slots that are made real at once.
    pub(crate) reserve: usize,
}

impl Demand {
    /// Returns the memory that a port takes as soon as it is made.
    pub(crate) fn bytes_at_once(&self) -> usize {
        let slot_bytes = (self.lines + HEAD_LINES) * LINE_BYTES;
        PORT_BYTES + self.count.min(MOST_SLOTS) * slot_bytes.min(PAGE_BYTES) + self.reserve * slot_bytes
    }
}

/// A slot could not be had.
#[derive(Debug)]
pub(crate) enum SlotError {
    NoRoom(NoRoom),
    /// The instance's lock could not be had.
    Lock(BusError),
    /// Every slot is in use: loaned, waiting at a reader, or kept by one.
    AllInUse,
    Create(PublisherCreateError),
    Loan(LoanError),
}

impl From<NoRoom> for SlotError {
    fn from(no_room: NoRoom) -> Self {
        Self::NoRoom(no_room)
    }
}

/// A port with its slots.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) port: Port,
    pub(crate) lines: usize,
    pub(crate) count: usize,
    /// Bytes of iceoryx2's own header before the lines of a slot.
    head_bytes: usize,
    /// For each slot that was used, by the address of its first line: how many bytes are real.
    real: HashMap<usize, usize>,
    way: Way,
}

impl Slots {
    /// Makes a port. The caller holds the instance's lock.
    pub(crate) fn create(service: &StreamService, demand: Demand) -> Result<Self, SlotError> {
        Self::create_by(service, demand, Way::of_this_kernel())
    }

    pub(crate) fn create_by(service: &StreamService, demand: Demand, way: Way) -> Result<Self, SlotError> {
        let Demand { lines, count, reserve } = demand;
        let count = count.min(MOST_SLOTS);
        room::require_for_frames(demand.bytes_at_once() as u64)?;
        let port = service
            .frames
            .publisher_builder()
            .initial_max_slice_len(lines)
            // A fixed segment: readers map all of it when they connect, so that no frame is lost when the publisher is
            // gone before
            // they read, and its bookkeeping in each connection is 256 times smaller than that of a growing one. We
            // grow by another port.
            .allocation_strategy(AllocationStrategy::Static)
            .backpressure_strategy(BackpressureStrategy::DiscardData)
            .max_loaned_samples(MAX_LOANS)
            .override_sample_preallocation(move |_| count)
            .create()
            .map_err(SlotError::Create)?;
        let mut slots = Self {
            port,
            lines,
            count,
            head_bytes: 0,
            real: HashMap::new(),
            way,
        };
        slots.make_heads_real()?;
        slots.reserve(reserve.min(MAX_LOANS))?;
        Ok(slots)
    }

    /// Returns a demand that gives the same again.
    pub(crate) fn demand(&self) -> Demand {
        Demand {
            lines: self.lines,
            count: self.count,
            reserve: self.real.len().min(MAX_LOANS),
        }
    }

    /// Returns the bytes that its slots take.
    pub(crate) fn real_bytes(&self) -> usize {
        self.real.values().sum()
    }

    /// Takes a slot whose first `lines` lines can be written.
    pub(crate) fn loan(&mut self, lines: usize) -> Result<SampleMut, SlotError> {
        let mut sample = self.take(lines)?;
        self.make_real(memory::place_of(sample.payload_mut()))?;
        Ok(sample)
    }

    /// Whether the memory of this loan's slot would have to be made real first. Then the instance's lock is worth
    /// taking.
    pub(crate) fn is_real(&self, sample: &mut SampleMut) -> bool {
        let place = memory::place_of(sample.payload_mut());
        self.real.get(&place.address).is_some_and(|real| *real >= place.bytes)
    }

    /// Takes a slot, real or not; nothing of it but its header may be touched yet.
    pub(crate) fn take(&self, lines: usize) -> Result<SampleMut, SlotError> {
        match self.port.loan_slice_uninit(lines) {
            Ok(sample) => Ok(memory::assume_lines(sample)),
            Err(LoanError::OutOfMemory) => Err(SlotError::AllInUse),
            Err(cause) => Err(SlotError::Loan(cause)),
        }
    }

    /// Makes the lines of a taken slot real, as far as they are not yet. The caller holds the instance's lock.
    pub(crate) fn make_real(&mut self, place: Place) -> Result<(), SlotError> {
        let real = self.real.get(&place.address).copied().unwrap_or(0);
        if real >= place.bytes {
            return Ok(());
        }
        let rest = Place {
            address: place.address + real,
            bytes: place.bytes - real,
        };
        room::require_for_frames(rest.bytes as u64)?;
        populate::populate(rest, self.way).map_err(|_| no_room(rest.bytes))?;
        self.real.insert(place.address, place.bytes);
        Ok(())
    }

    /// The first slot that a fresh port gives is the first of its segment; the others follow at equal distances.
    fn make_heads_real(&mut self) -> Result<(), SlotError> {
        let mut first = self.take(self.lines)?;
        let head = memory::head_of(&first);
        let lines = memory::place_of(first.payload_mut());
        drop(first);
        self.head_bytes = lines.address - head;
        let slot_bytes = self.head_bytes + self.lines * LINE_BYTES;
        for index in 0..self.count {
            let place = Place {
                address: head + index * slot_bytes,
                bytes: self.head_bytes,
            };
            populate::populate(place, self.way).map_err(|_| no_room(self.count * PAGE_BYTES))?;
        }
        Ok(())
    }

    fn reserve(&mut self, slots: usize) -> Result<(), SlotError> {
        let mut taken = Vec::with_capacity(slots);
        for _ in 0..slots {
            taken.push(self.loan(self.lines)?);
        }
        Ok(())
    }
}

fn no_room(bytes: usize) -> NoRoom {
    let wanted_bytes = (bytes as u64).saturating_add(room::MARGIN_BYTES);
    NoRoom {
        wanted_bytes,
        free_bytes: room::free_bytes().unwrap_or(0),
    }
}
