//! What the evidence reads: everything that is heard, the sound that it is heard in, and the pictures beside it.

use std::collections::BTreeSet;

use bushbaby_bus::MAX_QUEUE;
use bushbaby_node::Carries;

use super::streams::Found;
use super::{Input, Resolved, Resolver};
use crate::file::declare::wires::{Pace, Wire};
use crate::file::declare::{Declared, Noun};

impl Resolver<'_, '_> {
    /// Draws the wires of the evidence. All others are known by now.
    pub(super) fn evidence(&mut self, nodes: &[Declared<'_>], resolved: &mut [Resolved]) {
        let Some(place) = nodes.iter().position(|node| node.noun == Noun::Evidence) else {
            return;
        };
        let node = &nodes[place];
        // What a source itself says was to be heard (the truth of a made room) is no find of anybody.
        let is_source = |name: &str| nodes.iter().any(|node| node.name == name && node.noun.is_source());
        let is_of_interest = |found: &Found| found.carries != Carries::Events || !is_source(&found.node);
        let all: Vec<Found> = self.streams.all().filter(is_of_interest).collect();
        let of = |wanted: Carries| all.iter().filter(move |found| found.carries == wanted);
        if of(Carries::Events).next().is_none() && !self.lost_cameras && self.all_known() {
            let hint = "a stage that listens: `cry: {kind: sound_events, each: \"*/audio\"}`".to_owned();
            return self.tell(node, &node.spot, "nothing in the file hears anything", Some(hint));
        }
        let with_sound: BTreeSet<&str> = of(Carries::Audio).map(|found| found.node.as_str()).collect();
        let mut seen = BTreeSet::new();
        let first_pictures = all.iter().filter(|found| {
            found.carries.has_picture() && with_sound.contains(found.node.as_str()) && seen.insert(found.node.as_str())
        });
        let wire = |queue| Wire {
            text: String::new(),
            spot: node.spot.clone(),
            pace: Pace {
                queue,
                ..Pace::default()
            },
            windows: None,
        };
        let heard = of(Carries::Events)
            .chain(of(Carries::Audio))
            .map(|found| (found, Some(MAX_QUEUE)));
        let inputs = heard
            .chain(first_pictures.map(|found| (found, None)))
            .filter_map(|(found, queue)| Input::new(&found.node, found.output, &wire(queue)))
            .collect();
        if let Some(instance) = resolved[place].instances.first_mut() {
            instance.inputs = inputs;
        }
    }
}
