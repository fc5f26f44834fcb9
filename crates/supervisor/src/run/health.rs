//! The supervisor's end of the bus: each node's health as the stream `_health/NODE`, and cleaning up after the dead.
//!
//! A thread of its own does it. Whatever becomes of the bus, or of this thread, the nodes are kept running.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, BusError, CaptureClock, CaptureTime, Instance, Publisher, PublisherOptions, StreamName};
use bushbaby_node::status::NodeState;
use serde::Serialize;

use super::log::{Level, LogBook};

/// How often the dead are looked for when nobody is known to have died.
const CLEAN_EVERY: Duration = Duration::from_secs(30);
/// A second look after a death: what other readers held of the dead is free by then.
const CLEAN_AFTER: Duration = Duration::from_secs(5);
/// Events that wait for a slow bus; more are left out.
const WAITING_EVENTS: usize = 256;

/// One change of a node's state, as it stands in the body of a frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Health {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    node: String,
    state: NodeState,
    reason: Option<String>,
    hint: Option<String>,
    restarts: u32,
    pid: Option<u32>,
    /// Wall time, RFC 3339.
    at: String,
}

impl Health {
    pub(super) fn now(
        node: &str,
        state: NodeState,
        reason: Option<&str>,
        hint: Option<&str>,
        restarts: u32,
        pid: Option<u32>,
    ) -> Self {
        Self {
            kind: "health",
            version: 1,
            node: node.to_owned(),
            state,
            reason: reason.map(str::to_owned),
            hint: hint.map(str::to_owned),
            restarts,
            pid,
            at: jiff::Timestamp::now().to_string(),
        }
    }
}

#[derive(Debug)]
enum Order {
    Publish(Box<Health>),
    SomebodyDied,
}

/// Hands events to the thread.
#[derive(Debug)]
pub(super) struct HealthLink {
    orders: Option<SyncSender<Order>>,
    ended: Receiver<()>,
}

impl HealthLink {
    /// Opens the bus, cleans up what a killed run left, and waits at most `limit` for that. Without a bus all else works.
    pub(super) fn start(instance: &Instance, log: &LogBook, limit: Duration) -> Self {
        let (orders, incoming) = sync_channel(WAITING_EVENTS);
        let (cleaned, is_cleaned) = channel();
        let (alive, ended) = channel();
        let (instance, log_there) = (instance.clone(), log.clone());
        let serve = move || serve(&instance, &log_there, &incoming, cleaned, alive);
        match thread::Builder::new().name("health".into()).spawn(serve) {
            Ok(_) => {
                if is_cleaned.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    log.own(
                        Level::Warn,
                        "cleaning up after an earlier run takes long; starting meanwhile",
                    );
                }
            }
            Err(error) => log.own(
                Level::Error,
                &format!("no thread for the bus, health is not published: {error}"),
            ),
        }
        Self {
            orders: Some(orders),
            ended,
        }
    }

    pub(super) fn publish(&self, health: Health) {
        self.send(Order::Publish(Box::new(health)));
    }

    pub(super) fn somebody_died(&self) {
        self.send(Order::SomebodyDied);
    }

    /// Never waits: what a slow or dead bus cannot take is left out, the status and the log have it.
    fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.try_send(order);
        }
    }

    /// Leaves the bus, removes everything of the instance that nobody uses any more, and waits at most `limit` for that.
    pub(super) fn end(mut self, limit: Duration) {
        self.orders = None;
        // Nothing is ever sent: it ends with the thread.
        let _ = self.ended.recv_timeout(limit);
    }
}

fn serve(instance: &Instance, log: &LogBook, incoming: &Receiver<Order>, cleaned: Sender<()>, _alive: Sender<()>) {
    let mut complaints = Complaints {
        log,
        last: String::new(),
    };
    complaints.hear(bushbaby_bus::clean(instance));
    drop(cleaned);
    let mut health = match Bus::open(instance) {
        Ok(bus) => Some(Publishers {
            bus,
            by_node: BTreeMap::new(),
        }),
        Err(error) => {
            log.own(
                Level::Error,
                &format!("the bus cannot be opened, health is not published: {error}"),
            );
            None
        }
    };
    let mut next_clean = Instant::now() + CLEAN_EVERY;
    loop {
        match incoming.recv_timeout(next_clean.saturating_duration_since(Instant::now())) {
            Ok(Order::Publish(event)) => {
                if let Some(health) = &mut health {
                    complaints.hear(health.publish(&event));
                }
            }
            Ok(Order::SomebodyDied) => {
                complaints.hear(bushbaby_bus::clean(instance));
                next_clean = next_clean.min(Instant::now() + CLEAN_AFTER);
            }
            Err(RecvTimeoutError::Timeout) => {
                complaints.hear(bushbaby_bus::clean(instance));
                next_clean = Instant::now() + CLEAN_EVERY;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(health);
    complaints.hear(bushbaby_bus::clean(instance));
}

/// Logs what goes wrong, but the same only once in a row.
struct Complaints<'a> {
    log: &'a LogBook,
    last: String,
}

impl Complaints<'_> {
    fn hear<T>(&mut self, result: Result<T, impl std::fmt::Display>) {
        let Err(error) = result else { return };
        let complaint = error.to_string();
        if complaint != self.last {
            self.log.own(Level::Warn, &format!("bus: {complaint}"));
            self.last = complaint;
        }
    }
}

struct Publishers {
    bus: Bus,
    by_node: BTreeMap<String, Publisher>,
}

#[derive(Debug, thiserror::Error)]
enum HealthError {
    #[error("{0}")]
    Name(#[from] bushbaby_bus::NameError),
    #[error("{0}")]
    Bus(#[from] BusError),
    #[error("{0}")]
    Publish(#[from] bushbaby_bus::PublishError),
    #[error("a state cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Publishers {
    fn publish(&mut self, health: &Health) -> Result<(), HealthError> {
        if !self.by_node.contains_key(&health.node) {
            let stream = StreamName::new("_health", &health.node)?;
            let publisher = self.bus.publisher(&stream, PublisherOptions::default())?;
            self.by_node.insert(health.node.clone(), publisher);
        }
        if let Some(publisher) = self.by_node.get_mut(&health.node) {
            let body = serde_json::to_vec(health)?;
            publisher.send(&[], &body, CaptureTime::now(CaptureClock::Unknown), None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_health_event_says_who_how_why_and_since_when() {
        let health = Health::now("front", NodeState::GivenUp, Some("no camera"), None, 4, None);
        let at: jiff::Timestamp = health.at.parse().unwrap();
        assert!(jiff::Timestamp::now().duration_since(at).as_secs() < 60);
        let json = serde_json::to_value(Health {
            at: "now".into(),
            ..health
        })
        .unwrap();
        let expected = serde_json::json!({
            "type": "health", "version": 1, "node": "front", "state": "given-up", "reason": "no camera",
            "hint": null, "restarts": 4, "pid": null, "at": "now",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_bus_that_cannot_be_opened_is_told_once_and_holds_nobody() {
        let instance = Instance::new(format!("nobus-{}", std::process::id()).parse().unwrap());
        let folder = instance.create_runtime_dir().unwrap();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let log = LogBook::open(&instance, std::iter::empty(), None);
        let link = HealthLink::start(&instance, &log, Duration::from_secs(60));
        for _ in 0..2 * WAITING_EVENTS {
            link.publish(Health::now("front", NodeState::Running, None, None, 0, None));
            link.somebody_died();
        }
        link.end(Duration::from_secs(60));
        let lines = log.last(crate::run::log::OWN, 100).unwrap();
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.contains("health is not published"))
                .count(),
            1,
            "{lines:?}"
        );
        assert!(lines.len() <= 3, "{lines:?}");
        std::fs::remove_dir_all(instance.runtime_dir()).unwrap();
        std::fs::remove_dir_all(instance.state_dir()).unwrap();
    }
}
