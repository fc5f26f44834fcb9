//! What listens, what keeps what was heard, and what records sound alone.

use serde_json::json;

use super::fixtures::{checked, in_words, told};
use crate::file::{Checked, expand};
use crate::plan::PlannedNode;

fn good(text: &str) -> Checked {
    checked(text).unwrap_or_else(|problems| panic!("{}", in_words(&problems)))
}

fn node<'a>(checked: &'a Checked, name: &str) -> &'a PlannedNode {
    let mut nodes = checked.plan.nodes.iter();
    nodes.find(|node| node.spec.node == name).unwrap()
}

/// Streams and how many frames of each may wait.
fn wires(checked: &Checked, name: &str) -> Vec<(String, Option<usize>)> {
    let inputs = node(checked, name).spec.inputs.iter();
    inputs.map(|input| (input.stream.to_string(), input.queue)).collect()
}

const ROOMS: &str = "cameras: {a: scene:nursery, b: scene:nursery, front: scene}\n";

#[test]
fn each_room_has_a_listener_of_its_own_or_all_have_one() {
    let each = good(&format!(
        "{ROOMS}stages: {{cry: {{kind: listener, each: \"*/audio\"}}}}\n"
    ));
    let names: Vec<&str> = each.plan.nodes.iter().map(|node| node.spec.node.as_str()).collect();
    assert_eq!(names, ["a", "b", "front", "cry@a", "cry@b"]);
    assert_eq!(wires(&each, "cry@b"), [("b/audio".to_owned(), Some(64))]);
    let one = good(&format!(
        "{ROOMS}stages: {{cry: {{kind: listener, in: \"*/audio\"}}}}\n"
    ));
    assert_eq!(
        wires(&one, "cry"),
        [("a/audio".to_owned(), Some(64)), ("b/audio".to_owned(), Some(64))]
    );
}

#[test]
fn evidence_reads_what_is_heard_and_the_sound_that_it_was_heard_in() {
    let text = format!("{ROOMS}stages: {{cry: {{kind: listener, each: \"*/audio\"}}}}\nevidence: kept\n");
    let checked = good(&text);
    let queued = |stream: &str| (stream.to_owned(), Some(64));
    assert_eq!(
        wires(&checked, "evidence"),
        ["cry@a/events", "cry@b/events", "a/audio", "b/audio"].map(queued)
    );
    assert_eq!(node(&checked, "evidence").spec.settings, json!({"to": "kept"}));
    let long = expand(&checked);
    assert!(long.contains("\nevidence:\n  to: kept\n"), "{long}");
    assert_eq!(
        format!("{:?}", good(&long).plan.nodes),
        format!("{:?}", checked.plan.nodes)
    );
}

#[test]
fn evidence_of_nothing_is_a_mistake() {
    insta::assert_snapshot!(told(&format!("{ROOMS}evidence: kept\n")), @r#"
    error: `evidence`: nothing in the file hears anything
      --> pipeline.yaml:2:11
    hint: a stage that listens: `cry: {kind: sound_events, each: "*/audio"}`
    "#);
    insta::assert_snapshot!(told(&format!("{ROOMS}stages: {{cry: {{kind: listener, in: a}}}}\nevidence: [kept]\n")), @r"
    error: `evidence:` got a list of 1, wanted a folder
      --> pipeline.yaml:3:11
    hint: for example `evidence: evidence`
    ");
    insta::assert_snapshot!(told(&format!("{ROOMS}stages: {{cry: {{kind: listener, in: a}}}}\nevidence: {{too: kept}}\n")), @r"
    error: `evidence`: unknown key `too`
      --> pipeline.yaml:3:12
    hint: did you mean `to`?
    ");
}

#[test]
fn sound_alone_is_recorded_of_every_room() {
    let checked = good(&format!("{ROOMS}record: {{wav: sound, split: 1h}}\n"));
    assert_eq!(
        wires(&checked, "record"),
        [("a/audio".to_owned(), Some(64)), ("b/audio".to_owned(), Some(64))]
    );
    let settings = &node(&checked, "record").spec.settings;
    assert_eq!((&settings["to"], &settings["format"]), (&json!("sound"), &json!("wav")));
    let long = expand(&checked);
    assert_eq!(
        format!("{:?}", good(&long).plan.nodes),
        format!("{:?}", checked.plan.nodes)
    );
}

#[test]
fn sound_alone_that_cannot_be_recorded_is_told() {
    insta::assert_snapshot!(told("cameras: {front: scene}\nrecord: {wav: sound}\n"), @r"
    error: `record`: there is no sound to record
      --> pipeline.yaml:2:9
    ");
    insta::assert_snapshot!(told(&format!("{ROOMS}record: {{wav: sound, to: recordings}}\n")), @r"
    error: `record`: `wav` and `to` both say where it goes or as what, wanted one of them
      --> pipeline.yaml:2:22
    hint: `wav: FOLDER` is short for `to: FOLDER` with `format: wav`
    ");
}

#[test]
fn windows_are_for_code_of_ones_own() {
    insta::assert_snapshot!(told(&format!("{ROOMS}stages: {{cry: {{kind: listener, in: {{stream: a, window: 5s}}}}}}\n")), @r"
    error: stage `cry`: `window` is for stages of your own, kind `listener` takes sound as it comes
      --> pipeline.yaml:2:45
    hint: leave `window` and `hop` out
    ");
}
