//! What falls comes back.

use std::time::Duration;

use bushbaby_node::Role;
use bushbaby_node::status::{NodeState, Reply, Request};
use rustix::process::Signal;

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, is_alive, node, options, signal, until_gone};

#[test]
fn a_killed_node_comes_back_and_its_frames_are_counted_on() {
    let mut rig = Rig::start("kill", vec![front(Behaviour::default())]);
    rig.line("front", "running");
    let before = rig.until("a frame", |status| {
        status.streams.values().any(|stream| stream.frames >= 3)
    });
    let first = before.nodes["front"].pid.unwrap();
    signal(first, Signal::KILL);
    rig.then("front", "fell: killed by SIGKILL");
    rig.then("front", "running");
    let after = rig.until("more frames", |status| {
        status
            .streams
            .values()
            .all(|stream| stream.frames > before.streams.values().next().unwrap().frames)
    });
    let front = &after.nodes["front"];
    assert_eq!((front.state, front.restarts), (NodeState::Running, 1));
    assert_ne!(front.pid.unwrap(), first);
    rig.end();
}

#[test]
fn a_stopped_process_is_caught_by_its_heartbeat_and_explained() {
    let mut rig = Rig::start("sigstop", vec![front(Behaviour::default())]);
    rig.line("front", "running");
    rig.until("a heartbeat", |status| {
        status.streams.values().any(|stream| stream.frames > 0)
    });
    signal(rig.node("front").pid.unwrap(), Signal::STOP);
    rig.line("front", "stopping: no heartbeat for 2 s");
    rig.line("front", "state T");
    let why = "fell: no heartbeat for 2 s; it was stopped by a signal or a debugger";
    rig.then("front", why);
    rig.then("front", "running");
    assert_eq!(rig.node("front").restarts, 1);
    rig.end();
}

#[test]
fn a_stuck_call_is_a_reason_to_start_again() {
    let stuck = Behaviour {
        in_call_ms: Some(10_500),
        ..Behaviour::default()
    };
    let mut rig = Rig::start("stuck", vec![front(stuck)]);
    rig.line("front", "fell: stuck: one call has lasted 10.5 s; ");
    rig.then("front", "starting again");
    rig.end();
}

#[test]
fn too_much_memory_is_a_reason_to_start_again() {
    let mut hungry = front(Behaviour {
        memory_bytes: 200_000_000,
        ..Behaviour::default()
    });
    hungry.process.memory_bytes = Some(100_000_000);
    let mut rig = Rig::start("memory", vec![hungry]);
    rig.line("front", "stopping: it has 2");
    rig.line("front", "asked to end");
    rig.line("front", "its limit (`memory:`) is 100 MB");
    rig.then("front", "starting again");
    rig.end();
}

#[test]
fn children_die_with_their_node_in_whatever_group_they_are() {
    let parent = front(Behaviour {
        has_children: true,
        ..Behaviour::default()
    });
    let mut rig = Rig::start("children", vec![parent]);
    let line = rig.line("front", "children ");
    let children: Vec<u32> = line
        .split_whitespace()
        .rev()
        .take(2)
        .map(|pid| pid.parse().unwrap())
        .collect();
    rig.until("its running", |status| {
        status.nodes["front"].state == NodeState::Running
    });
    assert!(children.iter().all(|child| is_alive(*child)));
    signal(rig.node("front").pid.unwrap(), Signal::KILL);
    children.into_iter().for_each(until_gone);
    rig.then("front", "starting again");
    rig.end();
}

#[test]
fn five_failed_starts_are_enough_until_somebody_asks_and_the_rest_runs_on() {
    let broken = front(Behaviour {
        exits_at_start: Some(3),
        ..Behaviour::default()
    });
    let mut rig = Rig::start(
        "give-up",
        vec![broken, node("door", Role::Source, &[], Behaviour::default())],
    );
    let reason = "it ended with exit code 3; its last line: no camera today";
    rig.line("front", &format!("given up: {reason} (5 failed starts in a row)"));
    let status = rig.until("the other", |status| status.nodes["door"].state == NodeState::Running);
    let given_up = &status.nodes["front"];
    assert_eq!(
        (given_up.state, given_up.restarts, given_up.pid),
        (NodeState::GivenUp, 4, None)
    );
    assert_eq!(
        rig.ask(&Request::Restart {
            node: "front".to_owned()
        }),
        Reply::Done
    );
    rig.then("front", "starting again");
    rig.line("front", "given up");
    let summary = rig.end();
    assert_eq!(summary.nodes["front"].state, NodeState::GivenUp);
    assert_eq!(
        (summary.nodes["front"].restarts, summary.nodes["door"].state),
        (9, NodeState::Stopped)
    );
}

#[test]
fn a_failure_for_good_is_told_with_its_hint_and_not_tried_again() {
    let mut rig = Rig::start(
        "final",
        vec![front(Behaviour {
            fails_for_good: true,
            ..Behaviour::default()
        })],
    );
    rig.line("front", "given up: no such model (hint: download it)");
    let front = rig.node("front");
    assert_eq!((front.restarts, front.error.as_deref()), (0, Some("no such model")));
    rig.end();
}

#[test]
fn a_node_that_never_gets_ready_is_started_again() {
    let mut silent = front(Behaviour {
        is_silent: true,
        ..Behaviour::default()
    });
    silent.limits.ready = Duration::from_millis(300);
    let mut rig = Rig::start("silent", vec![silent]);
    rig.line("front", "fell: not ready after 300 ms (`ready:`); ");
    rig.end();
}

#[test]
fn a_program_that_is_not_there_is_told_as_such() {
    let mut options = options(&crate::rig::instance("no-program"));
    options.program = "/nowhere/bushbaby".into();
    let mut rig = Rig::start_with(options, vec![front(Behaviour::default())]);
    rig.line(
        "front",
        "given up: `/nowhere/bushbaby` cannot be started: No such file or directory",
    );
    rig.end();
}

#[test]
fn a_restart_by_request_is_polite_and_at_once() {
    let mut rig = Rig::start("restart", vec![front(Behaviour::default())]);
    rig.line("front", "running");
    assert_eq!(
        rig.ask(&Request::Restart {
            node: "front".to_owned()
        }),
        Reply::Done
    );
    rig.line("front", "asked to end");
    rig.then("front", "starting again");
    rig.then("front", "running");
    let Reply::Refused { message, hint } = rig.ask(&Request::Restart {
        node: "frnt".to_owned(),
    }) else {
        panic!()
    };
    assert_eq!(
        (message.as_str(), hint.as_deref()),
        ("there is no node `frnt`", Some("the nodes are: front"))
    );
    rig.end();
}
