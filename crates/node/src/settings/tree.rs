//! The file as a tree of keys and values that know their place.

use std::fmt;

/// Where something stands in a file; line and column count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Where it starts.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a [`Tree`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: an empty value, `null` or `~`.
    Null,
    /// Anything written as one piece of text.
    Scalar(Scalar),
    /// `[a, b]`, or lines that start with `-`.
    List(Vec<Tree>),
    /// `key: value`, in the order of the file.
    Map(Vec<Entry>),
}

/// A piece of text, kept as it was written: what it means depends on who reads it (`12` is a number, and a fine password).
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// The text, without quotes.
    pub text: String,
    /// Whether it stood in quotes, so that it is text for everybody.
    pub quoted: bool,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key starts.
    pub key_place: Place,
    /// Its value.
    pub value: Tree,
}

impl Tree {
    /// A plain scalar at a place.
    pub fn plain(place: Place, text: impl Into<String>) -> Self {
        Self {
            place,
            value: Value::Scalar(Scalar {
                text: text.into(),
                quoted: false,
            }),
        }
    }

    /// The entries, when it is a map.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, when it is a list.
    pub fn as_list(&self) -> Option<&[Tree]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, when it is a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The value of `key`, when it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.as_map()?
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Follows a dotted path of keys and indices; returns the place of the last step that exists.
    pub fn place_of(&self, path: &str) -> Place {
        let mut at = self;
        let mut place = self.place;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let next = match &at.value {
                Value::Map(entries) => entries.iter().find(|entry| entry.key == step).map(|entry| &entry.value),
                Value::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match next {
                Some(tree) => {
                    at = tree;
                    place = tree.place;
                }
                None => break,
            }
        }
        place
    }

    /// Says in a few words what this is, for messages.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(scalar) => format!("`{}`", scalar.text),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(entries) => match entries.first() {
                Some(entry) => format!("an object (`{}: …`)", entry.key),
                None => "an empty object".to_owned(),
            },
        }
    }
}
