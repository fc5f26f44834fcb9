//! Python nodes before they are started: which interpreter runs one, and what its code says of itself.
//!
//! Nothing of a stage's file is run for that: the package reads its syntax tree, in a process of its own that is given a limited
//! time.

mod described;
mod interpreter;
mod package;
mod target;

pub use described::DescribeError;
pub use interpreter::{ChosenBy, Interpreter, InterpreterError, Surroundings};
pub use package::{PackageError, package_version};

pub(crate) use described::describe;
pub(crate) use target::Target;

/// How long an interpreter may take to answer a question before a pipeline starts: a cold start from a slow disk fits.
const LONGEST_ANSWER: std::time::Duration = std::time::Duration::from_secs(20);

/// What installs the package for an interpreter.
fn pip_install(interpreter: &std::path::Path) -> String {
    format!("{} -m pip install bushbaby", interpreter.display())
}

mod question;
