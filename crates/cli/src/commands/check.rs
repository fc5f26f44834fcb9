//! `bushbaby check FILE`: every mistake of a pipeline file, before anything starts.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_node::Kind;
use bushbaby_supervisor::file::{self, Checked, FileProblem};
use serde_json::{Value, json};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file, YAML or JSON.
    file: PathBuf,

    /// Print one JSON object: the nodes, or the problems.
    #[arg(long)]
    json: bool,
}

/// Says that the file is good, or all that is wrong with it. Nothing is started, no port is tried.
pub(crate) fn run(args: Args, kinds: &[Kind]) -> ExitCode {
    let result = check(&args.file, kinds);
    if args.json {
        print(&format!("{}\n", in_json(&args.file, &result)));
    } else {
        match &result {
            Ok(checked) => print(&good(&args.file, checked)),
            Err(problems) => complain(problems),
        }
    }
    exit_code(&result)
}

/// Reads and checks a file in the environment of this process.
pub(crate) fn check(file: &Path, kinds: &[Kind]) -> Result<Checked, Vec<FileProblem>> {
    file::check_file(file, kinds, &|name| std::env::var(name).ok())
}

/// Prints problems for people, and how many there are.
pub(crate) fn complain(problems: &[FileProblem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
    if problems.len() > 1 {
        eprintln!("{} mistakes", problems.len());
    }
}

/// 2 for a bad file.
pub(crate) fn exit_code<T>(result: &Result<T, Vec<FileProblem>>) -> ExitCode {
    if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}

/// Prints a result. A reader that has gone away is no failure.
pub(crate) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn good(file: &Path, checked: &Checked) -> String {
    let nodes = match checked.plan.nodes.len() {
        1 => "1 node".to_owned(),
        count => format!("{count} nodes"),
    };
    format!("{}: good, {nodes}\n", file.display())
}

fn in_json(file: &Path, result: &Result<Checked, Vec<FileProblem>>) -> Value {
    let (nodes, problems) = match result {
        Ok(checked) => (checked.plan.nodes.as_slice(), [].as_slice()),
        Err(problems) => ([].as_slice(), problems.as_slice()),
    };
    let nodes: Vec<Value> = nodes
        .iter()
        .map(|node| json!({"name": node.spec.node, "kind": node.spec.kind}))
        .collect();
    json!({"file": file, "good": result.is_ok(), "nodes": nodes, "problems": problems})
}
