//! The whole node in this process: made events on a real bus in, a receiver that fails as told at the other end.

mod sending;

use std::path::PathBuf;

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, CaptureClock, CaptureTime, Instance, Publisher, PublisherOptions};
use bushbaby_node::control::InputSpec;
use bushbaby_node::{NodeContext, NodeError, Sink, Stop, testing};
use bushbaby_sound::results::{EventState, Events, EventsKind, SOUND_VERSION, SoundEvent};
use serde_json::json;

use super::{Alerts, Settings};

/// How long a test waits for what must come; reached only when it does not come.
const PATIENCE: Duration = Duration::from_secs(40);

/// An instance with a stream of events and, while it runs, a node `alerts`.
struct Rig {
    instance: Instance,
    folder: tempfile::TempDir,
    publisher: Publisher,
    running: Option<Running>,
}

struct Running {
    stop: Stop,
    thread: JoinHandle<Result<(), NodeError>>,
}

const EVENTS: &str = "cry/events";

impl Rig {
    fn new(test: &str) -> Self {
        let instance = testing::instance(test);
        let bus = Bus::open(&instance).unwrap();
        let publisher = bus
            .publisher(&EVENTS.parse().unwrap(), PublisherOptions::default())
            .unwrap();
        Self {
            instance,
            folder: tempfile::tempdir().unwrap(),
            publisher,
            running: None,
        }
    }

    fn outbox(&self) -> PathBuf {
        self.folder.path().join(super::OUTBOX)
    }

    /// Starts the node with one alert, `baby`, sent to these.
    fn start(&mut self, send: serde_json::Value) -> NodeContext {
        self.start_with(json!({"baby": {"when": "cry finds baby_cry", "send": send, "streams": [EVENTS]}}))
    }

    fn start_with(&mut self, alerts: serde_json::Value) -> NodeContext {
        let settings: Settings = serde_json::from_value(json!({ "alerts": alerts })).unwrap();
        let input = InputSpec {
            stream: EVENTS.parse().unwrap(),
            queue: Some(64),
            every: None,
            max_fps: None,
            window: None,
        };
        let context = testing::context(&self.instance, "alerts", "alert", vec![input]).unwrap();
        let folder = self.folder.path().to_owned();
        let there = context.clone();
        let node = Alerts::open(settings, &context).unwrap();
        let thread = std::thread::spawn(move || node.run_in(&folder, &there));
        self.running = Some(Running {
            stop: context.stop.clone(),
            thread,
        });
        context
    }

    fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            stop.set();
            thread.join().unwrap().unwrap();
        }
    }

    /// Says that something is heard.
    fn hear(&mut self, id: &str) {
        let now = jiff::Timestamp::now().to_string();
        let event = SoundEvent {
            id: id.to_owned(),
            sound: "baby_cry".to_owned(),
            state: EventState::Began,
            score: 0.5,
            start_at: now.clone(),
            decided_at: now,
            end_at: None,
            start_s: 0.0,
            decided_s: 0.0,
            end_s: None,
        };
        let events = Events {
            kind: EventsKind::Events,
            version: SOUND_VERSION,
            source: "door".to_owned(),
            items: vec![event],
        };
        let body = serde_json::to_vec(&events).unwrap();
        let now = CaptureTime::now(CaptureClock::Received);
        self.publisher.send(&[], &body, now, None).unwrap();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            stop.set();
            let _ = thread.join();
        }
    }
}

/// Waits until it is so.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
