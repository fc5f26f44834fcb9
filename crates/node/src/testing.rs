//! A node's surroundings without a supervisor, for the tests of sources, stages and sinks.

pub mod conformance;
pub mod product;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bushbaby_bus::{Bus, BusError, Instance, InstanceName};
use serde_json::Value;

use crate::children::Spawner;
use crate::control::{InputSpec, NodeSpec};
use crate::pipelines::{Pipelines, Wished};
use crate::reporter::Reporter;
use crate::{NodeContext, Stop};

/// Returns an instance that no other test of this machine uses.
pub fn instance(test: &str) -> Instance {
    let word: String = test
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect::<String>()
        .to_lowercase();
    let name = format!("t{}-{}-{word}", std::process::id(), next_number());
    Instance::new(
        name.parse::<InstanceName>()
            .unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}

/// Counts what tests of this process make, so that no two share a name.
fn next_number() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Returns the surroundings of one node on an open bus.
///
/// # Errors
/// When the bus cannot be opened.
pub fn context(instance: &Instance, node: &str, kind: &str, inputs: Vec<InputSpec>) -> Result<NodeContext, BusError> {
    let spec = NodeSpec {
        instance: instance.name().clone(),
        node: node.to_owned(),
        kind: kind.to_owned(),
        settings: Value::Null,
        inputs,
        base_dir: PathBuf::from("."),
        stalled_ms: 1000,
        late_ms: 1000,
        sync_within_ns: None,
        frozen_frames: None,
        pipelines: Pipelines::default(),
    };
    Ok(NodeContext {
        spec: Arc::new(spec),
        bus: Bus::open(instance)?,
        stop: Stop::default(),
        reporter: Reporter::new(None),
        spawner: Spawner::start().map_err(|source| BusError::System {
            what: "starting the spawner thread".into(),
            source,
        })?,
        wished: Wished::default(),
    })
}
