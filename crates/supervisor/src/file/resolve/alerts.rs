//! What alerts read: the streams that they are about, and how nodes are.

use std::collections::BTreeMap;

use bushbaby_node::Carries;
use bushbaby_node::settings::{Tree, Value};
use bushbaby_node::when::When;

use super::record::HEALTH;
use super::streams::{Found, Nowhere, in_words};
use super::wire::MOST_IN_HINT;
use super::{Input, Resolved, Resolver};
use crate::file::FileProblem;
use crate::file::declare::alerts::{Watch, Watches, called};
use crate::file::declare::wires::{Pace, Reads, Wire};
use crate::file::declare::{Declared, Noun};
use crate::file::problem::{did_you_mean, in_backticks, meant};
use crate::file::settings::keys;

/// Nothing may be missed: as many frames wait as the bus keeps for one reader.
const QUEUE: usize = 64;

/// A stream that is read, and whether each of its frames counts.
struct Read {
    node: String,
    output: String,
    each: bool,
}

impl Resolver<'_, '_> {
    /// Draws the wires of the alerts. All others are known by now.
    pub(super) fn alerts(&mut self, nodes: &[Declared<'_>], resolved: &mut [Resolved]) {
        let Some(place) = nodes.iter().position(|node| node.noun == Noun::Alerts) else {
            return;
        };
        let Reads::Watches(Watches { rules, all_sound }) = &nodes[place].reads else {
            return;
        };
        let others = resolved.iter().enumerate().filter(|(other, _)| *other != place);
        let instances = others.flat_map(|(_, resolved)| &resolved.instances);
        let all: Vec<String> = instances.map(|instance| instance.name.clone()).collect();
        let mut reads = Vec::new();
        let mut watched = BTreeMap::new();
        for watch in rules {
            let of_rule = self.watched(watch, &all);
            let about = of_rule.iter().filter(|read| read.is_about(&watch.when));
            watched.insert(watch.alert.clone(), about.map(Read::stream).collect());
            reads.extend(of_rule);
        }
        if *all_sound {
            let sound = [
                (Carries::Events, true),
                (Carries::Scores, false),
                (Carries::Level, false),
            ];
            for (carries, each) in sound {
                let found = self.streams.all().filter(|found| found.carries == carries);
                reads.extend(found.map(|found| Read::of(&found, each)));
            }
        }
        let mut wires: BTreeMap<String, (Read, bool)> = BTreeMap::new();
        let mut order = Vec::new();
        for read in reads {
            let stream = read.stream();
            let each = read.each;
            let wire = wires.entry(stream.clone()).or_insert_with(|| {
                order.push(stream);
                (read, false)
            });
            wire.1 |= each;
        }
        let spot = nodes[place].spot.clone();
        let inputs = order
            .iter()
            .filter_map(|stream| wires.get(stream))
            .filter_map(|(read, each)| {
                let pace = Pace {
                    queue: each.then_some(QUEUE),
                    ..Pace::default()
                };
                let wire = Wire {
                    text: String::new(),
                    spot: spot.clone(),
                    pace,
                    windows: None,
                };
                Input::new(&read.node, &read.output, &wire)
            });
        let inputs = inputs.collect();
        resolved[place].watched = watched;
        if let Some(instance) = resolved[place].instances.first_mut() {
            instance.inputs = inputs;
        }
    }

    /// The streams that one alert reads.
    fn watched(&mut self, watch: &Watch, all: &[String]) -> Vec<Read> {
        match &watch.when {
            When::Any { .. } => all.iter().map(|name| Read::health(name)).collect(),
            When::Is { node, .. } => self.states_of(watch, node, all),
            When::Finds { node, what, .. } => self.finds(watch, node, what),
            When::Older { stream, .. } => self.ages(watch, stream, all),
        }
    }

    fn states_of(&mut self, watch: &Watch, name: &str, all: &[String]) -> Vec<Read> {
        let members = all.iter().filter(|node| {
            let group = node.split_once('@').map(|(group, _)| group);
            node.as_str() == name || group == Some(name)
        });
        let found: Vec<Read> = members.map(|name| Read::health(name)).collect();
        if found.is_empty() && !self.lost_cameras {
            let hint = match name.split_once('/') {
                Some((node, _)) => Some(format!("states are of nodes, as in `{node} is stalled`")),
                None => did_you_mean(name, all.iter().map(String::as_str)),
            };
            self.tell_alert(watch, &format!("`{name}` is not the name of any node"), hint);
        }
        found
    }

    fn finds(&mut self, watch: &Watch, text: &str, what: &str) -> Vec<Read> {
        let found = match self.find_for(watch, text) {
            Some(found) => found,
            None => return Vec::new(),
        };
        let is_stream = text.contains('/');
        let mut results = Vec::new();
        for first in &found {
            let of_node = self.streams.all().filter(|other| other.node == first.node);
            // What a scene really shows is only looked at when somebody asks for it.
            let is_wanted = |other: &Found| match is_stream {
                true => other.output == first.output && other.carries.is_result(),
                false => other.carries.is_result() && other.carries != Carries::Truth,
            };
            results.extend(of_node.filter(is_wanted));
        }
        if let (Some(first), true) = (found.first(), results.is_empty()) {
            let message = match is_stream {
                true => format!("`{text}` carries {}, wanted what was found", in_words(first.carries)),
                false => format!("`{text}` finds nothing: it makes {}", in_words(first.carries)),
            };
            let there = self
                .streams
                .all()
                .filter(|found| found.carries.is_result())
                .map(|found| found.name());
            let there: Vec<String> = there.take(MOST_IN_HINT).collect();
            let hint = format!("what is found is in {}", in_backticks(there.iter().map(String::as_str)));
            self.tell_alert(watch, &message, (!there.is_empty()).then_some(hint));
        }
        if let Some(listens) = self.listens_for(text)
            && !listens.iter().any(|sound| sound == what)
            && let Some(near) = meant(what, listens.iter().map(String::as_str))
        {
            let name = text.split('/').next().unwrap_or(text);
            let message = format!("`{name}` does not listen for `{what}`");
            self.tell_alert(watch, &message, Some(format!("did you mean `{near}`?")));
        }
        results.iter().map(|found| Read::of(found, true)).collect()
    }

    /// What a stage listens for, as far as its settings tell.
    fn listens_for(&self, text: &str) -> Option<Vec<String>> {
        let name = text.split('/').next().unwrap_or(text);
        let node = self
            .nodes
            .iter()
            .find(|node| node.name == name && node.noun == Noun::Stage)?;
        let listed = node.settings.get("listen_for")?;
        let word = |tree: &Tree| match &tree.value {
            Value::Scalar(scalar) => Some(scalar.text.clone()),
            Value::Map(entries) => entries.first().map(|entry| entry.key.clone()),
            _ => None,
        };
        match &listed.value {
            Value::List(items) => items.iter().map(word).collect(),
            Value::Map(entries) => Some(entries.iter().map(|entry| entry.key.clone()).collect()),
            _ => word(listed).map(|one| vec![one]),
        }
    }

    fn ages(&mut self, watch: &Watch, text: &str, all: &[String]) -> Vec<Read> {
        let Some(found) = self.find_for(watch, text) else {
            return Vec::new();
        };
        let mut reads = Vec::new();
        for found in &found {
            if found.carries == Carries::Events {
                let message = format!("`{}` is only sent when something begins or ends", found.name());
                let hint = format!("name a stream that comes all the time, such as `{}/scores`", found.node);
                self.tell_alert(watch, &message, Some(hint));
                continue;
            }
            reads.push(Read::of(found, false));
            // A node that ends as it was asked owes nothing.
            reads.extend(
                all.iter()
                    .filter(|name| **name == found.node)
                    .map(|name| Read::health(name)),
            );
        }
        reads
    }

    /// The streams that a text means; `None` when that was told.
    fn find_for(&mut self, watch: &Watch, text: &str) -> Option<Vec<Found>> {
        match self.streams.find(text) {
            Ok(found) => Some(found),
            Err(Nowhere { is_node: true, .. }) if self.lost_cameras => None,
            Err(Nowhere { message, hint, .. }) => {
                self.tell_alert(watch, message.strip_prefix("input ").unwrap_or(&message), hint);
                None
            }
        }
    }

    fn tell_alert(&mut self, watch: &Watch, message: &str, hint: Option<String>) {
        let message = format!("{}: {}", called(&watch.alert), keys::at_path("when", message));
        self.findings.push(FileProblem::at(&watch.spot, message).hint(hint));
    }
}

impl Read {
    fn health(node: &str) -> Self {
        Self {
            node: HEALTH.to_owned(),
            output: node.to_owned(),
            each: true,
        }
    }

    fn of(found: &Found, each: bool) -> Self {
        Self {
            node: found.node.clone(),
            output: found.output.to_owned(),
            each,
        }
    }

    fn stream(&self) -> String {
        format!("{}/{}", self.node, self.output)
    }

    /// Whether the alert is about it, and not only helped by it.
    fn is_about(&self, when: &When) -> bool {
        !matches!(when, When::Older { .. }) || self.node != HEALTH
    }
}
