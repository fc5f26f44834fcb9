//! The loop: takes frames, lets the rules decide, and keeps what they decided before anything else.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use bushbaby_bus::{MonoTime, RecvError, Subscriber, wait_any};
use bushbaby_node::alerts::{self, AlertStatus, AlertsStatus, DestinationStatus};
use bushbaby_node::control::Dropped;
use bushbaby_node::{NodeContext, NodeError};

use super::LAST_ALERTS;
use super::mqtt::Link;
use super::outbox::Outbox;
use super::raised::Alert;
use super::rules::{Decision, Now, Rules};
use super::seen::{Seen, seen};
use super::send::Workers;
use super::settings::Settings;

/// Status, and what the disk did not take, are looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Frames of one stream that are taken before the others have their turn.
const MOST_AT_ONCE: usize = 64;
/// Alerts that the status shows.
const MOST_RECENT: usize = 20;
/// Alerts among which the last of each name is looked for.
const MOST_LOOKED_AT: usize = 500;

pub(super) struct Watching<'a> {
    pub(super) context: &'a NodeContext,
    pub(super) folder: &'a Path,
    pub(super) settings: &'a Settings,
    pub(super) subscribers: &'a [Subscriber],
    pub(super) outbox: &'a Outbox,
    pub(super) destinations: Vec<String>,
    /// By alert: where it is sent to.
    pub(super) of_alert: BTreeMap<String, Vec<String>>,
    pub(super) workers: Workers,
    /// To the broker, where the file names one.
    pub(super) link: Option<Link>,
}

impl Watching<'_> {
    pub(super) fn run(self, mut rules: Rules) -> Result<(), NodeError> {
        let Self { context, .. } = &self;
        context.reporter.alerts(self.status());
        context.reporter.ready();
        context.reporter.running();
        let mut looked_at = Instant::now();
        while !context.stop.is_set() {
            self.take_all(&mut rules)?;
            let decisions = rules.tick(Now::read());
            self.keep(decisions);
            if looked_at.elapsed() >= LOOK_EVERY {
                looked_at = Instant::now();
                if let Some(told) = self.outbox.catch_up() {
                    context.reporter.warn(&told);
                }
                self.look_for_the_fallen()?;
                if let Some(link) = &self.link {
                    link.look(self.settings.alerts.keys(), Now::read());
                }
                context.reporter.alerts(self.status());
            }
            self.wait(&rules)?;
        }
        // What was sent before the stop still counts.
        self.take_all(&mut rules)?;
        self.outbox.catch_up();
        self.outbox.drained(LAST_ALERTS);
        self.outbox.close();
        context.reporter.alerts(self.status());
        Ok(())
    }

    fn look_for_the_fallen(&self) -> Result<(), NodeError> {
        if self.context.stop.is_set() {
            return Ok(());
        }
        if let Some(name) = self.workers.fallen() {
            return Err(NodeError::new(format!("what sends to {name} has fallen")));
        }
        match &self.link {
            Some(link) if link.has_fallen() => Err(NodeError::new("what talks to the broker has fallen")),
            _ => Ok(()),
        }
    }

    /// Waits for a frame, or for the time at which the rules decide next.
    fn wait(&self, rules: &Rules) -> Result<(), NodeError> {
        let next = rules.next().map(|at| at.since(MonoTime::now()));
        let timeout = next.map_or(LOOK_EVERY, |next| next.clamp(Duration::from_millis(1), LOOK_EVERY));
        let all: Vec<&Subscriber> = self.subscribers.iter().collect();
        if all.is_empty() {
            self.context.stop.wait(timeout);
            return Ok(());
        }
        Ok(wait_any(&all, timeout)?)
    }

    fn take_all(&self, rules: &mut Rules) -> Result<(), NodeError> {
        for subscriber in self.subscribers {
            for _ in 0..MOST_AT_ONCE {
                let Some(seen) = self.take(subscriber)? else { break };
                let now = Now::read();
                let decisions = rules.see(subscriber.stream().as_str(), &seen, now);
                self.keep(decisions);
                if let Some(link) = &self.link {
                    link.see(&seen, now);
                }
            }
        }
        Ok(())
    }

    /// Takes the next frame of a stream; a damaged one is told, counted and passed over.
    fn take(&self, subscriber: &Subscriber) -> Result<Option<Seen>, NodeError> {
        let stream = subscriber.stream();
        let reporter = &self.context.reporter;
        let frame = match subscriber.try_recv() {
            Ok(frame) => frame,
            Err(RecvError::Damaged { .. }) => {
                reporter.warn(&format!("a frame of `{stream}` was damaged and is left out"));
                return Ok(Some(Seen::Frame));
            }
            Err(error) => return Err(error.into()),
        };
        let counts = subscriber.counts();
        let dropped = Dropped {
            superseded: counts.superseded,
            overflow: counts.overflow,
            damaged: counts.damaged,
            skipped: counts.skipped,
        };
        reporter.dropped(stream, dropped);
        let Some(frame) = frame else { return Ok(None) };
        reporter.received(stream, frame.received_at().since(frame.captured().mono));
        let seen = seen(&frame).unwrap_or_else(|what| {
            reporter.warn(&format!("a frame of `{stream}` is left out: {what}"));
            Seen::Frame
        });
        Ok(Some(seen))
    }

    fn keep(&self, decisions: Vec<Decision>) {
        for decision in decisions {
            let told = match &decision {
                Decision::Raise(alert) => self.raise(alert),
                Decision::Settle { id } => self.outbox.settle(id, jiff::Timestamp::now()),
            };
            if let Some(told) = told {
                self.context.reporter.warn(&told);
            }
        }
    }

    fn raise(&self, alert: &Alert) -> Option<String> {
        let name = &alert.alert;
        let muted = alerts::muted(self.folder, name, jiff::Timestamp::now());
        let nowhere = Vec::new();
        let destinations = self.of_alert.get(name).unwrap_or(&nowhere);
        let told = self.outbox.raise(alert, destinations, muted.is_some());
        match muted {
            Some(_) => tracing::info!("alert `{name}` (muted): {}", alert.message),
            None => tracing::warn!("alert `{name}`: {}", alert.message),
        }
        told
    }

    fn status(&self) -> AlertsStatus {
        let now = jiff::Timestamp::now();
        let recent = self.outbox.recent(MOST_LOOKED_AT);
        let alert = |name: &String| {
            let last = recent.iter().find(|raised| raised.alert == *name);
            AlertStatus {
                name: name.clone(),
                when: self
                    .settings
                    .alerts
                    .get(name)
                    .map(|rule| rule.when.clone())
                    .unwrap_or_default(),
                muted_until: alerts::muted(self.folder, name, now).map(alerts::Muted::as_text),
                raised_at: last.map(|raised| raised.raised_at.clone()),
            }
        };
        let destination = |name: &String| {
            let (waiting, error) = self.outbox.waiting(name);
            DestinationStatus {
                name: name.clone(),
                waiting,
                error,
            }
        };
        AlertsStatus {
            alerts: self.settings.alerts.keys().map(alert).collect(),
            destinations: self.destinations.iter().map(destination).collect(),
            recent: recent.iter().take(MOST_RECENT).cloned().collect(),
        }
    }
}
