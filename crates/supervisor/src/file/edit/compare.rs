//! Whether a file says what it is to say, and nothing else than before.

use bushbaby_node::settings::{Tree, Value};
use serde_json::{Map, Value as Json};

/// Whether two files differ only in these settings, at the end of these keys, and the later one has them.
pub(super) fn differs_only_in(before: &Tree, after: &Tree, steps: &[&str], settings: &Map<String, Json>) -> bool {
    let place = steps.iter().try_fold(after, |at, step| at.get(step));
    let has_all = place.is_some_and(|place| {
        let mut settings = settings.iter();
        settings.all(|(key, wanted)| place.get(key).is_some_and(|value| is(value, wanted)))
    });
    let (mut before, mut after) = (before.clone(), after.clone());
    without(&mut before, steps, settings);
    without(&mut after, steps, settings);
    has_all && is_same(&before, &after)
}

fn without(tree: &mut Tree, steps: &[&str], settings: &Map<String, Json>) {
    if steps.is_empty() && tree.value == Value::Null {
        tree.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut tree.value else { return };
    match steps.split_first() {
        None => entries.retain(|entry| !settings.contains_key(&entry.key)),
        Some((step, steps)) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *step) {
                without(&mut entry.value, steps, settings);
            }
        }
    }
}

/// Whether a value of the file is this.
fn is(tree: &Tree, wanted: &Json) -> bool {
    match (&tree.value, wanted) {
        (Value::Null, Json::Null) => true,
        (Value::Scalar(scalar), Json::String(text)) => scalar.text == *text,
        (Value::Scalar(scalar), Json::Bool(wanted)) => {
            !scalar.quoted && scalar.text == if *wanted { "true" } else { "false" }
        }
        (Value::Scalar(scalar), Json::Number(number)) => !scalar.quoted && scalar.text == number.to_string(),
        (Value::List(items), Json::Array(all)) => {
            items.len() == all.len() && items.iter().zip(all).all(|(item, wanted)| is(item, wanted))
        }
        (Value::Map(entries), Json::Object(map)) => {
            let has = |(key, wanted): (&String, &Json)| tree.get(key).is_some_and(|value| is(value, wanted));
            entries.len() == map.len() && map.iter().all(has)
        }
        _ => false,
    }
}

/// Whether two trees are the same but for their places.
fn is_same(a: &Tree, b: &Tree) -> bool {
    match (&a.value, &b.value) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            let pairs = || a.iter().zip(b);
            a.len() == b.len() && pairs().all(|(a, b)| a.key == b.key && is_same(&a.value, &b.value))
        }
        (a, b) => a == b,
    }
}
