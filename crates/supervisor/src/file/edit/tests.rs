use std::path::Path;

use serde_json::{Map, Value, json};

use super::with_settings;
use crate::file::yaml;

fn map(settings: Value) -> Map<String, Value> {
    settings.as_object().cloned().unwrap()
}

fn edited(text: &str, pipeline: Option<&str>, settings: Value) -> Result<String, String> {
    let file = Path::new("pipeline.yaml").into();
    with_settings(text, &file, "ball", pipeline, &map(settings)).map_err(|problem| problem.to_string())
}

fn written(text: &str, settings: Value) -> String {
    edited(text, None, settings).unwrap()
}

const BLOCK: &str = "# top\ncameras:\n  front: scene\n\nstages:\n  ball:\n    # what it is\n    kind: gray  # it\n    in: front\n    hue: [1, 2]   # red\n    list:   # several\n      - 1\n      # between\n      - 2\n    after: 'x'\n";

#[test]
fn a_value_that_is_there_is_replaced_where_it_stands() {
    assert_eq!(
        written(BLOCK, json!({"hue": [50, 100], "list": [3]})),
        "# top\ncameras:\n  front: scene\n\nstages:\n  ball:\n    # what it is\n    kind: gray  # it\n    in: front\n    hue: [50, 100]   # red\n    list: [3]   # several\n    after: 'x'\n"
    );
}

#[test]
fn a_key_that_is_not_there_stands_behind_the_kind() {
    assert_eq!(
        written(BLOCK, json!({"area": "10%"})),
        BLOCK.replace("gray  # it\n", "gray  # it\n    area: 10%\n")
    );
    assert_eq!(
        written("stages: {ball: {kind: gray, in: front}}", json!({"hue": [50, 100]})),
        "stages: {ball: {kind: gray, hue: [50, 100], in: front}}"
    );
    assert_eq!(
        written("stages:\r\n  ball:\r\n    kind: gray", json!({"hue": 5})),
        "stages:\r\n  ball:\r\n    kind: gray\r\n    hue: 5"
    );
    let merged = "b: &b {kind: gray}\nstages:\n  ball:\n    <<: *b\n";
    assert_eq!(
        written(merged, json!({"hue": 5})),
        merged.replace("    <<", "    hue: 5\n    <<")
    );
}

#[test]
fn a_pipeline_may_hold_settings_or_nothing() {
    let file = |near: &str| {
        format!("stages:\n  ball:\n    kind: gray\n    pipelines:\n      far: {{a: 1}}\n      near:{near}\n")
    };
    let settings = || json!({"crop": {"left": "10%", "top": "0%"}});
    let near = |near: &str| edited(&file(near), Some("near"), settings()).unwrap();
    assert_eq!(near(""), file(" {crop: {left: 10%, top: 0%}}"));
    assert_eq!(near(" # none"), file(" {crop: {left: 10%, top: 0%}} # none"));
    assert_eq!(near(" {}"), file(" {crop: {left: 10%, top: 0%}}"));
    assert_eq!(near(" ~"), file(" {crop: {left: 10%, top: 0%}}"));
    assert_eq!(near(" {b: 2}"), file(" {crop: {left: 10%, top: 0%}, b: 2}"));
    assert_eq!(
        near("\n        b: 2"),
        file("\n        crop: {left: 10%, top: 0%}\n        b: 2")
    );
}

#[test]
fn a_file_in_json_stays_json() {
    let text =
        "{\n  \"stages\": {\n    \"ball\": {\n      \"kind\": \"gray\",\n      \"in\": \"front\"\n    }\n  }\n}\n";
    let after = written(text, json!({"crop": {"left": "10%"}}));
    assert_eq!(
        after,
        text.replace("\"gray\",", "\"gray\", \"crop\": {\"left\": \"10%\"},")
    );
    assert!(serde_json::from_str::<Value>(&after).is_ok());
}

#[test]
fn texts_are_quoted_where_they_would_be_read_otherwise() {
    let words = [
        "12",
        "1_0",
        "true",
        "No",
        "~",
        "",
        "a b",
        "- x",
        "a: b",
        "x #y",
        "3s",
        "0x1f",
        "é",
        "a\"\\\n\u{7}\u{85}",
        ".inf",
    ];
    let after = written("stages: {ball: {kind: gray}}", json!({ "words": words }));
    assert_eq!(
        after,
        r##"stages: {ball: {kind: gray, words: ["12", "1_0", "true", "No", "~", "", "a b", "- x", "a: b", "x #y", 3s, "0x1f", "é", "a\"\\\n\u0007\u0085", ".inf"]}}"##
    );
}

#[test]
fn what_would_change_something_else_is_refused_with_the_lines_to_write() {
    let told = |text: &str| edited(text, None, json!({"hue": [50, 100]})).unwrap_err();
    insta::assert_snapshot!(told("x: &x {kind: gray}\nstages:\n  ball: *x\n"), @r"
    error: stage `ball`: `ball` is an alias (`*`): what it names is written elsewhere
      --> pipeline.yaml:3:9
    hint: write it there by hand: `hue: [50, 100]`
    ");
    insta::assert_snapshot!(told("stages:\n  ball: &x {kind: gray}\n  more: *x\n"), @r"
    error: stage `ball`: it cannot be written there without changing anything else
      --> pipeline.yaml:2:12
    hint: write it there by hand: `hue: [50, 100]`
    ");
    insta::assert_snapshot!(told("all: &a {ball: {kind: gray}}\nstages: {<<: *a}\n"), @r"
    error: stage `ball`: `ball` does not stand here itself: it comes through a merge (`<<`), or is not there
      --> pipeline.yaml:2:9
    hint: write it there by hand: `hue: [50, 100]`
    ");
    insta::assert_snapshot!(told("stages: {}\n"), @r"
    error: stage `ball`: there is no `ball`
      --> pipeline.yaml:1:9
    hint: write it there by hand: `hue: [50, 100]`
    ");
}

/// Files in which `ball` can be edited, each with the pipeline that is meant.
const FILES: [(&str, Option<&str>); 12] = [
    (BLOCK, None),
    (
        "stages: {ball: {kind: gray, hue: 7, in: front}, more: {kind: gray}}\n",
        None,
    ),
    (
        "\u{feff}# größer 🦀\nstages:\n  größe: {kind: x}\n  ball: {kind: gray}  # ü\n",
        None,
    ),
    (
        "stages:\r\n  ball:\r\n    kind: gray\r\n    hue: 3\r\n    list:\r\n      - 1\r\n      - 2\r\n    in: a\r\n",
        None,
    ),
    (
        "base: &b {in: front, hue: 1}\nstages:\n  ball:\n    <<: *b\n    kind: gray\n  more:\n    <<: *b\n",
        None,
    ),
    (
        "base: &b {in: front, kind: gray}\nstages:\n  ball:\n    <<: *b\n  more: {<<: *b}\n",
        None,
    ),
    (
        "stages:\n  ball: {kind: gray, pipelines: {near: {hue: 1}, far: {}}}\n",
        Some("far"),
    ),
    (
        "stages:\n  ball:\n    kind: gray\n    pipelines:\n      near:\n      far: {a: 1}\n    in: b\n",
        Some("near"),
    ),
    (
        "stages:\n  ball:\n    kind: gray\n    hue:\n    - 1\n    - 2\n    text: |\n      a\n\n      b\n\n    list: &l [1]\n    in: *l",
        None,
    ),
    (
        "{\"stages\": {\"ball\": {\"kind\": \"gray\", \"hue\":1,\n \"list\": [ 1,2 ]}}}",
        None,
    ),
    ("stages:\n  ball:\n    run: a.py\n    hue: 'it''s\n      long'\n", None),
    (
        "---\nstages:\n  \"ball\":\n    kind: gray\n    text: >-\n      x\n    hue: ~\n...\n",
        None,
    ),
];

fn wanted() -> Value {
    json!({"hue": [50, 100], "text": "a: b", "crop": {"left": "10%", "on": true}, "none": null, "share": 0.25})
}

#[test]
fn only_the_lines_concerned_change_in_any_file() {
    for (text, pipeline) in FILES {
        // That nothing else is said now was checked with the edit itself.
        let after = edited(text, pipeline, wanted()).unwrap_or_else(|why| panic!("{text}\n{why}"));
        assert_eq!(edited(&after, pipeline, wanted()), Ok(after.clone()), "{text}");
        let is_lost = |line: &&str| !after.lines().any(|now| now == *line);
        for line in text.lines().filter(is_lost) {
            let names = ["hue", "text", "list", "kind", "ball", "near"];
            let is_meant =
                names.iter().any(|name| line.contains(name)) || line.starts_with("      ") || line.contains("- ");
            assert!(is_meant, "{line:?} is lost in {after}");
        }
        assert_eq!(after.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        let breaks_by_crlf = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
        assert_eq!(breaks_by_crlf(&after), breaks_by_crlf(text), "{after:?}");
    }
}

#[test]
fn rubbish_ends_in_words_or_in_a_good_file() {
    const PIECES: [&str; 16] = [
        "\t", "\n", "\r", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "<<: *a", "|", "\u{85}", "é", "? ",
    ];
    let file = Path::new("pipeline.yaml").into();
    let mut random: u64 = 7;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let mut good = 0;
    for round in 0..6_000 {
        let (text, pipeline) = FILES[round % FILES.len()];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..=next(3) {
            let at = next(letters.len());
            match next(3) {
                0 => drop(letters.drain(at..(at + 1 + next(6)).min(letters.len()))),
                1 => drop(letters.splice(at..at, PIECES[next(PIECES.len())].chars())),
                _ => letters.truncate(at.max(1)),
            }
            if letters.is_empty() {
                letters.push('a');
            }
        }
        let text: String = letters.into_iter().collect();
        if let Ok(after) = with_settings(&text, &file, "ball", pipeline, &map(wanted())) {
            let tree = yaml::parse(&after, &file).unwrap();
            let stage = tree.get("stages").and_then(|stages| stages.get("ball")).unwrap();
            let place = match pipeline {
                Some(name) => stage.get("pipelines").and_then(|all| all.get(name)),
                None => Some(stage),
            };
            let hue = place.and_then(|place| place.get("hue")).map(|hue| hue.describe());
            assert!(hue.is_some(), "{text:?} {after:?}");
            good += 1;
        }
    }
    assert!(good > 600, "{good} of them could still be edited");
}
