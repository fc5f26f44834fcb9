//! Health of nodes as log lines.

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
    encoded(&Log {
        timestamp: Some(timestamp(wall_ns)),
        level: level as i32,
        message,
        name: node.to_owned(),
        file: String::new(),
        line: 0,
    })
}
