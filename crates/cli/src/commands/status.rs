//! `bushbaby status`: a running instance at this moment.

use std::io::{self, Write};
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::status::Status;

use crate::{instance, table};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object on one line.
    #[arg(long)]
    json: bool,
}

/// Prints nodes, streams and wires.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let status = match instance::status(instance) {
        Ok(status) => status,
        Err(error) => return instance::fail(&error),
    };
    let text = if args.json {
        serde_json::to_string(&status).unwrap_or_default() + "\n"
    } else {
        heading(&status) + "\n" + &table::status(&status) + &errors(&status) + &hints(&status)
    };
    // A reader that has gone away is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn heading(status: &Status) -> String {
    let pid = status.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let web = status
        .web
        .as_ref()
        .map(|web| format!(", page: {web}"))
        .unwrap_or_default();
    format!(
        "instance `{}`{pid}, running for {}{web}\n",
        status.instance,
        duration(status.seconds)
    )
}

/// Errors of more than one line, which no table holds.
fn errors(status: &Status) -> String {
    let errors = status
        .nodes
        .iter()
        .filter_map(|(name, node)| Some((name, node.error.as_ref().filter(|error| error.contains('\n'))?)));
    errors.map(|(name, error)| format!("\n{name}: {error}\n")).collect()
}

/// What the nodes say can be done about their errors.
fn hints(status: &Status) -> String {
    let hints = status
        .nodes
        .iter()
        .filter_map(|(name, node)| Some(format!("{name}: {}\n", node.hint.as_ref()?)));
    let hints: String = hints.collect();
    if hints.is_empty() {
        hints
    } else {
        format!("\nhints\n{hints}")
    }
}

/// As people say it: `12.3 s`, `5 min 2 s`, `3 h 7 min`, `2 d 5 h`.
fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds:.1} s"),
        (0, 0, _) => format!("{minutes} min {} s", whole % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_two_largest_units() {
        let told = [12.34, 302.9, 11_240.0, 190_800.0].map(duration);
        assert_eq!(told, ["12.3 s", "5 min 2 s", "3 h 7 min", "2 d 5 h"]);
    }

    #[test]
    fn the_heading_names_instance_supervisor_and_page_and_hints_their_node() {
        let status = serde_json::json!({
            "instance": "lab", "pid": 7, "web": "http://127.0.0.1:5800", "seconds": 1.0, "streams": {}, "edges": [],
            "nodes": {
                "front": {"kind": "usb", "state": "stalled", "restarts": 0, "error": "no camera", "hint": "plug it in"},
                "own": {"kind": "python_stage", "state": "backoff", "restarts": 1, "error": "ValueError: dark\n  own.py:3 in step"},
            },
        });
        let status: Status = serde_json::from_value(status).unwrap();
        assert_eq!(
            heading(&status),
            "instance `lab`, pid 7, running for 1.0 s, page: http://127.0.0.1:5800\n"
        );
        assert_eq!(hints(&status), "\nhints\nfront: plug it in\n");
        assert_eq!(errors(&status), "\nown: ValueError: dark\n  own.py:3 in step\n");
        let table = table::nodes(&status);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("ValueError: dark …\n"), "{table}");
    }
}
