//! A real node on a bus of its own, and a robot in the form of the server for simulation.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, Origin};
use bushbaby_networktables::{Server, TopicType, Value};
use bushbaby_node::control::InputSpec;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Sink, testing};
use serde_json::json;

use super::testing::two_tags;
use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
const TAGS: &[OutputSpec] = &[OutputSpec {
    name: "detections",
    carries: Carries::Detections,
    owes_frames: false,
}];

/// A node that runs, and a stage that finds tags for it.
struct Rig {
    context: NodeContext,
    outputs: Outputs,
    node: Option<JoinHandle<Result<(), NodeError>>>,
}

impl Rig {
    fn start(test: &str, server: SocketAddr) -> Self {
        Self::with(test, server, None)
    }

    /// `leds`: the command that switches them.
    fn with(test: &str, server: SocketAddr, leds: Option<&str>) -> Self {
        let instance = testing::instance(test);
        let input = InputSpec {
            stream: "tags/detections".parse().unwrap(),
            queue: Some(16),
            every: None,
            max_fps: None,
            window: None,
        };
        let context = testing::context(&instance, "networktables", "networktables", vec![input]).unwrap();
        let dialects = ["photonvision", "limelight"];
        let settings = json!({"server": server.to_string(), "dialect": dialects, "streams": 5800, "leds": leds});
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let node = {
            let context = context.clone();
            let node = NetworkTables::open(settings, &context).unwrap();
            std::thread::spawn(move || node.run(&context))
        };
        let stage = testing::context(&instance, "tags", "apriltag", Vec::new()).unwrap();
        let mut outputs = Outputs::open(&stage, TAGS).unwrap();
        assert!(outputs.wait_for_readers("detections", PATIENCE).unwrap());
        Self {
            context,
            outputs,
            node: Some(node),
        }
    }

    /// Sends what was found in a picture of `camera` that is so old.
    fn send(&mut self, camera: &str, age: Duration) -> MonoTime {
        let mono = MonoTime::from_ns(MonoTime::now().as_ns() - age.as_nanos() as u64);
        let captured = CaptureTime::at(mono, CaptureClock::StartOfExposure);
        let origin = Origin {
            stream: format!("{camera}/image").parse().unwrap(),
            generation: 1,
            seq: 5,
            captured,
        };
        self.outputs
            .send_result("detections", &two_tags(), captured, Some(&origin))
            .unwrap();
        mono
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.context.stop.set();
        if let Some(node) = self.node.take() {
            let ended = node.join();
            assert!(std::thread::panicking() || matches!(ended, Ok(Ok(()))), "{ended:?}");
        }
    }
}

fn server() -> Server {
    Server::start((Ipv4Addr::LOCALHOST, 0).into()).unwrap()
}

#[test]
fn a_robot_reads_each_camera_below_its_own_name() {
    let server = server();
    let mut rig = Rig::start("reads", server.address());
    // The stage reads two cameras: origin says whose picture it was, whatever the body says.
    rig.send("front", Duration::from_millis(20));
    rig.send("back", Duration::from_millis(20));
    for name in ["front", "back"] {
        let value = |topic: String| {
            server
                .wait_for(&topic, PATIENCE, |_| true)
                .unwrap_or_else(|| panic!("{topic}"))
        };
        let Value::Raw(packed) = value(format!("/photonvision/{name}/rawBytes")) else {
            panic!("no bytes")
        };
        assert_eq!(packed.len(), 763);
        assert_eq!(value(format!("/photonvision/{name}/hasTarget")), Value::Boolean(true));
        assert_eq!(value(format!("/limelight-{name}/tid")), Value::Double(7.0));
        assert_eq!(value(format!("/photonvision/{name}/pipelineIndexState")), Value::Int(0));
        let Value::Strings(streams) = value(format!("/CameraPublisher/{name}/streams")) else {
            panic!("no streams")
        };
        assert!(
            streams[0].ends_with(&format!(":5800/?action=stream&name={name}")),
            "{streams:?}"
        );
    }
    let topics = server.topics();
    let raw = &topics["/photonvision/front/rawBytes"];
    assert_eq!(
        raw.topic_type.as_str(),
        "photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4"
    );
    assert_eq!(raw.properties["message_uuid"], "4b2ff16a964b5e2bf04be0c1454d91c4");
    assert_eq!(topics["/limelight-front/tv"].topic_type, TopicType::DOUBLE);
    assert_eq!(topics["/photonvision/front/heartbeat"].topic_type, TopicType::INT);
}

#[test]
fn the_capture_is_told_by_the_robots_own_clock() {
    let server = server();
    let mut rig = Rig::start("clock", server.address());
    rig.send("front", Duration::ZERO);
    let answered = "/photonvision/.timesync/";
    let until = Instant::now() + PATIENCE;
    while !server
        .topics()
        .iter()
        .any(|(name, topic)| name.starts_with(answered) && name.ends_with("/pong_rx_count") && topic.value.is_some())
    {
        assert!(Instant::now() < until, "the robot's clock was not heard of");
        server.updates(Duration::from_millis(50));
    }
    // What the clocks differ by, as exact as two looks at them can be.
    let offset_us = server.now_us() - bushbaby_networktables::local_us();
    let captured = rig.send("front", Duration::from_millis(30));
    let is_second = |value: &Value| *value == Value::Int(2);
    server
        .wait_for("/photonvision/front/heartbeat", PATIENCE, is_second)
        .unwrap();
    let Some(Value::Raw(packed)) = server.value("/photonvision/front/rawBytes") else {
        panic!("no bytes")
    };
    let number = |at: usize| i64::from_le_bytes(packed[at..at + 8].try_into().unwrap());
    let wanted = (captured.as_ns() / 1000) as i64 + offset_us;
    assert_eq!(number(0), 2);
    assert!((number(8) - wanted).abs() < 2_000, "told {}, was {wanted}", number(8));
    let latency_us = number(16) - number(8);
    let Some(Value::Double(latency_ms)) = server.value("/photonvision/front/latencyMillis") else {
        panic!("no latency")
    };
    assert!((latency_ms * 1e3 - latency_us as f64).abs() < 2.0);
    assert!(latency_us >= 30_000);
}

#[test]
fn of_many_results_none_is_lost() {
    let server = server();
    let mut rig = Rig::start("many", server.address());
    rig.send("front", Duration::ZERO);
    server
        .wait_for("/photonvision/front/heartbeat", PATIENCE, |_| true)
        .unwrap();
    for number in 2..=200_i64 {
        rig.send("front", Duration::ZERO);
        // A stage is no faster than its camera: the next picture comes when this one was told.
        let is_told = |value: &Value| *value == Value::Int(number);
        server
            .wait_for("/photonvision/front/heartbeat", PATIENCE, is_told)
            .unwrap_or_else(|| panic!("result {number}"));
    }
    assert_eq!(server.topics()["/photonvision/front/rawBytes"].values, 200);
}

#[test]
fn a_robot_that_is_switched_on_later_reads_the_last_of_everything() {
    // A port that was free a moment ago.
    let address = server().address();
    let mut rig = Rig::start("later", address);
    rig.send("front", Duration::ZERO);
    rig.send("front", Duration::ZERO);
    let server = Server::start(address).unwrap();
    let is_second = |value: &Value| *value == Value::Int(2);
    assert!(
        server
            .wait_for("/photonvision/front/heartbeat", PATIENCE, is_second)
            .is_some()
    );
    assert!(server.wait_for("/photonvision/version", PATIENCE, |_| true).is_some());
}

#[test]
fn what_the_robot_asks_for_changes_nothing_that_is_told() {
    let server = server();
    let mut rig = Rig::start("asks", server.address());
    rig.send("front", Duration::ZERO);
    server
        .wait_for("/photonvision/front/heartbeat", PATIENCE, |_| true)
        .unwrap();
    server.set(
        "/photonvision/front/pipelineIndexRequest",
        TopicType::INT,
        Value::Int(3),
    );
    server.set("/photonvision/ledModeRequest", TopicType::INT, Value::Int(1));
    server.set(
        "/limelight-front/crop",
        TopicType::STRING,
        Value::String("rubbish".into()),
    );
    rig.send("front", Duration::ZERO);
    let is_second = |value: &Value| *value == Value::Int(2);
    server
        .wait_for("/photonvision/front/heartbeat", PATIENCE, is_second)
        .unwrap();
    assert_eq!(
        server.value("/photonvision/front/pipelineIndexState"),
        Some(Value::Int(0))
    );
    assert_eq!(server.value("/limelight-front/getpipe"), Some(Value::Double(0.0)));
    assert_eq!(server.value("/photonvision/ledModeState"), Some(Value::Int(-1)));
}

#[test]
fn the_robot_has_its_leds_switched_by_a_command_and_is_told() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("leds");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let command = format!("echo $BUSHBABY_LEDS > '{}'", pipe.display());
    let mut rig = Rig::with("leds", server.address(), Some(&command));
    rig.send("front", Duration::ZERO);
    let state = "/photonvision/ledModeState";
    assert!(
        server
            .wait_for(state, PATIENCE, |mode| *mode == Value::Int(-1))
            .is_some()
    );
    server.set("/photonvision/ledModeRequest", TopicType::INT, Value::Int(1));
    assert_eq!(std::fs::read_to_string(&pipe).unwrap(), "on\n");
    assert!(
        server
            .wait_for(state, PATIENCE, |mode| *mode == Value::Int(1))
            .is_some()
    );
    // Another camera's first result tells all that is said once, anew.
    rig.send("back", Duration::ZERO);
    server
        .wait_for("/photonvision/back/heartbeat", PATIENCE, |_| true)
        .unwrap();
    assert_eq!(server.value(state), Some(Value::Int(1)));
}

#[test]
fn where_the_robot_says_that_it_looks_is_a_stream_that_keeps_the_moment() {
    let server = server();
    let mut rig = Rig::start("heading", server.address());
    let stream = "networktables/heading".parse().unwrap();
    let reader = rig.context.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    // Its table is known from the first result on.
    rig.send("front", Duration::ZERO);
    let until = Instant::now() + PATIENCE;
    let mut set_at = Vec::new();
    let frame = loop {
        assert!(Instant::now() < until, "no heading came");
        // As robot code does: again and again.
        let number = set_at.len() as f64;
        set_at.push(MonoTime::now());
        server.set(
            "/limelight-front/robot_orientation_set",
            TopicType::DOUBLES,
            Value::Doubles(vec![number, -30.0, 0.0, 0.0, 0.0, 0.0]),
        );
        if let Some(frame) = reader.recv(Duration::from_millis(50)).unwrap() {
            break frame;
        }
    };
    let heading: bushbaby_vision::results::Heading = serde_json::from_slice(frame.body()).unwrap();
    assert_eq!(heading.rate, -30.0);
    let (captured, set_at) = (frame.captured().mono, set_at[heading.yaw as usize]);
    let off = captured.since(set_at).max(set_at.since(captured));
    assert!(off < Duration::from_millis(40), "told as set {off:?} off");
    assert_eq!(frame.captured().known_by, CaptureClock::CameraClock);
}

#[test]
fn for_whom_it_waits_is_said_in_words() {
    let robot = |address: &str| robot::Robot::start(address.parse().unwrap()).unwrap();
    let reason = |robot: &robot::Robot, status: &ClientStatus| match robot.reach(status) {
        Reach::Waiting { reason, .. } => reason,
        Reach::There => "there".to_owned(),
    };
    let nowhere = ClientStatus::default();
    assert_eq!(
        reason(&robot("127.0.0.1:1"), &nowhere),
        "waiting for the robot at 127.0.0.1:1"
    );
    assert_eq!(reason(&robot("1518"), &nowhere), "waiting for the robot of team 1518");
    let here = ClientStatus {
        server: Some(([127, 0, 0, 1], 5810).into()),
        ..ClientStatus::default()
    };
    assert_eq!(reason(&robot("127.0.0.1:1"), &here), "there");
}
