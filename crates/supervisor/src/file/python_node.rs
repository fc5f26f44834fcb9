//! A Python node of the file: its own settings, checked against what its code says of itself.

use std::path::PathBuf;

use bushbaby_node::python::{self, Described, DescribedRole, DescribedSetting, PythonSettings, Takes};
use bushbaby_node::settings::{Entry, Problem, Tree, Value as TreeValue, read};
use bushbaby_node::{InputNeed, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::file::problem::{in_backticks, meant};
use crate::file::settings::secrets::escape;
use crate::file::settings::{any_node, keys};

/// Keys of a stage or a camera that is your own Python.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RunKeys {
    /// The file; behind a colon the function or class that is meant, where it has several: `detector.py:Detector`.
    run: String,
    /// The interpreter that runs it, or the folder of its environment. Absent: that of the active environment (`$VIRTUAL_ENV`), else
    /// the one beside the `bushbaby` program, else `python3`.
    #[serde(default)]
    python: Option<String>,
}

/// Keys of a camera whose class is installed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DriverKeys {
    /// The class: `python:package.module:Class`.
    driver: String,
    /// As with `run`.
    #[serde(default)]
    python: Option<String>,
}

/// What a node's file says in one of the keys `run` and `driver`, with all that was found out about it.
#[derive(Debug, Clone)]
pub(crate) struct PythonNode {
    /// `run` or `driver`.
    pub(crate) key: &'static str,
    /// What the file says there.
    pub(crate) said: String,
    /// The file, where it is one.
    pub(crate) file: Option<PathBuf>,
    /// What the package is told.
    pub(crate) run: String,
    /// What the file says under `python`.
    pub(crate) said_interpreter: Option<String>,
    pub(crate) interpreter: PathBuf,
    pub(crate) described: Described,
}

/// The key that names an interpreter.
pub(crate) const PYTHON: &str = "python";

impl PythonNode {
    /// The kind's name.
    pub(crate) fn kind(&self) -> &'static str {
        match self.described.role {
            DescribedRole::Stage => python::STAGE,
            DescribedRole::Source => python::SOURCE,
        }
    }

    pub(crate) fn role(&self) -> Role {
        match self.described.role {
            DescribedRole::Stage => Role::Stage,
            DescribedRole::Source => Role::Source,
        }
    }

    pub(crate) fn inputs(&self) -> InputNeed {
        if self.described.inputs.is_empty() {
            InputNeed::None
        } else {
            InputNeed::Anything
        }
    }

    /// Reads each setting as the code takes it; returns all that it takes, with defaults where the file says nothing.
    pub(crate) fn check(&self, settings: &Tree) -> Result<Value, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut long = Map::new();
        for setting in &self.described.settings {
            let said = settings.get(&setting.name).filter(|said| said.value != TreeValue::Null);
            let value = match said {
                Some(said) => {
                    value_of(setting.takes, said).map_err(|found| problems.extend(under(&setting.name, found)))
                }
                None if setting.required => {
                    let message = format!(
                        "the key `{}` is missing, which `{}` needs",
                        setting.name, self.described.name
                    );
                    problems.push(Problem::new("", message).with_hint(example(setting)));
                    Err(())
                }
                None => Ok(setting.default.clone().unwrap_or(Value::Null)),
            };
            if let Ok(value) = value {
                long.insert(setting.name.clone(), value);
            }
        }
        if problems.is_empty() {
            Ok(Value::Object(long))
        } else {
            Err(problems)
        }
    }

    pub(crate) fn take_unknown(&self, settings: &mut Vec<Entry>) -> Vec<Entry> {
        let takes = |key: &str| self.described.settings.iter().any(|setting| setting.name == key);
        settings.extract_if(.., |entry| !takes(&entry.key)).collect()
    }

    pub(crate) fn hint_for(&self, key: &str) -> Option<String> {
        let own = || self.described.settings.iter().map(|setting| setting.name.as_str());
        let around = match self.described.role {
            DescribedRole::Stage => &keys::STAGE_KEYS[..],
            DescribedRole::Source => &[],
        };
        let around = around.iter().chain(&any_node::KEYS).copied();
        match meant(key, own().chain(around).chain([self.key, PYTHON])) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if own().next().is_none() => Some(format!("`{}` has no settings of its own", self.described.name)),
            None => Some(format!(
                "settings of `{}`: {}",
                self.described.name,
                in_backticks(own())
            )),
        }
    }

    /// What the node is handed: as arguments only what the file says, so that a default stays what the code has.
    pub(crate) fn handed(&self, long: &Value, said: &Tree) -> Value {
        let is_said = |key: &str| said.get(key).is_some_and(|said| said.value != TreeValue::Null);
        let arguments = long.as_object().into_iter().flatten();
        let settings = PythonSettings {
            run: self.run.clone(),
            interpreter: self.interpreter.clone(),
            arguments: arguments
                .filter(|(key, _)| is_said(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            described: self.described.clone(),
        };
        // Texts and numbers always become JSON.
        serde_json::to_value(settings).unwrap_or_default()
    }

    /// As a file would have it.
    pub(crate) fn shown(&self, long: &Value) -> Value {
        let interpreter = match &self.said_interpreter {
            Some(said) => said.clone(),
            None => escape(&self.interpreter.display().to_string()),
        };
        let mut shown = Map::from_iter([
            (self.key.to_owned(), Value::String(self.said.clone())),
            (PYTHON.to_owned(), Value::String(interpreter)),
        ]);
        shown.extend(long.as_object().cloned().unwrap_or_default());
        Value::Object(shown)
    }
}

/// Reads a value as an argument with this annotation takes it.
fn value_of(takes: Takes, said: &Tree) -> Result<Value, Vec<Problem>> {
    match takes {
        Takes::Integer => read::<i64>(said).map(Value::from),
        Takes::Number => number(said),
        Takes::Boolean => read::<bool>(said).map(Value::from),
        Takes::Text => read::<String>(said).map(Value::from),
        Takes::List => read::<Vec<Value>>(said).map(Value::from),
        Takes::Object => read::<Map<String, Value>>(said).map(Value::from),
        Takes::Anything => read::<Value>(said),
    }
}

/// A number that is whole stays so: `2` is not shown as `2.0`.
fn number(said: &Tree) -> Result<Value, Vec<Problem>> {
    match read::<i64>(said) {
        Ok(whole) => Ok(whole.into()),
        Err(_) => read::<f64>(said).map(Value::from),
    }
}

fn under(name: &str, found: Vec<Problem>) -> impl Iterator<Item = Problem> {
    found.into_iter().map(move |problem| Problem {
        path: if problem.path.is_empty() {
            name.to_owned()
        } else {
            format!("{name}.{}", problem.path)
        },
        ..problem
    })
}

/// How a setting that is missing could be written.
fn example(setting: &DescribedSetting) -> String {
    let value = match setting.takes {
        Takes::Integer => "3",
        Takes::Number => "0.5",
        Takes::Boolean => "true",
        Takes::Text | Takes::Anything => "…",
        Takes::List => "[…]",
        Takes::Object => "{…}",
    };
    format!("for example `{}: {value}`", setting.name)
}
