//! Values as one line of YAML, or of JSON where the file is JSON.

use serde_json::Value;

use crate::file::expand::quoted;

/// Writes `key: value`.
pub(super) fn entry(key: &str, setting: &Value, is_json: bool) -> String {
    format!("{}: {}", text(key, is_json), value(setting, is_json))
}

/// Writes a value.
pub(super) fn value(setting: &Value, is_json: bool) -> String {
    match setting {
        Value::String(word) => text(word, is_json),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| value(item, is_json)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| entry(key, value, is_json)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        plain => plain.to_string(),
    }
}

fn text(word: &str, is_json: bool) -> String {
    if !is_json && is_plain(word) {
        return word.to_owned();
    }
    quoted(word)
}

/// Whether everybody reads a text without quotes as this text. What is in doubt is quoted.
fn is_plain(word: &str) -> bool {
    const WORDS: [&str; 14] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "t", "f",
    ];
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "_-./%".contains(c);
    let starts_well = word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/');
    let number = word.replace('_', "");
    let is_number = number.parse::<f64>().is_ok() || ["0x", "0o", "0b"].iter().any(|sign| number.starts_with(sign));
    starts_well && word.chars().all(is_inner) && !is_number && !WORDS.contains(&word.to_lowercase().as_str())
}
