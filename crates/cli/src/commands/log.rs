//! `bushbaby log NODE`: the last lines of a node's log, also of an instance that has ended.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::status::{AskError, Reply, Request, ask};
use bushbaby_supervisor::run::{log_path, tail};

use crate::instance;

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The node's name, as in the pipeline file; `bushbaby` for the supervisor's own.
    node: String,

    /// How many lines.
    #[arg(short = 'n', long = "lines", default_value_t = 100, value_name = "N")]
    lines: usize,
}

/// Prints them, oldest first.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let Args { node, lines } = args;
    match ask(
        instance,
        &Request::Log {
            node: node.clone(),
            lines,
        },
    ) {
        Ok(Reply::Log(found)) => print(&found),
        Ok(other) => instance::done(&other, ""),
        Err(AskError::NotRunning(_)) => from_file(instance, &node, lines),
        Err(error) => instance::fail(&error),
    }
}

fn print(lines: &[String]) -> ExitCode {
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    // A reader that has gone away is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn from_file(instance: &Instance, node: &str, lines: usize) -> ExitCode {
    let path = log_path(instance, node);
    let is_name = !node.contains('/');
    match tail(&path, lines) {
        Ok(found) if is_name => print(&found),
        Err(error) if is_name && error.kind() != io::ErrorKind::NotFound => {
            eprintln!("error: {} cannot be read: {error}", path.display());
            ExitCode::FAILURE
        }
        _ => {
            eprintln!(
                "error: instance `{}` is not running and left no log of a node `{node}`",
                instance.name()
            );
            if let Some(known) = path.parent().map(logs_in).filter(|known| !known.is_empty()) {
                eprintln!("hint: there are logs of {}", known.join(", "));
            }
            ExitCode::FAILURE
        }
    }
}

fn logs_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".log")?.to_owned()))
        .collect();
    names.sort();
    names
}
