//! The user's code: loaded, set up, called, torn down.

use std::sync::Arc;

use bushbaby_bus::Frame;
use bushbaby_node::python::PythonSettings;
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{NodeContext, NodeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::handle::{Ends, NodeHandle};
use crate::bus::frame::PyFrame;

/// The user's code, ready to be called.
pub(super) struct Program {
    /// What `bushbaby._loader` made of it.
    loaded: Py<PyAny>,
    pub(super) ends: Arc<Ends>,
    reporter: Reporter,
}

impl Program {
    /// Loads the code and runs its `setup()`.
    ///
    /// # Errors
    /// What it raised, in words; the traceback is in the log.
    pub(super) fn open(settings: &PythonSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let ends = Ends::open(settings, context)?;
        let told = serde_json::to_string(settings)
            .map_err(|error| NodeError::new(format!("its settings cannot be written as JSON: {error}")))?;
        let loaded = Python::attach(|py| {
            let load = || {
                let handle = NodeHandle(Arc::clone(&ends));
                let module = py.import("bushbaby._loader")?;
                let loaded = module.call_method1("load", (told, &context.spec.base_dir, handle))?;
                loaded.call_method0("setup")?;
                Ok(loaded.unbind())
            };
            load().map_err(|error| in_words(py, &error))
        })?;
        Ok(Self {
            loaded,
            ends,
            reporter: context.reporter.clone(),
        })
    }

    /// Calls it with frames; returns whether it said that nothing more will come.
    ///
    /// # Errors
    /// As [`Program::open`].
    pub(super) fn step(&self, frames: Vec<Option<Frame>>) -> Result<bool, NodeError> {
        Python::attach(|py| {
            let step = || {
                let frames = frames.into_iter().map(|frame| frame.map(PyFrame::new));
                let frames = PyTuple::new(py, frames.collect::<Vec<_>>())?;
                self.loaded.bind(py).call_method1("step", (frames,))?.extract()
            };
            step().map_err(|error: PyErr| in_words(py, &error))
        })
    }

    /// Runs its `teardown()` and lets go of it. What that raises is a warning: the node ends anyway.
    pub(super) fn close(&mut self) {
        Python::attach(|py| {
            let loaded = std::mem::replace(&mut self.loaded, py.None());
            if let Err(error) = loaded.bind(py).call_method0("teardown") {
                self.reporter
                    .warn(&format!("teardown: {}", in_words(py, &error).message()));
            }
        });
    }
}

/// What was raised, in one line for the page; the traceback goes to the log.
fn in_words(py: Python<'_>, error: &PyErr) -> NodeError {
    let told = py
        .import("bushbaby._failure")
        .and_then(|module| module.call_method1("tell", (error.clone_ref(py).into_value(py),)))
        .and_then(|message| message.extract::<String>());
    NodeError::new(told.unwrap_or_else(|_| error.to_string()))
}
