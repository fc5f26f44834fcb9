//! `alert`: tells people and other programs when something was found, heard, lost or broken.
//!
//! In: the streams that the rules name, and how their nodes are. Out: POSTs, messages, e-mails, commands.
//!
//! ```text
//! bus ── seen ── rules (plain functions of time) ── outbox (on the disk first) ── a thread for each destination
//! ```
//!
//! What was raised is on the disk before anything else happens to it, and stays there until each destination has it: whoever is
//! killed in between, it is sent after that, perhaps twice with the same id, never not at all.

mod mqtt;
pub mod outbox;
mod raised;
pub mod rules;
pub mod seen;
pub mod send;
mod settings;
#[cfg(test)]
mod tests;
mod watching;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bushbaby_bus::{Instance, ReadOptions, ReadPolicy, Subscriber};
use bushbaby_node::control::InputSpec;
use bushbaby_node::inputs::read_options;
use bushbaby_node::when::When;
use bushbaby_node::{InputNeed, NodeContext, NodeError, Sink, alerts};

use mqtt::Link;
use outbox::Outbox;
use rules::{Now, Rule, Rules};
use send::{Destinations, Workers};
use watching::Watching;

pub use raised::{ALERT_VERSION, Alert, AlertKind};
pub use settings::{Mail, Mqtt, Ntfy, Rule as RuleSettings, SendTo, Settings, Target, Topic, Webhook};

/// The outbox, in the folder that [`alerts::folder`] names.
pub const OUTBOX: &str = "outbox.db";
/// Frames of a stream that may wait: as many as the bus keeps.
const QUEUE: usize = bushbaby_bus::MAX_QUEUE;
/// How long after the stop alerts that wait are still sent.
const LAST_ALERTS: Duration = Duration::from_millis(2500);

/// The node `alerts`, ready to run.
#[derive(Debug)]
pub struct Alerts {
    settings: Settings,
    subscribers: Vec<Subscriber>,
}

impl Sink for Alerts {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Anything;

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let inputs = &context.spec.inputs;
        let subscribers: Result<Vec<Subscriber>, NodeError> =
            inputs.iter().map(|spec| subscribe(context, spec)).collect();
        Ok(Self {
            settings,
            subscribers: subscribers?,
        })
    }

    fn run(self, context: &NodeContext) -> Result<(), NodeError> {
        let folder = alerts::folder(&Instance::new(context.spec.instance.clone()));
        self.run_in(&folder, context)
    }
}

impl Alerts {
    /// Runs with its outbox in `folder`.
    fn run_in(self, folder: &Path, context: &NodeContext) -> Result<(), NodeError> {
        let destinations = Destinations::of(&self.settings, &context.spawner);
        let names: BTreeSet<String> = destinations
            .all
            .iter()
            .map(|destination| destination.name.clone())
            .collect();
        let (outbox, told) = Outbox::open(&folder.join(OUTBOX), &names);
        for told in told {
            context.reporter.warn(&told);
        }
        let outbox = Arc::new(outbox);
        let now = Now::read();
        let mut rules = Rules::new(context.spec.instance.as_str(), rules(&self.settings), now);
        let (raised, settled) = outbox.known();
        raised.iter().for_each(|alert| rules.raised_before(alert, now));
        settled.iter().for_each(|id| rules.settled_before(id, now));
        let names = destinations
            .all
            .iter()
            .map(|destination| destination.name.clone())
            .collect();
        let workers = Workers::start(destinations.all, &outbox, &context.stop, &context.reporter)?;
        let link = match &self.settings.mqtt {
            Some(broker) => Some(Link::start(
                broker,
                context.spec.instance.as_str(),
                self.settings.alerts.keys().cloned(),
                folder,
                &context.stop,
                &context.reporter,
            )?),
            None => None,
        };
        let watching = Watching {
            context,
            folder,
            settings: &self.settings,
            subscribers: &self.subscribers,
            outbox: &outbox,
            destinations: names,
            of_alert: destinations.of_alert,
            workers,
            link,
        };
        watching.run(rules)
    }
}

/// Reads each frame, and the last one from before this process began: an event may have been told while it was away.
fn subscribe(context: &NodeContext, spec: &InputSpec) -> Result<Subscriber, NodeError> {
    let policy = spec
        .queue
        .map_or(ReadPolicy::Latest, |queue| ReadPolicy::Queue(queue.clamp(1, QUEUE)));
    let options = ReadOptions {
        policy,
        replay_last: true,
        ..read_options(spec)
    };
    let subscriber = context.bus.subscriber(&spec.stream, options)?;
    let waker = subscriber.waker();
    context.stop.on_set(move || waker.wake());
    Ok(subscriber)
}

/// The rules of the settings; conditions that are none were refused with the file.
fn rules(settings: &Settings) -> Vec<Rule> {
    let rule = |(name, rule): (&String, &RuleSettings)| {
        Some(Rule {
            name: name.clone(),
            when: When::parse(&rule.when).ok()?,
            hold: rule.hold.map_or(Duration::ZERO, |time| time.0),
            quiet: rule.quiet.map_or(Duration::ZERO, |time| time.0),
            streams: rule.streams.clone(),
        })
    };
    settings.alerts.iter().filter_map(rule).collect()
}
