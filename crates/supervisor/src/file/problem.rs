//! One mistake in a file, worded for the person who wrote it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bushbaby_node::settings::{Place, nearest};
use serde::{Serialize, Serializer};

use crate::file::settings::secrets::Secrets;

/// A mistake in a pipeline file: who, what it got, what it wanted, where, what to do.
///
/// ```text
/// error: stage `tags`: input `frnt` is not the name of any source or stage
///   --> pipeline.yaml:14:9
/// hint: did you mean `front`?
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct FileProblem {
    /// The file, as it was named on the command line or in the pipeline file.
    pub file: PathBuf,
    /// Where in the file; absent when the file could not be read at all.
    pub place: Option<Place>,
    /// What was there and what was wanted.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl FileProblem {
    /// A problem with a file as a whole.
    pub fn with_file(file: &Path, message: impl AsRef<str>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            message: readable(message.as_ref()),
            hint: None,
        }
    }

    /// A problem at a place.
    pub(crate) fn at(spot: &Spot, message: impl AsRef<str>) -> Self {
        Self {
            place: Some(spot.place),
            ..Self::with_file(&spot.file, message)
        }
    }

    /// Adds what to do about it, where that is known.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into().map(|hint| readable(&hint));
        self
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  --> {}", self.message, self.file.display())?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// `{"file", "line", "column", "message", "hint"}`; what is not known is `null`.
impl Serialize for FileProblem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            file: &'a Path,
            line: Option<usize>,
            column: Option<usize>,
            message: &'a str,
            hint: Option<&'a str>,
        }
        Fields {
            file: &self.file,
            line: self.place.map(|place| place.line),
            column: self.place.map(|place| place.column),
            message: &self.message,
            hint: self.hint.as_deref(),
        }
        .serialize(serializer)
    }
}

/// A place, and the file it is in: a list of cameras may stand in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) file: Arc<Path>,
    pub(crate) place: Place,
}

impl Spot {
    pub(crate) fn new(file: &Arc<Path>, place: Place) -> Self {
        Self {
            file: Arc::clone(file),
            place,
        }
    }
}

/// All that was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<FileProblem>);

impl Findings {
    pub(crate) fn push(&mut self, problem: FileProblem) {
        self.0.push(problem);
    }

    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = FileProblem>) {
        self.0.extend(problems);
    }

    /// Everything in the order of the file; what was found twice, as a mistake in `defaults:` is by every node, once.
    /// What came from the environment is called by its name.
    pub(crate) fn into_problems(mut self, secrets: &Secrets) -> Vec<FileProblem> {
        for problem in &mut self.0 {
            for text in [Some(&mut problem.message), problem.hint.as_mut()]
                .into_iter()
                .flatten()
            {
                if let Some(hidden) = secrets.hide_long(text) {
                    *text = hidden;
                }
            }
        }
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

/// Nobody slips into a name longer than this; comparing costs the product of the lengths.
const LONGEST_NAME: usize = 64;

/// The one of `known` that was probably meant.
pub(crate) fn meant<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter().filter(|name| name.len() <= LONGEST_NAME);
    (got.len() <= LONGEST_NAME).then(|| nearest(got, known)).flatten()
}

/// Words a hint with the nearest of `known`, or with all of them when none is near.
pub(crate) fn did_you_mean<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// More names than this explain nothing.
    const MOST: usize = 24;

    let known: Vec<&str> = known.into_iter().collect();
    match meant(got, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None => (!known.is_empty() && known.len() <= MOST).then(|| format!("known: {}", in_backticks(known))),
    }
}

/// Joins names for a message: `` `a`, `b` ``.
pub(crate) fn in_backticks<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// One line of bounded length without control characters: what a file holds must not steer a terminal.
fn readable(text: &str) -> String {
    const LONGEST: usize = 500;
    let mut line = String::new();
    for c in text.chars() {
        if line.len() > LONGEST {
            line.push('…');
            break;
        }
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}
