//! Which Python would run somebody's own stages and cameras, and whether it can.

use std::path::Path;

use bushbaby_supervisor::python::{
    ChosenBy, Interpreter, InterpreterError, PackageError, Surroundings, package_version,
};

use super::Finding;

const CHECK: &str = "Python";

/// Looks for it as a pipeline file without `python:` does.
pub(super) fn look() -> Finding {
    let surroundings = Surroundings::of(&|name| std::env::var(name).ok());
    let interpreter = surroundings.choose(None, Path::new("/"));
    let version = interpreter
        .as_ref()
        .ok()
        .map(|interpreter| package_version(&interpreter.path));
    judge(interpreter, version)
}

/// `version`: of the package, where there is an interpreter.
fn judge(interpreter: Result<Interpreter, InterpreterError>, version: Option<Result<String, PackageError>>) -> Finding {
    let interpreter = match interpreter {
        Ok(interpreter) => interpreter,
        Err(error) => {
            let hint = format!("only nodes with `run:` or `driver:` need it; {}", error.hint());
            return Finding::warn(CHECK, error.to_string(), hint);
        }
    };
    let why = match interpreter.chosen_by {
        ChosenBy::File => "named",
        ChosenBy::Environment => "the active environment",
        ChosenBy::Neighbour => "beside this program",
        ChosenBy::Path => "on the PATH",
    };
    match version {
        Some(Err(error)) => {
            let only = "only nodes with `run:` or `driver:` need it";
            let hint = error.hint().map_or(only.to_owned(), |hint| format!("{hint} ({only})"));
            Finding::warn(CHECK, error.to_string(), hint)
        }
        Some(Ok(version)) => {
            let found = format!("{} ({why}), with bushbaby {version}", interpreter.path.display());
            Finding::ok(CHECK, found)
        }
        None => Finding::ok(CHECK, format!("{} ({why})", interpreter.path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn an_interpreter_without_the_package_is_a_warning_with_its_remedy() {
        let interpreter = || {
            Ok(Interpreter {
                path: ".venv/bin/python".into(),
                chosen_by: ChosenBy::Environment,
            })
        };
        let good = judge(interpreter(), Some(Ok("0.1.0".into())));
        assert_eq!(
            (good.state, good.found.as_str()),
            (
                State::Ok,
                ".venv/bin/python (the active environment), with bushbaby 0.1.0"
            )
        );
        let bare = judge(
            interpreter(),
            Some(Err(PackageError::NotInstalled {
                interpreter: ".venv/bin/python".into(),
                module: "bushbaby".into(),
            })),
        );
        assert_eq!(
            (bare.state, bare.found.as_str()),
            (State::Warn, "`.venv/bin/python` has no package `bushbaby`")
        );
        assert!(
            bare.hint
                .unwrap()
                .starts_with(".venv/bin/python -m pip install bushbaby")
        );
        assert_eq!(judge(Err(InterpreterError::None), None).state, State::Warn);
    }
}
