//! Texts with values: `{targets.count} targets`, `{targets.0.yaw:.1f}°`.

use serde_json::Value;

/// What stands for a value that is not known.
const UNKNOWN: &str = "–";
/// Decimals of a number for which nothing else is said, unless it is whole.
const DECIMALS: usize = 2;
const MOST_DECIMALS: usize = 9;
/// A longer text of somebody else is cut off.
const MOST_LETTERS: usize = 60;

/// A text with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Value { path: String, decimals: Option<usize> },
}

/// Why a text is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("`{{` without `}}` after it; wanted `{{NAME.VALUE}}`, or `{{{{` for the bracket itself")]
    Open,
    #[error("`}}` without `{{` before it; wanted `{{NAME.VALUE}}`, or `}}}}` for the bracket itself")]
    Close,
    #[error(
        "`{{{got}}}` names no value; wanted an input and what of it, as in `{{targets.count}}` or `{{targets.0.yaw}}`"
    )]
    Path { got: String },
    #[error("`{{{path}:{got}}}`: wanted the number of decimals, as in `{{{path}:.1f}}`")]
    Format { path: String, got: String },
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// [`TemplateError`], with what is wrong with its brackets.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut words = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let bracket = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(bracket) {
                words.push_str(bracket);
                rest = after;
                continue;
            }
            if bracket == "}" {
                return Err(TemplateError::Close);
            }
            let (inside, after) = rest.split_once('}').ok_or(TemplateError::Open)?;
            if !words.is_empty() {
                parts.push(Part::Words(std::mem::take(&mut words)));
            }
            parts.push(value(inside)?);
            rest = after;
        }
        words.push_str(rest);
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        Ok(Self { parts })
    }

    /// The paths of its values.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Words(_) => None,
            Part::Value { path, .. } => Some(path.as_str()),
        })
    }

    /// Writes the text with the values that `known` has.
    pub(super) fn fill(&self, known: impl Fn(&str) -> Option<Value>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Value { path, decimals } => {
                known(path).map_or_else(|| UNKNOWN.to_owned(), |v| written(&v, *decimals))
            }
        });
        parts.collect()
    }
}

fn value(inside: &str) -> Result<Part, TemplateError> {
    let (path, format) = inside
        .split_once(':')
        .map_or((inside, None), |(path, format)| (path, Some(format)));
    let path = path.trim();
    let has_steps = path.split('.').count() > 1 && path.split('.').all(|step| !step.is_empty());
    if !has_steps || path.contains(['{', '}']) {
        return Err(TemplateError::Path { got: inside.to_owned() });
    }
    let decimals = format.map(|format| decimals(path, format)).transpose()?;
    let path = path.to_owned();
    Ok(Part::Value { path, decimals })
}

/// `.1f`, as in Python.
fn decimals(path: &str, format: &str) -> Result<usize, TemplateError> {
    let digits = format
        .trim()
        .strip_prefix('.')
        .map(|digits| digits.strip_suffix('f').unwrap_or(digits));
    let decimals = digits
        .and_then(|digits| digits.parse().ok())
        .filter(|decimals| *decimals <= MOST_DECIMALS);
    decimals.ok_or_else(|| TemplateError::Format {
        path: path.to_owned(),
        got: format.to_owned(),
    })
}

fn written(value: &Value, decimals: Option<usize>) -> String {
    match value {
        Value::Number(number) => {
            let is_whole = number.is_i64() || number.is_u64();
            match (number.as_f64(), decimals) {
                (_, None) if is_whole => number.to_string(),
                (Some(number), decimals) => fixed(number, decimals.unwrap_or(DECIMALS)),
                (None, _) => UNKNOWN.to_owned(),
            }
        }
        Value::String(text) => text.chars().take(MOST_LETTERS).collect(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => UNKNOWN.to_owned(),
    }
}

/// A number with so many decimals; nothing is `-0.0`.
pub(super) fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(amount) if amount.chars().all(|c| matches!(c, '0' | '.')) => amount.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(text: &str) -> String {
        let known = |path: &str| match path {
            "targets.count" => Some(json!(3)),
            "targets.0.yaw" => Some(json!(-3.126_78)),
            "targets.0.label" => Some(json!("目标")),
            "gyro.still" => Some(json!(true)),
            "gyro.zero" => Some(json!(-0.001)),
            "far.away" => Some(json!(1e300)),
            _ => None,
        };
        Template::parse(text).unwrap().fill(known)
    }

    #[test]
    fn values_stand_where_they_are_named() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("", ""),
            ("{targets.count} targets", "3 targets"),
            ("{targets.0.yaw:.1f}°", "-3.1°"),
            ("{ targets.0.yaw }", "-3.13"),
            ("{targets.count:.1f}", "3.0"),
            ("{gyro.zero:.1f}", "0.0"),
            ("{targets.0.label}: {gyro.still}", "目标: true"),
            ("{nobody.knows}", "–"),
            ("{{{targets.count}}}", "{3}"),
            ("100 %", "100 %"),
        ] {
            assert_eq!(filled(text), wanted, "{text}");
        }
        assert!(filled("{far.away}").len() < 400);
    }

    #[test]
    fn wrong_brackets_say_what_was_wanted() {
        let told = |text: &str| Template::parse(text).unwrap_err().to_string();
        assert_eq!(
            told("{targets"),
            "`{` without `}` after it; wanted `{NAME.VALUE}`, or `{{` for the bracket itself"
        );
        assert_eq!(
            told("targets}"),
            "`}` without `{` before it; wanted `{NAME.VALUE}`, or `}}` for the bracket itself"
        );
        assert_eq!(
            told("{targets}"),
            "`{targets}` names no value; wanted an input and what of it, as in `{targets.count}` or `{targets.0.yaw}`"
        );
        assert_eq!(
            told("{targets.0.yaw:5d}"),
            "`{targets.0.yaw:5d}`: wanted the number of decimals, as in `{targets.0.yaw:.1f}`"
        );
        for text in ["{}", "{.}", "{a..b}", "{a.b:.99f}", "{a.b:}", "{a.{b}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn its_paths_are_known_before_any_value_is() {
        let template = Template::parse("{a.b} and {c.d:.2f}").unwrap();
        assert_eq!(template.paths().collect::<Vec<_>>(), ["a.b", "c.d"]);
    }
}
