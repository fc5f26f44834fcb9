//! `bushbaby expand FILE`: the long form, with every default.

use std::path::PathBuf;
use std::process::ExitCode;

use bushbaby_node::Kind;
use bushbaby_supervisor::file;

use super::check::{check, complain, exit_code, print};

/// Arguments of `expand`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file, YAML or JSON.
    file: PathBuf,
}

/// Prints the long form as YAML. Secrets stay `$NAME`.
pub(crate) fn run(args: Args, kinds: &[Kind]) -> ExitCode {
    let result = check(&args.file, kinds);
    match &result {
        Ok(checked) => print(&file::expand(checked)),
        Err(problems) => complain(problems),
    }
    exit_code(&result)
}
