//! `bushbaby schema`: the JSON Schema of pipeline files, so that editors complete and explain.

use std::process::ExitCode;

use bushbaby_node::Kind;
use bushbaby_supervisor::file;

use super::check::print;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints it.
pub(crate) fn run(_: Args, kinds: &[Kind]) -> ExitCode {
    print(&format!("{:#}\n", file::schema(kinds)));
    ExitCode::SUCCESS
}
