//! Draws the wires of one node.

use std::collections::BTreeSet;

use bushbaby_bus::StreamName;
use bushbaby_node::control::InputSpec;
use bushbaby_node::{Carries, InputNeed, Kind};

use super::streams::{Found, Nowhere, in_words};
use super::{Input, Resolved, Resolver};
use crate::file::declare::wires::{Pace, Reads, Wire};
use crate::file::declare::{Declared, Noun};
use crate::file::problem::in_backticks;

/// More streams than this explain nothing.
pub(super) const MOST_IN_HINT: usize = 24;

impl Resolver<'_, '_> {
    /// Draws the wires of `in:`, or the one that goes without saying.
    pub(super) fn wire(&mut self, node: &Declared<'_>, resolved: &mut Resolved) {
        let inputs = match &node.reads {
            Reads::Nothing | Reads::Broken | Reads::Each(_) => return,
            Reads::In(wires) => wires.iter().flat_map(|wire| self.follow(node, wire)).collect(),
            Reads::Sync(wires, spot) => {
                wires.iter().for_each(|wire| drop(self.follow(node, wire)));
                let who = node
                    .kind
                    .map_or("this kind".to_owned(), |kind| format!("kind `{}`", kind.name));
                let message = format!("`sync` hands over pairs, {who} takes one picture at a time");
                let hint = "stages that take pairs are not there yet in this version".to_owned();
                return self.tell(node, spot, &message, Some(hint));
            }
            Reads::Unsaid(pace) => {
                let wire = self.only_camera(node, *pace);
                resolved.note = wire.is_some().then(|| "the only camera".to_owned());
                wire.map(|wire| self.follow(node, &wire)).unwrap_or_default()
            }
        };
        let mut seen = BTreeSet::new();
        for input in inputs.iter().filter(|input| !seen.insert(&input.spec.stream)) {
            let message = format!("it reads `{}` twice", input.spec.stream);
            self.tell(node, &input.spot, &message, Some("remove one of them".to_owned()));
        }
        if let Some(instance) = resolved.instances.first_mut() {
            instance.inputs = inputs;
        }
    }

    fn follow(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        match self.streams.find(&wire.text) {
            Ok(found) => found.iter().filter_map(|found| self.input(node, found, wire)).collect(),
            Err(Nowhere { is_node: true, .. }) if self.lost_cameras => Vec::new(),
            Err(Nowhere { message, hint, .. }) => {
                self.tell(node, &wire.spot, &message, hint);
                Vec::new()
            }
        }
    }

    /// One wire to a stream that is there, if the node can read what it carries.
    pub(super) fn input(&mut self, node: &Declared<'_>, found: &Found, wire: &Wire) -> Option<Input> {
        match node.kind.map(|kind| (kind.inputs, kind.name)) {
            Some((InputNeed::None, kind)) => {
                let message = format!("kind `{kind}` reads nothing");
                self.tell(node, &wire.spot, &message, Some("remove what it reads".to_owned()));
                return None;
            }
            Some((InputNeed::Images, _)) if !found.carries.has_picture() => {
                let (carries, wanted) = (in_words(found.carries), in_words(Carries::Image));
                let there = self.streams.carrying(Carries::Image);
                let there = in_backticks(there.iter().take(MOST_IN_HINT).map(String::as_str));
                let hint = (!there.is_empty()).then(|| format!("{wanted} in {there}"));
                let message = format!("input `{}` carries {carries}, wanted {wanted}", found.name());
                self.tell(node, &wire.spot, &message, hint);
                return None;
            }
            Some((InputNeed::Images | InputNeed::Anything, _)) | None => {}
        }
        let stream = StreamName::new(&found.node, found.output).ok()?;
        let Pace { queue, every, max_fps } = wire.pace;
        let spec = InputSpec {
            stream,
            queue,
            every,
            max_fps,
        };
        Some(Input {
            spec,
            spot: wire.spot.clone(),
        })
    }

    /// What a stage reads that does not say it: the camera, where there is one.
    fn only_camera(&mut self, node: &Declared<'_>, pace: Pace) -> Option<Wire> {
        let kind: &Kind = node.kind.filter(|kind| kind.inputs != InputNeed::None)?;
        let mut cameras = self
            .nodes
            .iter()
            .filter(|node| node.noun == Noun::Camera)
            .map(|node| node.name.as_str());
        // Without any, that is what was reported.
        let first = cameras.next().filter(|_| !self.lost_cameras)?;
        if cameras.next().is_none() {
            return Some(Wire {
                text: first.to_owned(),
                spot: node.spot.clone(),
                pace,
            });
        }
        let message = format!(
            "it does not say what it reads, and kind `{}` reads {}",
            kind.name,
            in_words(Carries::Image)
        );
        let hint = format!("for example `in: {first}`, or `each: \"*/image\"` for one node a camera");
        self.tell(node, &node.spot, &message, Some(hint));
        None
    }
}
