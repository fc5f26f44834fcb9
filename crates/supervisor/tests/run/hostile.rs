//! Nothing that a node or a client does takes the supervisor down or the other nodes with it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use bushbaby_node::Role;
use bushbaby_node::status::{NodeState, Reply, Request, socket_path};

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, node};

fn beside_a_good_one(test: &str, does: Behaviour) -> Rig {
    let rig = Rig::start(
        test,
        vec![node("good", Role::Source, &[], Behaviour::default()), front(does)],
    );
    rig.until("both", |status| {
        status.nodes.values().all(|node| node.state == NodeState::Running)
    });
    rig
}

fn good_one_runs_on(rig: &mut Rig) {
    let before = rig.status().streams[&"good/image".parse().unwrap()].frames;
    let after = rig.until("frames of the good one", |status| {
        status.streams[&"good/image".parse().unwrap()].frames > before + 5
    });
    assert_eq!(
        (after.nodes["good"].state, after.nodes["good"].restarts),
        (NodeState::Running, 0)
    );
}

#[test]
fn a_flood_of_lines_drowns_nobody() {
    let mut rig = beside_a_good_one(
        "flood-log",
        Behaviour {
            floods_its_log: true,
            ..Behaviour::default()
        },
    );
    rig.line("front", "lines left out: too many in a second");
    good_one_runs_on(&mut rig);
    assert_eq!(rig.end().nodes["front"].error, None);
}

#[test]
fn a_flood_of_messages_drowns_nobody() {
    let mut rig = beside_a_good_one(
        "flood-msg",
        Behaviour {
            floods_its_socket: true,
            ..Behaviour::default()
        },
    );
    good_one_runs_on(&mut rig);
    rig.end();
}

#[test]
fn what_is_no_message_is_told_and_passed_over() {
    let mut rig = beside_a_good_one(
        "garbage",
        Behaviour {
            sends_garbage: true,
            ..Behaviour::default()
        },
    );
    rig.line("front", "sent 1 damaged messages on its control socket");
    good_one_runs_on(&mut rig);
    let front = rig.node("front");
    assert_eq!((front.state, front.restarts), (NodeState::Running, 0));
    rig.end();
}

#[test]
fn a_node_that_closes_its_socket_and_lives_on_is_replaced() {
    let mut rig = Rig::start(
        "closes",
        vec![front(Behaviour {
            closes_its_socket: true,
            ..Behaviour::default()
        })],
    );
    rig.line(
        "front",
        "fell: no heartbeat for 2 s, after it closed its control socket",
    );
    rig.then("front", "starting again");
    rig.end();
}

#[test]
fn clients_that_send_anything_or_nothing_change_nothing() {
    let mut rig = beside_a_good_one("clients", Behaviour::default());
    let connect = || UnixStream::connect(socket_path(&rig.instance)).unwrap();
    let silent: Vec<UnixStream> = (0..20).map(|_| connect()).collect();
    for line in [
        &b"\xff\x00{{{\n"[..],
        b"{\"restart\":{}}\n",
        b"{\"log\":{\"node\":\"../../etc\",\"lines\":-1}}\n",
    ] {
        let mut client = connect();
        client.write_all(line).unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).unwrap();
        assert!(
            matches!(serde_json::from_str(&reply).unwrap(), Reply::Refused { .. }),
            "{reply}"
        );
    }
    connect().write_all(b"\"status\"\n").unwrap();
    good_one_runs_on(&mut rig);
    drop(silent);
    rig.end();
}

#[test]
fn log_and_settings_are_answered_and_hold_no_secret() {
    let mut rig = beside_a_good_one("answers", Behaviour::default());
    let Reply::Log(lines) = rig.ask(&Request::Log {
        node: "good".to_owned(),
        lines: 2,
    }) else {
        panic!()
    };
    assert!(lines.len() == 2, "{lines:?}");
    let Reply::Log(lines) = rig.ask(&Request::Log {
        node: "good".to_owned(),
        lines: 1000,
    }) else {
        panic!()
    };
    assert!(lines.iter().any(|line| line.ends_with("INFO  running")), "{lines:?}");
    let settings = rig.ask(&Request::Settings {
        node: "good".to_owned(),
    });
    assert_eq!(settings, Reply::Settings(serde_json::json!({"password": "$PW"})));
    let Reply::Refused { message, .. } = rig.ask(&Request::Log {
        node: "../x".to_owned(),
        lines: 1,
    }) else {
        panic!()
    };
    assert_eq!(message, "there is no node `../x`");
    rig.end();
}
