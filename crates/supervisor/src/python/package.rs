//! Whether an interpreter has the package.

use std::path::{Path, PathBuf};

use super::question::{Answer, NoAnswer, ask};
use super::{LONGEST_ANSWER, pip_install};

/// Why an interpreter cannot run a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// It cannot be started.
    #[error("`{}` cannot be started: {why}", interpreter.display())]
    CannotStart {
        /// Which.
        interpreter: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It did not answer in time.
    #[error("`{}` did not answer within {} s", interpreter.display(), LONGEST_ANSWER.as_secs())]
    TimedOut {
        /// Which.
        interpreter: PathBuf,
    },
    /// It is older than the package works with.
    #[error("`{}` is too old: Python 3.11 or newer is needed", interpreter.display())]
    TooOld {
        /// Which.
        interpreter: PathBuf,
    },
    /// The package, or what it needs, is not installed for it.
    #[error("`{}` has no package `{module}`", interpreter.display())]
    NotInstalled {
        /// Which.
        interpreter: PathBuf,
        /// `bushbaby`, or what it needs.
        module: String,
    },
    /// The package is there and does not work.
    #[error("`{}`: the package `bushbaby` does not work: {why}", interpreter.display())]
    Broken {
        /// Which.
        interpreter: PathBuf,
        /// The last it said.
        why: String,
    },
}

impl PackageError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotInstalled { interpreter, .. } | Self::Broken { interpreter, .. } => Some(pip_install(interpreter)),
            Self::TooOld { .. } => {
                Some("name a newer one, as in `python: python3.12`, or make an environment with it".to_owned())
            }
            Self::TimedOut { .. } => Some("try it by hand with `-m bushbaby.describe`".to_owned()),
            Self::CannotStart { .. } => None,
        }
    }

    pub(super) fn of_no_answer(interpreter: &Path, no_answer: &NoAnswer) -> Self {
        let interpreter = interpreter.to_owned();
        match no_answer {
            NoAnswer::CannotStart(error) => Self::CannotStart {
                interpreter,
                why: error.to_string(),
            },
            NoAnswer::TimedOut => Self::TimedOut { interpreter },
        }
    }

    /// What an interpreter's complaint means, where it is one about the package and not about what it was asked.
    pub(super) fn of_answer(interpreter: &Path, answer: &Answer) -> Option<Self> {
        let interpreter = interpreter.to_owned();
        let said = answer.stderr.trim();
        // `-P` came with 3.11.
        if said.to_lowercase().contains("unknown option") && said.contains("-P") {
            return Some(Self::TooOld { interpreter });
        }
        let module = said.split("No module named ").nth(1)?;
        let module: String = module
            .trim_start_matches('\'')
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
            .collect();
        match module.split('.').next().unwrap_or_default() {
            name @ ("bushbaby" | "numpy") => Some(Self::NotInstalled {
                interpreter,
                module: name.to_owned(),
            }),
            _ => None,
        }
    }
}

/// Returns the version of the package that an interpreter has.
///
/// # Errors
/// Why it cannot run a node.
pub fn package_version(interpreter: &Path) -> Result<String, PackageError> {
    const ASK: &str = "import bushbaby; print(bushbaby.__version__)";
    let answer = ask(interpreter, ["-c", ASK], Path::new("/"), LONGEST_ANSWER)
        .map_err(|no_answer| PackageError::of_no_answer(interpreter, &no_answer))?;
    if answer.is_success {
        return Ok(answer.stdout.trim().to_owned());
    }
    Err(
        PackageError::of_answer(interpreter, &answer).unwrap_or_else(|| PackageError::Broken {
            interpreter: interpreter.to_owned(),
            why: answer.stderr.trim().lines().last().unwrap_or_default().to_owned(),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let program = crate::testing::script(&folder.path().join("python"), script);
        match package_version(&program) {
            Ok(version) => version,
            Err(error) => format!("{error} ({})", error.hint().unwrap_or_default())
                .replace(&folder.path().display().to_string(), ""),
        }
    }

    #[test]
    fn an_interpreter_without_the_package_is_told_with_what_installs_it() {
        insta::assert_snapshot!(
            [
                "echo 0.1.0",
                "echo \"ModuleNotFoundError: No module named 'bushbaby'\" >&2; exit 1",
                "echo \"ModuleNotFoundError: No module named 'numpy'\" >&2; exit 1",
                "echo 'Unknown option: -P' >&2; exit 2",
                "echo Traceback >&2; echo 'ImportError: libc is too old' >&2; exit 1",
            ]
            .map(told)
            .join("\n"),
            @r"
        0.1.0
        `/python` has no package `bushbaby` (/python -m pip install bushbaby)
        `/python` has no package `numpy` (/python -m pip install bushbaby)
        `/python` is too old: Python 3.11 or newer is needed (name a newer one, as in `python: python3.12`, or make an environment with it)
        `/python`: the package `bushbaby` does not work: ImportError: libc is too old (/python -m pip install bushbaby)
        "
        );
    }
}
