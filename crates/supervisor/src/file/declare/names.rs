//! Names of nodes: which are good, and that each is there once.

use std::collections::HashMap;

use crate::file::FileProblem;
use crate::file::problem::{Findings, Spot};

/// Longest name of a node, in bytes; with an output's name behind it, it must make a stream's name.
const LONGEST_BYTES: usize = 32;

/// The page's node.
pub(crate) const WEB: &str = "web";

/// Every name that was given.
#[derive(Debug, Default)]
pub(crate) struct Names {
    given: HashMap<String, (String, Spot)>,
}

impl Names {
    /// Takes the name of a node that people know as `called` (``camera `front` ``); tells what is wrong with it.
    pub(crate) fn take(&mut self, name: &str, called: &str, spot: &Spot, findings: &mut Findings) {
        if let Some(problem) = refusal(name, called, spot) {
            findings.push(problem);
        }
        if let Some((other, first)) = self.given.get(name) {
            let message = format!("{called}: the name is taken by {other} at {}", first.place);
            findings.push(FileProblem::at(spot, message).hint("every node of a file has a name of its own".to_owned()));
        } else {
            self.given.insert(name.to_owned(), (called.to_owned(), spot.clone()));
        }
    }
}

fn refusal(name: &str, called: &str, spot: &Spot) -> Option<FileProblem> {
    let problem = |message: &str| FileProblem::at(spot, format!("{called}: {message}"));
    if name == WEB {
        return Some(problem("the name `web` is the page's own").hint("choose another name".to_owned()));
    }
    if name.starts_with('_') {
        return Some(
            problem("names that start with `_` are the supervisor's own").hint("choose another name".to_owned()),
        );
    }
    let is_good = |name: &str| {
        let starts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        name.len() <= LONGEST_BYTES
            && name.starts_with(starts)
            && name.chars().all(|c| starts(c) || matches!(c, '_' | '-'))
    };
    if is_good(name) {
        return None;
    }
    let nearest: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let hint = is_good(&nearest).then(|| format!("for example `{nearest}`"));
    Some(
        problem("a name has 1 to 32 characters of a to z, 0 to 9, `-` and `_`, and starts with a letter or a digit")
            .hint(hint),
    )
}
