//! Which streams there are now.

use std::collections::BTreeSet;

use iceoryx2::prelude::{CallbackProgression, PortFactory};
use iceoryx2::service::Service as _;
use iceoryx2::service::static_config::messaging_pattern::MessagingPattern;

use crate::bus::{Shared, StreamInfo};
use crate::error::BusError;
use crate::liveness;
use crate::names::StreamName;
use crate::transport::{Service, StreamService};

/// Returns every stream that somebody writes or reads, by name.
pub(crate) fn list(bus: &Shared) -> Result<Vec<StreamInfo>, BusError> {
    let mut names = BTreeSet::new();
    Service::list(&bus.config, |details| {
        let service = &details.static_details;
        if matches!(service.messaging_pattern(), MessagingPattern::PublishSubscribe(_)) {
            names.extend(service.name().as_str().parse::<StreamName>().ok());
        }
        CallbackProgression::Continue
    })
    .map_err(|cause| BusError::transport("listing the streams", cause))?;
    // What ended since then is no stream any more.
    Ok(names.into_iter().filter_map(|name| look_at(bus, name)).collect())
}

fn look_at(bus: &Shared, name: StreamName) -> Option<StreamInfo> {
    let service = StreamService::open_existing(bus, &name)?;
    let readers = service.frames.dynamic_config().number_of_subscribers();
    let publisher = liveness::live_publisher(&bus.config, &service);
    let info = StreamInfo {
        name,
        publisher_pid: publisher.and_then(|publisher| publisher.pid),
        readers,
    };
    (publisher.is_some() || readers > 0).then_some(info)
}
