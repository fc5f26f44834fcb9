//! What good files come to.

use std::time::Duration;

use bushbaby_node::Role;
use serde_json::json;

use super::fixtures::{KINDS, checked, environment, plan};
use crate::file::check_file;
use crate::plan::{Plan, PlannedNode};

fn node<'a>(plan: &'a Plan, name: &str) -> &'a PlannedNode {
    plan.nodes
        .iter()
        .find(|node| node.spec.node == name)
        .unwrap_or_else(|| panic!("no node {name}"))
}

#[test]
fn each_pipeline_has_its_own_settings_and_the_rest_from_the_stage() {
    let stage = "cameras: {front: scene}\nstages:\n  tags:\n    kind: apriltag\n    tag_size: 165mm\n    pipelines:\n      near: {family: 16h5}\n      far:\n";
    let of = |text: &str| node(&plan(text), "tags").spec.clone();
    let spec = of(stage);
    let families: Vec<_> = spec
        .pipelines
        .all
        .iter()
        .map(|pipeline| {
            (
                pipeline.name.as_str(),
                &pipeline.settings["family"],
                &pipeline.settings["tag_size"],
            )
        })
        .collect();
    assert_eq!(
        families,
        [
            ("near", &json!("16h5"), &json!("165mm")),
            ("far", &json!("36h11"), &json!("165mm"))
        ]
    );
    assert_eq!((spec.pipelines.active, &spec.settings["family"]), (0, &json!("16h5")));
    for first in ["far", "1"] {
        let spec = of(&format!("{stage}    pipeline: {first}\n"));
        assert_eq!(
            (spec.pipelines.active, &spec.settings["family"]),
            (1, &json!("36h11")),
            "{first}"
        );
    }
}

/// `kind {settings}` of the only camera.
fn camera(text: &str) -> String {
    in_short(&plan(&format!("cameras:\n  front: {text}\n")).nodes[0])
}

/// `kind {settings}` of every node.
fn plan_of_list(text: &str) -> Vec<String> {
    plan(text)
        .nodes
        .iter()
        .filter(|node| node.role == Role::Source)
        .map(in_short)
        .collect()
}

fn in_short(node: &PlannedNode) -> String {
    let spec = &node.spec;
    let settings = spec
        .settings
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.is_null());
    let settings: Vec<String> = settings
        .map(|(key, value)| format!("{key}={}", value.to_string().trim_matches('"')))
        .collect();
    format!("{} {}", spec.kind, settings.join(" "))
}

fn wires(plan: &Plan, name: &str) -> Vec<String> {
    node(plan, name)
        .spec
        .inputs
        .iter()
        .map(|input| input.stream.to_string())
        .collect()
}

#[test]
fn each_form_of_a_camera_comes_to_the_settings_of_its_kind() {
    for (text, wanted) in [
        ("scene", "scene scene=Tags size=1280x720"),
        ("scene:empty", "scene scene=Empty size=1280x720"),
        ("{scene: , size: 640x480}", "scene scene=Tags size=640x480"),
        ("{scene: tags, size: 640x480}", "scene scene=Tags size=640x480"),
        ("usb:0", "usb usb=0"),
        ("usb:/dev/video2", "usb usb=/dev/video2"),
        ("{usb: 0, size: 640x480, fps: 30}", "usb usb=0 size=640x480 fps=30"),
        ("{url: usb:0, fps: 30}", "usb usb=0 fps=30"),
        ("rtsp://10.0.0.7/s1", "rtsp url=rtsp://10.0.0.7/s1"),
        ("{url: rtsp://10.0.0.7/s1}", "rtsp url=rtsp://10.0.0.7/s1"),
        ("{rtsp: rtsp://10.0.0.7/s1}", "rtsp url=rtsp://10.0.0.7/s1"),
        ("http://10.0.0.11/v.mjpg", "http http=http://10.0.0.11/v.mjpg"),
        ("{url: https://10.0.0.11/v.jpg}", "http http=https://10.0.0.11/v.jpg"),
        ("{http: http://10.0.0.11/v.jpg}", "http http=http://10.0.0.11/v.jpg"),
        (
            "gst:v4l2src device=/dev/video0 ! videoconvert",
            "gst gst=v4l2src device=/dev/video0 ! videoconvert",
        ),
        ("{gst: \"videotestsrc ! appsink\"}", "gst gst=videotestsrc ! appsink"),
        ("clips/a.mp4", "video_file video_file=clips/a.mp4 looped=true"),
        ("video_file:clips", "video_file video_file=clips looped=true"),
        (
            "{video_file: clips/a.mp4, looped: false}",
            "video_file video_file=clips/a.mp4 looped=false",
        ),
    ] {
        assert_eq!(
            camera(text).replace("tags", "Tags").replace("=empty", "=Empty"),
            wanted,
            "{text}"
        );
    }
}

#[test]
fn each_form_of_a_microphone_comes_to_the_settings_of_its_kind() {
    for (text, wanted) in [
        ("mic", "microphone mic=default"),
        ("mic:default", "microphone mic=default"),
        ("{mic: C920, rate: 48000}", "microphone mic=C920 rate=48000"),
        ("{microphone: C920}", "microphone mic=C920"),
        ("usb:C920", "microphone mic=usb:C920"),
        ("{usb: C920, rate: 16000}", "microphone mic=usb:C920 rate=16000"),
        ("sounds/a.wav", "sound_file sound_file=sounds/a.wav looped=true"),
        (
            "{file: a.wav, looped: false}",
            "sound_file sound_file=a.wav looped=false",
        ),
        ("{sound_file: a.wav}", "sound_file sound_file=a.wav looped=true"),
        ("{url: film.mp4}", "sound_file sound_file=film.mp4 looped=true"),
        ("rtsp://10.0.0.7/s1", "rtsp url=rtsp://10.0.0.7/s1 audio=only"),
        ("scene:nursery", "scene scene=nursery size=1280x720"),
        ("{scene: nursery}", "scene scene=nursery size=1280x720"),
    ] {
        let plan = plan(&format!("mics:\n  bed: {text}\n"));
        assert_eq!(in_short(&plan.nodes[0]), wanted, "{text}");
    }
}

#[test]
fn a_file_may_have_microphones_and_no_camera() {
    let plan = plan("mics: {bed: mic:default, door: door.wav}\nstages: {cry: {kind: ear, each: \"*/audio\"}}\n");
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.spec.node.as_str()).collect();
    assert_eq!(names, ["bed", "door", "cry@bed", "cry@door"]);
    assert_eq!(wires(&plan, "cry@door"), ["door/audio"]);
    let listed = plan_of_list("mics: [{name: bed, url: mic:default}, {name: door, file: door.wav}]\n");
    assert_eq!(
        listed,
        ["microphone mic=default", "sound_file sound_file=door.wav looped=true"]
    );
}

#[test]
fn a_stage_for_each_sound_listens_to_cameras_and_microphones() {
    let plan = plan(
        "cameras: {front: scene, cot: {scene: nursery}, tv: a.wav}\nmics: {bed: mic}\nstages: {cry: {kind: ear, each: \"*/audio\"}}\n",
    );
    let cries: Vec<&str> = plan
        .nodes
        .iter()
        .map(|node| node.spec.node.as_str())
        .filter(|name| name.contains('@'))
        .collect();
    assert_eq!(cries, ["cry@cot", "cry@tv", "cry@bed"]);
}

#[test]
fn a_stage_that_says_nothing_listens_to_the_only_source_of_sound() {
    let plan = plan("cameras: {front: scene}\nmics: {bed: mic}\nstages: {cry: {kind: ear}, tags: {kind: apriltag}}\n");
    assert_eq!(wires(&plan, "cry"), ["bed/audio"]);
    assert_eq!(wires(&plan, "tags"), ["front/image"]);
    let input = &node(&plan, "cry").spec.inputs[0];
    assert_eq!(input.queue, Some(64));
}

#[test]
fn the_example_of_the_design_becomes_sources_stages_and_a_page() {
    let plan = plan(
        "cameras:\n  front: usb:0\n  door: rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1\nstages:\n  tags:\n    kind: apriltag\n    in: front\n    family: 36h11\n    tag_size: 165mm\nweb: 0.0.0.0:5800\n",
    );
    let nodes: Vec<(&str, Role)> = plan
        .nodes
        .iter()
        .map(|node| (node.spec.node.as_str(), node.role))
        .collect();
    assert_eq!(
        nodes,
        [
            ("front", Role::Source),
            ("door", Role::Source),
            ("tags", Role::Stage),
            ("web", Role::Sink)
        ]
    );
    assert_eq!(wires(&plan, "tags"), ["front/image"]);
    assert_eq!(node(&plan, "tags").spec.settings["family"], "36h11");
    assert_eq!(node(&plan, "web").spec.settings, json!({"listen": "0.0.0.0:5800"}));
    assert_eq!(plan.web.as_deref(), Some("http://127.0.0.1:5800"));
    assert!(node(&plan, "front").spec.base_dir.is_absolute());
}

#[test]
fn a_secret_reaches_the_node_and_nobody_else() {
    let text = "cameras:\n  door: rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1\n  yard: $DOOR\n  hall: {usb: $$1, fps: $FPS, environment: {KEY: $DOOR_PASSWORD}}\nweb: {listen: $LISTEN, password: $DOOR_PASSWORD}\n";
    let plan = plan(text);
    assert_eq!(
        node(&plan, "door").spec.settings["url"],
        "rtsp://ada:hunter2@10.0.0.7/s1"
    );
    assert_eq!(
        node(&plan, "door").shown_settings["url"],
        "rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1"
    );
    assert_eq!(node(&plan, "yard").spec.kind, "rtsp");
    assert_eq!(node(&plan, "yard").shown_settings, json!({"url": "$DOOR"}));
    assert_eq!(
        node(&plan, "hall").spec.settings,
        json!({"usb": "$1", "size": null, "fps": 30})
    );
    assert_eq!(
        node(&plan, "hall").shown_settings,
        json!({"usb": "$$1", "size": null, "fps": "$FPS"})
    );
    assert_eq!(node(&plan, "hall").process.environment["KEY"], "hunter2");
    assert_eq!(node(&plan, "web").spec.settings["password"], "hunter2");
    assert_eq!(node(&plan, "web").spec.settings["listen"], "0.0.0.0:5811");
    assert_eq!(
        node(&plan, "web").shown_settings,
        json!({"listen": "$LISTEN", "password": "$DOOR_PASSWORD"})
    );
    let shown = crate::file::expand(&checked(text).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("5811"), "{shown}");
}

#[test]
fn a_wire_says_how_many_frames_it_takes() {
    let plan = plan(
        "cameras: {front: scene, door: scene}\nstages:\n  a: {kind: apriltag, in: {stream: front, queue: 20}, every: 6}\n  b: {kind: apriltag, in: [front/image, {stream: door, max_fps: 2.5, every: 2}], max_fps: 5}\n  c: {kind: gray, in: front}\n  d: {kind: apriltag, in: [c, front]}\n",
    );
    let paces = |name: &str| {
        let inputs = node(&plan, name).spec.inputs.iter();
        inputs
            .map(|input| (input.stream.to_string(), input.queue, input.every, input.max_fps))
            .collect::<Vec<_>>()
    };
    assert_eq!(paces("a"), [("front/image".to_owned(), Some(20), Some(6), None)]);
    assert_eq!(
        paces("b"),
        [
            ("front/image".to_owned(), None, None, Some(5.0)),
            ("door/image".to_owned(), None, Some(2), Some(2.5))
        ]
    );
    assert_eq!(wires(&plan, "d"), ["c/image", "front/image"]);
}

#[test]
fn a_stage_that_draws_reads_pictures_and_then_whatever_it_is_given() {
    let plan = plan(
        "cameras: {front: scene, door: scene}\nstages:\n  tags: {kind: apriltag, in: front}\n  over: {kind: drawer, in: [front, tags, door/truth]}\n  each: {kind: drawer, each: \"*/image\"}\n",
    );
    assert_eq!(wires(&plan, "over"), ["front/image", "tags/detections", "door/truth"]);
    assert_eq!(wires(&plan, "each@door"), ["door/image"]);
}

#[test]
fn each_starts_one_node_a_source_and_its_name_means_all() {
    let plan = plan(
        "cameras: {front: scene, door: scene, back-1: scene}\nstages:\n  gray: {kind: gray, each: \"*/image\", every: 2}\n  tags: {kind: apriltag, in: gray}\n  more: {kind: apriltag, in: [gray@door/image, gray@front]}\n",
    );
    assert!(
        checked("cameras: {a: scene}\nstages: {x: {kind: gray, each: a}, y: {kind: apriltag, each: \"*\"}}").is_ok()
    );
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.spec.node.as_str()).collect();
    assert_eq!(
        names,
        [
            "front",
            "door",
            "back-1",
            "gray@front",
            "gray@door",
            "gray@back-1",
            "tags",
            "more"
        ]
    );
    assert_eq!(
        wires(&plan, "tags"),
        ["gray@front/image", "gray@door/image", "gray@back-1/image"]
    );
    assert_eq!(wires(&plan, "more"), ["gray@door/image", "gray@front/image"]);
    assert_eq!(wires(&plan, "gray@door"), ["door/image"]);
    assert_eq!(node(&plan, "gray@door").spec.inputs[0].every, Some(2));
}

#[test]
fn a_pattern_is_one_node_for_all_that_fits() {
    let plan = plan(
        "cameras: {front: scene, door: scene, back-1: scene}\nstages:\n  gray: {kind: gray, in: \"*/image\", every: 2}\n  tags: {kind: apriltag, in: [gray, \"*o*\"]}\n",
    );
    assert_eq!(wires(&plan, "gray"), ["front/image", "door/image", "back-1/image"]);
    assert!(
        node(&plan, "gray")
            .spec
            .inputs
            .iter()
            .all(|input| input.every == Some(2))
    );
    // Outputs of stages never match.
    assert_eq!(wires(&plan, "tags"), ["gray/image", "front/image", "door/image"]);
}

#[test]
fn a_stage_that_does_not_say_what_it_reads_reads_the_only_camera() {
    let plan = plan("cameras: {front: scene}\nstages: {tags: {kind: apriltag, max_fps: 5}}");
    assert_eq!(wires(&plan, "tags"), ["front/image"]);
    assert_eq!(node(&plan, "tags").spec.inputs[0].max_fps, Some(5.0));
}

#[test]
fn limits_restart_and_process_are_of_any_node() {
    let plan = plan(
        "cameras:\n  front:\n    scene: tags\n    restart: {first: 200ms, max: 5s, give_up: 0}\n    ready: 1min\n    stuck: 4s\n    stalled: 2s\n    frozen: 30\n    late: 300ms\n    cpus: [2, 3]\n    nice: -5\n    environment: {GST_DEBUG: 3, EMPTY: \"\"}\n    memory: 2GB\n",
    );
    let front = &plan.nodes[0];
    let seconds = Duration::from_secs;
    assert_eq!(
        (front.limits.ready, front.limits.stuck, front.limits.heartbeat),
        (seconds(60), seconds(4), seconds(3))
    );
    assert_eq!(
        (front.restart.first, front.restart.max, front.restart.give_up),
        (Duration::from_millis(200), seconds(5), 0)
    );
    assert_eq!(
        (front.spec.stalled_ms, front.spec.late_ms, front.spec.frozen_frames),
        (2000, 300, Some(30))
    );
    assert_eq!(
        (
            front.process.cpus.as_slice(),
            front.process.nice,
            front.process.memory_bytes
        ),
        ([2, 3].as_slice(), -5, Some(2_000_000_000))
    );
    assert_eq!(front.process.environment["GST_DEBUG"], "3");
    assert_eq!(front.spec.settings, json!({"scene": "tags", "size": "1280x720"}));
}

#[test]
fn defaults_hold_unless_a_node_says_otherwise() {
    let plan = plan(
        "cameras: {a: scene, b: {scene: tags, size: 320x240, ready: 9s}}\nstages: {tags: {kind: apriltag, in: a}}\ndefaults:\n  ready: 30s\n  stuck: 5s\n  scene: {size: 640x480, stuck: 7s}\n  apriltag: {family: 16h5}\n",
    );
    let seconds = |name: &str| {
        (
            node(&plan, name).limits.ready.as_secs(),
            node(&plan, name).limits.stuck.as_secs(),
        )
    };
    assert_eq!(
        (seconds("a"), seconds("b"), seconds("tags")),
        ((30, 7), (9, 7), (30, 5))
    );
    assert_eq!(node(&plan, "a").spec.settings["size"], "640x480");
    assert_eq!(node(&plan, "b").spec.settings["size"], "320x240");
    assert_eq!(node(&plan, "tags").spec.settings["family"], "16h5");
}

#[test]
fn a_list_of_cameras_is_a_whole_file_with_a_page() {
    let plan = plan(
        "[{\"name\": \"front\", \"url\": \"usb:0\"}, {\"name\": \"door\", \"url\": \"rtsp://10.0.0.7/s1\", \"ready\": \"9s\"}]",
    );
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.spec.node.as_str()).collect();
    assert_eq!(
        (names.as_slice(), plan.web.as_deref()),
        (["front", "door", "web"].as_slice(), Some("http://127.0.0.1:5800"))
    );
    let plan = self::plan("cameras:\n  - name: front\n    url: scene\n  - {name: back, usb: 1}\n");
    assert_eq!((plan.nodes.len(), plan.web), (2, None));
}

#[test]
fn cameras_may_stand_in_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.yaml");
    std::fs::write(
        &pipeline,
        "cameras: lists/cameras.json\nstages: {tags: {kind: apriltag, each: \"*/image\"}}\n",
    )
    .unwrap();
    std::fs::create_dir(folder.path().join("lists")).unwrap();
    let list = "[{\"name\": \"front\", \"url\": \"scene\"},\n {\"name\": \"door\", \"url\": \"clips/a.mp4\"}]";
    std::fs::write(folder.path().join("lists/cameras.json"), list).unwrap();
    let plan = check_file(&pipeline, &KINDS, &environment).unwrap().plan;
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.spec.node.as_str()).collect();
    assert_eq!(names, ["front", "door", "tags@front", "tags@door"]);
    assert_eq!(
        node(&plan, "door").spec.base_dir,
        std::path::absolute(folder.path()).unwrap()
    );
}

#[test]
fn a_plan_is_for_any_instance() {
    let instance = "other".parse().unwrap();
    let plan = plan("cameras: {front: scene}\nweb: 5800\n").for_instance(&instance);
    assert!(plan.nodes.iter().all(|node| node.spec.instance == instance));
}

#[test]
fn a_node_knows_its_settings_also_those_that_may_be_absent() {
    let plan = plan(
        "cameras: {front: scene, yard: {url: \"rtsp://10.0.0.7/s1\"}}\nstages: {tags: {kind: apriltag, in: front}}\n",
    );
    let (tags, yard) = (node(&plan, "tags"), node(&plan, "yard"));
    assert!(yard.knows("audio") && yard.spec.settings.get("audio").is_none());
    assert!(tags.knows("family") && !tags.knows("kind") && !tags.knows("famili"));
}
