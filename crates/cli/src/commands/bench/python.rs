//! The same from Python to Python: `python -m bushbaby.bench`, run by the interpreter that would run a stage.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bushbaby_supervisor::python::{Surroundings, package_version};
use serde_json::Value;

use super::BenchResult;

/// An interpreter with the package.
#[derive(Debug)]
pub(super) struct Python {
    interpreter: PathBuf,
}

impl Python {
    /// Finds it: that of `$VIRTUAL_ENV`, else the one beside `bushbaby`, else `python3` on the `PATH`. None: a line on stderr says
    /// why, for the bus can be measured without.
    pub(super) fn find() -> Option<Self> {
        let surroundings = Surroundings::of(&|name| std::env::var(name).ok());
        let found = surroundings
            .choose(None, Path::new("."))
            .map_err(|error| error.to_string())
            .and_then(|found| {
                package_version(&found.path)
                    .map(|_| found.path)
                    .map_err(|error| error.to_string())
            });
        match found {
            Ok(interpreter) => Some(Self { interpreter }),
            Err(why) => {
                eprintln!("no figures from Python: {why}");
                None
            }
        }
    }

    /// Runs the measurement and returns its JSON object, or the table that it prints.
    pub(super) fn measure(&self, json: bool) -> BenchResult<String> {
        let mut command = Command::new(&self.interpreter);
        // What lies in the folder in which somebody measures is nothing to be imported.
        command.args(["-P", "-m", "bushbaby.bench"]);
        if json {
            command.arg("--json");
        }
        let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !done.status.success() {
            return Err(format!("`{}` -m bushbaby.bench: {}", self.interpreter.display(), done.status).into());
        }
        Ok(String::from_utf8(done.stdout)?)
    }
}

/// Puts what Python measured beside what was measured in Rust.
pub(super) fn with_python(mut report: Value, python: &str) -> BenchResult<Value> {
    report["python"] = serde_json::from_str(python)?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_measured_stands_beside_floor_and_rust_as_it_printed_it() {
        let report = with_python(json!({"floor": {}, "rust": {}}), "{\"loan\": {\"p50_ms\": 0.05}}\n").unwrap();
        assert_eq!(
            report,
            json!({"floor": {}, "rust": {}, "python": {"loan": {"p50_ms": 0.05}}})
        );
        assert!(with_python(json!({}), "no JSON").is_err());
    }
}
