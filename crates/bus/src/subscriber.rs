//! The reading end of a stream.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::bus::{Shared, locked};
use crate::counts::ReadCounts;
use crate::error::{BusError, RecvError};
use crate::frame::Frame;
use crate::header::Header;
use crate::memory::{self, FrameBytes, Pin};
use crate::names::StreamName;
use crate::options::{ReadOptions, ReadPolicy};
use crate::time::MonoTime;
use crate::transport::{Listener, Reader, StreamService};
use crate::wait::Waker;

/// The reading end of a stream. It goes on over any number of publishers that come and go.
#[derive(Debug)]
pub struct Subscriber {
    stream: StreamName,
    options: ReadOptions,
    reader: Reader,
    listener: Listener,
    waker: Waker,
    pinned: Arc<AtomicUsize>,
    counts: Mutex<ReadCounts>,
    service: StreamService,
    _bus: Arc<Shared>,
}

impl Subscriber {
    pub(crate) fn open(
        bus: &Arc<Shared>,
        stream: &StreamName,
        options: ReadOptions,
    ) -> Result<Self, BusError> {
        let service = StreamService::open(&bus.node, stream)?;
        let buffer = match options.policy {
            ReadPolicy::Latest => 1,
            ReadPolicy::Queue(frames) => frames,
        };
        let listener = service
            .events
            .listener_builder()
            .create()
            .map_err(|cause| BusError::transport("listener", cause))?;
        let reader = service
            .frames
            .subscriber_builder()
            .buffer_size(buffer)
            .history_request(usize::from(options.replay_last))
            .create()
            .map_err(|cause| BusError::transport("subscriber", cause))?;
        Ok(Self {
            stream: stream.clone(),
            options,
            reader,
            listener,
            waker: Waker::new().map_err(|source| BusError::system("making an eventfd", source))?,
            pinned: Arc::default(),
            counts: Mutex::default(),
            service,
            _bus: bus.clone(),
        })
    }

    /// Returns the next frame, waiting for it at most so long. `None`: nothing came in time, or the [`Waker`] was called.
    ///
    /// # Errors
    /// [`RecvError::Damaged`], for a frame that is none: it was counted, the next one may be good.
    pub fn recv(&self, timeout: Duration) -> Result<Option<Frame>, RecvError> {
        let deadline = MonoTime::now() + timeout;
        loop {
            if let Some(frame) = self.try_recv()? {
                return Ok(Some(frame));
            }
            let left = deadline.since(MonoTime::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.listener
                .timed_wait(|_| (), left)
                .map_err(|cause| self.failed("waiting", &cause))?;
        }
    }

    /// Returns the next frame, if one is there.
    ///
    /// # Errors
    /// As [`Self::recv`].
    pub fn try_recv(&self) -> Result<Option<Frame>, RecvError> {
        let Some(sample) = self
            .reader
            .receive()
            .map_err(|cause| self.failed("receiving", &cause))?
        else {
            return Ok(None);
        };
        let header = match Header::read(memory::as_bytes(sample.payload())) {
            Ok(header) => header,
            Err(cause) => {
                locked(&self.counts).damaged += 1;
                return Err(RecvError::Damaged {
                    stream: self.stream.clone(),
                    cause,
                });
            }
        };
        let bytes = match Pin::take(&self.pinned, self.options.pin_budget) {
            Some(pin) => FrameBytes::pinned(sample, pin),
            None => FrameBytes::private(sample.payload()),
        };
        locked(&self.counts).delivered += 1;
        Ok(Some(Frame::new(
            self.stream.clone(),
            header,
            MonoTime::now(),
            bytes,
        )))
    }

    /// Returns the newest frame that is there; older ones that wait are superseded.
    ///
    /// # Errors
    /// As [`Self::recv`].
    pub fn latest(&self) -> Result<Option<Frame>, RecvError> {
        let mut newest = None;
        while let Some(frame) = self.try_recv()? {
            newest = Some(frame);
        }
        Ok(newest)
    }

    /// Returns what became of the frames since this reader came.
    pub fn counts(&self) -> ReadCounts {
        *locked(&self.counts)
    }

    /// Returns whether a process that lives writes the stream now.
    pub fn publisher_is_alive(&self) -> bool {
        use iceoryx2::prelude::PortFactory;
        self.service.frames.dynamic_config().number_of_publishers() > 0
    }

    /// Returns what ends a wait of this subscriber early.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns the stream that it reads.
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    fn failed(&self, what: &'static str, cause: &dyn std::fmt::Debug) -> RecvError {
        RecvError::Transport {
            stream: self.stream.clone(),
            what,
            cause: format!("{cause:?}"),
        }
    }
}
