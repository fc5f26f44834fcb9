//! The writing end: loan, fill, send.

mod audience;
mod loan;
mod taking;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use crate::bus::Shared;
use crate::error::{BusError, PublishError};
use crate::frame::Origin;
use crate::header::Plan;
use crate::layout::{ArrayLayout, FrameLayout};
use crate::names::StreamName;
use crate::options::PublisherOptions;
use crate::time::CaptureTime;

pub use loan::Loan;
use writer::Writer;

/// The writing end of a stream. Dropping it ends the stream, until somebody writes it again.
///
/// It never waits for a reader. Its methods may be called from several threads.
#[derive(Debug)]
pub struct Publisher(Arc<Writer>);

/// What became of a sent frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendReceipt {
    /// Its number since the publisher's start, from 0.
    pub seq: u64,
    /// How many readers it was handed to.
    pub readers: usize,
}

impl Publisher {
    pub(crate) fn open(bus: &Arc<Shared>, stream: &StreamName, options: &PublisherOptions) -> Result<Self, BusError> {
        Ok(Self(Writer::open(bus, stream, options)?))
    }

    /// Returns a slot of shared memory with room for a frame; fill its arrays, then send it.
    ///
    /// # Errors
    /// [`PublishError::ShmFull`], when there is no room: nothing was written then. [`PublishError::Layout`], when no
    /// frame can look like that.
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
                    stream: self.stream().clone(),
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
        self.0.readers()
    }

    /// Returns the stream that it writes.
    pub fn stream(&self) -> &StreamName {
        self.0.stream()
    }

    /// Returns the number of this start: larger for each later start of the stream's publisher.
    pub fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// Waits until fewer frames are outstanding than [`Pacing::WaitForReaders`](crate::Pacing::WaitForReaders) allows;
    /// returns whether that came in
    /// time. At once and true with [`Pacing::Free`](crate::Pacing::Free), and while nobody reads.
    pub fn wait_for_readers(&self, timeout: Duration) -> bool {
        self.0.wait_for_readers(timeout)
    }

    fn loan_planned<'p>(&self, plan: Plan) -> Result<Loan<'p>, PublishError> {
        Loan::take(self.0.clone(), plan)
    }
}

impl Drop for Publisher {
    /// Waits up to half a second for readers that have not looked at it since it began, so that they do not miss what
    /// it sent last.
    fn drop(&mut self) {
        self.0.let_readers_connect();
    }
}
