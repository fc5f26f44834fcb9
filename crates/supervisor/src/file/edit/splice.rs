//! Which bytes are replaced by which.

use std::ops::Range;

use serde_json::{Map, Value};

use super::layout::{Entry, Holds};
use super::write;

/// What stands in place of a piece of the text.
pub(super) type Splice = (Range<usize>, String);

/// Puts the pieces in; `None`: two of them overlap.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = String::new();
    let mut at = 0;
    for (range, piece) in splices {
        edited.push_str(text.get(at..range.start)?);
        edited.push_str(&piece);
        at = range.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}

/// Puts settings into the map of an entry.
///
/// # Errors
/// Why that cannot be done.
pub(super) fn settings(
    text: &str,
    target: &Entry,
    settings: &Map<String, Value>,
    is_json: bool,
) -> Result<Vec<Splice>, String> {
    let Holds::Map { is_flow, entries } = &target.value.holds else {
        return match target.value.holds {
            Holds::Nothing | Holds::Null => {
                let whole = Value::Object(settings.clone());
                Ok(replace(text, target, &write::value(&whole, is_json)))
            }
            _ => Err("it is no object with settings".to_owned()),
        };
    };
    let mut splices = Vec::new();
    let mut new = Vec::new();
    for (key, value) in settings {
        match target.value.own(key) {
            Some(entry) => splices.extend(replace(text, entry, &write::value(value, is_json))),
            None => new.push(write::entry(key, value, is_json)),
        }
    }
    if !new.is_empty() {
        splices.push(match (target.value.own("kind"), entries.first()) {
            (_, None) => insert(target.value.span.start + 1, new.join(", ")),
            (Some(kind), _) if *is_flow => insert(end(text, kind), format!(", {}", new.join(", "))),
            (None, Some(first)) if *is_flow => insert(first.key.span.start, format!("{}, ", new.join(", "))),
            (Some(kind), _) => {
                let at = line_end(text, end(text, kind));
                let (indent, newline) = (indent(text, kind)?, newline(text, at));
                let lines = new.iter().map(|line| format!("{newline}{indent}{line}"));
                insert(at, lines.collect())
            }
            (None, Some(first)) => {
                let at = first.key.span.start;
                let (indent, newline) = (indent(text, first)?, newline(text, line_end(text, at)));
                let lines = new.iter().map(|line| format!("{line}{newline}{indent}"));
                insert(at, lines.collect())
            }
        });
    }
    Ok(splices)
}

fn insert(at: usize, piece: String) -> Splice {
    (at..at, piece)
}

/// Puts another value behind the key of an entry.
fn replace(text: &str, entry: &Entry, written: &str) -> Vec<Splice> {
    let value = &entry.value;
    let behind = match behind_colon(text, entry) {
        Some(at) => insert(at, format!(" {written}")),
        None => insert(entry.key.span.end, format!(": {written}")),
    };
    match value.holds {
        Holds::Nothing => vec![behind],
        Holds::BlockText => {
            let (range, piece) = behind;
            let end = text[..value.span.end].trim_end().len();
            vec![(range.start..end.max(range.start), piece)]
        }
        Holds::List { is_flow: false } | Holds::Map { is_flow: false, .. } => {
            // Its own lines go; comments between the key and them stay.
            let last = line_end(text, text[..value.span.end].trim_end().len());
            let lines = line_start(text, value.span.start)..last + break_at(text, last).len();
            vec![behind, (lines, String::new())]
        }
        _ => vec![(value.span.clone(), written.to_owned())],
    }
}

fn behind_colon(text: &str, entry: &Entry) -> Option<usize> {
    let behind = &text[entry.key.span.end..];
    let spaces = behind.len() - behind.trim_start().len();
    behind[spaces..]
        .starts_with(':')
        .then_some(entry.key.span.end + spaces + 1)
}

/// Where an entry ends, without what is blank behind it.
fn end(text: &str, entry: &Entry) -> usize {
    let colon = behind_colon(text, entry).unwrap_or(entry.key.span.end);
    text[..entry.value.span.end.max(colon)].trim_end().len()
}

/// What stands before the keys of a map in block style.
fn indent<'t>(text: &'t str, entry: &Entry) -> Result<&'t str, String> {
    let at = entry.key.span.start;
    let indent = &text[line_start(text, at)..at];
    let is_blank = indent.bytes().all(|byte| byte == b' ');
    is_blank
        .then_some(indent)
        .ok_or_else(|| format!("`{}` is not the first on its line", entry.key.text))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |before| before + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r']).map_or(text.len(), |more| at + more)
}

/// The line break that stands there.
fn break_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let length = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
    &rest[..length]
}

/// The line break that stands there, or that the file has.
fn newline(text: &str, at: usize) -> &str {
    let first = || break_at(text, line_end(text, 0));
    [break_at(text, at), first()]
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or("\n")
}
