//! What a node of the file is: a kind that this program has, or somebody's Python.

use std::path::Path;

use bushbaby_node::settings::{Entry, Problem, Tree};
use bushbaby_node::{InputNeed, Kind, OutputSpec, Role};
use serde_json::Value;

use crate::file::python_node::PythonNode;
use crate::file::schema;
use crate::file::settings::keys;
use crate::file::settings::settle::Settled;
use crate::plan::Program;

/// What a node of the file is.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind<'k> {
    /// Compiled into this program.
    BuiltIn(&'k Kind),
    /// Run by an interpreter.
    Python(Box<PythonNode>),
}

impl NodeKind<'_> {
    /// The kind's name, as `status` shows it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.name,
            Self::Python(node) => node.kind(),
        }
    }

    /// What it is, as messages call it.
    pub(crate) fn called(&self) -> String {
        match self {
            Self::BuiltIn(kind) => format!("kind `{}`", kind.name),
            Self::Python(node) => format!("`{}`", node.described.name),
        }
    }

    pub(crate) fn role(&self) -> Role {
        match self {
            Self::BuiltIn(kind) => kind.role,
            Self::Python(node) => node.role(),
        }
    }

    pub(crate) fn inputs(&self) -> InputNeed {
        match self {
            Self::BuiltIn(kind) => kind.inputs,
            Self::Python(node) => node.inputs(),
        }
    }

    /// The outputs of a node with these settings, whose variables are filled in.
    pub(crate) fn outputs(&self, settings: &Tree, base_dir: &Path) -> Vec<OutputSpec> {
        match self {
            Self::BuiltIn(kind) => kind.outputs_for(settings, base_dir),
            Self::Python(node) => node.described.output_specs(),
        }
    }

    /// Checks settings whose variables are filled in and returns them in long form.
    pub(crate) fn check(&self, settings: &Tree, base_dir: &Path) -> Result<Value, Vec<Problem>> {
        match self {
            Self::BuiltIn(kind) => kind.check(settings, base_dir),
            Self::Python(node) => node.check(settings),
        }
    }

    /// The keys of its settings that can be changed while it runs; `None`: it takes any.
    pub(crate) fn keys(&self) -> Option<Vec<String>> {
        match self {
            Self::BuiltIn(kind) => keys::all(kind),
            // It is started again when its settings change.
            Self::Python(_) => Some(Vec::new()),
        }
    }

    /// Takes out what `settings` has and this has not.
    pub(crate) fn take_unknown(&self, settings: &mut Vec<Entry>) -> Vec<Entry> {
        match self {
            Self::BuiltIn(kind) => keys::take_unknown(settings, kind),
            Self::Python(node) => node.take_unknown(settings),
        }
    }

    /// What a key that it has not may have been.
    pub(crate) fn hint_for(&self, key: &str) -> Option<String> {
        match self {
            Self::BuiltIn(kind) => keys::hint_for(key, kind),
            Self::Python(node) => node.hint_for(key),
        }
    }

    /// The keys that may be absent and then are nothing.
    pub(crate) fn nullable_keys(&self) -> Vec<String> {
        match self {
            Self::BuiltIn(kind) => schema::nullable_keys(kind),
            Self::Python(_) => Vec::new(),
        }
    }

    /// The settings that a node is handed. `said`: the keys that the file has.
    pub(crate) fn handed(&self, own: &Settled, said: &Tree) -> Value {
        match self {
            Self::BuiltIn(_) => own.value.clone(),
            Self::Python(node) => node.handed(&own.value, said),
        }
    }

    /// The settings that people see, in the order of a file.
    pub(crate) fn shown(&self, own: &Value) -> Value {
        match self {
            Self::BuiltIn(_) => own.clone(),
            Self::Python(node) => node.shown(own),
        }
    }

    /// The file of its code, where it has one of its own.
    pub(crate) fn code(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Python(node) => node.file.as_deref(),
        }
    }

    /// What runs it.
    pub(crate) fn program(&self) -> Program {
        match self {
            Self::BuiltIn(_) => Program::Bushbaby,
            Self::Python(node) => Program::Python {
                interpreter: node.interpreter.clone(),
            },
        }
    }
}
