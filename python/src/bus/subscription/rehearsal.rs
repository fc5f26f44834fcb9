//! A frame that is read for nothing, shortly before the next one is due.
//!
//! To read one is many small steps through the interpreter, NumPy and the bus. After a frame time of sleep each of them has left the
//! caches, and a small frame waits longer for them than for its way. Once through them, and the next time they are there.

use bushbaby_bus::{ArrayLayout, DType, Frame};
use pyo3::prelude::*;

use crate::bus::frame::PyFrame;

/// What the arrays of the frame that stands in are called, and how many bytes it has.
const ARRAY: (&str, usize) = ("bytes", 64);

/// The frame that stands in. Absent until a first frame came.
#[derive(Debug, Default)]
pub(super) struct Rehearsal(Option<Frame>);

impl Rehearsal {
    /// A frame came: the first tells what stands in for the next ones, in memory of its own.
    pub(super) fn came(&mut self, frame: &Frame) {
        if self.0.is_none() {
            let layout = ArrayLayout::new(ARRAY.0, DType::U8, vec![ARRAY.1]);
            self.0 = Frame::made(frame, frame.seq(), frame.captured(), &[(&layout, &[])], b"").ok();
        }
    }

    /// Returns what stands in.
    pub(super) fn stand_in(&self) -> Option<Frame> {
        self.0.clone()
    }
}

/// Reads a frame as whoever waits for the next one will.
pub(super) fn read(py: Python<'_>, stand_in: Frame) -> PyResult<()> {
    let frame = Bound::new(py, PyFrame::new(stand_in))?;
    let array = frame.getattr("arrays")?.get_item(ARRAY.0)?;
    array.call_method1("item", (0,))?;
    frame.getattr("array")?;
    frame.getattr("age_ms")?;
    Ok(())
}
