//! Names that people write: of an instance, and of a stream in it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::NameError;

/// Name of everything that one `bushbaby run` started, e.g. `default`.
///
/// 1 to 32 bytes: a lower-case letter or a digit, then lower-case letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceName(String);

impl InstanceName {
    /// Longest name, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let starts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let goes_on = |c: char| starts(c) || c == '_' || c == '-';
        let good = text.len() <= Self::MAX_BYTES && text.starts_with(starts) && text.chars().all(goes_on);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Instance { got: text.to_owned() })
        }
    }
}

/// Name of a stream, `node/output`, e.g. `front/image` or `cry@door/events`.
///
/// At most 63 bytes. Each part begins with a letter, a digit or `_`, and goes on with these, `.`, `@` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamName(String);

impl StreamName {
    /// Longest name, in bytes, the slash included.
    pub const MAX_BYTES: usize = 63;

    /// Returns the stream `node/output`.
    ///
    /// # Errors
    /// [`NameError::Stream`], when a part is empty, has a character that is not allowed, or the whole is too long.
    pub fn new(node: &str, output: &str) -> Result<Self, NameError> {
        format!("{node}/{output}").parse()
    }

    /// Returns the name of the node that writes the stream.
    pub fn node(&self) -> &str {
        self.0.split_once('/').map_or(self.as_str(), |(node, _)| node)
    }

    /// Returns which of the node's outputs it is.
    pub fn output(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, output)| output)
    }

    /// Returns `node/output`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = text.len() <= Self::MAX_BYTES
            && text
                .split_once('/')
                .is_some_and(|(node, output)| is_part(node) && is_part(output));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Stream { got: text.to_owned() })
        }
    }
}

fn is_part(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(starts) && text.chars().all(|c| starts(c) || matches!(c, '.' | '@' | '-'))
}

macro_rules! text_like {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

text_like!(InstanceName);
text_like!(StreamName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_a_node_and_an_output() {
        let name: StreamName = "cry@door/events".parse().unwrap();
        assert_eq!((name.node(), name.output()), ("cry@door", "events"));
        assert_eq!(StreamName::new("cry@door", "events").unwrap(), name);
    }

    #[test]
    fn bad_stream_names_are_refused() {
        let too_long = format!("{}/image", "n".repeat(60));
        for text in [
            "", "front", "/image", "front/", "a/b/c", "a b/c", "-a/b", ".a/b", "ä/b", "../b", &too_long,
        ] {
            assert!(text.parse::<StreamName>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn bad_instance_names_are_refused() {
        let too_long = "n".repeat(33);
        for text in ["", "Default", "-a", "_a", "a/b", "a.b", &too_long] {
            assert!(text.parse::<InstanceName>().is_err(), "{text:?} was taken");
        }
        assert!("a-1_b".parse::<InstanceName>().is_ok());
    }

    #[test]
    fn names_go_through_json_as_text_and_are_checked_there() {
        let name: StreamName = serde_json::from_str("\"front/image\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"front/image\"");
        assert!(serde_json::from_str::<StreamName>("\"front\"").is_err());
    }
}
