//! The recorder in a file, and cameras that are played from a recording.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::fixtures::{KINDS, checked, environment, in_words, plan, told};
use crate::file::{Checker, Replay, expand};
use crate::plan::{Plan, PlannedNode};

fn recorder(plan: &Plan) -> &PlannedNode {
    plan.nodes.iter().find(|node| node.spec.node == "record").unwrap()
}

fn wires(plan: &Plan) -> Vec<String> {
    let inputs = recorder(plan).spec.inputs.iter();
    inputs.map(|input| input.stream.to_string()).collect()
}

const NODES: &str = "cameras: {front: scene, door: scene}\nstages: {tags: {kind: apriltag, each: \"*\"}, gray: {kind: gray, in: front}}\nweb: 5800\n";

#[test]
fn a_recorder_reads_every_camera_all_results_and_how_each_node_was() {
    let plan = plan(&format!("{NODES}record: recordings\n"));
    assert_eq!(
        wires(&plan),
        [
            "front/image",
            "door/image",
            "tags@front/detections",
            "tags@door/detections",
            "_health/front",
            "_health/door",
            "_health/tags@front",
            "_health/tags@door",
            "_health/gray",
            "_health/record",
            "_health/web",
        ]
    );
    let recorder = recorder(&plan);
    assert_eq!(
        recorder.spec.settings,
        json!({"to": "recordings", "format": "mcap", "split": null})
    );
    assert!(recorder.spec.inputs.iter().all(|input| input.queue == Some(8)));
}

#[test]
fn a_recorder_reads_what_the_file_says() {
    for (reads, wanted) in [
        (
            "[front, tags]",
            vec!["front/image", "tags@front/detections", "tags@door/detections"],
        ),
        ("\"*/image\"", vec!["front/image", "door/image", "gray/image"]),
        (
            "[door/truth, \"f*\", \"_health/*\"]",
            vec![
                "door/truth",
                "front/image",
                "_health/front",
                "_health/door",
                "_health/tags@front",
                "_health/tags@door",
                "_health/gray",
                "_health/record",
                "_health/web",
            ],
        ),
        (
            "[\"tags*\", tags@door, _health/web]",
            vec!["tags@front/detections", "tags@door/detections", "_health/web"],
        ),
    ] {
        assert_eq!(
            wires(&plan(&format!("{NODES}record: {{to: day, in: {reads}}}\n"))),
            wanted,
            "{reads}"
        );
    }
    let plan = plan(&format!(
        "{NODES}record: {{to: day, in: [{{stream: front, queue: 2}}, door], max_fps: 5, split: 1h}}\n"
    ));
    let paces: Vec<_> = recorder(&plan)
        .spec
        .inputs
        .iter()
        .map(|input| (input.queue, input.max_fps))
        .collect();
    assert_eq!(paces, [(Some(2), Some(5.0)), (Some(8), Some(5.0))]);
}

#[test]
fn a_recorder_that_is_badly_written() {
    insta::assert_snapshot!(told(&format!("{NODES}record:\n")), @r"
    error: `record:` got nothing, wanted a folder
      --> pipeline.yaml:4:1
    hint: for example `record: recordings`
    ");
    insta::assert_snapshot!(told(&format!("{NODES}record: {{too: day, in: [frnt, \"*/imag\", _health/nobody, front/imag], stuck: 5}}\n")), @r"
    error: `record`: the key `to` is missing
      --> pipeline.yaml:4:9
    error: `record`: unknown key `too`
      --> pipeline.yaml:4:10
    hint: did you mean `to`?
    error: `record`: input `frnt` is not the name of any source or stage
      --> pipeline.yaml:4:25
    hint: did you mean `front`?
    error: `record`: `in: */imag` fits no stream
      --> pipeline.yaml:4:31
    hint: for example `*/image`, `_health/*`
    error: `record`: `in: _health/nobody` fits no stream
      --> pipeline.yaml:4:41
    hint: for example `*/image`, `_health/*`
    error: `record`: input `front/imag`: `front` has no such output
      --> pipeline.yaml:4:57
    hint: did you mean `front/image`?
    error: `record`: `stuck`: got `5`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h`
      --> pipeline.yaml:4:77
    ");
    insta::assert_snapshot!(told(&format!("{NODES}record: {{to: day, in: {{sync: [front, door], within: 5ms}}}}\n")), @r"
    error: `record`: it takes streams one by one, not pairs
      --> pipeline.yaml:4:23
    hint: streams of one moment are found by their capture times later
    ");
    insta::assert_snapshot!(told(&format!("{NODES}record: {{to: day, each: \"*/image\"}}\n")), @r#"
    error: `record`: `each` starts one node a stream, and there is one recorder
      --> pipeline.yaml:4:25
    hint: write `in: "*/image"`
    "#);
    insta::assert_snapshot!(told("cameras: {record: scene}\nstages: {tags: {kind: apriltag, in: _health/record}}\nrecord: day\n"), @r"
    error: stage `tags`: input `_health` is not the name of any source or stage
      --> pipeline.yaml:2:37
    hint: known: `record`, `tags`
    error: `record`: the name is taken by camera `record` at 1:11
      --> pipeline.yaml:3:9
    hint: every node of a file has a name of its own
    ");
}

#[test]
fn the_long_form_names_every_stream_and_reads_back() {
    let text = format!("{NODES}record: recordings\ndefaults: {{record: {{split: 1h}}}}\n");
    let long = expand(&checked(&text).unwrap());
    let record: Vec<&str> = long
        .lines()
        .skip_while(|line| *line != "record:")
        .take_while(|line| !line.contains("restart"))
        .collect();
    insta::assert_snapshot!(record.join("\n"), @r"
    record:
      to: recordings
      in:  # every camera and microphone with its sound, all results, and how each node was
        - stream: front/image
          queue: 8
        - stream: door/image
          queue: 8
        - stream: tags@front/detections
          queue: 8
        - stream: tags@door/detections
          queue: 8
        - stream: _health/front
          queue: 8
        - stream: _health/door
          queue: 8
        - stream: _health/tags@front
          queue: 8
        - stream: _health/tags@door
          queue: 8
        - stream: _health/gray
          queue: 8
        - stream: _health/record
          queue: 8
        - stream: _health/web
          queue: 8
      format: mcap
      split: 1h
    ");
    assert_eq!(format!("{:?}", plan(&long).nodes), format!("{:?}", plan(&text).nodes));
}

#[test]
fn cameras_that_were_recorded_are_played_and_the_others_stay() {
    let replay = Replay {
        recording: Path::new("/data/day $1.mcap").to_owned(),
        cameras: BTreeSet::from(["front".to_owned(), "nobody".to_owned()]),
        speed: Some("2".to_owned()),
    };
    let checker = Checker {
        replay: Some(&replay),
        ..Checker::new(&KINDS, &environment)
    };
    let text = "cameras: {front: {url: \"rtsp://$NOT_HERE@10.0.0.7/s1\", late: 2s}, door: scene}\nstages: {tags: {kind: apriltag, in: front}}\n";
    let checked = checker
        .check(text, Path::new("pipeline.yaml"))
        .unwrap_or_else(|problems| panic!("{}", in_words(&problems)));
    let [front, door, ..] = checked.plan.nodes.as_slice() else {
        panic!()
    };
    assert_eq!((front.spec.kind.as_str(), door.spec.kind.as_str()), ("replay", "scene"));
    assert_eq!(
        front.spec.settings,
        json!({"replay": "/data/day $1.mcap", "camera": "front", "speed": 2.0})
    );
    assert_eq!(front.spec.late_ms, 2000);
}

#[test]
fn outputs_that_depend_on_settings_are_those_of_the_plan() {
    let text = "cameras: {table: \"scene:rgbd\", front: scene}\nstages: {tags: {kind: apriltag, each: \"*/rgbd\"}, again: {kind: apriltag, in: table}}\nrecord: day\n";
    let plan = plan(text);
    let table = &plan.nodes[0];
    assert_eq!(
        table.outputs.iter().map(|output| output.name).collect::<Vec<_>>(),
        ["rgbd", "points"]
    );
    assert_eq!(
        wires(&plan)[..3],
        ["table/rgbd", "front/image", "tags@table/detections"]
    );
    insta::assert_snapshot!(told("cameras: {table: \"scene:rgbd\"}\nstages: {tags: {kind: apriltag, in: table/image}, more: {kind: apriltag, in: table/points}}\n"), @r"
    error: stage `tags`: input `table/image`: `table` has no such output
      --> pipeline.yaml:2:37
    hint: it has `rgbd`, `points`
    error: stage `more`: input `table/points` carries points, wanted pictures
      --> pipeline.yaml:2:78
    ");
}

#[test]
fn a_replay_plays_the_camera_of_its_own_name_unless_it_says_another() {
    let text = "cameras:\n  front: {replay: day.mcap}\n  copy: {replay: day.mcap, camera: front}\n";
    for node in &plan(text).nodes {
        assert_eq!(node.spec.settings["camera"], "front", "{}", node.spec.node);
    }
}
