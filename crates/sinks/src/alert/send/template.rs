//! Texts with `{{field}}` in them, which takes a field of the alert's JSON.

use bushbaby_node::settings::nearest;
use serde_json::Value;

use crate::alert::raised::Alert;

/// What may stand between the braces.
const FIELDS: [&str; 18] = [
    "id",
    "alert",
    "message",
    "when",
    "instance",
    "node",
    "source",
    "stream",
    "found",
    "sound",
    "score",
    "state",
    "reason",
    "age_ms",
    "start_at",
    "decided_at",
    "raised_at",
    "test",
];

enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
    Open,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(behind) = rest.strip_prefix("{{") else {
            let (text, next) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
            rest = next;
            return Some(Piece::Text(text));
        };
        match behind.split_once("}}") {
            Some((field, next)) => {
                rest = next;
                Some(Piece::Field(field.trim()))
            }
            None => {
                rest = "";
                Some(Piece::Open)
            }
        }
    })
}

/// Whether a text is meant to become JSON.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("{{")
}

/// Checks a text.
///
/// - `may_be_json`: one that starts with `{` or `[` must become JSON.
///
/// # Errors
/// What is wrong, and what was probably meant.
pub fn check(text: &str, may_be_json: bool) -> Result<(), (String, Option<String>)> {
    for piece in pieces(text) {
        match piece {
            Piece::Text(_) => {}
            Piece::Open => return Err(("`{{` is never closed, wanted `}}` behind a field".to_owned(), None)),
            Piece::Field(field) if FIELDS.contains(&field) => {}
            Piece::Field(field) => {
                let hint = match nearest(field, FIELDS) {
                    Some(meant) => format!("did you mean `{{{{{meant}}}}}`?"),
                    None => format!("fields: {}", FIELDS.map(|field| format!("`{field}`")).join(", ")),
                };
                return Err((format!("`{{{{{field}}}}}` is no field of an alert"), Some(hint)));
            }
        }
    }
    if may_be_json && is_json(text) {
        let sample = Alert::test("sample", "", "", jiff::Timestamp::UNIX_EPOCH);
        if let Err(error) = serde_json::from_str::<Value>(&fill(text, &sample).0) {
            let hint = "texts stand in quotes, as in `{\"text\": \"{{message}}\"}`".to_owned();
            return Err((
                format!("it starts as JSON and does not become any: {error}"),
                Some(hint),
            ));
        }
    }
    Ok(())
}

/// Fills a text in; says whether it is JSON now. What the alert does not have is empty, in JSON outside of quotes `null`.
pub fn fill(text: &str, alert: &Alert) -> (String, bool) {
    let fields = serde_json::to_value(alert).unwrap_or_default();
    let is_json = is_json(text);
    let mut filled = String::new();
    for piece in pieces(text) {
        let field = match piece {
            Piece::Text(text) => {
                filled.push_str(text);
                continue;
            }
            Piece::Field(field) => field,
            Piece::Open => continue,
        };
        let value = fields.get(field).unwrap_or(&Value::Null);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match value {
            Value::Null if field == "test" => filled.push_str("false"),
            Value::Null if is_json && !is_in_quotes(&filled) => filled.push_str("null"),
            Value::Null => {}
            _ if is_json && is_in_quotes(&filled) => {
                let quoted = serde_json::to_string(&text).unwrap_or_default();
                filled.push_str(quoted.get(1..quoted.len() - 1).unwrap_or(""));
            }
            _ if is_json => filled.push_str(&value.to_string()),
            _ => filled.push_str(&text),
        }
    }
    (filled, is_json)
}

/// Whether JSON that begins so is within a string.
fn is_in_quotes(json: &str) -> bool {
    let mut within = false;
    let mut escaped = false;
    for c in json.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within => escaped = true,
            '"' => within = !within,
            _ => {}
        }
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert() -> Alert {
        Alert {
            source: "the \"red\" door".to_owned(),
            score: Some(0.5),
            ..Alert::test("baby", "cry finds baby_cry", "home", jiff::Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn fields_are_filled_in_and_quoted_where_it_is_json() {
        for (text, filled) in [
            ("{{source}} cries", "the \"red\" door cries"),
            ("{{ alert }}: {{score}}{{found}}", "baby: 0.5"),
            (r#"{"text": "{{source}}"}"#, r#"{"text": "the \"red\" door"}"#),
            (
                r#"{"a": {"score": {{score}}, "found": {{found}}, "alert": {{alert}}}}"#,
                r#"{"a": {"score": 0.5, "found": null, "alert": "baby"}}"#,
            ),
            ("no field }} {", "no field }} {"),
        ] {
            assert_eq!(fill(text, &alert()).0, filled);
            assert_eq!(check(text, true), Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_told_before_anything_is_sent() {
        let told = |text: &str| check(text, true).unwrap_err();
        assert_eq!(
            told("{{sorce}}"),
            (
                "`{{sorce}}` is no field of an alert".to_owned(),
                Some("did you mean `{{source}}`?".to_owned())
            )
        );
        assert_eq!(told("a {{source").0, "`{{` is never closed, wanted `}}` behind a field");
        assert!(
            told(r#"{"text": {{message}}"#)
                .0
                .starts_with("it starts as JSON and does not become any: ")
        );
    }
}
