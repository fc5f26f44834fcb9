//! What a node's code says of itself, asked from the package: `INTERPRETER -m bushbaby.describe RUN`.
//!
//! The answer is one JSON object, a [`Described`]. When there is none, the package says why on stderr, and on lines that begin with
//! `hint:` what to do about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bushbaby_node::python::Described;

use super::question::{Answer, ask};
use super::{LONGEST_ANSWER, PackageError, Target};

/// Why code could not be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescribeError {
    /// The interpreter is to blame, or what is installed for it.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The code is to blame, in the package's words.
    #[error("{message}")]
    Code {
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl DescribeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Package(error) => error.hint(),
            Self::Code { hint, .. } => hint.clone(),
        }
    }
}

/// One state of a file, and who was asked about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    interpreter: PathBuf,
    run: String,
    modified: Option<SystemTime>,
    bytes: u64,
}

/// Asks an interpreter about code. Of a file that has not changed it is asked only once in the life of this process.
///
/// # Errors
/// Why there is no answer.
pub(crate) fn describe(interpreter: &Path, target: &Target, base_dir: &Path) -> Result<Described, DescribeError> {
    static KNOWN: Mutex<BTreeMap<Asked, Described>> = Mutex::new(BTreeMap::new());
    let key = target
        .file()
        .and_then(|file| fs::metadata(file).ok())
        .map(|metadata| Asked {
            interpreter: interpreter.to_owned(),
            run: target.in_full(),
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        });
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(described) = key.as_ref().and_then(|key| known().get(key).cloned()) {
        return Ok(described);
    }
    let run = target.in_full();
    let answer = ask(interpreter, ["-m", "bushbaby.describe", &run], base_dir, LONGEST_ANSWER)
        .map_err(|no_answer| PackageError::of_no_answer(interpreter, &no_answer))?;
    let described = understood(interpreter, &answer)?;
    if let Some(key) = key {
        known().insert(key, described.clone());
    }
    Ok(described)
}

fn understood(interpreter: &Path, answer: &Answer) -> Result<Described, DescribeError> {
    let broken = |why: String| PackageError::Broken {
        interpreter: interpreter.to_owned(),
        why,
    };
    if answer.is_success {
        return serde_json::from_str(answer.stdout.trim())
            .map_err(|error| broken(format!("its description cannot be read: {error}")).into());
    }
    if let Some(error) = PackageError::of_answer(interpreter, answer) {
        return Err(error.into());
    }
    let (hints, message): (Vec<&str>, Vec<&str>) = answer
        .stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .partition(|line| line.starts_with("hint:"));
    if message.is_empty() {
        return Err(broken("it said nothing".to_owned()).into());
    }
    // A traceback of the package itself: its last line says most.
    let message = match message.first() {
        Some(first) if first.starts_with("Traceback") => {
            return Err(broken(message.last().unwrap_or(first).to_string()).into());
        }
        _ => message.join("; "),
    };
    let hints = hints.iter().map(|hint| hint.trim_start_matches("hint:").trim());
    let hint = hints.collect::<Vec<_>>().join("; ");
    Err(DescribeError::Code {
        message: message.strip_prefix("error: ").unwrap_or(&message).to_owned(),
        hint: (!hint.is_empty()).then_some(hint),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(is_success: bool, stdout: &str, stderr: &str) -> String {
        let answer = Answer {
            is_success,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        match understood(Path::new(".venv/bin/python"), &answer) {
            Ok(described) => format!("{} with {} outputs", described.name, described.outputs.len()),
            Err(error) => format!("{error} ({})", error.hint().unwrap_or_default()),
        }
    }

    #[test]
    fn an_answer_is_a_description_or_the_reason_why_there_is_none() {
        let good = r#"{"role": "stage", "name": "detector", "inputs": [{"name": "frame"}], "outputs": [{"name": "results", "carries": "results"}]}"#;
        let told = [
            told(true, good, "a warning"),
            told(true, "hello", ""),
            told(
                false,
                "",
                "error: detector.py:3: invalid syntax\nhint: there is a `:` missing\n",
            ),
            told(
                false,
                "",
                "Traceback (most recent call last):\n  File x\nKeyError: 'a'\n",
            ),
            told(
                false,
                "",
                "/usr/bin/python3: Error while finding module specification for 'bushbaby.describe' (ModuleNotFoundError: No module named 'bushbaby')\n",
            ),
            told(false, "", ""),
        ];
        insta::assert_snapshot!(told.join("\n"), @r"
        detector with 1 outputs
        `.venv/bin/python`: the package `bushbaby` does not work: its description cannot be read: expected value at line 1 column 1 (.venv/bin/python -m pip install bushbaby)
        detector.py:3: invalid syntax (there is a `:` missing)
        `.venv/bin/python`: the package `bushbaby` does not work: KeyError: 'a' (.venv/bin/python -m pip install bushbaby)
        `.venv/bin/python` has no package `bushbaby` (.venv/bin/python -m pip install bushbaby)
        `.venv/bin/python`: the package `bushbaby` does not work: it said nothing (.venv/bin/python -m pip install bushbaby)
        ");
    }
}
