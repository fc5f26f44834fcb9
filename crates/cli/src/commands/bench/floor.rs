//! The floor: what one thread's memcpy does on this machine, into three warm slots of shared memory in turn.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Loan, Publisher, PublisherOptions};

use super::BenchResult;
use super::payload::{Payload, Sources};

const SLOTS: usize = 3;

/// Three slots of a stream that nobody reads, and pictures to copy there.
#[derive(Debug)]
pub(super) struct Floor {
    slots: Vec<Loan<'static>>,
    sources: Sources,
    bytes: usize,
    _publisher: Publisher,
}

impl Floor {
    pub(super) fn of(bus: &Bus, payload: Payload) -> BenchResult<Self> {
        let layout = payload.layout();
        let options = PublisherOptions {
            expected: Some(layout.clone()),
            ..PublisherOptions::default()
        };
        let publisher = bus.publisher(&format!("floor/{}", payload.key()).parse()?, options)?;
        let slots = (0..SLOTS)
            .map(|_| publisher.loan_owned(&layout))
            .collect::<Result<Vec<_>, _>>()?;
        let mut floor = Self {
            slots,
            sources: Sources::of(&layout),
            bytes: payload.bytes(),
            _publisher: publisher,
        };
        floor.copy(2 * SLOTS as u64);
        Ok(floor)
    }

    /// Copies for so long; returns megabytes a second.
    pub(super) fn measure(&mut self, time: Duration) -> f64 {
        let begun = Instant::now();
        let mut copies = 0;
        while begun.elapsed() < time {
            self.copy(SLOTS as u64);
            copies += SLOTS;
        }
        (copies * self.bytes) as f64 / 1e6 / begun.elapsed().as_secs_f64()
    }

    fn copy(&mut self, times: u64) {
        for number in 0..times {
            let slot = &mut self.slots[number as usize % SLOTS];
            self.sources.copy_into(number, slot);
            black_box(slot.array_mut(0));
        }
    }
}
