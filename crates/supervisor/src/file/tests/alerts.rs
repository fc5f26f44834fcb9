//! Alerts in a file: what they read, and what is wrong with what they are about.

use serde_json::json;

use super::fixtures::{self, checked, in_words};
use crate::file::{Checked, expand};
use crate::plan::PlannedNode;

const NODES: &str = "cameras: {front: scene, door: scene}
stages: {tags: {kind: apriltag, in: front}, cry: {kind: listener, each: \"*/image\", listen_for: [baby_cry, glass]}}
";

fn good(alerts: &str) -> Checked {
    checked(&format!("{NODES}{alerts}\n")).unwrap_or_else(|problems| panic!("{}", in_words(&problems)))
}

fn told(alerts: &str) -> String {
    fixtures::told(&format!("{NODES}{alerts}\n"))
}

fn node(checked: &Checked) -> &PlannedNode {
    checked
        .plan
        .nodes
        .iter()
        .find(|node| node.spec.node == "alerts")
        .unwrap()
}

/// The streams that are read; those of which each frame counts with a `+`.
fn wires(checked: &Checked) -> Vec<String> {
    let mark = |queue: Option<usize>| if queue.is_some() { "+" } else { "" };
    let inputs = node(checked).spec.inputs.iter();
    inputs
        .map(|input| format!("{}{}", input.stream, mark(input.queue)))
        .collect()
}

fn streams(checked: &Checked, alert: &str) -> serde_json::Value {
    node(checked).spec.settings["alerts"][alert]["streams"].clone()
}

#[test]
fn alerts_read_what_they_are_about_and_are_told_which_stream_is_whose() {
    let checked = good(
        "alerts: {a: {when: cry finds baby_cry}, b: {when: tags finds 36h11}, c: {when: front older than 5s}, d: {when: cry is stalled}}",
    );
    assert_eq!(
        wires(&checked),
        [
            "cry@front/events+",
            "cry@door/events+",
            "tags/detections+",
            "front/image",
            "_health/front+",
            "_health/cry@front+",
            "_health/cry@door+",
        ]
    );
    assert_eq!(streams(&checked, "a"), json!(["cry@front/events", "cry@door/events"]));
    assert_eq!(streams(&checked, "b"), json!(["tags/detections"]));
    assert_eq!(streams(&checked, "c"), json!(["front/image"]), "health only helps");
    assert_eq!(streams(&checked, "d"), json!(["_health/cry@front", "_health/cry@door"]));
}

#[test]
fn any_means_every_node_but_the_alerts_themselves() {
    let checked = good("web: 5800\nalerts: {a: {when: any given-up}}");
    let nodes = ["front", "door", "tags", "cry@front", "cry@door", "web"];
    assert_eq!(wires(&checked), nodes.map(|node| format!("_health/{node}+")));
}

#[test]
fn one_stream_may_be_named_and_a_broker_is_told_all_that_is_heard() {
    let checked =
        good("alerts: {a: {when: cry/events finds glass}, b: {when: door/truth finds 36h11}}\nmqtt: 10.0.0.2");
    assert_eq!(
        wires(&checked),
        [
            "cry@front/events+",
            "cry@door/events+",
            "door/truth+",
            "cry@front/scores",
            "cry@door/scores",
            "cry@front/level",
            "cry@door/level",
        ]
    );
    assert_eq!(node(&checked).spec.settings["mqtt"]["broker"], "10.0.0.2");
    let checked = good("mqtt: 10.0.0.2");
    assert_eq!(wires(&checked).len(), 6, "also without alerts");
}

#[test]
fn what_an_alert_is_about_must_be_there() {
    let alerts = "alerts:
  a: {when: cri finds baby_cry}
  b: {when: front finds person}
  c: {when: frnt is stalled}
  d: {when: front/image is stalled}
  e: {when: front/audio older than 5s}
  f: {when: cry older than 5s}
  g: {when: cry/scores finds baby_cry}
  h: {when: cry finds baby_cri}
  i: {when: cry find baby_cry}
  j: {whem: any stalled}
  k: 5";
    insta::assert_snapshot!(told(alerts));
}

#[test]
fn what_is_no_object_of_alerts_is_told() {
    insta::assert_snapshot!(told("alerts: [a]"), @r#"
    error: `alerts:` got a list of 1, wanted an object of named alerts
      --> pipeline.yaml:3:9
    hint: for example `alerts: {baby: {when: cry finds baby_cry, send: "https://example.org/hook"}}`
    "#);
}

#[test]
fn the_long_form_reads_back_with_secrets_as_they_were_written() {
    let text = format!(
        "{NODES}alerts: {{a: {{when: tags finds 36h11, send: $DOOR}}}}\nmqtt: {{broker: h, password: $DOOR_PASSWORD}}\ndefaults: {{alert: {{nice: 3}}}}\n"
    );
    let first = checked(&text).unwrap();
    let long = expand(&first);
    insta::assert_snapshot!(&long[long.find("alerts:").unwrap()..]);
    let again = checked(&long).unwrap_or_else(|problems| panic!("{}\n{long}", in_words(&problems)));
    assert_eq!(node(&again), node(&first));
    assert_eq!(node(&first).shown_settings["mqtt"]["password"], "$DOOR_PASSWORD");
}
