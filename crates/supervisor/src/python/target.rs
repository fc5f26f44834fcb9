//! What `run:` and `driver:` name: a file, perhaps with one of its classes, or a class that is installed.

use std::path::{Path, PathBuf};

/// Code that a node runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `detector.py`, `detector.py:Detector`.
    File {
        /// Absolute.
        path: PathBuf,
        /// Which of several in the file.
        name: Option<String>,
    },
    /// `python:package.module:Class`.
    Installed {
        /// With its dots.
        module: String,
        /// The class or function.
        name: String,
    },
}

/// A text that names no code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoTarget {
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// How an installed class begins.
const INSTALLED: &str = "python:";

impl Target {
    /// Reads what the file says.
    ///
    /// # Errors
    /// When it is neither a Python file nor a class, in words.
    pub(crate) fn read(said: &str, base_dir: &Path) -> Result<Self, NoTarget> {
        if let Some(installed) = said.strip_prefix(INSTALLED) {
            return installed
                .split_once(':')
                .filter(|(module, name)| module.split('.').all(is_identifier) && is_identifier(name))
                .map(|(module, name)| Self::Installed {
                    module: module.to_owned(),
                    name: name.to_owned(),
                })
                .ok_or_else(|| NoTarget {
                    message: format!("`{said}` names no class that is installed"),
                    hint: "for example `python:package.module:Class`".to_owned(),
                });
        }
        let (file, name) = match said.rsplit_once(':') {
            Some((file, name)) if file.ends_with(".py") => (file, Some(name)),
            _ => (said, None),
        };
        let is_file = file.ends_with(".py") && name.is_none_or(is_identifier);
        is_file
            .then(|| Self::File {
                path: base_dir.join(file),
                name: name.map(str::to_owned),
            })
            .ok_or_else(|| NoTarget {
                message: format!("`{said}` is no Python file"),
                hint: "for example `detector.py`, `detector.py:Detector` or `python:package.module:Class`".to_owned(),
            })
    }

    /// As the package is told it.
    pub(crate) fn in_full(&self) -> String {
        match self {
            Self::File { path, name: None } => path.display().to_string(),
            Self::File { path, name: Some(name) } => format!("{}:{name}", path.display()),
            Self::Installed { module, name } => format!("{INSTALLED}{module}:{name}"),
        }
    }

    /// The file, where it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Installed { .. } => None,
        }
    }
}

fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_') && letters.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_one_of_its_classes_or_an_installed_class() {
        let in_full = |said: &str| Target::read(said, Path::new("/lab")).map(|target| target.in_full());
        for (said, wanted) in [
            ("detector.py", "/lab/detector.py"),
            ("a/b.py:Detector", "/lab/a/b.py:Detector"),
            ("/opt/x.py", "/opt/x.py"),
            ("python:zed.camera:Zed", "python:zed.camera:Zed"),
        ] {
            assert_eq!(in_full(said).as_deref(), Ok(wanted));
        }
        for said in [
            "detector",
            "a.py:",
            "a.py:b c",
            "python:zed",
            "python:zed:1",
            "python::Zed",
            "zed.camera:Zed",
            "",
        ] {
            assert!(in_full(said).is_err(), "{said}");
        }
    }
}
