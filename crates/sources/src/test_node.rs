//! A node for tests of sources: its own instance on a real bus, without a supervisor.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Instance, ReadOptions, ReadPolicy, StreamName, Subscriber};
use bushbaby_node::children::Spawner;
use bushbaby_node::pipelines::{Pipelines, Wished};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{NodeContext, NodeSpec, Outputs, Source, Step, Stop};

/// Longer than any step of a test takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct TestNode {
    pub(crate) context: NodeContext,
    pub(crate) outputs: Outputs,
    /// Last, so that nothing of the instance lives any more when it is cleaned up.
    _cleaner: Cleaner,
}

/// Removes what an instance leaves in shared memory.
struct Cleaner(Instance);

impl TestNode {
    /// A node `cam` that writes what `S` writes, in an instance of its own.
    pub(crate) fn new<S: Source>() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "t-sources-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let instance = name.parse().unwrap();
        let cleaner = Cleaner(Instance::new(name.parse().unwrap()));
        let bus = Bus::open(&cleaner.0).unwrap();
        let spec = NodeSpec {
            instance,
            node: "cam".to_owned(),
            kind: String::new(),
            settings: serde_json::Value::Null,
            inputs: Vec::new(),
            base_dir: PathBuf::from("."),
            stalled_ms: 1000,
            late_ms: 1000,
            sync_within_ns: None,
            frozen_frames: None,
            pipelines: Pipelines::default(),
        };
        let context = NodeContext {
            spec: Arc::new(spec),
            bus,
            stop: Stop::default(),
            reporter: Reporter::new(None),
            spawner: Spawner::start().unwrap(),
            wished: Wished::default(),
        };
        let outputs = Outputs::open(&context, S::OUTPUTS).unwrap();
        Self {
            context,
            outputs,
            _cleaner: cleaner,
        }
    }

    /// A reader of one of its outputs.
    pub(crate) fn reader(&self, output: &str) -> Subscriber {
        let stream = StreamName::new("cam", output).unwrap();
        self.context.bus.subscriber(&stream, ReadOptions::default()).unwrap()
    }

    /// A reader of one of its outputs that misses nothing for a while.
    pub(crate) fn patient_reader(&self, output: &str) -> Subscriber {
        let stream = StreamName::new("cam", output).unwrap();
        let options = ReadOptions {
            policy: ReadPolicy::Queue(64),
            ..ReadOptions::default()
        };
        self.context.bus.subscriber(&stream, options).unwrap()
    }

    /// Steps until `done` says so of what came of a step; panics after a minute.
    pub(crate) fn step_until<S: Source>(&mut self, source: &mut S, mut done: impl FnMut(&Step) -> bool) -> Step {
        let until = Instant::now() + LIMIT;
        let mut last = None;
        while Instant::now() < until {
            let step = source.step(&mut self.outputs).unwrap();
            if done(&step) {
                return step;
            }
            last = Some(step);
        }
        panic!("it did not come to that; the last step was {last:?}");
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        let _ = bushbaby_bus::clean(&self.0);
        let _ = std::fs::remove_dir_all(self.0.runtime_dir());
    }
}
