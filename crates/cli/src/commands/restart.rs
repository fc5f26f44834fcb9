//! `bushbaby restart NODE`: start one node again, also one that was given up.

use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::status::{Request, ask};

use crate::instance;

/// Arguments of `restart`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The node's name, as in the pipeline file.
    node: String,
}

/// Asks for it; returns as soon as it is under way.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let Args { node } = args;
    match ask(instance, &Request::Restart { node: node.clone() }) {
        Ok(reply) => instance::done(&reply, &format!("`{node}` starts again")),
        Err(error) => instance::fail(&error),
    }
}
