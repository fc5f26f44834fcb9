//! Puts the parser's events together to a tree, within limits.

use std::collections::HashMap;

use bushbaby_node::settings::{Entry, Place, Scalar, Tree, Value};
use serde_saphyr::granit_parser::{ScalarStyle, Tag};

use super::DEEPEST;

/// What cannot be read, where, and what to do about it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Refusal {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }
}

/// A list or object that is not closed yet.
struct Open {
    place: Place,
    anchor: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<Tree>),
    Map {
        entries: Vec<Entry>,
        merged: Vec<Entry>,
        key: Option<Key>,
    },
}

struct Key {
    text: String,
    place: Place,
    /// `<<`, whose value's entries become ours.
    is_merge: bool,
}

/// The tree so far.
pub(super) struct Builder {
    open: Vec<Open>,
    root: Option<Tree>,
    documents: usize,
    /// Finished subtrees that an alias may name, with their depth.
    anchors: HashMap<usize, (Tree, usize)>,
    /// What aliases may still copy, so that a few lines cannot become gigabytes.
    left_bytes: usize,
    refusals: Vec<Refusal>,
}

impl Builder {
    pub(super) fn new() -> Self {
        /// Ten times the largest file.
        const MOST_BYTES: usize = 10_000_000;
        Self {
            open: Vec::new(),
            root: None,
            documents: 0,
            anchors: HashMap::new(),
            left_bytes: MOST_BYTES,
            refusals: Vec::new(),
        }
    }

    /// The tree, and the keys that were there twice.
    pub(super) fn finish(self) -> (Tree, Vec<Refusal>) {
        let nothing = Tree {
            place: Place { line: 1, column: 1 },
            value: Value::Null,
        };
        (self.root.unwrap_or(nothing), self.refusals)
    }

    pub(super) fn document(&mut self, place: Place) -> Result<(), Refusal> {
        self.documents += 1;
        match self.documents {
            1 => Ok(()),
            _ => Err(Refusal::new(place, "a second document starts here, wanted one")
                .hint("remove the `---`, or keep the documents in two files")),
        }
    }

    /// A value (or a key) that is not there.
    pub(super) fn nothing(&mut self, place: Place, anchor: usize, tag: Option<&Tag>) -> Result<(), Refusal> {
        untagged(place, tag)?;
        if self.wants_key().is_some() {
            return Err(Refusal::new(place, "a key is missing before this `:`"));
        }
        // Nothing has no place of its own: the parser would point at what comes next.
        let place = self.key_place().unwrap_or(place);
        self.add(
            Tree {
                place,
                value: Value::Null,
            },
            anchor,
        )
    }

    pub(super) fn scalar(
        &mut self,
        place: Place,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), Refusal> {
        untagged(place, tag)?;
        let quoted = style != ScalarStyle::Plain;
        if let Some(key) = self.wants_key() {
            *key = Some(Key {
                text: text.to_owned(),
                place,
                is_merge: text == "<<" && !quoted,
            });
            return Ok(());
        }
        let is_null = !quoted && matches!(text, "~" | "null" | "Null" | "NULL");
        let value = if is_null {
            Value::Null
        } else {
            Value::Scalar(Scalar {
                text: text.to_owned(),
                quoted,
            })
        };
        self.add(Tree { place, value }, anchor)
    }

    pub(super) fn open_list(&mut self, place: Place, anchor: usize, tag: Option<&Tag>) -> Result<(), Refusal> {
        self.open(place, anchor, tag, Holds::List(Vec::new()))
    }

    pub(super) fn open_map(&mut self, place: Place, anchor: usize, tag: Option<&Tag>) -> Result<(), Refusal> {
        self.open(
            place,
            anchor,
            tag,
            Holds::Map {
                entries: Vec::new(),
                merged: Vec::new(),
                key: None,
            },
        )
    }

    fn open(&mut self, place: Place, anchor: usize, tag: Option<&Tag>, holds: Holds) -> Result<(), Refusal> {
        untagged(place, tag)?;
        if self.wants_key().is_some() {
            return Err(Refusal::new(place, "a key must be text, got a list or an object"));
        }
        if self.open.len() >= DEEPEST {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, anchor, holds });
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), Refusal> {
        let Some(Open { place, anchor, holds }) = self.open.pop() else {
            return Ok(());
        };
        let value = match holds {
            Holds::List(items) => Value::List(items),
            Holds::Map {
                mut entries, merged, ..
            } => {
                for entry in merged {
                    if !entries.iter().any(|own| own.key == entry.key) {
                        entries.push(entry);
                    }
                }
                Value::Map(entries)
            }
        };
        self.add(Tree { place, value }, anchor)
    }

    pub(super) fn alias(&mut self, place: Place, anchor: usize) -> Result<(), Refusal> {
        if self.wants_key().is_some() {
            return Err(Refusal::new(place, "a key must be text, got an alias"));
        }
        let Some((tree, depth)) = self.anchors.get(&anchor) else {
            return Err(Refusal::new(
                place,
                "this alias stands within what it names: that would never end",
            ));
        };
        if self.open.len() + depth > DEEPEST {
            return Err(too_deep(place));
        }
        let tree = tree.clone();
        self.spend(&tree, place)?;
        self.add(tree, 0)
    }

    /// Hands a finished value to what holds it.
    fn add(&mut self, tree: Tree, anchor: usize) -> Result<(), Refusal> {
        if anchor != 0 {
            self.spend(&tree, tree.place)?;
            self.anchors.insert(anchor, (tree.clone(), depth(&tree)));
        }
        match self.open.last_mut().map(|open| &mut open.holds) {
            None => self.root = Some(tree),
            Some(Holds::List(items)) => items.push(tree),
            Some(Holds::Map { entries, merged, key }) => match key.take() {
                None => return Err(Refusal::new(tree.place, "a key must be text")),
                Some(key) if key.is_merge => merged.extend(to_merge(key.place, tree)?),
                Some(key) => match entries.iter().find(|entry| entry.key == key.text) {
                    Some(first) => {
                        let message = format!("the key `{}` is there twice, first at {}", key.text, first.key_place);
                        self.refusals
                            .push(Refusal::new(key.place, message).hint("remove one of them"));
                    }
                    None => entries.push(Entry {
                        key: key.text,
                        key_place: key.place,
                        value: tree,
                    }),
                },
            },
        }
        Ok(())
    }

    /// Where the next key goes, when it is a key's turn.
    fn wants_key(&mut self) -> Option<&mut Option<Key>> {
        match &mut self.open.last_mut()?.holds {
            Holds::Map { key, .. } if key.is_none() => Some(key),
            _ => None,
        }
    }

    fn key_place(&self) -> Option<Place> {
        match &self.open.last()?.holds {
            Holds::Map { key, .. } => key.as_ref().map(|key| key.place),
            Holds::List(_) => None,
        }
    }

    fn spend(&mut self, tree: &Tree, place: Place) -> Result<(), Refusal> {
        match self.left_bytes.checked_sub(bytes(tree)) {
            Some(left) => self.left_bytes = left,
            None => {
                return Err(Refusal::new(
                    place,
                    "the aliases copy more than 10 MB, too much for a pipeline file",
                ));
            }
        }
        Ok(())
    }
}

/// What `<<` adds: the entries of an object, or of a list of objects of which earlier ones win.
fn to_merge(place: Place, tree: Tree) -> Result<Vec<Entry>, Refusal> {
    match tree.value {
        Value::Map(entries) => Ok(entries),
        Value::List(items) if items.iter().all(|item| item.as_map().is_some()) => {
            let mut all: Vec<Entry> = Vec::new();
            for entry in items.into_iter().flat_map(|item| {
                if let Value::Map(entries) = item.value {
                    entries
                } else {
                    Vec::new()
                }
            }) {
                if !all.iter().any(|first| first.key == entry.key) {
                    all.push(entry);
                }
            }
            Ok(all)
        }
        _ => Err(
            Refusal::new(place, "`<<` takes in the keys of an object, got something else")
                .hint("write it as `<<: *name`"),
        ),
    }
}

fn untagged(place: Place, tag: Option<&Tag>) -> Result<(), Refusal> {
    match tag {
        None => Ok(()),
        Some(tag) => {
            let message = format!("tags such as `{}` mean nothing here", tag.original());
            Err(Refusal::new(place, message).hint("put text that starts with `!` in quotes"))
        }
    }
}

fn too_deep(place: Place) -> Refusal {
    Refusal::new(place, format!("lists and objects are nested deeper than {DEEPEST}"))
}

fn depth(tree: &Tree) -> usize {
    match &tree.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}

/// About what a copy costs.
fn bytes(tree: &Tree) -> usize {
    size_of::<Tree>()
        + match &tree.value {
            Value::Null => 0,
            Value::Scalar(scalar) => scalar.text.len(),
            Value::List(items) => items.iter().map(bytes).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| size_of::<Entry>() + entry.key.len() + bytes(&entry.value))
                .sum(),
        }
}
