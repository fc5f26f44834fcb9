//! What the recorder reads: what the file says, or everything that one would miss.

use std::collections::BTreeSet;

use bushbaby_node::Carries;
use bushbaby_node::settings::Tree;

use super::streams::{Found, Nowhere, fits};
use super::wire::{SOUND_QUEUE, with_queue};
use super::{Input, Resolved, Resolver};
use crate::file::declare::wires::{Pace, Reads, Wire};
use crate::file::declare::{Declared, Noun};

/// The node whose outputs are the states of all others; the supervisor writes them.
pub(super) const HEALTH: &str = "_health";

/// A recorder wants every frame. So many wait for it where the file says nothing else.
const QUEUE: usize = 8;

impl Resolver<'_, '_> {
    /// Draws the recorder's wires. All others are known by now.
    pub(super) fn record(&mut self, nodes: &[Declared<'_>], resolved: &mut [Resolved]) {
        let Some(place) = nodes.iter().position(|node| node.noun == Noun::Record) else {
            return;
        };
        let node = &nodes[place];
        let all: Vec<String> = resolved
            .iter()
            .flat_map(|resolved| &resolved.instances)
            .map(|instance| instance.name.clone())
            .collect();
        let mut note = None;
        let inputs: Vec<Input> = match &node.reads {
            Reads::In(wires) => wires.iter().flat_map(|wire| self.recorded(node, wire, &all)).collect(),
            Reads::Sync(_, _, spot) => {
                let hint = "streams of one moment are found by their capture times later".to_owned();
                return self.tell(node, spot, "it takes streams one by one, not pairs", Some(hint));
            }
            Reads::Unsaid(pace) => {
                let inputs = self.worth_recording(node, *pace, &all);
                let is_sound_alone = inputs.iter().all(|input| input.spec.stream.output() == "audio");
                note = Some(match is_sound_alone {
                    true => "all sound".to_owned(),
                    false => {
                        "every camera and microphone with its sound, all results, and how each node was".to_owned()
                    }
                });
                inputs
            }
            Reads::Nothing | Reads::Each(_) | Reads::Watches(_) | Reads::Broken => return,
        };
        let mut seen = BTreeSet::new();
        let inputs = inputs
            .into_iter()
            .filter(|input| seen.insert(input.spec.stream.clone()))
            .collect();
        resolved[place].note = note;
        if let Some(instance) = resolved[place].instances.first_mut() {
            instance.inputs = inputs;
        }
    }

    /// The streams of one wire: patterns mean all that fit, health included.
    fn recorded(&mut self, node: &Declared<'_>, wire: &Wire, all: &[String]) -> Vec<Input> {
        let pattern = wire.text.as_str();
        let mut inputs: Vec<Input> = match (pattern.contains('*'), pattern.split_once('/')) {
            (false, Some((HEALTH, _))) => Vec::new(),
            (true, _) => {
                let found = self.streams.matching(pattern);
                found
                    .iter()
                    .filter_map(|found| self.input(node, found, &queued(wire, found)))
                    .collect()
            }
            (false, _) => match self.streams.find(pattern) {
                Ok(found) => found
                    .iter()
                    .filter_map(|found| self.input(node, found, &queued(wire, found)))
                    .collect(),
                Err(Nowhere { is_node: true, .. }) if self.lost_cameras => return Vec::new(),
                Err(Nowhere { message, hint, .. }) => {
                    self.tell(node, &wire.spot, &message, hint);
                    return Vec::new();
                }
            },
        };
        if let Some((_, output)) = pattern.split_once('/').filter(|(node, _)| fits(node, HEALTH)) {
            let named = all.iter().filter(|name| fits(output, name));
            let wire = with_queue(wire, QUEUE);
            inputs.extend(named.filter_map(|name| Input::new(HEALTH, name, &wire)));
        }
        if inputs.is_empty() && !self.lost_cameras && self.all_known() {
            let message = format!("`in: {pattern}` fits no stream");
            self.tell(
                node,
                &wire.spot,
                &message,
                Some("for example `*/image`, `_health/*`".to_owned()),
            );
        }
        inputs
    }

    /// First outputs of cameras, the sound of cameras and microphones, whatever stages found out, and the health of all nodes; where
    /// files hold sound alone, all sound. What a scene really shows is only recorded when somebody asks for it.
    fn worth_recording(&mut self, node: &Declared<'_>, pace: Pace, all: &[String]) -> Vec<Input> {
        let wire = Wire {
            text: String::new(),
            spot: node.spot.clone(),
            pace,
            windows: None,
        };
        let is_source = |name: &str| self.nodes.iter().any(|node| node.noun.is_source() && node.name == name);
        let is_sound_alone = node.settings.get("format").and_then(Tree::as_text) == Some("wav");
        let mut cameras_seen = BTreeSet::new();
        let mut inputs = Vec::new();
        for found in self.streams.all() {
            let is_sound = found.carries == Carries::Audio;
            let is_wanted = if is_sound_alone || is_sound {
                is_sound && is_source(&found.node)
            } else if is_source(&found.node) {
                cameras_seen.insert(found.node.clone())
            } else {
                found.carries.is_result() && found.carries != Carries::Truth
            };
            if is_wanted {
                inputs.extend(Input::new(&found.node, found.output, &queued(&wire, &found)));
            }
        }
        if is_sound_alone && inputs.is_empty() && !self.lost_cameras && self.all_known() {
            self.tell(node, &node.spot, "there is no sound to record", None);
        }
        let health = all.iter().filter(|_| !is_sound_alone);
        inputs.extend(health.filter_map(|name| Input::new(HEALTH, name, &with_queue(&wire, QUEUE))));
        inputs
    }

    /// Whether the outputs of all nodes are known, so that a pattern that fits nothing is a mistake.
    pub(super) fn all_known(&self) -> bool {
        self.nodes.iter().all(|node| node.kind.is_some())
    }
}

/// The same wire; where the file says nothing else, as many frames of this stream wait as a recorder wants.
fn queued(wire: &Wire, found: &Found) -> Wire {
    let is_sound = found.carries == Carries::Audio;
    with_queue(wire, if is_sound { SOUND_QUEUE } else { QUEUE })
}
