//! Ways out: one thread for each destination, which sends the oldest alert that waits for it until it is gone.
//!
//! In: the outbox. Out: a POST, a message, an e-mail, a command. Every attempt has a deadline, and no destination waits for
//! another. What goes wrong is told by a destination's name, never by its address: that may hold a secret.

mod backoff;
mod command;
mod email;
mod http;
mod mqtt;
mod name;
mod ntfy;
pub mod template;
mod webhook;
mod worker;

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_node::children::Spawner;

use super::outbox::Outcome;
use super::raised::Alert;
use super::settings::{Mqtt, SendTo, Settings, Target};

pub use worker::{Worker, Workers};

/// One destination of the file.
#[derive(Debug, Clone)]
pub struct Destination {
    /// As in `webhook example.org`; no other destination of the file is called so.
    pub name: String,
    target: Target,
    timeout: Duration,
    broker: Option<Mqtt>,
    spawner: Spawner,
}

impl Destination {
    /// Tries once.
    pub fn send(&self, alert: &Alert) -> Outcome {
        match &self.target {
            Target::Webhook(webhook) => webhook::send(webhook, alert, self.timeout),
            Target::Ntfy(ntfy) => ntfy::send(ntfy, alert, self.timeout),
            Target::Mqtt(topic) => match &self.broker {
                Some(broker) => mqtt::send(broker, topic, alert, self.timeout),
                None => Outcome::Refused("the file names no broker".to_owned()),
            },
            Target::Email(mail) => email::send(mail, alert, self.timeout),
            Target::Run(command) => command::run(command, alert, self.timeout, &self.spawner),
        }
    }
}

/// All destinations of a file, each once.
#[derive(Debug)]
pub struct Destinations {
    /// In the order in which they are named.
    pub all: Vec<Destination>,
    /// By alert: the names of its destinations.
    pub of_alert: BTreeMap<String, Vec<String>>,
}

impl Destinations {
    /// Names and gathers what the alerts of a file are sent to. Equal ones are one, and get their alerts in one order.
    pub fn of(settings: &Settings, spawner: &Spawner) -> Self {
        let mut known: Vec<(SendTo, String)> = Vec::new();
        let mut destinations = Self {
            all: Vec::new(),
            of_alert: BTreeMap::new(),
        };
        for (alert, rule) in &settings.alerts {
            let names = destinations.of_alert.entry(alert.clone()).or_default();
            for send in &rule.send {
                let name = match known.iter().find(|(other, _)| other == send) {
                    Some((_, name)) => name.clone(),
                    None => {
                        let target = send.target();
                        let taken: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
                        let name = name::unlike(&name::of(&target), &taken);
                        known.push((send.clone(), name.clone()));
                        destinations.all.push(Destination {
                            name: name.clone(),
                            target,
                            timeout: send.timeout(),
                            broker: settings.mqtt.clone(),
                            spawner: spawner.clone(),
                        });
                        name
                    }
                };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        destinations
    }
}
