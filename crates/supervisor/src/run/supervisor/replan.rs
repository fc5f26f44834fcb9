//! The file was changed while its nodes run.

use std::collections::BTreeSet;

use super::Supervisor;
use super::node::Node;
use crate::plan::{Plan, PlannedNode};
use crate::run::lifecycle::Input;
use crate::run::log::Level;

/// What another plan asks for, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    added: Vec<String>,
    removed: Vec<String>,
    /// There before and now, and to be started again.
    changed: Vec<String>,
    /// Told while they run: only what was saved of them is different.
    told: Vec<String>,
}

impl Difference {
    /// `again`: nodes that start again though they are planned as they were.
    fn between(before: &[&PlannedNode], now: &[PlannedNode], again: &BTreeSet<String>) -> Self {
        let name = |node: &PlannedNode| node.spec.node.clone();
        let mut difference = Self::default();
        for node in before {
            if !now.iter().any(|other| other.spec.node == node.spec.node) {
                difference.removed.push(name(node));
            }
        }
        for node in now {
            match before.iter().find(|other| other.spec.node == node.spec.node) {
                None => difference.added.push(name(node)),
                Some(other) if *other != node || again.contains(&node.spec.node) => difference.changed.push(name(node)),
                Some(_) => {}
            }
        }
        difference
    }

    fn in_words(&self) -> String {
        let parts = [
            ("starting", &self.added),
            ("starting again", &self.changed),
            ("ending", &self.removed),
            ("taken over without a start by", &self.told),
        ];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> = parts
            .map(|(what, names)| format!("{what} {}", names.join(", ")))
            .collect();
        if parts.is_empty() {
            "the file was saved: nothing changes".to_owned()
        } else {
            format!("the file was saved: {}", parts.join("; "))
        }
    }
}

impl Supervisor {
    /// Makes the nodes those of another plan: starts what is new, ends what is gone, starts again what is different.
    pub(super) fn replan(&mut self, plan: Plan, again: &BTreeSet<String>) {
        if self.stopping.is_some() || self.stop_was_asked {
            return;
        }
        let plan = plan.for_instance(self.with.instance.name());
        let mut told = Vec::new();
        for planned in plan.nodes.iter().filter(|node| !again.contains(&node.spec.node)) {
            let there = |node: &&mut Node| !node.was_removed && node.name == planned.spec.node;
            if let Some(node) = self.nodes.iter_mut().find(there)
                && node.follow_saved(planned, &self.with.log)
            {
                told.push(node.name.clone());
            }
        }
        let there = self.nodes.iter().filter(|node| !node.was_removed);
        let before: Vec<&PlannedNode> = there.map(|node| &node.planned).collect();
        let difference = Difference {
            told,
            ..Difference::between(&before, &plan.nodes, again)
        };
        self.with.log.own(Level::Info, &difference.in_words());
        self.figures.replan(&plan.nodes);
        self.web = plan.web;
        let until = self.now + self.with.timing.restart_asked;
        for place in self.places_of(&difference.removed) {
            self.nodes[place].was_removed = true;
            self.feed(place, Input::Stop { until });
        }
        for planned in plan.nodes {
            let name = planned.spec.node.clone();
            if difference.added.contains(&name) {
                self.with.log.add(&name);
                self.nodes.push(Node::new(planned, self.with.timing, self.now));
                self.feed(self.nodes.len() - 1, Input::Begin);
            } else if difference.changed.contains(&name) {
                for place in self.places_of(std::slice::from_ref(&name)) {
                    self.nodes[place].replan(planned.clone());
                    self.feed(place, Input::Replaced);
                }
            }
        }
    }

    /// The places of nodes that are not removed.
    fn places_of(&self, names: &[String]) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| !node.was_removed && names.contains(&node.name))
            .map(|(place, _)| place)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use bushbaby_node::Role;

    use super::*;
    use crate::run::log::LogBook;
    use crate::run::options::Timing;
    use crate::run::testing::planned;
    use bushbaby_bus::{Instance, MonoTime};
    use serde_json::json;

    #[test]
    fn what_was_saved_is_followed_without_another_start_and_anything_else_is_not() {
        let stage = |hue: serde_json::Value, sort: &str| {
            let mut stage = planned("tape", Role::Stage, &["front/image"]);
            stage.spec.settings = json!({ "hue": hue, "sort": sort });
            stage.shown_settings = stage.spec.settings.clone();
            stage
        };
        let instance = Instance::new(format!("follow-{}", std::process::id()).parse().unwrap());
        let log = LogBook::open(&instance, std::iter::empty(), None);
        let mut node = Node::new(stage(json!([0, 9]), "largest"), Timing::default(), MonoTime::now());
        let settings = |hue: serde_json::Value| json!({ "hue": hue }).as_object().cloned().unwrap();
        assert!(
            !node.follow_saved(&stage(json!([5, 9]), "largest"), &log),
            "nothing was saved"
        );
        node.tune(0, settings(json!([5, 9])), &log);
        node.saved(0, settings(json!([5, 9])), &log);
        assert!(!node.follow_saved(&stage(json!([5, 9]), "lowest"), &log));
        let mut secret = stage(json!("of the environment"), "largest");
        secret.shown_settings["hue"] = json!("$HUE");
        assert!(!node.follow_saved(&secret, &log), "it would be shown");
        // Saved, and then written by hand.
        let now = stage(json!([7, 9]), "largest");
        assert!(node.follow_saved(&now, &log));
        assert_eq!(
            (&node.planned, node.shown_settings()),
            (&now, now.shown_settings.clone())
        );
        assert_eq!(
            node.to_start().spec.pipelines.changes.over(0, &json!({}))["hue"],
            json!([7, 9])
        );
    }

    #[test]
    fn only_what_is_different_is_touched() {
        let camera = planned("front", Role::Source, &[]);
        let (tags, more) = (
            planned("tags", Role::Stage, &["front/image"]),
            planned("more", Role::Stage, &["front/image"]),
        );
        let (gone, new) = (
            planned("gone", Role::Stage, &["front/image"]),
            planned("new", Role::Stage, &["front/image"]),
        );
        let mut changed = tags.clone();
        changed.limits.stuck *= 2;
        let before = [&camera, &tags, &more, &gone];
        let now = [camera.clone(), changed, more.clone(), new];
        let again = BTreeSet::from(["more".to_owned(), "nobody".to_owned()]);
        let difference = Difference::between(&before, &now, &again);
        assert_eq!(
            difference.in_words(),
            "the file was saved: starting new; starting again tags, more; ending gone"
        );
        let same = Difference::between(&[&camera], std::slice::from_ref(&camera), &BTreeSet::new());
        assert_eq!(same, Difference::default());
    }
}
