//! What an input said last: the JSON of a frame's body, read when it is needed.

use std::cell::OnceCell;

use serde_json::Value;

/// A longer body is not read: no result is so long.
const MOST_BYTES: usize = 1 << 20;

/// The body of a result's frame.
#[derive(Debug)]
pub(super) struct Found {
    body: Box<[u8]>,
    value: OnceCell<Value>,
}

impl Found {
    pub(super) fn new(body: &[u8]) -> Self {
        Self {
            body: body.get(..body.len().min(MOST_BYTES + 1)).unwrap_or_default().into(),
            value: OnceCell::new(),
        }
    }

    /// What it says; null where it is no JSON.
    pub(super) fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let is_short = self.body.len() <= MOST_BYTES;
            is_short
                .then(|| serde_json::from_slice(&self.body).ok())
                .flatten()
                .unwrap_or_default()
        })
    }

    /// The value at a path such as `items.0.yaw`. The number of an item may stand alone (`0.yaw`), and `count` is how many items there
    /// are. `None` for what is not there, and for objects and lists.
    pub(super) fn at(&self, path: &str) -> Option<Value> {
        let value = self.value();
        let items = || value.get("items");
        let (first, rest) = path
            .split_once('.')
            .map_or((path, None), |(first, rest)| (first, Some(rest)));
        let begin = match value.get(first) {
            Some(value) => value,
            None if path == "count" => return items()?.as_array().map(|items| items.len().into()),
            None => items()?.get(first.parse::<usize>().ok()?)?,
        };
        let mut steps = rest.into_iter().flat_map(|rest| rest.split('.'));
        let end = steps.try_fold(begin, |value, step| match value {
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            value => value.get(step),
        })?;
        let is_one = !matches!(end, Value::Null | Value::Array(_) | Value::Object(_));
        is_one.then(|| end.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_path() {
        let found = Found::new(
            br#"{"type":"results","camera":"ip","items":[{"label":"cargo","yaw":-3.1,"pose":{"t":[0.1,0.2,1.5]}},{"yaw":4}]}"#,
        );
        let text = |path: &str| found.at(path).map(|value| value.to_string());
        for (path, value) in [
            ("count", Some("2")),
            ("0.yaw", Some("-3.1")),
            ("items.1.yaw", Some("4")),
            ("0.pose.t.2", Some("1.5")),
            ("camera", Some("\"ip\"")),
            ("0.label", Some("\"cargo\"")),
            ("2.yaw", None),
            ("0", None),
            ("0.pose", None),
            ("0.pose.t.9", None),
            ("0.yaw.more", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(text(path).as_deref(), value, "{path}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_has_no_values() {
        for body in [&b""[..], b"{", b"\xff", b"[1]", b"7", &[b' '; MOST_BYTES + 5]] {
            let found = Found::new(body);
            assert_eq!((found.at("count"), found.at("0.yaw")), (None, None));
        }
    }
}
