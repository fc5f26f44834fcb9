//! How an instance ends, and what it then says.

use std::time::Duration;

use bushbaby_node::Role;
use bushbaby_node::status::{AskError, NodeState, Reply, Request, ask};

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, instance, node, options};

#[test]
fn sources_end_before_stages_and_stages_before_sinks() {
    let nodes = vec![
        node("page", Role::Sink, &["tags/image"], Behaviour::default()),
        node("tags", Role::Stage, &["front/image"], Behaviour::default()),
        front(Behaviour::default()),
    ];
    let mut rig = Rig::start("end-order", nodes);
    rig.line("front", "running");
    assert_eq!(rig.ask(&Request::Stop), Reply::Done);
    for name in ["front", "tags", "page"] {
        rig.then(name, "stopping");
        rig.then(name, "stopped");
    }
    let summary = rig.wait().unwrap();
    assert!(
        summary
            .nodes
            .values()
            .all(|node| node.state == NodeState::Stopped && node.error.is_none())
    );
    assert!(matches!(
        ask(&rig.instance, &Request::Status),
        Err(AskError::NotRunning(_))
    ));
}

#[test]
fn a_node_that_ignores_stop_and_sigterm_is_killed() {
    let deaf = front(Behaviour {
        ignores_stop: true,
        ignores_sigterm: true,
        ..Behaviour::default()
    });
    let mut rig = Rig::start(
        "deaf",
        vec![deaf, node("page", Role::Sink, &["front/image"], Behaviour::default())],
    );
    rig.line("front", "running");
    let summary = rig.end();
    rig.then("front", "stopping");
    rig.then("page", "stopped");
    rig.then("front", "stopped: it did not end when asked");
    let front = &summary.nodes["front"];
    assert_eq!((front.state, front.pid), (NodeState::Stopped, None));
    assert!(
        front
            .error
            .as_ref()
            .unwrap()
            .starts_with("it did not end when asked (killed by SIGKILL"),
        "{front:?}"
    );
    assert_eq!(summary.nodes["page"].error, None);
}

#[test]
fn a_node_that_ignores_stop_ends_by_sigterm() {
    let mut rig = Rig::start(
        "term",
        vec![front(Behaviour {
            ignores_stop: true,
            ..Behaviour::default()
        })],
    );
    rig.line("front", "running");
    let error = rig.end().nodes["front"].error.clone().unwrap();
    assert!(
        error.starts_with("it did not end when asked (killed by SIGTERM"),
        "{error}"
    );
}

#[test]
fn a_second_press_hurries() {
    let mut options = options(&instance("hurry"));
    options.timing.stop_asked = Duration::from_secs(3600);
    let deaf = front(Behaviour {
        ignores_stop: true,
        ignores_sigterm: true,
        ..Behaviour::default()
    });
    let mut rig = Rig::start_with(options, vec![deaf]);
    rig.line("front", "running");
    rig.stop.press();
    rig.line("front", "but no");
    rig.end();
}

#[test]
fn a_run_for_some_time_ends_by_itself_with_a_summary_of_everything_planned() {
    let mut options = options(&instance("for"));
    options.for_duration = Some(Duration::from_secs(2));
    let nodes = vec![
        front(Behaviour::default()),
        node("tags", Role::Stage, &["front/image"], Behaviour::default()),
    ];
    let mut rig = Rig::start_with(options, nodes);
    let summary = serde_json::to_value(rig.wait().unwrap()).unwrap();
    assert!(summary["seconds"].as_f64().unwrap() >= 2.0);
    assert_eq!(summary["nodes"]["front"]["state"], "stopped");
    assert_eq!(summary["nodes"]["front"]["kind"], "fake");
    assert_eq!(summary["nodes"]["front"]["restarts"], 0);
    assert!(
        summary["streams"]["front/image"]["frames"].as_u64().unwrap() > 0,
        "{summary}"
    );
    assert!(summary["streams"]["tags/image"]["fps"].is_number());
    let edge = &summary["edges"][0];
    assert_eq!(
        (&edge["from"], &edge["to"], &edge["delivered"]),
        (&"front/image".into(), &"tags".into(), &0.into())
    );
    for reason in ["superseded", "overflow", "damaged"] {
        assert_eq!(edge["dropped"][reason], 0, "{edge}");
    }
}
