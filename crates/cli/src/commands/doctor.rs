//! `bushbaby doctor`: what is there, what is missing, and what to do about it.

mod checks;
mod leftovers;
mod python;

use std::process::ExitCode;

use bushbaby_bus::Instance;
use serde::Serialize;

use super::check::print;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// Something works less well, or one kind of camera not at all.
    Warn,
    /// Nothing works without it.
    Missing,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            found: found.into(),
            hint: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Warn,
            found: found.into(),
            hint: Some(hint.into()),
        }
    }

    fn missing(check: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Missing,
            found: found.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Looks at everything; 1 when something is missing that nothing works without.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let findings = checks::all(instance);
    if args.json {
        let lines = findings
            .iter()
            .filter_map(|finding| serde_json::to_string(finding).ok());
        print(&lines.map(|line| line + "\n").collect::<String>());
    } else {
        print(&in_words(&findings));
    }
    let is_fit = findings.iter().all(|finding| finding.state != State::Missing);
    if is_fit { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn in_words(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let state = match finding.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Missing => "MISSING",
        };
        let hint = finding
            .hint
            .as_ref()
            .map_or_else(String::new, |hint| format!("{:25}hint: {hint}\n", ""));
        format!("{state:<8} {:<15} {}\n{hint}", finding.check, finding.found)
    };
    findings.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_a_line_with_its_remedy_below() {
        let told = in_words(&[
            Finding::ok("kernel", "Linux 6.1"),
            Finding::warn(
                "GStreamer",
                "gst-launch-1.0 is not installed",
                "sudo apt install gstreamer1.0-tools",
            ),
            Finding::missing("shared memory", "/dev/shm is not there", "mount it"),
        ]);
        let wanted = "\
ok       kernel          Linux 6.1
warn     GStreamer       gst-launch-1.0 is not installed
                         hint: sudo apt install gstreamer1.0-tools
MISSING  shared memory   /dev/shm is not there
                         hint: mount it
";
        assert_eq!(told, wanted);
    }
}
