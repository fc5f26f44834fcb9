//! The robot that results are told to.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{checked, in_words, plan, told};
use crate::file::expand;
use crate::plan::{Plan, PlannedNode};

fn robot(plan: &Plan) -> &PlannedNode {
    plan.nodes
        .iter()
        .find(|node| node.spec.node == "networktables")
        .unwrap()
}

fn wires(plan: &Plan) -> Vec<String> {
    let inputs = robot(plan).spec.inputs.iter();
    inputs.map(|input| input.stream.to_string()).collect()
}

const NODES: &str = "cameras: {front: scene, back: scene}\nstages: {tags: {kind: apriltag, each: \"*\"}, gray: {kind: gray, in: front}}\n";

#[test]
fn a_robot_is_told_all_tags_or_what_the_file_says() {
    for (robot, wanted) in [
        ("1518", vec!["tags@front/detections", "tags@back/detections"]),
        (
            "{team: 1518, in: tags}",
            vec!["tags@front/detections", "tags@back/detections"],
        ),
        ("{team: 1518, in: tags@back}", vec!["tags@back/detections"]),
        (
            "{team: 1518, in: \"*/detections\"}",
            vec!["tags@front/detections", "tags@back/detections"],
        ),
        (
            "{team: 1518, in: [front/truth, tags@front]}",
            vec!["front/truth", "tags@front/detections"],
        ),
    ] {
        assert_eq!(
            wires(&plan(&format!("{NODES}networktables: {robot}\n"))),
            wanted,
            "{robot}"
        );
    }
}

#[test]
fn a_number_is_a_team_and_anything_else_an_address() {
    for (short, wanted) in [
        ("1518", json!({"server": null, "team": 1518})),
        ("10.15.18.2", json!({"server": "10.15.18.2", "team": null})),
        ("localhost", json!({"server": "localhost", "team": null})),
    ] {
        let plan = plan(&format!("{NODES}networktables: {short}\n"));
        assert_eq!(robot(&plan).spec.settings, wanted, "{short}");
    }
}

#[test]
fn who_waits_for_a_robot_is_not_started_again_for_that() {
    let plan = plan(&format!("{NODES}networktables: 1518\n"));
    assert_eq!(robot(&plan).limits.stalled_restart, Duration::MAX);
    let camera = plan.nodes.iter().find(|node| node.spec.node == "front").unwrap();
    assert_eq!(camera.limits.stalled_restart, Duration::from_secs(30));
}

#[test]
fn each_result_may_wait_for_a_slow_moment() {
    let queues = |text: &str| -> Vec<Option<usize>> {
        let plan = plan(&format!("{NODES}{text}"));
        robot(&plan).spec.inputs.iter().map(|input| input.queue).collect()
    };
    assert_eq!(queues("networktables: 1518\n"), [Some(64), Some(64)]);
    assert_eq!(
        queues("networktables: {team: 1518, in: tags@front, queue: 2}\n"),
        [Some(2)]
    );
}

#[test]
fn the_long_form_reads_back() {
    let first =
        checked(&format!("{NODES}networktables: 1518\n")).unwrap_or_else(|problems| panic!("{}", in_words(&problems)));
    let long = expand(&first);
    let robot = long
        .split("networktables:\n")
        .nth(1)
        .unwrap()
        .lines()
        .take(9)
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(robot, @r"
    in:  # all tags, targets and places
      - stream: tags@front/detections
        queue: 64
      - stream: tags@back/detections
        queue: 64
    server: null
    team: 1518
    heading: null
    restart:
    ");
    let again = plan(&long);
    assert_eq!(wires(&again), wires(&first.plan));
}

#[test]
fn a_robot_understands_tags_and_targets_alone() {
    insta::assert_snapshot!(told(&format!("{NODES}networktables: {{team: 1518, in: front}}\n")), @r"
    error: `networktables`: input `front/image` carries pictures, wanted tags or targets
      --> pipeline.yaml:3:33
    hint: tags or targets in `tags@front/detections`, `tags@back/detections`
    ");
    insta::assert_snapshot!(told(&format!("{NODES}networktables: {{team: 1518, in: \"*/image\"}}\n")), @r"
    error: `networktables`: `in: */image` fits no stream of tags or targets
      --> pipeline.yaml:3:33
    hint: tags or targets in `tags@front/detections`, `tags@back/detections`
    ");
    insta::assert_snapshot!(told(&format!("{NODES}networktables: {{team: 1518, in: tag}}\n")), @r"
    error: `networktables`: input `tag` is not the name of any source or stage
      --> pipeline.yaml:3:33
    hint: did you mean `tags`?
    ");
    insta::assert_snapshot!(told(&format!("{NODES}networktables: {{team: 1518, each: tags}}\n")), @r#"
    error: `networktables`: `each: tags` fits no output of a source
      --> pipeline.yaml:3:35
    hint: there is `front/image`, `front/truth`, `back/image`, `back/truth`
    error: `networktables`: `each` starts one node a stream, and there is one robot
      --> pipeline.yaml:3:35
    hint: write `in: "tags"`
    "#);
    insta::assert_snapshot!(told("cameras: {front: scene}\nnetworktables: 1518\n"), @r"
    error: `networktables`: nothing in the file finds tags or targets
      --> pipeline.yaml:2:16
    hint: a stage that finds them: `tags: {kind: apriltag, in: front, tag_size: 165mm}`
    ");
    insta::assert_snapshot!(told(&format!("{NODES}networktables: [1518]\n")), @r"
    error: `networktables:` got a list of 1, wanted an address or a team's number
      --> pipeline.yaml:3:16
    hint: for example `networktables: {team: 1518, in: tags}`, or `{server: 127.0.0.1, in: tags}`
    ");
}

const LISTENS: &str = "cameras: {front: scene}\nstages: {tags: {kind: apriltag}, place: {kind: listener, in: [tags, networktables/heading]}}\n";

#[test]
fn a_stage_reads_what_the_robot_says_back_and_the_robot_does_not() {
    let whole = format!("{LISTENS}networktables: {{team: 1518, heading: /gyro}}\n");
    let plan = plan(&whole);
    let place = plan.nodes.iter().find(|node| node.spec.node == "place").unwrap();
    let reads: Vec<String> = place.spec.inputs.iter().map(|input| input.stream.to_string()).collect();
    assert_eq!(reads, ["tags/detections", "networktables/heading"]);
    assert_eq!(wires(&plan), ["tags/detections"]);
    let streams = robot(&plan).streams();
    assert_eq!(
        streams.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["networktables/heading"]
    );
    let mine = whole.replace("heading: /gyro", "heading: /gyro, in: [tags, networktables/heading]");
    insta::assert_snapshot!(told(&mine), @r"
    error: `networktables`: input `networktables/heading` is what the robot itself says
      --> pipeline.yaml:3:56
    hint: remove it
    ");
}

#[test]
fn a_heading_that_no_robot_tells_is_a_mistake() {
    insta::assert_snapshot!(told(&format!("{LISTENS}networktables: 1518\n")), @r"
    error: stage `place`: input `networktables/heading`: `networktables` has no such output
      --> pipeline.yaml:2:69
    hint: a robot tells its heading with `dialect: limelight`, or where `heading: {entry: /robot/gyro}` says which entry has it
    ");
}
