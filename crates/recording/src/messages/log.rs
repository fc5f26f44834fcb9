//! Health of nodes, and what is heard, as log lines.

use foxglove::messages::Log;
use foxglove::messages::log::Level;
use serde_json::Value;

use super::{encoded, timestamp};

/// `foxglove.Log` of a health body: `front is stalled: no frame for 2 s`.
pub fn health(wall_ns: u64, node: &str, body: &Value) -> Vec<u8> {
    let state = body.get("state").and_then(Value::as_str).unwrap_or("unknown");
    let level = match state {
        "stalled" => Level::Warning,
        "backoff" => Level::Error,
        "given-up" => Level::Fatal,
        _ => Level::Info,
    };
    let mut message = format!("{node} is {state}");
    if let Some(reason) = body.get("reason").and_then(Value::as_str) {
        message = format!("{message}: {reason}");
    }
    if let Some(hint) = body.get("hint").and_then(Value::as_str) {
        message = format!("{message} (hint: {hint})");
    }
    line(wall_ns, level, node, message)
}

/// `foxglove.Log` of one item of an events body: `baby_cry 0.91 began`.
///
/// `None` when it names no sound.
pub fn event(wall_ns: u64, source: &str, item: &Value) -> Option<Vec<u8>> {
    let word = |key: &str| item.get(key).and_then(Value::as_str);
    let mut message = word("sound")?.to_owned();
    if let Some(score) = item.get("score").and_then(Value::as_f64) {
        message = format!("{message} {score:.2}");
    }
    if let Some(state) = word("state") {
        message = format!("{message} {state}");
    }
    Some(line(wall_ns, Level::Info, source, message))
}

fn line(wall_ns: u64, level: Level, name: &str, message: String) -> Vec<u8> {
    encoded(&Log {
        timestamp: Some(timestamp(wall_ns)),
        level: level as i32,
        message,
        name: name.to_owned(),
        file: String::new(),
        line: 0,
    })
}
