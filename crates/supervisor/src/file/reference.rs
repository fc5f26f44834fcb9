//! Pages of `docs/reference/`, from the same structs that read the settings.

use bushbaby_node::{InputNeed, Kind, Role};
use serde_json::Value;

use crate::file::declare::{Noun, address};
use crate::file::python_node::{DriverKeys, RunKeys};
use crate::file::resolve::streams::in_words;
use crate::file::schema::{alerts_broker, of_any_node, of_kind, of_type, properties};
use crate::plan::{ALERT, EVIDENCE, NETWORKTABLES, RECORD};

/// Returns every page as its file's name and its Markdown: one for each kind, one for Python nodes, and one
/// for the keys of any node.
pub fn reference_pages(kinds: &[Kind]) -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = kinds
        .iter()
        .map(|kind| (format!("{}.md", kind.name), reference(kind)))
        .collect();
    pages.push(("python.md".to_owned(), python_page()));
    pages.push(("any-node.md".to_owned(), any_node_page()));
    pages
}

/// Returns the page of a kind, in Markdown: what it is, its keys with types and defaults, its streams.
pub fn reference(kind: &Kind) -> String {
    let schema = of_kind(kind);
    let role = match kind.role {
        Role::Source => format!("Source, under `{}:`", address::noun_of(kind.name).key()),
        Role::Stage => "Stage, under `stages:`".to_owned(),
        Role::Sink if kind.name == ALERT => "Sink, under `alerts:` and `mqtt:`".to_owned(),
        Role::Sink => format!("Sink, under `{}:`", kind.name),
    };
    let mut page = format!("# `{}`\n\n{}\n\n{role}.\n", kind.name, kind.summary);
    if kind.inputs == InputNeed::Sound {
        page.push_str("Reads sound, from one stream or several, one piece at a time (`in:` or `each:`).\n");
    }
    if kind.inputs == InputNeed::Images {
        page.push_str("Reads pictures, from one stream or several, one frame at a time (`in:` or `each:`).\n");
    }
    if kind.inputs == InputNeed::ImageFirst {
        page.push_str(
            "Reads pictures from the first stream of `in:`, and whatever the others carry: `in: [front, tags]`. `each:` gives it pictures alone.\n",
        );
    }
    if kind.role == Role::Source {
        let noun = address::noun_of(kind.name);
        let called = if noun == Noun::Mic { "bed" } else { "front" };
        let (key, example) = (noun.key(), address::example(kind.name));
        page.push_str(&format!("\n```yaml\n{key}:\n  {called}: {example}\n```\n"));
    }
    if kind.name == RECORD {
        page.push_str(RECORDER);
    }
    if kind.name == EVIDENCE {
        page.push_str(KEEPER);
    }
    if kind.name == NETWORKTABLES {
        page.push_str(ROBOT);
    }
    if kind.name == ALERT {
        page.push_str(&alerts(&schema));
        return page;
    }
    page.push_str("\n## Keys\n\n");
    page.push_str(&table(&schema, needed(kind)));
    page.push_str("\nBeside these, the [keys of any node](any-node.md).\n");
    if !kind.outputs.is_empty() {
        page.push_str("\n## Streams\n\n| Stream | Carries |\n|---|---|\n");
        // There is one of each sink, called as its kind.
        let name = if kind.role == Role::Sink { kind.name } else { "NAME" };
        for output in kind.outputs {
            page.push_str(&format!(
                "| `{name}/{}` | {} |\n",
                output.name,
                in_words(output.carries)
            ));
        }
        if kind.role != Role::Sink {
            page.push_str("\n`NAME` is the node's name in the file; alone it means the first of these.\n");
        }
    }
    page
}

/// What no settings struct tells of the recorder.
const RECORDER: &str = "
```yaml
record: recordings
```

It reads the first output of every camera and microphone, the sound of cameras, all results of stages, and how each node was
(`_health/NODE`), unless `in:` says otherwise: nodes, streams or patterns, as in `in: [front, \"*/rgbd\", \"_health/*\"]`. `queue`,
`every` and `max_fps` stand beside `in:` as they do in stages; 8 frames of each stream may wait where nothing else is said, and 64 pieces of sound. It ends last.

```yaml
record: {wav: sound, split: 10min, budget: 20GB}      # the sound alone; {to: sound, format: wav} is the same
```

With this it reads all sound, unless `in:` says otherwise. Each file says in its head when its first sample was captured, and is kept
right while it grows: one whose recorder was killed opens as it is. A gap of up to 1 min is silence; a longer one, another rate or
another number of channels ends the file, and the next begins with the sound that comes.
";

/// What no settings struct tells of the evidence.
const KEEPER: &str = "
```yaml
evidence: evidence                    # or {to: evidence, before: 10s, after: 20s, budget: 5GB}
```

It reads every stream of events, the sound of every source, and the pictures of cameras with sound. The last `before` + `after`
+ 10 s of each source's sound wait in memory. Pictures are read only after something was heard: a network camera's may come with its
next keyframe, some seconds later. For each event that begins, three files:

| File | Holds |
|---|---|
| `TIME_SOUND_SOURCE_ID.wav` | the sound from `before` it began to `after` it was decided, 16 bits, silence where none came |
| `TIME_SOUND_SOURCE_ID.jpg` | the camera's first picture after it |
| `TIME_SOUND_SOURCE_ID.json` | `{\"type\":\"evidence\",\"version\":1,\"source\",\"id\",\"sound\",\"score\",\"start_at\",\"decided_at\",\"wav\":{\"file\",\"starts_at\",\"seconds\",\"sample_rate_hz\",\"channels\"},\"picture\":{\"file\",\"captured_at\"}}`; written when the others are complete |

`TIME` is when it began, in UTC; `ID` is that of the event. The id of an alert is the alert's name, a dash, and this.
";

/// What no settings struct tells of the robot.
const ROBOT: &str = "
```yaml
networktables: {team: 1518, dialect: [photonvision, limelight], in: tags}
```

`networktables: 1518` is short for a team, `networktables: 10.15.18.2` for a server. It reads detections (`apriltag`), coloured targets
(`colored_target`) and places (`field_pose`): all that there are, unless `in:` says which. `queue`, `every` and `max_fps` stand beside `in:` as they do in stages; 64
results may wait where nothing else is said. A camera's tables carry the name of the camera that the results came from, also when there is
only one: `/photonvision/front/…`, `/limelight-front/…`. While there is no robot the node is `stalled`, says for whom it waits, and goes on
by itself. What robot code reads and may ask: [drop-in for PhotonVision robot code](../guide/photonvision.md).

With `dialect: limelight`, or with `heading:`, the robot's heading is the stream `networktables/heading`, for
[`field_pose`](../guide/field-pose.md): each value with the moment when the robot set it.
";

/// What no settings struct tells of alerts.
const ALERTS: &str = "
```yaml
alerts:
  baby:
    when: cry finds baby_cry
    quiet: 2min
    send: [\"https://example.org/hook\", \"mqtt:home/baby\"]
mqtt: 10.0.0.2
```

All alerts are one node, `alerts`. What an alert is about:

| `when` | It is so |
|---|---|
| `NODE finds CLASS [above SCORE]` | while a sound is heard, or a box, a tag or any other result is called so: by its label, its family, its number (`36h11/7`) or its type |
| `NODE is STATE` | while the node is `starting`, `ready`, `running`, `stalled`, `stopping`, `stopped`, `backoff` or `given-up` |
| `any STATE` | while any node is |
| `STREAM older than TIME` | while nothing has come for so long; also when nothing ever came |

`NODE` is a node, one of its streams (`cry/events`), or a stage with `each:`, which means all of its nodes. Something seen is gone
when it was not seen for 2 s. What is sent, and what else there is to know: [alerts](../guide/alerts.md).
";

/// The tables of an alert's keys and of the broker's.
fn alerts(schema: &Value) -> String {
    let all = properties(schema);
    let rule = all.get("alerts").and_then(|alerts| alerts.get("additionalProperties"));
    let mqtt = all.get("mqtt").map(alerts_broker);
    let or_none = |schema: Option<&Value>| table(schema.unwrap_or(&Value::Null), None);
    format!(
        "{ALERTS}\n## Keys of an alert\n\n{}\n## Keys of `mqtt`\n\n`mqtt: HOST` alone names the broker.\n\n{}\nThe [keys of any node](any-node.md) stand under `defaults: {{alert: …}}`.\n",
        or_none(rule),
        or_none(mqtt.as_ref())
    )
}

/// What no settings struct tells of Python nodes.
const PYTHON: &str = "# Your own Python

```yaml
cameras:
  table: {run: mycam.py}
  bench: {driver: \"python:airo_camera_toolkit.cameras.zed.zed:Zed\", resolution: 720p}
stages:
  people: {run: detector.py, in: table, threshold: 0.4}
  depth: {run: \"stereo.py:Depth\", in: {sync: [left, right], within: 5ms}}
```

A stage or a camera that is a Python file, or a class that is installed. It runs as a process of its own, as every node does.
Before anything starts its code is read, not run: what the node reads and writes, and which settings it takes.

- The arguments that are frames are given the streams of `in:`, in their order; those that may be `None` may be left out.
- With `in: {stream: door/audio, window: 5s, hop: 500ms}` a call is handed a window of sound: `frame.array` is float32 of shape (samples,),
  all channels mixed to one, at the rate of the source (`frame.sample_rate`). Only full windows come; sound that never came is
  silence in them, counted in `frame.meta[\"filled\"]`, and a gap as long as a window begins anew behind it.
- With `in: {sync: [left, right], within: 5ms}` one call is handed frames of one moment: captured at most that far apart.
- All other arguments are settings: keys beside `run:`, checked against the names, types and defaults of the code.
";

fn python_page() -> String {
    let (run, driver) = (
        table(&of_type::<RunKeys>(), None),
        table(&of_type::<DriverKeys>(), None),
    );
    format!(
        "{PYTHON}\n## Keys\n\n{run}\nA camera may have `driver:` instead of `run:`.\n\n{driver}\nBeside these, the settings of the code and the [keys of any node](any-node.md).\n"
    )
}

fn any_node_page() -> String {
    let intro = "Any camera, stage or sink may have these, and `defaults:` may have them for all.";
    format!("# Keys of any node\n\n{intro}\n\n{}", table(&of_any_node(), None))
}

/// The key without which a source would not know what to open, though its struct may have a default.
fn needed(kind: &Kind) -> Option<&'static str> {
    (kind.role == Role::Source).then(|| address::own_key(kind.name))
}

fn table(schema: &Value, also_needed: Option<&str>) -> String {
    let mut rows = Vec::new();
    collect_rows(schema, "", also_needed, &mut rows);
    if rows.is_empty() {
        return "None of its own.\n".to_owned();
    }
    let mut table = "| Key | Value | Default | |\n|---|---|---|---|\n".to_owned();
    for [key, value, default, what] in rows {
        table.push_str(&format!("| `{key}` | {value} | {default} | {what} |\n"));
    }
    table
}

fn collect_rows(schema: &Value, prefix: &str, also_needed: Option<&str>, rows: &mut Vec<[String; 4]>) {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (key, property) in properties(schema) {
        let default = match property.get("default") {
            Some(Value::Object(keys)) if !keys.is_empty() => String::new(),
            Some(Value::Null) | None if required.contains(&key.as_str()) || also_needed == Some(key.as_str()) => {
                "needed".to_owned()
            }
            Some(Value::Null) | None => "absent".to_owned(),
            Some(Value::String(text)) => format!("`{text}`"),
            Some(other) => format!("`{other}`"),
        };
        let path = format!("{prefix}{key}");
        let what = property.get("description").and_then(Value::as_str).unwrap_or("");
        rows.push([
            path.clone(),
            in_a_cell(&value_in_words(&property)),
            default,
            in_a_cell(what),
        ]);
        for object in alternatives(&property) {
            collect_rows(object, &format!("{path}."), None, rows);
        }
    }
}

/// A schema itself, or the schemas of which one must hold.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let forms = ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(*key))
        .and_then(Value::as_array);
    forms.map_or_else(|| vec![schema], |forms| forms.iter().collect())
}

/// What may stand there, in a few words.
fn value_in_words(schema: &Value) -> String {
    let words: Vec<String> = alternatives(schema)
        .into_iter()
        .map(one_in_words)
        .filter(|words| !words.is_empty())
        .collect();
    words.join(" or ")
}

fn one_in_words(schema: &Value) -> String {
    let code = |value: &Value| format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if let Some(value) = schema.get("const") {
        return code(value);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .filter(|value| !value.is_null())
            .map(code)
            .collect::<Vec<_>>()
            .join(", ");
    }
    let example = schema
        .get("examples")
        .and_then(|examples| examples.get(0))
        .map(|example| format!(", as in {}", code(example)));
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words: Vec<String> = types
        .into_iter()
        .filter(|name| *name != "null")
        .map(|name| type_in_words(name, schema))
        .collect();
    words.join(" or ") + &example.unwrap_or_default()
}

fn type_in_words(name: &str, schema: &Value) -> String {
    match name {
        "string" => "text".to_owned(),
        "integer" => format!("whole number{}", range(schema)),
        "number" => format!("number{}", range(schema)),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => match schema
            .get("items")
            .map(value_in_words)
            .filter(|items| !items.is_empty())
        {
            Some(items) => format!("list of: {items}"),
            None => "list".to_owned(),
        },
        "object" => {
            let by_name = schema.get("additionalProperties").filter(|values| values.is_object());
            let by_pattern = || schema.get("patternProperties")?.as_object()?.values().next();
            match by_name.or_else(by_pattern).map(value_in_words) {
                Some(values) => format!("object with values: {values}"),
                None => "object".to_owned(),
            }
        }
        other => other.to_owned(),
    }
}

fn range(schema: &Value) -> String {
    let bound = |key: &str| {
        schema
            .get(key)
            .filter(|bound| bound.as_f64().is_some_and(|bound| bound.abs() < 1e6))
    };
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) if least.as_f64() != Some(0.0) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        _ => String::new(),
    }
}

/// One line that ends no cell.
fn in_a_cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
