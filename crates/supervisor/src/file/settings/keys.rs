//! Whose keys are whose: those of any node, those of the wires, those of the kind.

use bushbaby_node::settings::{Entry, Place, Tree, Value};
use bushbaby_node::{Kind, Role};
use schemars::Schema;

use crate::file::problem::{in_backticks, meant};
use crate::file::schema::generator;
use crate::file::settings::any_node;

/// Keys of a stage that are neither settings of its kind nor keys of any node.
pub(crate) const STAGE_KEYS: [&str; 6] = ["kind", "in", "each", "every", "max_fps", "queue"];

/// Takes the entries with one of `keys` out of `entries`.
pub(crate) fn take(entries: &mut Vec<Entry>, keys: &[&str]) -> Vec<Entry> {
    entries
        .extract_if(.., |entry| keys.contains(&entry.key.as_str()))
        .collect()
}

/// Takes the entry of one key out of `entries`.
pub(crate) fn take_one(entries: &mut Vec<Entry>, key: &str) -> Option<Entry> {
    take(entries, &[key]).pop()
}

/// A map of entries, at the place of what they were taken from.
pub(crate) fn map(place: Place, entries: Vec<Entry>) -> Tree {
    Tree {
        place,
        value: Value::Map(entries),
    }
}

/// Takes out what `settings` has and its kind has not, where the kind tells.
pub(crate) fn take_unknown(settings: &mut Vec<Entry>, kind: &Kind) -> Vec<Entry> {
    match closed_keys(&kind.schema(&mut generator())) {
        Some(known) => settings.extract_if(.., |entry| !known.contains(&entry.key)).collect(),
        None => Vec::new(),
    }
}

/// The keys of a kind, where it tells.
pub(crate) fn all(kind: &Kind) -> Option<Vec<String>> {
    closed_keys(&kind.schema(&mut generator()))
}

/// Names the key that a message is about, or, when the message names it, what the key stands in.
pub(crate) fn at_path(path: &str, message: &str) -> String {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let path = if message.contains(&format!("`{last}`")) {
        above
    } else {
        path
    };
    if path.is_empty() {
        message.to_owned()
    } else {
        format!("`{path}`: {message}")
    }
}

/// A key that a kind does not have: what it may have been, or what the kind has.
pub(crate) fn hint_for(key: &str, kind: &Kind) -> Option<String> {
    let around = if kind.role == Role::Stage { &STAGE_KEYS[..] } else { &[] };
    let own = closed_keys(&kind.schema(&mut generator())).unwrap_or_default();
    let own = || own.iter().map(String::as_str);
    match meant(key, own().chain(around.iter().chain(&any_node::KEYS).copied())) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if own().next().is_none() => Some(format!("`{}` has no settings of its own", kind.name)),
        None => Some(format!("settings of `{}`: {}", kind.name, in_backticks(own()))),
    }
}

/// The keys of settings that refuse any other.
fn closed_keys(schema: &Schema) -> Option<Vec<String>> {
    let object = schema.as_object()?;
    let closed = object.get("additionalProperties") == Some(&serde_json::Value::Bool(false));
    let properties = object.get("properties").and_then(serde_json::Value::as_object);
    closed.then(|| {
        properties
            .into_iter()
            .flat_map(|properties| properties.keys().cloned())
            .collect()
    })
}
