//! What a robot is told: what the file says, or everything that was found in pictures.

use std::collections::BTreeSet;

use bushbaby_node::Carries;

use super::streams::{Found, Nowhere, in_words};
use super::wire::{MOST_IN_HINT, with_queue};
use super::{Input, Resolved, Resolver};
use crate::file::declare::wires::{Reads, Wire};
use crate::file::declare::{Declared, Noun};
use crate::file::problem::in_backticks;

/// Each result counts. So many may wait where the file says nothing else.
const QUEUE: usize = 64;
/// The outputs of stages that find targets by their colour, and places of the robot.
const FOUND: [&str; 2] = ["targets", "pose"];

impl Resolver<'_, '_> {
    /// Draws the wires to the robot. All others are known by now.
    pub(super) fn networktables(&mut self, nodes: &[Declared<'_>], resolved: &mut [Resolved]) {
        let Some(place) = nodes.iter().position(|node| node.noun == Noun::NetworkTables) else {
            return;
        };
        let node = &nodes[place];
        let mut note = None;
        let inputs: Vec<Input> = match &node.reads {
            Reads::In(wires) => wires.iter().flat_map(|wire| self.told(node, wire)).collect(),
            Reads::Sync(_, _, spot) => {
                let hint = "results are joined by the picture that they came from".to_owned();
                return self.tell(node, spot, "it takes streams one by one, not pairs", Some(hint));
            }
            Reads::Unsaid(pace) => {
                note = Some("all tags, targets and places".to_owned());
                let wire = Wire {
                    text: String::new(),
                    spot: node.spot.clone(),
                    pace: *pace,
                    windows: None,
                };
                self.all_found(node, &wire)
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

    /// The streams of one wire; patterns mean all that fit and can be told.
    fn told(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        let pattern = wire.text.as_str();
        let queued = with_queue(wire, QUEUE);
        let input = |found: &Found| Input::new(&found.node, found.output, &queued);
        if pattern.contains('*') {
            let is_told = |found: &Found| found.node != node.name && can_be_told(found);
            let fit: Vec<Found> = self.streams.matching(pattern).into_iter().filter(is_told).collect();
            if fit.is_empty() && !self.lost_cameras && self.all_known() {
                let message = format!("`in: {pattern}` fits no stream of tags or targets");
                let hint = self.those_that_can_be_told();
                self.tell(node, &wire.spot, &message, hint);
            }
            return fit.iter().filter_map(input).collect();
        }
        let found = match self.streams.find(pattern) {
            Ok(found) => found,
            Err(Nowhere { is_node: true, .. }) if self.lost_cameras => return Vec::new(),
            Err(Nowhere { message, hint, .. }) => {
                self.tell(node, &wire.spot, &message, hint);
                return Vec::new();
            }
        };
        let mut inputs = Vec::new();
        for found in &found {
            if found.node == node.name {
                let message = format!("input `{}` is what the robot itself says", found.name());
                self.tell(node, &wire.spot, &message, Some("remove it".to_owned()));
            } else if can_be_told(found) {
                inputs.extend(input(found));
            } else {
                let (name, carries) = (found.name(), in_words(found.carries));
                let message = format!("input `{name}` carries {carries}, wanted tags or targets");
                let hint = self.those_that_can_be_told();
                self.tell(node, &wire.spot, &message, hint);
            }
        }
        inputs
    }

    /// All that stages found and robots understand.
    fn all_found(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        let queued = with_queue(wire, QUEUE);
        let inputs: Vec<Input> = self
            .streams
            .all()
            .filter(is_found)
            .filter_map(|found| Input::new(&found.node, found.output, &queued))
            .collect();
        if inputs.is_empty() && !self.lost_cameras && self.all_known() {
            let hint = "a stage that finds them: `tags: {kind: apriltag, in: front, tag_size: 165mm}`".to_owned();
            let message = "nothing in the file finds tags or targets";
            self.tell(node, &node.spot, message, Some(hint));
        }
        inputs
    }

    fn those_that_can_be_told(&self) -> Option<String> {
        let all: Vec<String> = self.streams.all().filter(is_found).map(|found| found.name()).collect();
        let named = in_backticks(all.iter().take(MOST_IN_HINT).map(String::as_str));
        (!all.is_empty()).then(|| format!("tags or targets in {named}"))
    }
}

fn can_be_told(found: &Found) -> bool {
    matches!(found.carries, Carries::Detections | Carries::Truth | Carries::Results)
}

/// Results of somebody's own stage are told only to robots that are to know of them.
fn is_found(found: &Found) -> bool {
    found.carries == Carries::Detections || (found.carries == Carries::Results && FOUND.contains(&found.output))
}
