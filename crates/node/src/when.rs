//! `when:` of an alert: what must be so for it to be raised.
//!
//! | text | it is so |
//! |---|---|
//! | `cry finds baby_cry above 0.5` | while the node finds this; the score may be left out |
//! | `front is stalled` | while the node is in this state |
//! | `any given-up` | while any node is in this state |
//! | `front/image older than 5s` | while no frame has come for so long |
//!
//! The supervisor reads it to draw the wires, the node `alerts` to decide.

use std::fmt;

use crate::settings::{Time, nearest};
use crate::status::NodeState;

/// What must be so for an alert to be raised.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// `NODE finds CLASS [above SCORE]`
    Finds {
        /// A node, or one of its streams.
        node: String,
        /// What is found: a sound, the label of a box, a tag's family or number, the type of a result.
        what: String,
        /// The least score; absent: whatever the node counts as found.
        above: Option<f64>,
    },
    /// `NODE is STATE`
    Is {
        /// The node.
        node: String,
        /// Its state.
        state: NodeState,
    },
    /// `any STATE`
    Any {
        /// The state of any node.
        state: NodeState,
    },
    /// `STREAM older than TIME`
    Older {
        /// A stream, or a node, which means its first output.
        stream: String,
        /// How old its newest frame is, at the least.
        than: Time,
    },
}

/// A text that is no `when:`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WhenError {
    /// What was there and what was wanted.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Every state with the word for it.
const STATES: [(&str, NodeState); 8] = [
    ("starting", NodeState::Starting),
    ("ready", NodeState::Ready),
    ("running", NodeState::Running),
    ("stalled", NodeState::Stalled),
    ("stopping", NodeState::Stopping),
    ("stopped", NodeState::Stopped),
    ("backoff", NodeState::Backoff),
    ("given-up", NodeState::GivenUp),
];

/// The word for a state.
pub fn state_word(state: NodeState) -> &'static str {
    STATES
        .iter()
        .find(|(_, known)| *known == state)
        .map_or("", |(word, _)| word)
}

impl When {
    /// Reads the text of a `when:`.
    ///
    /// # Errors
    /// What was wanted instead, and what was probably meant.
    pub fn parse(text: &str) -> Result<Self, WhenError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["any", state] => Ok(Self::Any { state: named(state)? }),
            [node, "is", state] => Ok(Self::Is {
                node: (*node).to_owned(),
                state: named(state)?,
            }),
            [node, "finds", what @ ..] if !what.is_empty() => finds(node, what),
            [stream, "older", "than", time @ ..] if !time.is_empty() => older(stream, time),
            _ => Err(unlike(text, &words)),
        }
    }

    /// The node or stream that it is about; `None` for any node.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Finds { node, .. } | Self::Is { node, .. } => Some(node),
            Self::Older { stream, .. } => Some(stream),
            Self::Any { .. } => None,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finds {
                node,
                what,
                above: None,
            } => write!(f, "{node} finds {what}"),
            Self::Finds {
                node,
                what,
                above: Some(score),
            } => write!(f, "{node} finds {what} above {score}"),
            Self::Is { node, state } => write!(f, "{node} is {}", state_word(*state)),
            Self::Any { state } => write!(f, "any {}", state_word(*state)),
            Self::Older { stream, than } => write!(f, "{stream} older than {than}"),
        }
    }
}

fn named(word: &str) -> Result<NodeState, WhenError> {
    let states = || STATES.iter().map(|(word, _)| *word);
    let found = STATES.iter().find(|(known, _)| *known == word.replace('_', "-"));
    found.map(|(_, state)| *state).ok_or_else(|| WhenError {
        message: format!("`{word}` is no state of a node"),
        hint: Some(match nearest(word, states()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("states: {}", in_backticks(states())),
        }),
    })
}

fn finds(node: &str, rest: &[&str]) -> Result<When, WhenError> {
    let (what, above) = match rest {
        [what @ .., "above", score] if !what.is_empty() => (what, Some(*score)),
        [.., "above"] => {
            return Err(WhenError {
                message: "`above` has no score behind it, wanted a number from 0 to 1".to_owned(),
                hint: None,
            });
        }
        what => (what, None),
    };
    let score = |text: &str| {
        let score = text.parse().ok().filter(|score| (0.0..=1.0).contains(score));
        score.ok_or_else(|| WhenError {
            message: format!("`above` got `{text}`, wanted a number from 0 to 1"),
            hint: None,
        })
    };
    Ok(When::Finds {
        node: node.to_owned(),
        what: what.join(" "),
        above: above.map(score).transpose()?,
    })
}

fn older(stream: &str, time: &[&str]) -> Result<When, WhenError> {
    let than: Time = time.concat().parse().map_err(|error| WhenError {
        message: format!("`older than`: {error}"),
        hint: None,
    })?;
    if than.0.is_zero() {
        return Err(WhenError {
            message: "`older than` got no time at all, wanted more than 0".to_owned(),
            hint: None,
        });
    }
    Ok(When::Older {
        stream: stream.to_owned(),
        than,
    })
}

fn unlike(text: &str, words: &[&str]) -> WhenError {
    const FORMS: &str = "`NODE finds CLASS`, `NODE is STATE`, `any STATE` or `STREAM older than TIME`";
    let meant = words.get(1).and_then(|verb| nearest(verb, ["finds", "is", "older"]));
    let hint = match (words, meant) {
        ([_, "finds"], _) => "say what is found, as in `cry finds baby_cry`".to_owned(),
        ([_, "is"], _) => "say which state, as in `front is stalled`".to_owned(),
        ([_, "older", ..], _) => "say how old, as in `front older than 5s`".to_owned(),
        (_, Some(meant)) => format!("did you mean `{meant}`?"),
        _ => "for example `cry finds baby_cry`".to_owned(),
    };
    WhenError {
        message: format!("got `{text}`, wanted {FORMS}"),
        hint: Some(hint),
    }
}

fn in_backticks<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "cry finds baby_cry",
            "cry/events finds baby_cry above 0.5",
            "people finds traffic light above 0.25",
            "front is given-up",
            "any stalled",
            "front/image older than 5s",
        ] {
            assert_eq!(When::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(When::parse(" any  given_up ").unwrap().to_string(), "any given-up");
        assert_eq!(
            When::parse("front older than 5 min").unwrap().to_string(),
            "front older than 5min"
        );
    }

    #[test]
    fn what_is_no_condition_is_told_with_what_was_meant() {
        let told = |text: &str| {
            let error = When::parse(text).unwrap_err();
            format!("{} [{}]", error.message, error.hint.unwrap_or_default())
        };
        let forms = "wanted `NODE finds CLASS`, `NODE is STATE`, `any STATE` or `STREAM older than TIME`";
        for (text, wanted) in [
            (
                "cry find baby_cry",
                format!("got `cry find baby_cry`, {forms} [did you mean `finds`?]"),
            ),
            (
                "cry finds",
                format!("got `cry finds`, {forms} [say what is found, as in `cry finds baby_cry`]"),
            ),
            ("", format!("got ``, {forms} [for example `cry finds baby_cry`]")),
            (
                "front is stoped",
                "`stoped` is no state of a node [did you mean `stopped`?]".to_owned(),
            ),
            (
                "cry finds baby_cry above 5",
                "`above` got `5`, wanted a number from 0 to 1 []".to_owned(),
            ),
            (
                "cry finds baby_cry above NaN",
                "`above` got `NaN`, wanted a number from 0 to 1 []".to_owned(),
            ),
            (
                "front older than 5",
                "`older than`: got `5`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h` []"
                    .to_owned(),
            ),
        ] {
            assert_eq!(told(text), wanted);
        }
    }
}
