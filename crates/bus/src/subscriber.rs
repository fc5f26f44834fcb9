//! The reading end of a stream.

mod accept;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iceoryx2::port::listener::ListenerCreateError;
use iceoryx2::port::subscriber::SubscriberCreateError;
use iceoryx2::prelude::{CallbackProgression, PortFactory};
use rustix::fd::BorrowedFd;

use crate::bus::{Shared, locked};
use crate::clean;
use crate::control::{Message, Mouth};
use crate::counts::ReadCounts;
use crate::error::{BusError, RecvError};
use crate::frame::Frame;
use crate::liveness;
use crate::names::StreamName;
use crate::odometer;
use crate::options::{MAX_PIN_BUDGET, MAX_QUEUE, MAX_READERS, ReadOptions, ReadPolicy};
use crate::room::{self, CONTROL_BYTES};
use crate::time::MonoTime;
use crate::transport::{self, EVENT_FRAME, Listener, Reader, Sample, StreamService};
use crate::wait::{self, Waker};
use accept::Acceptance;

/// The reading end of a stream. It goes on over any number of publishers that come and go.
///
/// Its methods may be called from several threads; each frame goes to one of them.
#[derive(Debug)]
pub struct Subscriber {
    stream: StreamName,
    options: ReadOptions,
    port: Arc<ReaderPort>,
    listener: Listener,
    waker: Waker,
    mouth: Mouth,
    state: Mutex<State>,
    service: StreamService,
    bus: Arc<Shared>,
}

/// What kept frames hold, too: without the port, the publisher would take their slots back; and the bus is left when
/// all are gone.
#[derive(Debug)]
pub(crate) struct ReaderPort {
    reader: Reader,
    _bus: Arc<Shared>,
}

#[derive(Debug)]
struct State {
    acceptance: Acceptance,
    /// The publisher of the last sample: connected, for sure.
    connected_to: Option<u128>,
}

/// What the events since the last look say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct News {
    pub(crate) woken: bool,
    pub(crate) publishers_changed: bool,
}

impl Subscriber {
    pub(crate) fn open(bus: &Arc<Shared>, stream: &StreamName, options: ReadOptions) -> Result<Self, BusError> {
        check(stream, &options)?;
        match Self::try_open(bus, stream, options) {
            // Dead ones hold their places until they are cleaned up.
            Err(BusError::TooManyReaders { .. }) if clean::remove_dead_nodes(&bus.config) > 0 => {
                Self::try_open(bus, stream, options)
            }
            opened => opened,
        }
    }

    fn try_open(bus: &Arc<Shared>, stream: &StreamName, options: ReadOptions) -> Result<Self, BusError> {
        let what = |what: &str| format!("stream `{stream}`: making the reader's {what}");
        let waker = Waker::new().map_err(|source| BusError::system(what("waker"), source))?;
        let mouth = Mouth::open(bus.root(), stream).map_err(|source| BusError::system(what("socket"), source))?;
        let lock = bus.lock_for(stream)?;
        let service = StreamService::open(bus, stream)?;
        let too_many = || BusError::TooManyReaders {
            stream: stream.clone(),
            most: MAX_READERS,
        };
        let listener = service
            .events
            .listener_builder()
            .create()
            .map_err(|cause| match cause {
                ListenerCreateError::ExceedsMaxSupportedListeners => too_many(),
                cause => BusError::transport(what("events"), cause),
            })?;
        let joined_at = MonoTime::now();
        let reader = service
            .frames
            .subscriber_builder()
            .buffer_size(buffer_of(options.policy))
            .history_request(usize::from(options.replay_last))
            .create()
            .map_err(|cause| match cause {
                SubscriberCreateError::ExceedsMaxSupportedSubscribers => too_many(),
                cause => BusError::transport(what("frames"), cause),
            })?;
        drop(lock);
        let acceptance = Acceptance::new(&options, joined_at, odometer::read(bus.root(), stream));
        mouth.say(Message::Joined {
            reader: reader.id().value(),
        });
        Ok(Self {
            stream: stream.clone(),
            options,
            port: Arc::new(ReaderPort {
                reader,
                _bus: bus.clone(),
            }),
            listener,
            waker,
            mouth,
            state: Mutex::new(State {
                acceptance,
                connected_to: None,
            }),
            service,
            bus: bus.clone(),
        })
    }

    /// Returns the next frame, waiting for it at most so long. `None`: nothing came in time, or the [`Waker`] was
    /// called.
    ///
    /// A publisher that ends, dies or starts again meanwhile changes nothing: the wait goes on.
    ///
    /// # Errors
    /// [`RecvError::Damaged`], for a frame that is none: it was counted, the next one may be good.
    pub fn recv(&self, timeout: Duration) -> Result<Option<Frame>, RecvError> {
        let deadline = MonoTime::now() + timeout;
        loop {
            if let Some(frame) = self.try_recv()? {
                return Ok(Some(frame));
            }
            if !wait::poll_all(&[self], deadline.since(MonoTime::now()))? {
                return Ok(None);
            }
            // The frame before the event that tells of it, which the next call takes before it waits: it is in nobody's way there.
            if let Some(frame) = self.try_recv()? {
                return Ok(Some(frame));
            }
            if self.take_news()?.woken {
                return Ok(None);
            }
        }
    }

    /// Returns the next frame, if one is there.
    ///
    /// # Errors
    /// As [`Self::recv`].
    pub fn try_recv(&self) -> Result<Option<Frame>, RecvError> {
        self.take(self.options.policy == ReadPolicy::Latest)
    }

    /// Returns the newest frame that is there; older ones that wait are superseded.
    ///
    /// # Errors
    /// As [`Self::recv`].
    pub fn latest(&self) -> Result<Option<Frame>, RecvError> {
        self.take(true)
    }

    /// Returns what became of the frames since this reader came.
    pub fn counts(&self) -> ReadCounts {
        locked(&self.state).acceptance.counts()
    }

    /// Returns whether a process that lives writes the stream now.
    pub fn publisher_is_alive(&self) -> bool {
        liveness::live_publisher(&self.bus.config, &self.service).is_some()
    }

    /// Returns what ends a wait of this subscriber early.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns the stream that it reads.
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// Returns whether something waits to be received.
    pub(crate) fn has_some(&self) -> Result<bool, RecvError> {
        self.check_room(&locked(&self.state))?;
        self.port
            .reader
            .has_samples()
            .map_err(|cause| self.failed("connecting to the publisher", &cause))
    }

    /// Takes all events up to now.
    pub(crate) fn take_news(&self) -> Result<News, RecvError> {
        let mut news = News {
            woken: self.waker.clear(),
            publishers_changed: false,
        };
        self.listener
            .try_wait(|event| news.publishers_changed |= event.id != EVENT_FRAME)
            .map_err(|cause| self.failed("taking events", &cause))?;
        Ok(news)
    }

    /// Returns what becomes readable when there is news, for loops that wait for many things at once. It stays so until the next
    /// [`Self::recv`] finds nothing.
    pub fn fds(&self) -> [BorrowedFd<'_>; 2] {
        [self.waker.fd(), transport::fd_of(&self.listener)]
    }

    fn take(&self, newest: bool) -> Result<Option<Frame>, RecvError> {
        let mut state = locked(&self.state);
        self.check_room(&state)?;
        loop {
            let mut replaced = 0;
            let Some(mut sample) = self.next_sample()? else {
                return Ok(None);
            };
            while newest && let Some(newer) = self.next_sample()? {
                sample = newer;
                replaced += 1;
            }
            let publisher = Some(sample.origin().value());
            if state.connected_to != publisher {
                state.connected_to = publisher;
                self.mouth.say(Message::Connected {
                    reader: self.port.reader.id().value(),
                });
            }
            let accepted = state
                .acceptance
                .accept(&self.stream, &self.port, sample, replaced)
                .map_err(|cause| RecvError::Damaged {
                    stream: self.stream.clone(),
                    cause,
                })?;
            if let Some((generation, seq)) = accepted.acknowledge {
                self.mouth.say(Message::Received {
                    reader: self.port.reader.id().value(),
                    generation,
                    seq,
                });
            }
            if accepted.frame.is_some() {
                return Ok(accepted.frame);
            }
        }
    }

    fn next_sample(&self) -> Result<Option<Sample>, RecvError> {
        self.port
            .reader
            .receive()
            .map_err(|cause| self.failed("receiving", &cause))
    }

    /// Connecting to a publisher makes a small file in shared memory, which must fit.
    fn check_room(&self, state: &State) -> Result<(), RecvError> {
        let mut stranger = false;
        self.service.frames.dynamic_config().list_publishers(|publisher| {
            stranger |= Some(publisher.publisher_id.value()) != state.connected_to;
            CallbackProgression::Continue
        });
        // The system is asked only when it matters: with every frame, that would be a good part of what a small one costs.
        if !stranger {
            return Ok(());
        }
        room::require(CONTROL_BYTES).map_err(|no_room| RecvError::ShmFull {
            stream: self.stream.clone(),
            wanted_bytes: no_room.wanted_bytes,
            free_bytes: no_room.free_bytes,
        })
    }

    fn failed(&self, what: &'static str, cause: &dyn Debug) -> RecvError {
        RecvError::Transport {
            stream: self.stream.clone(),
            what,
            cause: format!("{cause:?}"),
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.mouth.say(Message::Left {
            reader: self.port.reader.id().value(),
        });
    }
}

fn check(stream: &StreamName, options: &ReadOptions) -> Result<(), BusError> {
    let wrong = |option, got: String, most: String| {
        Err(BusError::Option {
            stream: stream.clone(),
            option,
            got,
            most,
        })
    };
    match options.policy {
        ReadPolicy::Queue(frames) if frames == 0 || frames > MAX_QUEUE => {
            return wrong("queue", frames.to_string(), format!("1 to {MAX_QUEUE}"));
        }
        _ => {}
    }
    if options.pin_budget > MAX_PIN_BUDGET {
        return wrong(
            "pin_budget",
            options.pin_budget.to_string(),
            format!("0 to {MAX_PIN_BUDGET}"),
        );
    }
    match options.max_fps {
        Some(fps) if !(fps.is_finite() && fps > 0.0) => {
            wrong("max_fps", fps.to_string(), "a positive number".to_owned())
        }
        _ => Ok(()),
    }
}

fn buffer_of(policy: ReadPolicy) -> usize {
    match policy {
        ReadPolicy::Latest => 1,
        ReadPolicy::Queue(frames) => frames,
    }
}
