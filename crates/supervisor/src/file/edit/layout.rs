//! Where each value of a file stands in its text, in bytes.

use std::ops::Range;

use bushbaby_node::settings::Place;
use serde_saphyr::granit_parser::{Event, ScalarStyle, StructureStyle};

use crate::file::yaml;

/// A value and where it stands. What is in block style ends with the last that it holds.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) place: Place,
    pub(super) holds: Holds,
}

#[derive(Debug)]
pub(super) enum Holds {
    /// Not there.
    Nothing,
    /// `null` or `~`.
    Null,
    /// `*name`
    Alias,
    /// On one line, or in quotes.
    Text,
    /// Behind `|` or `>`; the span begins with the text.
    BlockText,
    List {
        is_flow: bool,
    },
    Map {
        is_flow: bool,
        entries: Vec<Entry>,
    },
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: Node,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) is_merge: bool,
    pub(super) span: Range<usize>,
}

impl Node {
    /// The entry of a key that stands here itself: none that comes through a merge.
    pub(super) fn own(&self, key: &str) -> Option<&Entry> {
        let Holds::Map { entries, .. } = &self.holds else {
            return None;
        };
        entries
            .iter()
            .find(|entry| entry.key.text == key && !entry.key.is_merge)
    }
}

/// Reads a text that [`yaml::read`] has found good; `None`: it is not.
pub(super) fn read(text: &str) -> Option<Node> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for next in yaml::events(text) {
        let (event, at) = next.ok()?;
        let span = at.byte_range()?;
        text.get(span.clone())?;
        let place = yaml::place_of(&at.start);
        let node = |holds| Node {
            span: span.clone(),
            place,
            holds,
        };
        let done = match event {
            Event::Scalar(word, style, ..) => match open.last_mut().filter(|open| open.wants_key()) {
                Some(open) => {
                    open.key = Some(Key {
                        is_merge: word == "<<" && style == ScalarStyle::Plain,
                        text: word.into_owned(),
                        span,
                    });
                    continue;
                }
                None => node(scalar(&word, style, span.is_empty())),
            },
            Event::Alias(_) => node(Holds::Alias),
            Event::SequenceStart(style, ..) => {
                let is_flow = style == StructureStyle::Flow;
                open.push(Open::new(node(Holds::List { is_flow })));
                continue;
            }
            Event::MappingStart(style, ..) => {
                let is_flow = style == StructureStyle::Flow;
                let entries = Vec::new();
                open.push(Open::new(node(Holds::Map { is_flow, entries })));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.closed(span.end),
            _ => continue,
        };
        match open.last_mut() {
            Some(open) => open.take(done)?,
            None => root = Some(done),
        }
    }
    root
}

fn scalar(word: &str, style: ScalarStyle, is_empty: bool) -> Holds {
    match style {
        ScalarStyle::Plain if is_empty => Holds::Nothing,
        ScalarStyle::Plain if matches!(word, "~" | "null" | "Null" | "NULL") => Holds::Null,
        ScalarStyle::Literal | ScalarStyle::Folded => Holds::BlockText,
        _ => Holds::Text,
    }
}

/// A list or object that is not closed yet.
struct Open {
    node: Node,
    key: Option<Key>,
    /// Where the last that it holds ends.
    last: usize,
}

impl Open {
    fn new(node: Node) -> Self {
        let last = node.span.end;
        Self { node, key: None, last }
    }

    fn wants_key(&self) -> bool {
        matches!(self.node.holds, Holds::Map { .. }) && self.key.is_none()
    }

    fn take(&mut self, value: Node) -> Option<()> {
        self.last = self.last.max(value.span.end);
        if let Holds::Map { entries, .. } = &mut self.node.holds {
            let key = self.key.take()?;
            self.last = self.last.max(key.span.end);
            entries.push(Entry { key, value });
        }
        Some(())
    }

    fn closed(mut self, end: usize) -> Node {
        let (Holds::List { is_flow } | Holds::Map { is_flow, .. }) = self.node.holds else {
            return self.node;
        };
        self.node.span.end = if is_flow { end } else { self.last };
        self.node
    }
}
