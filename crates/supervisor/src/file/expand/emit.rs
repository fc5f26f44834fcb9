//! Writes YAML: block style, one key a line, with a remark behind some.

use serde_json::Value;

/// Spaces for each level.
const INDENT: usize = 2;

/// Writes `key: value`, with `remark` as a comment behind the key's line.
pub(crate) fn entry(out: &mut String, level: usize, key: &str, value: &Value, remark: Option<&str>) {
    indent(out, level);
    out.push_str(&text(key));
    out.push(':');
    let remark = remark.map(|remark| format!("  # {remark}")).unwrap_or_default();
    match inline(value) {
        Some(inline) => {
            out.push(' ');
            out.push_str(&inline);
            out.push_str(&remark);
            out.push('\n');
        }
        None => {
            out.push_str(&remark);
            out.push('\n');
            below(out, level + 1, value);
        }
    }
}

/// Writes `key:`, for what comes on the lines below.
pub(crate) fn key(out: &mut String, level: usize, key: &str) {
    indent(out, level);
    out.push_str(&text(key));
    out.push_str(":\n");
}

/// Lists and objects, on lines of their own.
fn below(out: &mut String, level: usize, value: &Value) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| entry(out, level, key, value, None)),
        Value::Array(items) => {
            for item in items {
                let start = out.len();
                match inline(item) {
                    Some(inline) => {
                        indent(out, level + 1);
                        out.push_str(&inline);
                        out.push('\n');
                    }
                    None => below(out, level + 1, item),
                }
                // The dash stands in the indentation of the item's first line.
                let dash = start + level * INDENT;
                out.replace_range(dash..=dash, "-");
            }
        }
        _ => {}
    }
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n(' ', level * INDENT));
}

/// What fits on the line of its key: anything that holds no object.
fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => text(value),
        Value::Object(map) => map.is_empty().then(|| "{}".to_owned())?,
        Value::Array(items) => {
            let is_plain = |item: &Value| !matches!(item, Value::Object(map) if !map.is_empty());
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| is_plain(item).then(|| inline(item)).flatten())
                .collect();
            format!("[{}]", items?.join(", "))
        }
    })
}

/// A text as it reads back: plain where nothing else could be meant, otherwise in quotes.
fn text(text: &str) -> String {
    let starts = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '$' | '(');
    let goes_on =
        |c: char| starts(c) || matches!(c, '@' | ':' | '+' | '=' | ')' | '-' | ' ' | '*' | '?' | '!' | '%' | ';');
    let is_plain = text.starts_with(starts)
        && text.chars().all(goes_on)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.starts_with("...")
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null")
        && text.parse::<f64>().is_err();
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, as YAML and JSON read it: line breaks, and marks that not everybody leaves as they are, are escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::file::yaml::parse;

    fn written(value: &Value) -> String {
        let mut out = String::new();
        entry(&mut out, 0, "a", value, None);
        out
    }

    #[test]
    fn long_forms_are_easy_on_the_eye() {
        let value = json!({
            "size": "1280x720", "cpus": [2, 3], "none": null, "empty": {}, "lens": { "k": [0.1, -0.2], "name": "012" },
            "in": [{ "stream": "front/image", "queue": 20 }, { "stream": "door/image" }],
        });
        insta::assert_snapshot!(written(&value), @r#"
        a:
          size: 1280x720
          cpus: [2, 3]
          none: null
          empty: {}
          lens:
            k: [0.1, -0.2]
            name: "012"
          in:
            - stream: front/image
              queue: 20
            - stream: door/image
        "#);
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(text in any::<String>(), key in "[a-z\\PC]{1,20}") {
            let mut out = String::new();
            entry(&mut out, 0, &key, &json!({ "list": [text, [text]], "objects": [{ "x": text, "y": text }] }), Some("a remark"));
            let tree = parse(&out, std::path::Path::new("out.yaml")).map_err(|problems| TestCaseError::fail(format!("{out}\n{problems:?}")))?;
            let map = tree.get(&key).unwrap();
            let read = |path: &[usize]| {
                path.iter().fold(map.get("list").unwrap(), |at, index| &at.as_list().unwrap()[*index]).as_text().map(str::to_owned)
            };
            prop_assert_eq!(read(&[0]), Some(text.clone()));
            prop_assert_eq!(read(&[1, 0]), Some(text.clone()));
            let object = &map.get("objects").unwrap().as_list().unwrap()[0];
            prop_assert_eq!(object.get("y").and_then(|tree| tree.as_text()), Some(text.as_str()));
        }
    }
}
