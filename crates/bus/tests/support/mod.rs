//! What the tests share: an instance of their own, and frames whose bytes tell whether they are whole.
#![allow(dead_code)] // Each test program uses a part of it.

pub(crate) mod peer;

use std::time::Duration;

use bushbaby_bus::{
    ArrayLayout, Bus, CaptureClock, CaptureTime, Cleaned, DType, Frame, FrameLayout, Instance, PublishError, Publisher,
    StreamName,
};

/// Longer than anything takes; nobody waits so long unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAGE_BYTES: usize = 4096;

/// An instance of a test's own.
pub(crate) struct Lab {
    pub(crate) bus: Bus,
}

impl Lab {
    /// `name`: unlike that of any other test.
    pub(crate) fn new(name: &str) -> Self {
        let instance = instance(name);
        bushbaby_bus::clean(&instance).unwrap();
        Self {
            bus: Bus::open(&instance).unwrap(),
        }
    }

    pub(crate) fn stream(&self, name: &str) -> StreamName {
        name.parse().unwrap()
    }

    /// Leaves the bus and cleans up; nothing may be left then.
    pub(crate) fn end(self) -> Cleaned {
        let instance = self.bus.instance().clone();
        drop(self);
        let cleaned = bushbaby_bus::clean(&instance).unwrap();
        assert_eq!(left_in_shm(&instance), Vec::<String>::new());
        cleaned
    }
}

pub(crate) fn instance(name: &str) -> Instance {
    Instance::new(format!("test-{name}-{}", std::process::id()).parse().unwrap())
}

/// Returns what an instance has in shared memory.
pub(crate) fn left_in_shm(instance: &Instance) -> Vec<String> {
    let names = std::fs::read_dir("/dev/shm")
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.into_string().unwrap())
        .filter(|name| name.starts_with(&instance.shm_prefix()))
        .collect()
}

/// Returns what a frame of [`send_numbered`] looks like.
pub(crate) fn numbered_layout(bytes: usize) -> FrameLayout {
    FrameLayout {
        arrays: vec![ArrayLayout::new("n", DType::U8, [bytes])],
        body_capacity_bytes: 8,
    }
}

/// Sends a frame whose body says when it was captured, and whose every page, and last byte, say a part of that.
pub(crate) fn send_numbered(publisher: &Publisher, bytes: usize) {
    try_send_numbered(publisher, bytes).unwrap();
}

pub(crate) fn try_send_numbered(publisher: &Publisher, bytes: usize) -> Result<(), PublishError> {
    let mut loan = publisher.loan(&numbered_layout(bytes))?;
    let captured = CaptureTime::now(CaptureClock::Rendered);
    let number = captured.mono.as_ns();
    let array = loan.array_mut(0);
    array
        .iter_mut()
        .step_by(PAGE_BYTES)
        .for_each(|byte| *byte = mark(number));
    if let Some(last) = array.last_mut() {
        *last = mark(number);
    }
    loan.set_body(&number.to_le_bytes())?;
    loan.send(captured, None)?;
    Ok(())
}

fn mark(number: u64) -> u8 {
    number.to_le_bytes().iter().fold(0, |mark, byte| mark ^ byte)
}

/// Returns whether a frame of [`send_numbered`] is whole, and still the one that it was when it was received.
pub(crate) fn numbered(frame: &Frame) -> bool {
    let number = frame.captured().mono.as_ns();
    let bytes = frame.array("n").unwrap().bytes;
    let mut marked = bytes.iter().step_by(PAGE_BYTES).chain(bytes.last());
    frame.body() == number.to_le_bytes() && marked.all(|byte| *byte == mark(number))
}
