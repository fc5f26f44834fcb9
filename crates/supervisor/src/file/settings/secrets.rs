//! `$NAME` takes a value from the environment, where people do not see it.

use std::collections::BTreeSet;

use bushbaby_node::settings::{Entry, Place, Scalar, Tree, Value};

/// Where variables come from: the process's environment, or a test's.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A tree with every variable filled in.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) tree: Tree,
    pub(crate) secrets: Secrets,
    /// What could not be filled in; there the text is still as it was written.
    pub(crate) missing: Vec<Missing>,
}

/// A `$` that has no value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Keys and indices from the root of the tree.
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Values that must not be shown, by name.
#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeSet<(String, String)>);

impl Secrets {
    /// Remembers a value. Nothing cannot be hidden.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert((name.to_owned(), value.to_owned()));
        }
    }

    /// Puts the names back where a message quotes their values.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(value, &format!("${name}"))
        })
    }

    /// Like [`Secrets::hide`], for texts where a short value (`1`) may well stand for itself. `None` when nothing was hidden.
    pub(crate) fn hide_long(&self, text: &str) -> Option<String> {
        const SHORTEST_BYTES: usize = 4;
        let long = self
            .0
            .iter()
            .filter(|(_, value)| value.len() >= SHORTEST_BYTES && text.contains(value.as_str()));
        long.fold(None, |hidden: Option<String>, (name, value)| {
            Some(hidden.as_deref().unwrap_or(text).replace(value, &format!("${name}")))
        })
    }
}

/// Whether a text as it stands in the file takes anything from the environment.
pub(crate) fn has_variable(text: &str) -> bool {
    text.contains('$') && pieces(text).any(|piece| matches!(piece, Piece::Variable(_)))
}

/// Doubles every `$`, so that the text reads back as it is.
pub(crate) fn escape(text: &str) -> String {
    text.replace('$', "$$")
}

/// Fills in every variable of a tree.
pub(crate) fn fill(raw: &Tree, environment: Environment<'_>) -> Filled {
    let mut filling = Filling {
        environment,
        path: Vec::new(),
        secrets: Secrets::default(),
        missing: Vec::new(),
    };
    let tree = filling.tree(raw);
    Filled {
        tree,
        secrets: filling.secrets,
        missing: filling.missing,
    }
}

struct Filling<'a> {
    environment: Environment<'a>,
    path: Vec<String>,
    secrets: Secrets,
    missing: Vec<Missing>,
}

impl Filling<'_> {
    fn tree(&mut self, raw: &Tree) -> Tree {
        let value = match &raw.value {
            Value::Null => Value::Null,
            Value::Scalar(scalar) => Value::Scalar(Scalar {
                text: self.text(&scalar.text, raw.place),
                quoted: scalar.quoted,
            }),
            Value::List(items) => {
                let filled = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.under(index.to_string(), item));
                Value::List(filled.collect())
            }
            Value::Map(entries) => {
                let filled = entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    key_place: entry.key_place,
                    value: self.under(entry.key.clone(), &entry.value),
                });
                Value::Map(filled.collect())
            }
        };
        Tree {
            place: raw.place,
            value,
        }
    }

    fn under(&mut self, step: String, raw: &Tree) -> Tree {
        self.path.push(step);
        let tree = self.tree(raw);
        self.path.pop();
        tree
    }

    fn text(&mut self, raw: &str, place: Place) -> String {
        let mut filled = String::new();
        let before = self.missing.len();
        let missing = |path: &[String], message: String, hint: String| Missing {
            path: path.join("."),
            place,
            message,
            hint,
        };
        for (piece, is_login) in
            parts(raw).flat_map(|(part, is_login)| pieces(part).map(move |piece| (piece, is_login)))
        {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Dollar => filled.push('$'),
                Piece::Variable(name) => match (self.environment)(name) {
                    Some(value) => {
                        let written = if is_login {
                            percent_encoded(&value)
                        } else {
                            value.clone()
                        };
                        filled.push_str(&written);
                        self.secrets.add(name, &value);
                        self.secrets.add(name, &written);
                    }
                    None => {
                        let message = format!("the variable `${name}` is not in the environment");
                        let hint =
                            format!("set it before the start, as in `export {name}=…`; a plain dollar is written `$$`");
                        self.missing.push(missing(&self.path, message, hint));
                    }
                },
                Piece::Nameless => {
                    let hint = "write `$NAME` or `${NAME}` for a variable, `$$` for a plain dollar";
                    self.missing.push(missing(
                        &self.path,
                        "a `$` is followed by no name".to_owned(),
                        hint.to_owned(),
                    ));
                }
            }
        }
        if self.missing.len() > before {
            raw.to_owned()
        } else {
            filled
        }
    }
}

/// Splits a text into what stands before, in and behind the login of an address (`scheme://LOGIN@host`), and says which is it.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let login = text.find("://").map(|at| at + 3).and_then(|start| {
        let host_and_more = &text[start..];
        let end = host_and_more.find('/').unwrap_or(host_and_more.len());
        host_and_more[..end].rfind('@').map(|at| start..start + at)
    });
    let login = login.unwrap_or(text.len()..text.len());
    [
        (&text[..login.start], false),
        (&text[login.clone()], true),
        (&text[login.end..], false),
    ]
    .into_iter()
}

/// Writes a user's name or password as it may stand in an address (RFC 3986): `p/w` becomes `p%2Fw`.
fn percent_encoded(value: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| {
        if keep(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    value.bytes().map(encode).collect()
}

/// A part of a text with variables.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// `$$`
    Dollar,
    /// `$NAME` or `${NAME}`
    Variable(&'a str),
    /// A `$` without a name behind it, or `${` that is not closed.
    Nameless,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(behind) = rest.strip_prefix('$') else {
            let (text, next) = rest.split_at(rest.find('$').unwrap_or(rest.len()));
            rest = next;
            return Some(Piece::Text(text));
        };
        let (piece, next) = behind_dollar(behind);
        rest = next;
        Some(piece)
    })
}

fn behind_dollar(behind: &str) -> (Piece<'_>, &str) {
    let name_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let is_name =
        |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name_end(name) == name.len();
    if let Some(next) = behind.strip_prefix('$') {
        return (Piece::Dollar, next);
    }
    if let Some(braced) = behind.strip_prefix('{') {
        return match braced.split_once('}') {
            Some((name, next)) if is_name(name) => (Piece::Variable(name), next),
            _ => (Piece::Nameless, braced),
        };
    }
    let (name, next) = behind.split_at(name_end(behind));
    if is_name(name) {
        (Piece::Variable(name), next)
    } else {
        (Piece::Nameless, behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "USER" => Some("ada".to_owned()),
            "PASSWORD" => Some("hunter2".to_owned()),
            "EMPTY" => Some(String::new()),
            "HARD" => Some("a/b#c?d@e:%41".to_owned()),
            _ => None,
        }
    }

    fn filled(text: &str) -> Filled {
        fill(&Tree::plain(Place { line: 1, column: 1 }, text), &environment)
    }

    #[test]
    fn a_variable_ends_where_its_name_ends() {
        for (text, wanted) in [
            ("rtsp://$USER:$PASSWORD@host/s1", "rtsp://ada:hunter2@host/s1"),
            ("${USER}s", "adas"),
            ("5$$", "5$"),
            ("$$USER", "$USER"),
            ("a$EMPTY", "a"),
        ] {
            assert_eq!(filled(text).tree.as_text(), Some(wanted));
        }
    }

    #[test]
    fn a_password_with_any_letter_fits_into_an_address_and_is_hidden_in_both_forms() {
        let address = filled("rtsp://$USER:$HARD@host/$USER");
        let text = address.tree.as_text().unwrap();
        assert_eq!(text, "rtsp://ada:a%2Fb%23c%3Fd%40e%3A%2541@host/ada");
        assert!(!address.secrets.hide(text).contains("a%2F"));
        assert_eq!(filled("$HARD").tree.as_text(), Some("a/b#c?d@e:%41"));
    }

    #[test]
    fn what_is_missing_is_told_and_left_as_it_was() {
        for text in ["$NOBODY", "cost: 5$", "${USER", "${}", "$5"] {
            let filled = filled(text);
            assert_eq!(filled.missing.len(), 1, "{text}");
            assert_eq!(filled.tree.as_text(), Some(text));
        }
    }

    #[test]
    fn a_value_that_a_message_quotes_is_hidden() {
        let secrets = filled("$USER:$PASSWORD").secrets;
        assert_eq!(secrets.hide("got `hunter2`, not `ada`"), "got `$PASSWORD`, not `$USER`");
        assert_eq!(
            secrets.hide_long("hunter2 and ada").as_deref(),
            Some("$PASSWORD and ada")
        );
    }

    #[test]
    fn an_escaped_text_is_no_variable_and_reads_back() {
        assert!(!has_variable("$$USER"));
        assert!(has_variable("a-$USER"));
        assert_eq!(filled(&escape("a$b$$c")).tree.as_text(), Some("a$b$$c"));
    }
}
