//! `bushbaby node`: one node, started by the supervisor.

use std::process::ExitCode;

use crate::kinds;

/// Runs the node that the supervisor describes; it has been told of any failure, the log gets it too.
pub(crate) fn run() -> ExitCode {
    match bushbaby_node::process::run(&kinds::all()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ERROR {error}");
            ExitCode::FAILURE
        }
    }
}
