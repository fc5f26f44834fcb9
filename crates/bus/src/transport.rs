//! iceoryx2, as the bus uses it: one publish-subscribe service of lines and one event service for each stream.
#![allow(unsafe_code)] // A listener's file descriptor is only to be had as a number.

use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::path::Path;

use iceoryx2::prelude::{
    Config, EventId, FileDescriptorBased, FileName, NodeBuilder, SemanticString, ServiceName, SignalHandlingMode,
};
use iceoryx2::service::port_factory::{event, publish_subscribe};

use rustix::fd::BorrowedFd;

use crate::bus::Shared;
use crate::clean;
use crate::error::BusError;
use crate::instance::Instance;
use crate::memory::Line;
use crate::names::StreamName;
use crate::options::{MAX_PIN_BUDGET, MAX_QUEUE, MAX_READERS};

pub(crate) type Service = iceoryx2::service::ipc_threadsafe::Service;
pub(crate) type Node = iceoryx2::node::Node<Service>;
pub(crate) type Port = iceoryx2::port::publisher::Publisher<Service, [Line], ()>;
pub(crate) type Reader = iceoryx2::port::subscriber::Subscriber<Service, [Line], ()>;
pub(crate) type Sample = iceoryx2::sample::Sample<Service, [Line], ()>;
pub(crate) type SampleMut = iceoryx2::sample_mut::SampleMut<Service, [Line], ()>;
pub(crate) type SampleMutUninit = iceoryx2::sample_mut_uninit::SampleMutUninit<Service, [MaybeUninit<Line>], ()>;
pub(crate) type Listener = iceoryx2::port::listener::Listener<Service>;
pub(crate) type Notifier = iceoryx2::port::notifier::Notifier<Service>;

/// A frame was sent.
pub(crate) const EVENT_FRAME: EventId = EventId::new(0);
/// A publisher came.
pub(crate) const EVENT_CAME: EventId = EventId::new(1);
/// A publisher ended.
pub(crate) const EVENT_ENDED: EventId = EventId::new(2);
/// A dead publisher was cleaned up.
pub(crate) const EVENT_DIED: EventId = EventId::new(3);

/// Most frames that a reader borrows: what it may pin, the one in its hand, and the newer one that replaces it.
pub(crate) const MAX_BORROWED: usize = MAX_PIN_BUDGET + 2;
/// Publishers on the list of a stream: one that lives, and dead ones that nobody has cleaned up yet.
const MAX_PUBLISHERS: usize = 4;
/// Processes that look at one stream.
const MAX_NODES: usize = MAX_READERS + 16;

/// The two services of one stream.
#[derive(Debug)]
pub(crate) struct StreamService {
    pub(crate) frames: publish_subscribe::PortFactory<Service, [Line], ()>,
    pub(crate) events: event::PortFactory<Service>,
}

impl StreamService {
    /// Opens both, or makes them. The caller holds the instance's lock.
    pub(crate) fn open(bus: &Shared, stream: &StreamName) -> Result<Self, BusError> {
        // A process that died while it made a service leaves one that cannot be opened, until the dead are cleaned up.
        Self::try_open(bus.node(), stream).or_else(|_| {
            clean::remove_dead_nodes(&bus.config);
            Self::try_open(bus.node(), stream)
        })
    }

    /// Opens both, if they are there.
    pub(crate) fn open_existing(bus: &Shared, stream: &StreamName) -> Option<Self> {
        let name = ServiceName::new(stream.as_str()).ok()?;
        let frames = bus
            .node()
            .service_builder(&name)
            .publish_subscribe::<[Line]>()
            .open()
            .ok()?;
        let events = bus.node().service_builder(&name).event().open().ok()?;
        Some(Self { frames, events })
    }

    fn try_open(node: &Node, stream: &StreamName) -> Result<Self, BusError> {
        let failed = |what: &str, cause: &dyn Debug| BusError::transport(format!("stream `{stream}`: {what}"), cause);
        let name = ServiceName::new(stream.as_str()).map_err(|cause| failed("naming it", &cause))?;
        let frames = node
            .service_builder(&name)
            .publish_subscribe::<[Line]>()
            .enable_safe_overflow(true)
            .history_size(1)
            .max_publishers(MAX_PUBLISHERS)
            .max_subscribers(MAX_READERS)
            .max_nodes(MAX_NODES)
            .subscriber_max_buffer_size(MAX_QUEUE)
            .subscriber_max_borrowed_samples(MAX_BORROWED)
            .open_or_create()
            .map_err(|cause| failed("opening its frames", &cause))?;
        let events = node
            .service_builder(&name)
            .event()
            .event_id_max_value(EVENT_DIED.as_value())
            .max_notifiers(MAX_PUBLISHERS)
            .max_listeners(MAX_READERS)
            .max_nodes(MAX_NODES)
            .notifier_created_event(EVENT_CAME)
            .notifier_dropped_event(EVENT_ENDED)
            .notifier_dead_event(EVENT_DIED)
            .open_or_create()
            .map_err(|cause| failed("opening its events", &cause))?;
        Ok(Self { frames, events })
    }
}

/// Returns iceoryx2's settings for an instance: nothing from files, everything under the instance's own name.
pub(crate) fn config(instance: &Instance, root: &Path) -> Result<Config, BusError> {
    let mut config = Config::default();
    let prefix = instance.shm_prefix();
    config.global.prefix =
        FileName::new(prefix.as_bytes()).map_err(|cause| BusError::transport(format!("prefix {prefix}"), cause))?;
    let path = iceoryx2::prelude::Path::new(root.as_os_str().as_encoded_bytes())
        .map_err(|cause| BusError::transport(format!("folder {}", root.display()), cause))?;
    config.global.set_root_path(&path);
    Ok(config)
}

pub(crate) fn create_node(config: &Config) -> Result<Node, BusError> {
    NodeBuilder::new()
        .config(config)
        .signal_handling_mode(SignalHandlingMode::Disabled)
        .create::<Service>()
        .map_err(|cause| BusError::transport("joining the bus", cause))
}

/// Returns the listener's file descriptor, which becomes readable when events are there.
pub(crate) fn fd_of(listener: &Listener) -> BorrowedFd<'_> {
    // SAFETY: the listener owns the descriptor and keeps it open for as long as it is borrowed here.
    unsafe { BorrowedFd::borrow_raw(listener.file_descriptor().native_handle()) }
}
