//! The plan of a running instance is changed.

use std::collections::BTreeSet;

use bushbaby_node::Role;
use bushbaby_node::status::{NodeState, Reply, Request};
use bushbaby_supervisor::Plan;
use bushbaby_supervisor::plan::PlannedNode;
use bushbaby_supervisor::run::Changes;

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, instance, is_alive, node, options, until_gone};

fn stage(name: &str) -> PlannedNode {
    node(name, Role::Stage, &["front/image"], Behaviour::default())
}

fn start(test: &str, nodes: Vec<PlannedNode>) -> (Rig, Changes) {
    let options = options(&instance(test));
    let changes = options.changes.clone();
    (Rig::start_with(options, nodes), changes)
}

fn plan(nodes: Vec<PlannedNode>) -> Plan {
    Plan { nodes, web: None }
}

fn all_run(rig: &Rig, names: &[&str]) -> bool {
    let nodes = rig.status().nodes;
    let names: BTreeSet<&str> = names.iter().copied().collect();
    nodes.keys().map(String::as_str).collect::<BTreeSet<_>>() == names
        && nodes.values().all(|node| node.state == NodeState::Running)
}

#[test]
fn a_saved_file_starts_what_is_new_ends_what_is_gone_and_touches_nothing_else() {
    let (rig, changes) = start(
        "reload",
        vec![front(Behaviour::default()), stage("tags"), stage("gone")],
    );
    rig.until("all to run", |_| all_run(&rig, &["front", "tags", "gone"]));
    let before = rig.status().nodes;

    let mut tags = stage("tags");
    tags.process.environment.insert("COLOUR".to_owned(), "green".to_owned());
    changes.replan(
        plan(vec![front(Behaviour::default()), tags, stage("new")]),
        BTreeSet::new(),
    );
    let after = rig.until("the new plan", |status| {
        all_run(&rig, &["front", "tags", "new"]) && status.nodes["tags"].restarts == 1
    });
    until_gone(before["gone"].pid.unwrap());
    assert_eq!(
        (after.nodes["front"].pid, after.nodes["front"].restarts),
        (before["front"].pid, 0)
    );
    let streams: Vec<&str> = after.streams.keys().map(|stream| stream.as_str()).collect();
    assert_eq!(streams, ["front/image", "new/image", "tags/image"]);
    let readers: Vec<&str> = after.edges.iter().map(|edge| edge.to.as_str()).collect();
    assert_eq!(readers, ["tags", "new"]);
    let Reply::Log(lines) = rig.ask(&Request::Log {
        node: "new".to_owned(),
        lines: 100,
    }) else {
        panic!()
    };
    assert!(lines.iter().any(|line| line.ends_with("running")), "{lines:?}");
    assert!(matches!(
        rig.ask(&Request::Restart {
            node: "gone".to_owned()
        }),
        Reply::Refused { .. }
    ));

    let mut rig = rig;
    rig.line(
        "bushbaby",
        "the file was saved: starting new; starting again tags; ending gone",
    );
    rig.line("tags", "its part of the file, or its code, was changed");
    let summary = rig.end();
    assert!(
        summary.nodes.values().all(|node| node.state == NodeState::Stopped),
        "{summary:?}"
    );
}

#[test]
fn a_node_that_was_taken_out_may_come_back() {
    let (rig, changes) = start("back", vec![front(Behaviour::default()), stage("tags")]);
    rig.until("all to run", |_| all_run(&rig, &["front", "tags"]));
    changes.replan(plan(vec![front(Behaviour::default())]), BTreeSet::new());
    rig.until("its end", |_| all_run(&rig, &["front"]));
    changes.replan(plan(vec![front(Behaviour::default()), stage("tags")]), BTreeSet::new());
    rig.until("its return", |_| all_run(&rig, &["front", "tags"]));
    let pid = rig.node("tags").pid.unwrap();
    drop(rig);
    assert!(!is_alive(pid));
}

#[test]
fn code_that_was_saved_starts_its_nodes_again_and_a_node_that_was_given_up_is_tried() {
    let broken = Behaviour {
        fails_for_good: true,
        ..Behaviour::default()
    };
    let (mut rig, changes) = start(
        "again",
        vec![
            front(Behaviour::default()),
            node("own", Role::Stage, &["front/image"], broken),
        ],
    );
    rig.line("own", "given up: no such model");
    changes.tell("detector.py:3: invalid syntax\n  --> pipeline.yaml:4:10".to_owned());
    rig.line("bushbaby", "WARN  detector.py:3: invalid syntax");
    rig.line("bushbaby", "--> pipeline.yaml:4:10");
    changes.replan(
        plan(vec![front(Behaviour::default()), stage("own")]),
        BTreeSet::from(["own".to_owned(), "front".to_owned()]),
    );
    rig.until("both to run", |status| {
        all_run(&rig, &["front", "own"]) && status.nodes["front"].restarts == 1
    });
    rig.end();
}
