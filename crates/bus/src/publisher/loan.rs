//! A slot that is being filled.

use std::marker::PhantomData;
use std::sync::Arc;

use super::writer::{Slot, Writer};
use super::{Publisher, SendReceipt};
use crate::error::PublishError;
use crate::frame::Origin;
use crate::header::Plan;
use crate::time::CaptureTime;

/// A slot of shared memory, to be filled and sent. Dropping it gives the slot back.
#[derive(Debug)]
pub struct Loan<'p> {
    writer: Arc<Writer>,
    slot: Slot,
    plan: Plan,
    body_bytes: usize,
    _publisher: PhantomData<&'p Publisher>,
}

impl Loan<'_> {
    pub(super) fn take(writer: Arc<Writer>, plan: Plan) -> Result<Self, PublishError> {
        let slot = writer.take_slot(&plan)?;
        Ok(Self {
            writer,
            slot,
            plan,
            body_bytes: 0,
            _publisher: PhantomData,
        })
    }

    /// Returns the bytes of an array, by its place in the layout: all of it, gaps between rows included. They are
    /// whatever an earlier frame left there.
    ///
    /// # Panics
    /// When the layout has no such array.
    pub fn array_mut(&mut self, index: usize) -> &mut [u8] {
        let range = self.plan.ranges[index].clone();
        &mut self.slot.bytes_mut()[range]
    }

    /// Returns the bytes of all arrays at once, in the layout's order.
    pub fn arrays_mut(&mut self) -> Vec<&mut [u8]> {
        let mut rest = self.slot.bytes_mut();
        let mut begin = 0;
        let mut arrays = Vec::with_capacity(self.plan.ranges.len());
        for range in &self.plan.ranges {
            let (array, behind) = rest.split_at_mut(range.start - begin).1.split_at_mut(range.len());
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
                stream: self.writer.stream().clone(),
                got: body.len(),
                capacity: room.len(),
            });
        }
        self.slot.bytes_mut()[room][..body.len()].copy_from_slice(body);
        self.body_bytes = body.len();
        Ok(())
    }

    /// Sends the frame. `origin`: the frame that it came from; absent: it is its own origin.
    ///
    /// # Errors
    /// [`PublishError::ShmFull`], when a reader came for whom there is no room, or when the publisher went over to
    /// larger frames meanwhile and this one
    /// must move; [`PublishError::Transport`], when the transport below said no.
    pub fn send(self, captured: CaptureTime, origin: Option<Origin>) -> Result<SendReceipt, PublishError> {
        self.writer
            .send(self.slot, &self.plan, self.body_bytes, captured, origin)
    }
}
