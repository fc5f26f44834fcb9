//! Which processes on the bus live, and which of them writes a stream.

use std::collections::HashMap;

use iceoryx2::node::NodeView;
use iceoryx2::prelude::{CallbackProgression, Config, NodeState, PortFactory};

use crate::error::BusError;
use crate::transport::{Node, StreamService};

/// The process that writes a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LivePublisher {
    /// Absent, when its node does not say.
    pub(crate) pid: Option<u32>,
}

/// Returns who writes the stream and lives, if anybody does.
pub(crate) fn live_publisher(config: &Config, service: &StreamService) -> Option<LivePublisher> {
    let mut nodes = Vec::new();
    service.frames.dynamic_config().list_publishers(|publisher| {
        nodes.push(publisher.node_id);
        CallbackProgression::Continue
    });
    nodes.into_iter().find_map(|node| match Node::state_of(config, node) {
        Ok(Some(NodeState::Alive(view))) => Some(LivePublisher { pid: pid_of(&view) }),
        // Not ours to look at, or about to be cleaned up by somebody: whatever it is, it is there.
        Ok(Some(NodeState::Inaccessible(_) | NodeState::Undefined(_))) | Err(_) => Some(LivePublisher { pid: None }),
        Ok(Some(NodeState::Dead(_)) | None) => None,
    })
}

/// Returns every process on the bus that is not known to be dead, with its number where it says so.
pub(crate) fn live_nodes(config: &Config) -> Result<HashMap<u128, Option<u32>>, BusError> {
    let mut alive = HashMap::new();
    Node::list(config, |state| {
        let pid = match &state {
            NodeState::Alive(view) => pid_of(view),
            NodeState::Inaccessible(_) | NodeState::Undefined(_) => None,
            NodeState::Dead(_) => return CallbackProgression::Continue,
        };
        alive.insert(state.node_id().value(), pid);
        CallbackProgression::Continue
    })
    .map_err(|cause| BusError::transport("listing who is on the bus", cause))?;
    Ok(alive)
}

fn pid_of(view: &impl NodeView) -> Option<u32> {
    view.details()
        .as_ref()
        .and_then(|details| u32::try_from(details.process_id().value()).ok())
}
