//! Which Python runs a node.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// An interpreter, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its program. Not resolved: by the link it was started with, an interpreter finds its environment.
    pub path: PathBuf,
    /// Where it was found.
    pub chosen_by: ChosenBy,
}

/// Where an interpreter was found, in the order of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// `python:` in the pipeline file.
    File,
    /// `$VIRTUAL_ENV`: an environment is active.
    Environment,
    /// It lies beside the running program: both were installed together.
    Neighbour,
    /// `python3` on the `PATH`.
    Path,
}

/// Why there is no interpreter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpreterError {
    /// What the file names is not there.
    #[error("there is no interpreter `{said}`")]
    NotThere {
        /// As the file has it.
        said: String,
    },
    /// A folder that is no environment.
    #[error("`{said}` is a folder without `bin/python`, wanted an interpreter or an environment")]
    NoEnvironment {
        /// As the file has it.
        said: String,
    },
    /// A file that is no program.
    #[error("`{said}` is no program that this user may run")]
    NoProgram {
        /// As the file has it.
        said: String,
    },
    /// The file says nothing, and there is none.
    #[error(
        "there is no Python: no environment is active, none lies beside `bushbaby`, and `python3` is not on the PATH"
    )]
    None,
}

impl InterpreterError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotThere { said } | Self::NoEnvironment { said }
                if said.contains("venv") && !said.contains("/bin/") =>
            {
                format!("`python3 -m venv {said}` makes an environment; paths are relative to the pipeline file")
            }
            Self::NotThere { .. } | Self::NoEnvironment { .. } | Self::NoProgram { .. } => {
                "for example `python: .venv` or `python: /usr/bin/python3`".to_owned()
            }
            Self::None => "name one, as in `python: .venv`".to_owned(),
        }
    }
}

/// Where interpreters are looked for when the file names none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The folder of the active environment.
    pub virtual_env: Option<PathBuf>,
    /// The folder of the running program.
    pub program_dir: Option<PathBuf>,
    /// The folders where programs are looked for by name.
    pub path: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of this process, with variables from `environment`.
    pub fn of(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let program = std::env::current_exe().ok();
        let path = environment("PATH").unwrap_or_default();
        Self {
            virtual_env: environment("VIRTUAL_ENV")
                .filter(|folder| !folder.is_empty())
                .map(PathBuf::from),
            program_dir: program.and_then(|program| program.parent().map(Path::to_owned)),
            path: std::env::split_paths(&path)
                .filter(|folder| folder.is_absolute())
                .collect(),
        }
    }

    /// Chooses the interpreter of a node whose file says `said`: an interpreter, or the folder of an environment.
    ///
    /// # Errors
    /// When what the file names is no interpreter, or it names none and there is none.
    pub fn choose(&self, said: Option<&str>, base_dir: &Path) -> Result<Interpreter, InterpreterError> {
        if let Some(said) = said {
            let chosen_by = ChosenBy::File;
            return self.said(said, base_dir).map(|path| Interpreter { path, chosen_by });
        }
        let environment = self.virtual_env.as_deref().and_then(of_environment);
        let neighbour = || {
            let path = self.program_dir.as_ref()?.join("python3");
            is_program(&path).then_some(path)
        };
        let found = environment
            .map(|path| (path, ChosenBy::Environment))
            .or_else(|| neighbour().map(|path| (path, ChosenBy::Neighbour)))
            .or_else(|| self.on_path("python3").map(|path| (path, ChosenBy::Path)));
        found
            .map(|(path, chosen_by)| Interpreter { path, chosen_by })
            .ok_or(InterpreterError::None)
    }

    fn said(&self, said: &str, base_dir: &Path) -> Result<PathBuf, InterpreterError> {
        let path = base_dir.join(said);
        let said_so = said.to_owned();
        if path.is_dir() {
            return of_environment(&path).ok_or(InterpreterError::NoEnvironment { said: said_so });
        }
        if path.exists() {
            return if is_program(&path) {
                Ok(path)
            } else {
                Err(InterpreterError::NoProgram { said: said_so })
            };
        }
        let by_name = (!said.is_empty() && !said.contains('/'))
            .then(|| self.on_path(said))
            .flatten();
        by_name.ok_or(InterpreterError::NotThere { said: said_so })
    }

    fn on_path(&self, name: &str) -> Option<PathBuf> {
        self.path
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| is_program(path))
    }
}

/// The interpreter of an environment's folder.
fn of_environment(folder: &Path) -> Option<PathBuf> {
    ["bin/python", "bin/python3"]
        .iter()
        .map(|program| folder.join(program))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn what_the_file_says_wins_then_the_active_environment_the_neighbour_and_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut surroundings = Surroundings {
            virtual_env: Some(at("active")),
            program_dir: Some(at("beside")),
            path: vec![at("empty"), at("path")],
        };
        let none = surroundings.choose(None, folder.path());
        assert_eq!(none, Err(InterpreterError::None));
        let expect = |program_of: &str, chosen_by: ChosenBy| {
            program(&at(program_of));
            let path = at(program_of);
            assert_eq!(
                surroundings.choose(None, folder.path()),
                Ok(Interpreter { path, chosen_by })
            );
        };
        expect("path/python3", ChosenBy::Path);
        expect("beside/python3", ChosenBy::Neighbour);
        expect("active/bin/python", ChosenBy::Environment);
        surroundings.virtual_env = None;
        program(&at(".venv/bin/python3"));
        program(&at("path/python3.12"));
        for (said, path) in [
            (".venv", ".venv/bin/python3"),
            (".venv/bin/python3", ".venv/bin/python3"),
            ("python3.12", "path/python3.12"),
        ] {
            let chosen = surroundings.choose(Some(said), folder.path()).unwrap();
            assert_eq!((chosen.path, chosen.chosen_by), (at(path), ChosenBy::File), "{said}");
        }
    }

    #[test]
    fn what_is_no_interpreter_is_told_with_what_would_be_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::write(folder.path().join("text"), "").unwrap();
        let told = |said: &str| {
            let error = Surroundings::default().choose(Some(said), folder.path()).unwrap_err();
            format!("{error} ({})", error.hint())
        };
        insta::assert_snapshot!([".venv", "python9", "empty", "text", ""].map(told).join("\n"), @r"
        there is no interpreter `.venv` (`python3 -m venv .venv` makes an environment; paths are relative to the pipeline file)
        there is no interpreter `python9` (for example `python: .venv` or `python: /usr/bin/python3`)
        `empty` is a folder without `bin/python`, wanted an interpreter or an environment (for example `python: .venv` or `python: /usr/bin/python3`)
        `text` is no program that this user may run (for example `python: .venv` or `python: /usr/bin/python3`)
        `` is a folder without `bin/python`, wanted an interpreter or an environment (for example `python: .venv` or `python: /usr/bin/python3`)
        ");
    }
}
