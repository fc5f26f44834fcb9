//! From the settings in the file to those that a node is handed, and to those that people may see.

use std::collections::HashSet;
use std::path::Path;

use bushbaby_node::settings::{Place, Problem, Settings, Tree, Value as TreeValue, read};
use serde_json::{Map, Value};

use crate::file::settings::secrets::{Environment, Filled, Secrets, escape, fill, has_variable};

/// Settings in long form.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// With secrets filled in.
    pub(crate) value: Value,
    /// With `$NAME` instead, as a file would have them.
    pub(crate) shown: Value,
}

/// Fills in what comes from the environment, has the rest checked, and hides again what was filled in.
///
/// # Errors
/// What is missing and what the check found, each with its place.
pub(crate) fn settle(
    raw: &Tree,
    environment: Environment<'_>,
    check: impl Fn(&Tree) -> Result<Value, Vec<Problem>>,
) -> Result<Settled, Vec<Problem>> {
    let (value, secrets) = fill_and_check(raw, environment, check)?;
    let shown = show(&value, Some(raw), &secrets);
    Ok(Settled { value, shown })
}

/// Fills in what comes from the environment and has the rest checked.
///
/// # Errors
/// What is missing and what the check found, each with its place and without what was filled in.
pub(crate) fn fill_and_check<T>(
    raw: &Tree,
    environment: Environment<'_>,
    check: impl Fn(&Tree) -> Result<T, Vec<Problem>>,
) -> Result<(T, Secrets), Vec<Problem>> {
    let Filled { tree, secrets, missing } = fill(raw, environment);
    let unfilled: HashSet<Place> = missing.iter().map(|missing| missing.place).collect();
    let lost = missing.into_iter().map(|lost| Problem {
        place: Some(lost.place),
        ..Problem::new(lost.path, lost.message).with_hint(lost.hint)
    });
    let mut problems: Vec<Problem> = lost.collect();
    match every_mistake(tree, check) {
        Ok(value) if problems.is_empty() => return Ok((value, secrets)),
        Ok(_) => {}
        Err(found) => {
            // What is wrong with a text that could not be filled in was told already.
            let found = found.into_iter().map(|problem| placed(problem, raw, &secrets));
            problems.extend(found.filter(|problem| problem.place.is_none_or(|place| !unfilled.contains(&place))));
        }
    }
    Err(problems)
}

/// Reads settings and has them checked, as [`Kind::check`](bushbaby_node::Kind::check) does.
///
/// # Errors
/// What cannot be read, or else what the check found.
pub(crate) fn read_checked<T: Settings>(tree: &Tree) -> Result<T, Vec<Problem>> {
    let settings: T = read(tree)?;
    // What stands beside the settings of kinds names no files.
    let problems = settings.check(Path::new(""));
    if problems.is_empty() {
        Ok(settings)
    } else {
        Err(problems)
    }
}

/// Has a tree checked again and again without the keys that were wrong, so that one mistake hides no other: a check looks at
/// values only when all could be read.
fn every_mistake<T>(mut tree: Tree, check: impl Fn(&Tree) -> Result<T, Vec<Problem>>) -> Result<T, Vec<Problem>> {
    let mut all: Vec<Problem> = Vec::new();
    let mut left_out: HashSet<String> = HashSet::new();
    loop {
        let found = match check(&tree) {
            Ok(value) if all.is_empty() => return Ok(value),
            Ok(_) => return Err(all),
            Err(found) => found,
        };
        let wrong: HashSet<String> = found
            .iter()
            .filter_map(|problem| first_step(&problem.path))
            .map(str::to_owned)
            .collect();
        // A key that was left out because its value was wrong is then missing: that is no further mistake.
        let is_first = all.is_empty();
        let is_own =
            |problem: &Problem| is_first || !problem.path.is_empty() && !left_out.iter().any(|key| names(problem, key));
        all.extend(found.into_iter().filter(is_own));
        left_out.extend(wrong.iter().cloned());
        let TreeValue::Map(entries) = &mut tree.value else {
            return Err(all);
        };
        let before = entries.len();
        entries.retain(|entry| !wrong.contains(&entry.key));
        if entries.len() == before {
            return Err(all);
        }
    }
}

/// Whether a problem speaks of a key.
fn names(problem: &Problem, key: &str) -> bool {
    let quoted = format!("`{key}`");
    let texts = [Some(&problem.message), problem.hint.as_ref()];
    texts.into_iter().flatten().any(|text| text.contains(&quoted))
}

fn first_step(path: &str) -> Option<&str> {
    path.split('.').next().filter(|step| !step.is_empty())
}

fn placed(problem: Problem, raw: &Tree, secrets: &Secrets) -> Problem {
    Problem {
        place: Some(problem.place.unwrap_or_else(|| raw.place_of(&problem.path))),
        message: secrets.hide(&problem.message),
        hint: problem.hint.map(|hint| secrets.hide(&hint)),
        path: problem.path,
    }
}

/// Puts `$NAME` back where the file has it, and wherever else a value turned up.
fn show(long: &Value, raw: Option<&Tree>, secrets: &Secrets) -> Value {
    if let Some(text) = raw.and_then(Tree::as_text).filter(|text| has_variable(text)) {
        return Value::String(text.to_owned());
    }
    match long {
        Value::Object(map) => {
            let shown = map
                .iter()
                .map(|(key, value)| (key.clone(), show(value, raw.and_then(|raw| raw.get(key)), secrets)));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let raw_items = raw
                .and_then(Tree::as_list)
                .filter(|raw_items| raw_items.len() == items.len());
            let shown = items
                .iter()
                .enumerate()
                .map(|(index, item)| show(item, raw_items.map(|items| &items[index]), secrets));
            Value::Array(shown.collect())
        }
        Value::String(text) => Value::String(secrets.hide_long(text).unwrap_or_else(|| escape(text))),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::yaml;

    /// Wants an even `size`, a `ratio`, and no `place` without a `size`.
    fn check(tree: &Tree) -> Result<(), Vec<Problem>> {
        let size = tree.get("size").and_then(Tree::as_text);
        if size.is_some_and(|size| size.parse::<u32>().is_err()) {
            return Err(vec![Problem::new("size", "wanted a number")]);
        }
        let mut problems = Vec::new();
        if size.is_none() && tree.get("place").is_some() {
            problems.push(Problem::new("place", "`place` says nothing without a `size`"));
        }
        if tree.get("ratio").is_none() {
            problems.push(Problem::new("ratio", "there is no `ratio`"));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn told(text: &str) -> Vec<String> {
        let tree = yaml::parse(text, Path::new("a.yaml")).expect("YAML");
        let told = every_mistake(tree, check).map_or_else(|problems| problems, |()| Vec::new());
        told.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn one_mistake_hides_no_other_and_makes_none() {
        assert_eq!(
            told("size: big\nplace: 1\n"),
            ["wanted a number", "there is no `ratio`"]
        );
        assert_eq!(told("place: 1\nratio: 2\n"), ["`place` says nothing without a `size`"]);
        assert!(told("size: 2\nplace: 1\nratio: 2\n").is_empty());
    }
}
