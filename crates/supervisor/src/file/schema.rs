//! The JSON Schema of a pipeline file, for editors; made from the settings structs, like the reference.

use bushbaby_node::{InputNeed, Kind, Role};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::file::declare::address;
use crate::file::declare::names::WEB;
use crate::file::declare::pipelines::{PIPELINE, PIPELINES};
use crate::file::declare::wires::{LongWire, Pace, Synced};
use crate::file::python_node::{DriverKeys, RunKeys};
use crate::file::settings::any_node::AnyNode;
use crate::plan::{ALERT, EVIDENCE, NETWORKTABLES, RECORD};

/// Writes each type where it is used: the keys of several types make one object, which references cannot.
pub(crate) fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator()
}

/// The schema of a kind's settings.
pub(crate) fn of_kind(kind: &Kind) -> Value {
    kind.schema(&mut generator()).to_value()
}

/// The schema of the keys of any node.
pub(crate) fn of_any_node() -> Value {
    of_type::<AnyNode>()
}

/// The schema of a type.
pub(crate) fn of_type<T: JsonSchema>() -> Value {
    generator().subschema_for::<T>().to_value()
}

/// Returns the JSON Schema (draft 2020-12) of a pipeline file.
pub fn schema(kinds: &[Kind]) -> Value {
    let of_role = |role: Role| kinds.iter().filter(move |kind| kind.role == role);
    let sources: Vec<&Kind> = of_role(Role::Source).collect();
    let mut stages: Vec<Value> = of_role(Role::Stage).map(stage).collect();
    stages.push(python_stage());
    let mut properties = Map::new();
    properties.insert("cameras".to_owned(), cameras(&sources));
    properties.insert("mics".to_owned(), mics(&sources));
    properties.insert(
        "stages".to_owned(),
        json!({ "description": "What is done with the pictures, by name.", "type": "object", "additionalProperties": any_of(stages) }),
    );
    if let Some(kind) = of_role(Role::Sink).find(|kind| kind.name == RECORD) {
        properties.insert("record".to_owned(), record(kind));
    }
    if let Some(kind) = of_role(Role::Sink).find(|kind| kind.name == ALERT) {
        properties.extend(alerts(kind));
    }
    if let Some(kind) = of_role(Role::Sink).find(|kind| kind.name == EVIDENCE) {
        properties.insert("evidence".to_owned(), evidence(kind));
    }
    if let Some(kind) = of_role(Role::Sink).find(|kind| kind.name == NETWORKTABLES) {
        properties.insert("networktables".to_owned(), networktables(kind));
    }
    if let Some(kind) = of_role(Role::Sink).find(|kind| kind.name == WEB) {
        properties.insert("web".to_owned(), web(kind));
    }
    properties.insert("defaults".to_owned(), defaults(kinds));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bushbaby pipeline",
        "description": "Cameras and microphones, what to do with them, and where results go. Any value may be `$NAME`, which is taken from the environment.",
        "anyOf": [
            {
                "type": "object",
                "anyOf": [{ "required": ["cameras"] }, { "required": ["mics"] }],
                "properties": properties,
                "additionalProperties": false,
            },
            camera_list(&sources),
        ],
    });
    allow_what_settings_read(&mut schema);
    schema
}

/// Settings read any scalar as text (`usb: 0`), and any value may be a variable (`fps: $FPS`).
///
/// `pattern` concerns only texts and `minimum` only numbers, so both may stand side by side.
fn allow_what_settings_read(schema: &mut Value) {
    const VARIABLE: &str = r"\$";
    let Some(rules) = schema.as_object_mut() else { return };
    if !rules.contains_key("enum") && !rules.contains_key("const") {
        let mut types: Vec<Value> = match rules.get("type") {
            Some(Value::Array(types)) => types.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        let has = |types: &[Value], name: &str| types.iter().any(|known| known == name);
        match rules.get("pattern").and_then(Value::as_str) {
            _ if has(&types, "object") || has(&types, "array") => {}
            Some(pattern) => drop(rules.insert("pattern".to_owned(), json!(format!("{pattern}|{VARIABLE}")))),
            None if has(&types, "string") => types.extend([json!("number"), json!("boolean")]),
            None if ["integer", "number", "boolean"].iter().any(|name| has(&types, name)) => {
                types.push(json!("string"));
                rules.insert("pattern".to_owned(), json!(VARIABLE));
            }
            None => {}
        }
        if types.len() > 1 {
            rules.insert("type".to_owned(), Value::Array(types));
        }
    }
    for (keyword, rule) in rules {
        match (keyword.as_str(), rule) {
            ("properties" | "patternProperties", Value::Object(properties)) => {
                properties.values_mut().for_each(allow_what_settings_read)
            }
            ("anyOf" | "oneOf", Value::Array(forms)) => forms.iter_mut().for_each(allow_what_settings_read),
            ("items" | "additionalProperties", rule) => allow_what_settings_read(rule),
            _ => {}
        }
    }
}

fn cameras(sources: &[&Kind]) -> Value {
    json!({
        "description": "Sources of pictures: by name, as a list, or the name of a file with a list.",
        "anyOf": [
            { "type": "object", "minProperties": 1, "additionalProperties": camera(sources) },
            camera_list(sources),
            { "type": "string", "title": "The name of a file with a list of cameras" },
        ],
    })
}

fn camera(sources: &[&Kind]) -> Value {
    let short = json!({
        "type": "string",
        "title": "An address",
        "examples": ["scene", "usb:0", "rtsp://$USER:$PASSWORD@10.0.0.7/stream", "http://10.0.0.11/video.mjpg", "gst:videotestsrc", "clips/a.mp4"],
    });
    let mut forms = vec![short, by_url(sources, &[])];
    forms.extend(sources.iter().map(|kind| {
        object(
            kind.name,
            &[of_kind(kind), of_any_node()],
            &[address::own_key(kind.name)],
            Map::new(),
        )
    }));
    forms.extend(python_cameras(&[], &Map::new()));
    any_of(forms)
}

fn mics(sources: &[&Kind]) -> Value {
    let heard: Vec<&Kind> = sources
        .iter()
        .copied()
        .filter(|kind| address::is_heard(kind.name))
        .collect();
    let short = json!({
        "type": "string",
        "title": "An address",
        "examples": ["mic:default", "sounds/a.wav", "scene:nursery", "rtsp://$USER:$PASSWORD@10.0.0.7/stream"],
    });
    let mut forms = vec![short, by_url(&heard, &[])];
    for kind in &heard {
        for key in address::own_keys_of_mic(kind.name) {
            forms.push(under_key(kind, key));
        }
    }
    forms.extend(python_cameras(&[], &Map::new()));
    json!({
        "description": "Sources of sound: by name, as a list, or the name of a file with a list.",
        "anyOf": [
            { "type": "object", "minProperties": 1, "additionalProperties": any_of(forms) },
            camera_list(&heard),
            { "type": "string", "title": "The name of a file with a list of microphones" },
        ],
    })
}

/// A source whose own setting stands under `key`.
fn under_key(kind: &Kind, key: &str) -> Value {
    let mut own = of_kind(kind);
    let own_key = address::own_key(kind.name);
    if let Some(properties) = own.get_mut("properties").and_then(Value::as_object_mut)
        && let Some(setting) = properties.remove(own_key)
    {
        properties.insert(key.to_owned(), setting);
    }
    object(kind.name, &[own, of_any_node()], &[key], Map::new())
}

/// Cameras that are somebody's Python; which settings they have, only their code knows.
fn python_cameras(also_needed: &[&str], extra: &Map<String, Value>) -> [Value; 2] {
    let form = |key: &str, own: Value| {
        let required: Vec<&str> = also_needed.iter().copied().chain([key]).collect();
        open(object(key, &[own, of_any_node()], &required, extra.clone()))
    };
    [
        form("run", of_type::<RunKeys>()),
        form("driver", of_type::<DriverKeys>()),
    ]
}

/// The same object with any other keys.
fn open(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.insert("additionalProperties".to_owned(), json!(true));
    }
    object
}

fn camera_list(sources: &[&Kind]) -> Value {
    let named = by_url(sources, &["name"]);
    let mut forms = vec![named];
    for kind in sources {
        let name = Map::from_iter([("name".to_owned(), name())]);
        forms.push(object(
            kind.name,
            &[of_kind(kind), of_any_node()],
            &["name", address::own_key(kind.name)],
            name,
        ));
    }
    forms.extend(python_cameras(
        &["name"],
        &Map::from_iter([("name".to_owned(), name())]),
    ));
    json!({ "type": "array", "minItems": 1, "items": any_of(forms) })
}

/// A camera with `url`, of which only the address tells what else it may have.
fn by_url(sources: &[&Kind], also: &[&str]) -> Value {
    let mut schemas: Vec<Value> = sources.iter().map(|kind| of_kind(kind)).collect();
    for schema in &mut schemas {
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("required");
        }
    }
    schemas.push(of_any_node());
    let url = json!({ "type": "string", "description": "Any address, such as `rtsp://10.0.0.7/stream` or `usb:0`." });
    let mut extra = Map::from_iter([("url".to_owned(), url)]);
    if also.contains(&"name") {
        extra.insert("name".to_owned(), name());
    }
    let required: Vec<&str> = also.iter().copied().chain(["url"]).collect();
    object("url", &schemas, &required, extra)
}

fn name() -> Value {
    json!({ "type": "string", "description": "Name of the camera.", "pattern": "^[a-z0-9][a-z0-9_-]{0,31}$" })
}

fn stage(kind: &Kind) -> Value {
    let mut extra = Map::from_iter([(
        "kind".to_owned(),
        json!({ "const": kind.name, "description": kind.summary }),
    )]);
    if kind.inputs != InputNeed::None {
        extra.extend(wires(Vec::new()));
    }
    let mut own = of_kind(kind);
    if let Some(own) = own.as_object_mut() {
        own.remove("required");
    }
    extra.insert(
        PIPELINES.to_owned(),
        json!({
            "description": "Several settings of the stage by name, of which one is in force: each has what it has of its own, and the rest from the stage. `bushbaby pipeline`, the page and the robot change between them while it runs.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": any_of(vec![object(kind.name, &[own], &[], Map::new()), json!({ "type": "null" })]),
        }),
    );
    extra.insert(
        PIPELINE.to_owned(),
        json!({ "description": "Which of them is in force at the start, by name or number. Absent: the first.", "type": "string" }),
    );
    object(kind.name, &[of_kind(kind), of_any_node()], &["kind"], extra)
}

/// A stage that is somebody's Python; which settings it has, only its code knows.
fn python_stage() -> Value {
    let extra = wires(vec![of_type::<Synced>()]);
    open(object("run", &[of_type::<RunKeys>(), of_any_node()], &["run"], extra))
}

/// The keys that say what a stage reads. `also`: further forms of `in`.
fn wires(also: Vec<Value>) -> Map<String, Value> {
    let described = |description: &str, schema: Value| merged(json!({ "description": description }), schema);
    let what_in = "What the stage reads: a node or a stream. Absent: the camera, where there is only one.";
    let what_each = "Starts one node for every output of a source that fits, such as `*/image`.";
    let mut keys = Map::from_iter([
        ("in".to_owned(), described(what_in, one_or_more(also))),
        ("each".to_owned(), described(what_each, wire())),
    ]);
    keys.extend(properties(&of_type::<Pace>()));
    keys
}

fn wire() -> Value {
    any_of(vec![
        json!({ "type": "string", "examples": ["front", "front/image"] }),
        of_type::<LongWire>(),
    ])
}

fn one_or_more(also: Vec<Value>) -> Value {
    let mut forms = vec![wire(), json!({ "type": "array", "minItems": 1, "items": wire() })];
    forms.extend(also);
    any_of(forms)
}

fn record(kind: &Kind) -> Value {
    let what_in = "What is recorded: nodes, streams, patterns such as `*/image`. Absent: every camera and microphone with its sound, all results, and how each node was; of `format: wav`, all sound.";
    let folder = json!({ "type": "string", "title": "The folder that recordings go to", "examples": ["recordings"] });
    let mut extra = properties(&of_type::<Pace>());
    extra.insert(
        "in".to_owned(),
        merged(json!({ "description": what_in }), one_or_more(Vec::new())),
    );
    let wav = json!({ "type": "string", "description": "The folder for the sound alone: short for `to` with `format: wav`.", "examples": ["sound"] });
    extra.insert("wav".to_owned(), wav);
    let long = object(RECORD, &[of_kind(kind), of_any_node()], &[], extra);
    merged(json!({ "description": kind.summary }), any_of(vec![folder, long]))
}

/// What stands under `alerts:` and under `mqtt:`, which are one node.
fn alerts(kind: &Kind) -> Map<String, Value> {
    let mut all = properties(&of_kind(kind));
    if let Some(alerts) = all.get_mut("alerts").and_then(Value::as_object_mut) {
        alerts.insert("description".to_owned(), json!(kind.summary));
        alerts.remove("default");
    }
    if let Some(mqtt) = all.get_mut("mqtt") {
        let broker = json!({ "type": "string", "title": "The broker", "examples": ["10.0.0.2", "broker.local:1884"] });
        let long = alerts_broker(mqtt);
        let description = mqtt.get("description").cloned().unwrap_or_default();
        *mqtt = merged(json!({ "description": description }), any_of(vec![broker, long]));
    }
    all
}

/// The object among the forms of `mqtt:`, which may be absent but not nothing.
pub(crate) fn alerts_broker(mqtt: &Value) -> Value {
    let forms = mqtt.get("anyOf").and_then(Value::as_array);
    let object = forms.and_then(|forms| forms.iter().find(|form| form.get("properties").is_some()));
    let mut object = object.unwrap_or(mqtt).clone();
    if let Some(object) = object.as_object_mut() {
        object.insert("type".to_owned(), json!("object"));
        object.remove("default");
    }
    object
}

fn evidence(kind: &Kind) -> Value {
    let folder = json!({ "type": "string", "title": "The folder for the files", "examples": ["evidence"] });
    let long = object(EVIDENCE, &[of_kind(kind), of_any_node()], &[], Map::new());
    merged(json!({ "description": kind.summary }), any_of(vec![folder, long]))
}

fn networktables(kind: &Kind) -> Value {
    let what_in = "What the robot is told: nodes, streams, patterns such as `*/detections`. Absent: all tags, targets and \
                   places.";
    let server =
        json!({ "type": "string", "title": "The server's address", "examples": ["10.15.18.2", "127.0.0.1:5810"] });
    let team = json!({ "type": "integer", "minimum": 1, "title": "A team's number" });
    let mut extra = properties(&of_type::<Pace>());
    extra.insert(
        "in".to_owned(),
        merged(json!({ "description": what_in }), one_or_more(Vec::new())),
    );
    let long = object(NETWORKTABLES, &[of_kind(kind), of_any_node()], &[], extra);
    merged(json!({ "description": kind.summary }), any_of(vec![server, team, long]))
}

fn web(kind: &Kind) -> Value {
    let port = json!({ "type": "integer", "minimum": 0, "maximum": 65535, "title": "A port of this host" });
    let address = json!({ "type": "string", "title": "An address with a port", "examples": ["0.0.0.0:5800"] });
    let listen = Map::from_iter([(
        "listen".to_owned(),
        merged(
            json!({ "description": "Where the page listens." }),
            any_of(vec![port.clone(), address.clone()]),
        ),
    )]);
    let mut own = of_kind(kind);
    if let Some(own) = own.as_object_mut() {
        own.remove("required");
    }
    merged(
        json!({ "description": kind.summary }),
        any_of(vec![port, address, object(WEB, &[own, of_any_node()], &[], listen)]),
    )
}

fn defaults(kinds: &[Kind]) -> Value {
    let mut by_kind = Map::new();
    for kind in kinds {
        let mut own = of_kind(kind);
        if let Some(own) = own.as_object_mut() {
            own.remove("required");
        }
        by_kind.insert(
            kind.name.to_owned(),
            object(kind.name, &[own, of_any_node()], &[], Map::new()),
        );
    }
    let all = object("defaults", &[of_any_node()], &[], by_kind);
    merged(
        json!({ "description": "What nodes have unless they say otherwise: all of them, or those of a kind." }),
        all,
    )
}

/// The keys of settings that may be absent and then are nothing.
pub(crate) fn nullable_keys(kind: &Kind) -> Vec<String> {
    let is_null = |schema: &Value| match schema.get("type") {
        Some(Value::Array(types)) => types.contains(&json!("null")),
        Some(one) => one == "null",
        None => false,
    };
    let may_be_null = |schema: &Value| {
        let forms = schema.get("anyOf").and_then(Value::as_array);
        is_null(schema) || forms.is_some_and(|forms| forms.iter().any(is_null))
    };
    properties(&of_kind(kind))
        .into_iter()
        .filter(|(_, schema)| may_be_null(schema))
        .map(|(key, _)| key)
        .collect()
}

/// One object with the keys of several, and `extra` ones, which win.
fn object(title: &str, schemas: &[Value], required: &[&str], extra: Map<String, Value>) -> Value {
    let mut all = extra;
    let mut needed: Vec<String> = required.iter().map(|key| (*key).to_owned()).collect();
    for schema in schemas {
        for (key, value) in properties(schema) {
            all.entry(key).or_insert(value);
        }
        let own = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        needed.extend(own.filter(|key| !required.contains(key)).map(str::to_owned));
    }
    needed.retain(|key| all.contains_key(key));
    let description = schemas.first().and_then(|schema| schema.get("description")).cloned();
    let mut object = json!({ "title": title, "type": "object", "properties": all, "required": needed, "additionalProperties": false });
    if let (Some(object), Some(description)) = (object.as_object_mut(), description) {
        object.insert("description".to_owned(), description);
    }
    object
}

/// The properties of an object's schema.
pub(crate) fn properties(schema: &Value) -> Map<String, Value> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn any_of(forms: Vec<Value>) -> Value {
    json!({ "anyOf": forms })
}

/// The keys of both; `first` wins.
fn merged(first: Value, second: Value) -> Value {
    let mut all = first;
    if let (Some(all), Value::Object(second)) = (all.as_object_mut(), second) {
        for (key, value) in second {
            all.entry(key).or_insert(value);
        }
    }
    all
}
