//! `bushbaby completions SHELL`.

use std::process::ExitCode;

use clap::CommandFactory;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose: source the output, or put it where the shell looks for completions.
    shell: clap_complete::Shell,
}

/// Prints them.
pub(crate) fn run(args: Args) -> ExitCode {
    clap_complete::generate(
        args.shell,
        &mut crate::Cli::command(),
        "bushbaby",
        &mut std::io::stdout(),
    );
    ExitCode::SUCCESS
}
