//! The long form of a file: every node with every setting, `$NAME` as it was written.

mod emit;

pub(crate) use emit::quoted;

use std::time::Duration;

use bushbaby_node::settings::Time;
use serde_json::{Map, Value, json};

use crate::file::Checked;
use crate::file::declare::pipelines::{PIPELINE, PIPELINES, Pipelines, Variant};
use crate::file::declare::wires::{Pace, Reads};
use crate::file::declare::{Declared, Noun, address};
use crate::file::node_kind::NodeKind;
use crate::file::python_node::PYTHON;
use crate::file::resolve::Resolved;
use crate::file::settings::any_node::AnyNode;
use crate::plan::ALERT;

/// One node of the file in long form.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    noun: Noun,
    name: String,
    body: Map<String, Value>,
    /// A key, and what there is to say about it.
    remark: Option<(&'static str, String)>,
}

impl Shown {
    /// Puts a node together from its settings, which still have `$NAME` in them.
    pub(crate) fn of(
        node: &Declared<'_>,
        kind: &NodeKind<'_>,
        own: &Value,
        any_node: &Value,
        resolved: &Resolved,
    ) -> Self {
        let mut body = Map::new();
        let mut remark_key = "in";
        let mut first = |key: &str| body.insert(key.to_owned(), own.get(key).cloned().unwrap_or(Value::Null));
        match (node.noun, kind) {
            (Noun::Web | Noun::Alerts | Noun::NetworkTables, _) => {}
            (_, NodeKind::Python(python)) => {
                first(python.key);
                first(PYTHON);
            }
            (Noun::Camera | Noun::Mic, NodeKind::BuiltIn(kind)) => drop(first(address::own_key(kind.name))),
            (Noun::Record | Noun::Evidence, _) => drop(first("to")),
            (Noun::Stage, NodeKind::BuiltIn(kind)) => drop(body.insert("kind".to_owned(), json!(kind.name))),
        }
        if let Reads::Each(wire) = &node.reads {
            remark_key = "each";
            let windows = wire.windows.map(|windows| (windows.window, windows.hop));
            body.insert(remark_key.to_owned(), long_wire(&wire.text, wire.pace, windows));
        } else if matches!(node.noun, Noun::Stage | Noun::Record | Noun::NetworkTables) {
            let inputs = resolved
                .instances
                .iter()
                .flat_map(|instance| &instance.inputs)
                .map(|input| &input.spec);
            let long = inputs.map(|spec| {
                long_wire(
                    spec.stream.as_str(),
                    Pace {
                        queue: spec.queue,
                        every: spec.every,
                        max_fps: spec.max_fps,
                    },
                    spec.window
                        .map(|window| (in_time(window.length_ns), in_time(window.hop_ns))),
                )
            });
            let long: Vec<Value> = long.collect();
            let inputs = match node.reads.within() {
                Some(within) => synced(resolved, &within.to_string()),
                None => Value::Array(long),
            };
            body.insert(remark_key.to_owned(), inputs);
            if let Reads::Sync(wires, ..) = &node.reads
                && let Some(queue) = wires.first().and_then(|wire| wire.pace.queue)
            {
                body.insert("queue".to_owned(), json!(queue));
            }
        }
        let mut add = |settings: &Value| {
            for (key, value) in settings.as_object().into_iter().flatten() {
                body.entry(key.clone()).or_insert_with(|| value.clone());
            }
        };
        add(own);
        // Some structs leave out what is nothing.
        add(&kind.nullable_keys().into_iter().map(|key| (key, Value::Null)).collect());
        if node.noun == Noun::Alerts {
            // What is nothing here would read back as a mistake: there is no place for an empty broker.
            body.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
            body.extend(defaults_of_alerts(any_node));
        } else {
            add(any_node);
        }
        let remark = resolved.note.clone().map(|note| (remark_key, note));
        Self {
            noun: node.noun,
            name: node.name.clone(),
            body,
            remark,
        }
    }
}

impl Shown {
    /// The same with its pipelines, each with what it has of its own.
    pub(crate) fn with_pipelines<'v>(mut self, pipelines: &Pipelines, shown: impl Iterator<Item = &'v Value>) -> Self {
        let Some(first) = pipelines.all.get(pipelines.first) else {
            return self;
        };
        let own = |variant: &Variant, shown: &Value| -> Map<String, Value> {
            let keys = variant.entries.iter().map(|entry| &entry.key);
            keys.filter_map(|key| Some((key.clone(), shown.get(key)?.clone())))
                .collect()
        };
        let named = pipelines.all.iter().zip(shown);
        let all = named.map(|(variant, shown)| (variant.name.clone(), Value::Object(own(variant, shown))));
        self.body.insert(PIPELINES.to_owned(), Value::Object(all.collect()));
        self.body.insert(PIPELINE.to_owned(), json!(first.name));
        self
    }
}

/// The keys of any node that the alerts have, where those that stand for nothing else: they have no place of their own.
fn defaults_of_alerts(any_node: &Value) -> Option<(String, Value)> {
    let usual = serde_json::to_value(AnyNode::default()).ok()?;
    let differ = any_node
        .as_object()?
        .iter()
        .filter(|(key, value)| usual.get(key.as_str()) != Some(value));
    let differ: Map<String, Value> = differ.map(|(key, value)| (key.clone(), value.clone())).collect();
    (!differ.is_empty()).then(|| ("defaults".to_owned(), json!({ ALERT: differ })))
}

fn synced(resolved: &Resolved, within: &str) -> Value {
    let inputs = resolved.instances.iter().flat_map(|instance| &instance.inputs);
    let streams: Vec<&str> = inputs.map(|input| input.spec.stream.as_str()).collect();
    json!({ "sync": streams, "within": within })
}

fn in_time(ns: u64) -> Time {
    Time(Duration::from_nanos(ns))
}

fn long_wire(stream: &str, pace: Pace, windows: Option<(Time, Time)>) -> Value {
    let mut wire = Map::from_iter([("stream".to_owned(), json!(stream))]);
    let Pace { queue, every, max_fps } = pace;
    for (key, value) in [
        ("queue", json!(queue)),
        ("every", json!(every)),
        ("max_fps", json!(max_fps)),
    ] {
        if !value.is_null() {
            wire.insert(key.to_owned(), value);
        }
    }
    if let Some((window, hop)) = windows {
        wire.insert("window".to_owned(), json!(window));
        wire.insert("hop".to_owned(), json!(hop));
    }
    Value::Object(wire)
}

/// Writes the long form of a file, with every default. It reads back to the same plan.
pub fn expand(checked: &Checked) -> String {
    let mut out = String::new();
    for noun in [
        Noun::Camera,
        Noun::Mic,
        Noun::Stage,
        Noun::Record,
        Noun::Alerts,
        Noun::Evidence,
        Noun::NetworkTables,
        Noun::Web,
    ] {
        let nodes: Vec<&Shown> = checked.shown.iter().filter(|node| node.noun == noun).collect();
        if nodes.is_empty() {
            continue;
        }
        // Alerts bring their own keys, of which `mqtt:` is one.
        if noun != Noun::Alerts {
            out.push_str(noun.key());
            out.push_str(":\n");
        }
        for node in nodes {
            let is_named = noun.is_source() || noun == Noun::Stage;
            let level = match noun {
                Noun::Alerts => 0,
                _ if is_named => 2,
                _ => 1,
            };
            if is_named {
                emit::key(&mut out, 1, &node.name);
            }
            for (key, value) in &node.body {
                let remark = node
                    .remark
                    .as_ref()
                    .filter(|(about, _)| about == key)
                    .map(|(_, remark)| remark.as_str());
                emit::entry(&mut out, level, key, value, remark);
            }
        }
    }
    out
}
