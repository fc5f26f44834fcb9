//! Planned nodes for the tests of this folder.

use std::path::PathBuf;

use bushbaby_node::control::{InputSpec, NodeSpec};
use bushbaby_node::pipelines::Pipelines;
use bushbaby_node::{OutputSpec, Role};

use crate::plan::{Limits, PlannedNode, ProcessSettings, Program, RestartPolicy};

/// Returns a node of this name that reads these streams.
pub(super) fn planned(name: &str, role: Role, reads: &[&str]) -> PlannedNode {
    const OUTPUTS: &[OutputSpec] = &[OutputSpec {
        name: "image",
        carries: bushbaby_node::Carries::Image,
        owes_frames: true,
    }];
    let wire = |stream: &&str| InputSpec {
        stream: stream.parse().unwrap(),
        queue: None,
        every: None,
        max_fps: None,
        window: None,
    };
    PlannedNode {
        spec: NodeSpec {
            instance: "test".parse().unwrap(),
            node: name.into(),
            kind: "fake".into(),
            settings: serde_json::Value::Null,
            inputs: reads.iter().map(wire).collect(),
            base_dir: PathBuf::from("/"),
            stalled_ms: 1000,
            late_ms: 1000,
            sync_within_ns: None,
            frozen_frames: None,
            pipelines: Pipelines::default(),
        },
        role,
        outputs: if role == Role::Sink {
            Vec::new()
        } else {
            OUTPUTS.to_vec()
        },
        keys: None,
        program: Program::Bushbaby,
        shown_settings: serde_json::Value::Null,
        shown_pipelines: Vec::new(),
        limits: Limits::default(),
        restart: RestartPolicy::default(),
        process: ProcessSettings::default(),
    }
}
