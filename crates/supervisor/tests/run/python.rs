//! Nodes that an interpreter runs.

use std::path::{Path, PathBuf};

use bushbaby_node::Role;
use bushbaby_node::status::NodeState;
use bushbaby_supervisor::plan::Program;
use rustix::process::Signal;

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, node, signal, until_gone};

fn interpreter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/fake_python.sh")
}

#[test]
fn a_python_node_is_started_by_its_interpreter_and_lives_and_dies_like_any_other() {
    let prints = vec!["PYTHONUNBUFFERED".to_owned(), "BUSHBABY_INSTANCE".to_owned()];
    let has_children = true;
    let mut people = node(
        "people",
        Role::Stage,
        &["front/image"],
        Behaviour {
            prints,
            has_children,
            ..Behaviour::default()
        },
    );
    people.program = Program::Python {
        interpreter: interpreter(),
    };
    let mut rig = Rig::start("python", vec![front(Behaviour::default()), people]);
    rig.line("people", "called with -P -m bushbaby.node");
    rig.line("people", "PYTHONUNBUFFERED=1");
    let name = rig.instance.name().to_string();
    rig.line("people", &format!("BUSHBABY_INSTANCE={name}"));
    let children = rig.line("people", "children ");
    rig.line("people", "running");
    signal(rig.node("people").pid.unwrap(), Signal::KILL);
    rig.line("people", "killed by SIGKILL");
    for child in children.split_whitespace().rev().take(2) {
        until_gone(child.parse().unwrap());
    }
    rig.until("its return", |status| {
        status.nodes["people"].state == NodeState::Running && status.nodes["people"].restarts == 1
    });
    assert_eq!(rig.node("people").outputs, ["people/image".parse().unwrap()]);
    rig.end();
}

#[test]
fn an_interpreter_that_is_gone_is_named() {
    let mut people = node("people", Role::Stage, &["front/image"], Behaviour::default());
    people.program = Program::Python {
        interpreter: "/no/such/python".into(),
    };
    let mut rig = Rig::start("no-python", vec![front(Behaviour::default()), people]);
    rig.line("people", "`/no/such/python` cannot be started");
    rig.line("front", "running");
    rig.end();
}

#[test]
fn an_error_of_several_lines_is_told_line_by_line_and_stays_whole_in_the_status() {
    let message = "ValueError: too dark\n  detector.py:12 in step\n    raise ValueError(\x1b[1m\"too dark\")";
    let fails_with = Some(message.to_owned());
    let mut rig = Rig::start(
        "lines",
        vec![front(Behaviour {
            fails_with,
            ..Behaviour::default()
        })],
    );
    let told = rig.line("front", "fell: ValueError: too dark; starts again in");
    assert_eq!(told.lines().count(), 1, "{told}");
    rig.then("front", "detector.py:12 in step");
    let last = rig.then("front", "raise ValueError(\"too dark\")");
    assert!(!last.contains('\x1b'), "{last:?}");
    let error = rig.node("front").error.unwrap();
    assert_eq!(error, message.replace("\x1b[1m", ""));
    rig.end();
}
