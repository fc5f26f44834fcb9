//! A Python stage or source as a node: the loop, the heartbeat, the reports and the stop are those of every other node
//! (`bushbaby_node::process`), only the step is Python.
//!
//! - [`program`]: the user's code, loaded by `bushbaby._loader` and called with the interpreter.
//! - [`stage`], [`source`]: the two kinds, made of it.
//! - [`handle`]: what the user's code holds of its node: `send`, `is_wanted`.
//!
//! The interpreter is held only while Python runs: waiting for frames, reporting and listening need none.

mod handle;
mod program;
mod source;
mod stage;

use bushbaby_node::{Kind, process, python};
use pyo3::prelude::*;

const KINDS: [Kind; 2] = [
    Kind::stage::<stage::PythonStage>(python::STAGE, "Runs a stage that is written in Python."),
    Kind::source::<source::PythonSource>(python::SOURCE, "Runs a source that is written in Python."),
];

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<handle::NodeHandle>()?;
    module.add_function(wrap_pyfunction!(run_node, module)?)
}

/// Runs the node that the supervisor describes, until it is told to stop. Returns why it could not go on, or `None`; the supervisor
/// has been told.
#[pyfunction]
fn run_node(py: Python<'_>) -> Option<String> {
    py.detach(|| process::run(&KINDS)).err().map(|error| error.to_string())
}
