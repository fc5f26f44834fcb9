//! The JSON Schema and the reference, from the settings structs.

use std::path::Path;

use bushbaby_node::settings::{Tree, Value as TreeValue};
use serde_json::{Map, Value, json};

use super::expanded::GOOD;
use super::fixtures::{KINDS, checked};
use crate::file::{expand, parse, reference, reference_pages, schema};

/// As editors see a file: YAML's own types.
fn as_json(tree: &Tree) -> Value {
    match &tree.value {
        TreeValue::Null => Value::Null,
        TreeValue::Scalar(scalar) if scalar.quoted => json!(scalar.text),
        TreeValue::Scalar(scalar) => serde_json::from_str(&scalar.text).unwrap_or_else(|_| json!(scalar.text)),
        TreeValue::List(items) => items.iter().map(as_json).collect(),
        TreeValue::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|entry| (entry.key.clone(), as_json(&entry.value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// Whether a value fits a schema, for the keywords that our schemas have. `format` says nothing; of a `pattern` only whether it allows variables is looked at.
fn fits(value: &Value, schema: &Value) -> bool {
    let Some(rules) = schema.as_object() else {
        return schema != &json!(false);
    };
    rules.iter().all(|(keyword, rule)| match keyword.as_str() {
        "type" => rule.as_array().map_or_else(
            || is_type(value, rule),
            |names| names.iter().any(|name| is_type(value, name)),
        ),
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "anyOf" | "oneOf" => rule.as_array().unwrap().iter().any(|schema| fits(value, schema)),
        "required" => value.as_object().is_none_or(|map| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|key| map.contains_key(key.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter()
                .all(|(key, value)| rule.get(key).is_none_or(|schema| fits(value, schema)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let others = map.iter().filter(|(key, _)| {
                rules
                    .get("properties")
                    .is_none_or(|known| known.get(key.as_str()).is_none())
            });
            others.into_iter().all(|(_, value)| fits(value, rule))
        }),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| fits(item, rule))),
        "minItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
        "minProperties" => value
            .as_object()
            .is_none_or(|map| map.len() as u64 >= rule.as_u64().unwrap()),
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "pattern" if rule == r"\$" => value.as_str().is_none_or(|text| text.contains('$')),
        "$schema" | "title" | "description" | "default" | "examples" | "pattern" | "format" => true,
        other => panic!("the schema has `{other}`, which this test does not know"),
    })
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called `{other}`"),
    }
}

fn fits_file(text: &str) -> bool {
    fits(&as_json(&parse(text, Path::new("a.yaml")).unwrap()), &schema(&KINDS))
}

#[test]
fn good_files_and_their_long_forms_fit_the_schema() {
    for text in GOOD {
        assert!(fits_file(text), "{text}");
        let long = expand(&checked(text).unwrap());
        assert!(fits_file(&long), "{long}");
    }
}

#[test]
fn python_nodes_and_recorders_fit_the_schema_with_settings_that_only_the_code_knows() {
    for text in [
        "cameras: {front: {run: mycam.py, resolution: 2k}, back: {driver: \"python:a.b:C\", python: .venv, late: 2s}}\n",
        "[{\"name\": \"front\", \"run\": \"mycam.py\", \"size\": [1, 2]}]",
        "cameras: {front: scene}\nstages: {own: {run: detector.py, in: front, threshold: 0.4, classes: [a]}}\n",
        "cameras: {front: scene}\nstages: {own: {run: detector.py, in: {sync: [front, back], within: 5ms}}}\n",
        "cameras: {front: scene}\nrecord: recordings\n",
        "cameras: {front: scene}\nrecord: {to: recordings, in: [front, \"*/image\"], queue: 4, stuck: 20s}\n",
    ] {
        assert!(fits_file(text), "{text}");
    }
}

#[test]
fn the_first_examples_are_good_and_fit_the_schema() {
    // The others have settings that only the real kinds know; the command's tests check them all.
    for name in ["demo.yaml", "apriltags.yaml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(fits_file(&text) && checked(&text).is_ok(), "{name}");
    }
}

#[test]
fn what_the_check_refuses_fits_no_schema_either() {
    for text in [
        "web: 5800\n",
        "cameras: {front: {usb: 0, szie: 1x1}}\n",
        "cameras: {front: {size: 1x1}}\n",
        "cameras: {}\n",
        "camera: {front: scene}\n",
        "cameras: {front: scene}\nstages: {tags: {kind: apriltags}}\n",
        "cameras: {front: scene}\nstages: {tags: {kind: apriltag, in: []}}\n",
        "cameras: {front: scene}\nstages: {tags: {kind: apriltag, family: [36h11]}}\n",
        "cameras: {front: scene}\ndefaults: {apriltag: {famliy: 36h11}}\n",
        "[{\"url\": \"usb:0\"}]",
        "cameras: {front: scene}\nstages: {own: {python: .venv, in: front}}\n",
        "cameras: {front: scene}\nrecord: {in: front}\n",
        "cameras: {front: scene}\nrecord: [day]\n",
    ] {
        assert!(!fits_file(text), "{text}");
        assert!(checked(text).is_err(), "{text}");
    }
}

#[test]
fn the_schema_tells_editors_what_each_key_means() {
    let schema = schema(&KINDS);
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let file = &schema["anyOf"][0]["properties"];
    let stage = file["stages"]["additionalProperties"]["anyOf"].as_array().unwrap();
    let apriltag = stage.iter().find(|stage| stage["title"] == "apriltag").unwrap();
    let keys = &apriltag["properties"];
    assert_eq!(
        keys["tag_size"]["description"],
        "Side of the tag's black square. Absent: no poses."
    );
    assert_eq!(
        (&keys["ready"]["default"], &keys["every"]["description"]),
        (&json!("2min"), &json!("Takes only each n-th frame."))
    );
    assert_eq!(apriltag["required"], json!(["kind"]));
    assert_eq!(apriltag["description"], "Settings of the `apriltag` stage.");
    let camera = file["cameras"]["anyOf"][0]["additionalProperties"]["anyOf"]
        .as_array()
        .unwrap();
    assert_eq!(
        camera.iter().find(|camera| camera["title"] == "rtsp").unwrap()["required"],
        json!(["url"])
    );
}

#[test]
fn a_reference_page_lists_keys_defaults_and_streams() {
    let kind = |name: &str| KINDS.iter().find(|kind| kind.name == name).unwrap();
    insta::assert_snapshot!(reference(kind("apriltag")), @r"
    # `apriltag`

    Finds AprilTags and their poses.

    Stage, under `stages:`.
    Reads pictures, from one stream or several, one frame at a time (`in:` or `each:`).

    ## Keys

    | Key | Value | Default | |
    |---|---|---|---|
    | `family` | text | `36h11` | Which family the tags are of. |
    | `tag_size` | text, as in `165mm` | absent | Side of the tag's black square. Absent: no poses. |
    | `calibration` | object |  | The lens. |
    | `calibration.file` | text | absent | A calibration file. |

    Beside these, the [keys of any node](any-node.md).

    ## Streams

    | Stream | Carries |
    |---|---|
    | `NAME/detections` | detections |

    `NAME` is the node's name in the file; alone it means the first of these.
    ");
    insta::assert_snapshot!(reference(kind("usb")), @r"
    # `usb`

    A USB camera.

    Source, under `cameras:`.

    ```yaml
    cameras:
      front: usb:0
    ```

    ## Keys

    | Key | Value | Default | |
    |---|---|---|---|
    | `usb` | text | needed | Which camera: its number, its path or its name. |
    | `size` | text, as in `1280x720` | absent | Size asked of the camera. Absent: the camera's own choice. |
    | `fps` | whole number | absent | Pictures a second asked of the camera. Absent: the camera's own choice. |

    Beside these, the [keys of any node](any-node.md).

    ## Streams

    | Stream | Carries |
    |---|---|
    | `NAME/image` | pictures |
    | `NAME/truth` | what a scene really shows |

    `NAME` is the node's name in the file; alone it means the first of these.
    ");
    let pages = reference_pages(&KINDS);
    assert_eq!(pages.len(), KINDS.len() + 2);
    insta::assert_snapshot!(pages.last().unwrap().1, @r"
    # Keys of any node

    Any camera, stage or sink may have these, and `defaults:` may have them for all.

    | Key | Value | Default | |
    |---|---|---|---|
    | `restart` | object |  | When and how often the node is started again after a failure. |
    | `restart.first` | text, as in `200ms` | `1s` | Delay after the first start that failed; it doubles from there. |
    | `restart.max` | text, as in `200ms` | `30s` | Longest delay. |
    | `restart.give_up` | whole number | `5` | Failed starts within two minutes after which the node is given up; 0: never. |
    | `ready` | text, as in `200ms` | `2min` | Longest time from start to ready; then it is reported and started again. |
    | `stuck` | text, as in `200ms` | `10s` | Longest time that one call into the node's code may take; then it is reported and started again. |
    | `stalled` | text, as in `200ms` | `1s` | Least silence after which an output that owes frames counts as stalled; slow cameras have five frame times. |
    | `late` | text, as in `200ms` | `1s` | Age at which a frame that is sent counts as late: a warning. |
    | `frozen` | whole number from 2 or `off` | `off` | Number of equal pictures in a row after which a camera counts as frozen, a warning; `off`: never. |
    | `cpus` | list of: whole number | absent | The only cores that the node may use, counted from 0. Absent: all. |
    | `nice` | whole number | `0` | Priority from -20 (first) to 19 (last). |
    | `environment` | object with values: text | `{}` | Variables added to the node's environment. |
    | `memory` | text, as in `2GB` | absent | Memory of its own above which the node is started again. Absent: no limit. |
    ");
}
