//! One result as the page gets it.

use bushbaby_bus::Frame;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Found;
use super::masks::{self, Mask};
use crate::pictures::origin_key;

/// Longer results are not sent to pages.
const LONGEST_BYTES: usize = 512 << 10;
/// Nor are lists in lists in lists.
const DEEPEST: usize = 32;

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    stream: &'a str,
    camera: &'a str,
    origin: String,
    captured_ms: f64,
    sent_ms: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masks: Vec<Mask<'a>>,
    body: &'a RawValue,
}

/// Reads a result off its frame.
///
/// # Errors
/// In words, when it is no JSON, or longer or deeper than what a page is sent.
pub(super) fn found(frame: &Frame) -> Result<Found, String> {
    let length = frame.body().len();
    if length > LONGEST_BYTES {
        return Err(format!("it is {length} bytes long, {LONGEST_BYTES} are allowed"));
    }
    let body: &RawValue = serde_json::from_slice(frame.body()).map_err(|error| format!("it is no JSON: {error}"))?;
    if depth(body.get()) > DEEPEST {
        return Err(format!("it is nested more than {DEEPEST} deep"));
    }
    let origin = frame.origin();
    let message = Message {
        r#type: "results",
        stream: frame.stream().as_str(),
        camera: origin.stream.as_str(),
        origin: origin_key(origin),
        captured_ms: frame.captured().mono.as_ns() as f64 / 1e6,
        sent_ms: frame.published_at().as_ns() as f64 / 1e6,
        masks: masks::of(frame),
        body,
    };
    let text = serde_json::to_string(&message).map_err(|error| error.to_string())?;
    Ok(Found {
        stream: frame.stream().clone(),
        camera: origin.stream.clone(),
        message: text.into(),
    })
}

/// How many lists and objects stand in each other at most. `json` is valid.
fn depth(json: &str) -> usize {
    let (mut now, mut most, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_texts() {
        for (json, expected) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,{}],"b":[]}"#, 3),
            (r#"["[[[\"[["]"#, 1),
            (r#"["\\",[1]]"#, 2),
        ] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }
}
