//! The thread of one destination.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bushbaby_node::reporter::Reporter;
use bushbaby_node::{NodeError, Stop};

use super::Destination;
use super::backoff::Backoff;
use crate::alert::outbox::{Outbox, Outcome};

/// A thread looks at least this often whether it is to end.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The threads of all destinations.
#[derive(Debug)]
pub struct Workers(Vec<Worker>);

/// The thread of one destination.
#[derive(Debug)]
pub struct Worker {
    name: String,
    thread: JoinHandle<()>,
}

impl Workers {
    /// Starts a thread for each destination.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        destinations: Vec<Destination>,
        outbox: &Arc<Outbox>,
        stop: &Stop,
        reporter: &Reporter,
    ) -> Result<Self, NodeError> {
        let mut workers = Vec::new();
        for (number, destination) in destinations.into_iter().enumerate() {
            let (outbox, stop, reporter) = (Arc::clone(outbox), stop.clone(), reporter.clone());
            let name = destination.name.clone();
            let thread = std::thread::Builder::new()
                .name(format!("send-{number}"))
                .spawn(move || work(&destination, &outbox, &stop, &reporter))
                .map_err(|error| NodeError::new(format!("a thread cannot be started: {error}")))?;
            workers.push(Worker { name, thread });
        }
        Ok(Self(workers))
    }

    /// The destination whose thread has ended though nobody asked it to.
    pub fn fallen(&self) -> Option<&str> {
        let fallen = self.0.iter().find(|worker| worker.thread.is_finished());
        fallen.map(|worker| worker.name.as_str())
    }
}

fn work(destination: &Destination, outbox: &Outbox, stop: &Stop, reporter: &Reporter) {
    let mut backoff = Backoff::default();
    let name = &destination.name;
    while !stop.is_set() {
        let Some(waiting) = outbox.next(name, LOOK_EVERY) else {
            continue;
        };
        let outcome = destination.send(&waiting.alert);
        let id = &waiting.alert.id;
        match &outcome {
            Outcome::Delivered if waiting.attempts > 0 => {
                tracing::info!("{name}: `{id}` delivered after {} attempts", waiting.attempts + 1);
            }
            Outcome::Delivered => tracing::info!("{name}: `{id}` delivered"),
            Outcome::Refused(why) => {
                // Lost, unless another destination has it.
                tracing::error!("{name}: `{id}` is refused and not sent again: {why}");
                reporter.warn(&format!("{name} refuses alerts: {why}"));
            }
            Outcome::Failed(why) => reporter.warn(&format!("{name}: {why}; it is tried again")),
        }
        if let Some(told) = outbox.tried(name, waiting.seq, &outcome) {
            reporter.warn(&told);
        }
        match outcome {
            Outcome::Failed(_) => {
                stop.wait(backoff.failed(chance()));
            }
            Outcome::Delivered | Outcome::Refused(_) => backoff.succeeded(),
        }
    }
}

/// Anything from 0 to 1.
fn chance() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    f64::from(now.subsec_nanos() % 1000) / 1000.0
}
