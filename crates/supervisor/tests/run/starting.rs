//! How an instance begins.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Instance, ReadOptions, ReadPolicy};
use bushbaby_node::Role;
use bushbaby_node::status::{Reply, Request, ask};
use bushbaby_supervisor::Plan;
use bushbaby_supervisor::run::{RunError, run};
use rustix::process::Signal;

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, instance, is_alive, node, options, remove_files, signal, until_gone};

const SUPERVISED: &str = "BUSHBABY_TEST_SUPERVISED_INSTANCE";

#[test]
fn sinks_start_before_stages_and_stages_before_sources() {
    let nodes = vec![
        front(Behaviour::default()),
        node("tags", Role::Stage, &["front/image"], Behaviour::default()),
        node("page", Role::Sink, &["front/image", "tags/image"], Behaviour::default()),
    ];
    let mut rig = Rig::start("order", nodes);
    for name in ["page", "tags", "front"] {
        rig.then(name, "starting, pid");
        rig.then(name, "ready");
    }
    rig.end();
}

#[test]
fn a_sink_that_fails_holds_up_nobody() {
    let broken = Behaviour {
        exits_at_start: Some(1),
        ..Behaviour::default()
    };
    let nodes = vec![
        front(Behaviour::default()),
        node("page", Role::Sink, &["front/image"], broken),
    ];
    let mut rig = Rig::start("bad-sink", nodes);
    rig.line("page", "fell");
    rig.line("front", "running");
    rig.end();
}

#[test]
fn a_second_run_of_the_same_instance_is_refused_and_learns_the_pid_of_the_first() {
    let mut rig = Rig::start("twice", vec![front(Behaviour::default())]);
    rig.line("front", "running");
    let second = run(
        Plan {
            nodes: Vec::new(),
            web: None,
        },
        options(&rig.instance),
    );
    let Err(RunError::AlreadyRunning { instance, pid }) = second else {
        panic!("{second:?}")
    };
    assert_eq!(
        (instance, pid),
        (rig.instance.name().to_string(), Some(std::process::id()))
    );
    assert_eq!(rig.node("front").restarts, 0, "the first runs on");
    rig.end();
}

#[test]
fn a_node_gets_its_cores_its_priority_and_its_environment() {
    let prints = vec!["COLOUR".to_owned(), "BUSHBABY_INSTANCE".to_owned()];
    let mut kept = front(Behaviour {
        prints,
        ..Behaviour::default()
    });
    kept.process.environment.insert("COLOUR".to_owned(), "green".to_owned());
    kept.process.cpus = vec![0];
    kept.process.nice = 5;
    let mut rig = Rig::start("process", vec![kept]);
    rig.line("front", "COLOUR=green");
    let name = rig.instance.name().to_string();
    rig.line("front", &format!("BUSHBABY_INSTANCE={name}"));
    rig.line("front", "running");
    let pid = rig.node("front").pid.unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let nice = stat.rsplit_once(") ").unwrap().1.split(' ').nth(16);
    assert_eq!(nice, Some("5"), "{stat}");
    rig.end();
}

#[test]
fn each_state_of_a_node_is_a_frame_on_the_bus_and_nothing_of_it_stays() {
    let mut rig = Rig::start("health", vec![front(Behaviour::default())]);
    let stream = "_health/front".parse().unwrap();
    rig.line("front", "running");
    let bus = Bus::open(&rig.instance).unwrap();
    let last = ReadOptions {
        replay_last: true,
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let subscriber = bus.subscriber(&stream, last).unwrap();
    let pid = rig.node("front").pid.unwrap();
    signal(pid, Signal::KILL);
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "running") || states.len() < 4 {
        let frame = subscriber.recv(Duration::from_secs(60)).unwrap().unwrap();
        let health: serde_json::Value = serde_json::from_slice(frame.body()).unwrap();
        assert_eq!((&health["type"], &health["version"]), (&"health".into(), &1.into()));
        states.push(health["state"].as_str().unwrap().to_owned());
    }
    assert!(states.contains(&"backoff".to_owned()), "{states:?}");
    drop((subscriber, bus));
    rig.end();
    let prefix = rig.instance.shm_prefix();
    let files = std::fs::read_dir("/dev/shm").unwrap().flatten();
    let left: Vec<_> = files
        .filter(|file| file.file_name().to_string_lossy().starts_with(&prefix))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn runs_an_instance_when_started_as_its_supervisor() {
    let Ok(name) = std::env::var(SUPERVISED) else { return };
    let nodes = vec![
        front(Behaviour {
            has_children: true,
            ..Behaviour::default()
        }),
        node(
            "deaf",
            Role::Source,
            &[],
            Behaviour {
                ignores_stop: true,
                ignores_sigterm: true,
                ..Behaviour::default()
            },
        ),
    ];
    run(
        Plan { nodes, web: None },
        options(&Instance::new(name.parse().unwrap())),
    )
    .unwrap();
}

#[test]
fn a_killed_supervisor_leaves_no_node_and_the_next_ends_what_the_nodes_had_left() {
    let instance = instance("orphans");
    let mut supervisor = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "starting::runs_an_instance_when_started_as_its_supervisor"])
        .env(SUPERVISED, instance.name().as_str())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let nodes = wait_for_pids(&instance, 2);
    let Ok(Reply::Log(lines)) = ask(
        &instance,
        &Request::Log {
            node: "front".to_owned(),
            lines: 100,
        },
    ) else {
        panic!()
    };
    let children = lines.iter().find(|line| line.contains("children ")).unwrap();
    let children: Vec<u32> = children
        .split_whitespace()
        .rev()
        .take(2)
        .map(|pid| pid.parse().unwrap())
        .collect();

    signal(supervisor.id(), Signal::KILL);
    supervisor.wait().unwrap();
    nodes.into_iter().for_each(until_gone);

    // Plain children of a node, started without the spawner, are the next start's to find.
    assert!(children.iter().all(|child| is_alive(*child)));
    let mut rig = Rig::start_with(options(&instance), vec![front(Behaviour::default())]);
    rig.line("bushbaby", "ended 2 processes that an earlier, killed run had left");
    children.into_iter().for_each(until_gone);
    rig.line("front", "running");
    rig.end();
    remove_files(&instance);
}

fn wait_for_pids(instance: &Instance, count: usize) -> Vec<u32> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(Reply::Status(status)) = ask(instance, &Request::Status) {
            let running = status
                .nodes
                .values()
                .filter(|node| node.state == bushbaby_node::status::NodeState::Running);
            let pids: Vec<u32> = running.filter_map(|node| node.pid).collect();
            if pids.len() == count {
                return pids;
            }
        }
        assert!(Instant::now() < until, "the supervisor never came up");
        std::thread::sleep(Duration::from_millis(20));
    }
}
