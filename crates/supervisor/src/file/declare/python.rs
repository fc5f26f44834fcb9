//! `run:`, `driver:` and `python:`: somebody's Python as a stage or as a camera.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::python::DescribedRole;
use bushbaby_node::settings::{Entry, Place, read};

use crate::file::FileProblem;
use crate::file::declare::Reading;
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::file::python_node::{PYTHON, PythonNode};
use crate::file::settings::secrets::fill;
use crate::file::settings::{any_node, keys};
use crate::file::text::neighbour;
use crate::python::{Target, describe};

/// Somebody's own code.
pub(crate) const RUN: &str = "run";
/// A camera's class that is installed.
pub(crate) const DRIVER: &str = "driver";

/// Takes `python:` and the entry that says what is run out of a node's entries, and asks the code about itself.
///
/// # Errors
/// What is wrong, at its place; the node is not named yet.
pub(crate) fn read_node(
    entry: &Entry,
    key: &'static str,
    entries: &mut Vec<Entry>,
    file: &Arc<Path>,
    wanted: DescribedRole,
    reading: &Reading<'_>,
) -> Result<NodeKind<'static>, FileProblem> {
    let interpreter = keys::take_one(entries, PYTHON);
    let said = text(entry, file, reading)?;
    let at = |place: Place, message: String| FileProblem::at(&Spot::new(file, place), message);
    let here = entry.value.place;
    let target = Target::read(&said, reading.base_dir).map_err(|no| at(here, no.message).hint(no.hint))?;
    if let Some(path) = target.file()
        && !path.is_file()
    {
        let name = said.split(".py").next().unwrap_or_default();
        return Err(at(here, format!("`{name}.py`: there is no such file")).hint(neighbour(path)));
    }
    let said_interpreter = interpreter
        .as_ref()
        .map(|entry| text(entry, file, reading))
        .transpose()?;
    let interpreter_place = interpreter.as_ref().map_or(here, |entry| entry.value.place);
    let chosen = reading
        .python
        .choose(said_interpreter.as_deref(), reading.base_dir)
        .map_err(|error| at(interpreter_place, error.to_string()).hint(error.hint()))?;
    let described = describe(&chosen.path, &target, reading.base_dir)
        .map_err(|error| at(here, error.to_string()).hint(error.hint()))?;
    let name = &described.name;
    match (described.role, wanted) {
        (DescribedRole::Stage, DescribedRole::Source) => {
            return Err(
                at(here, format!("`{name}` is a stage, wanted a source")).hint("it belongs under `stages:`".to_owned())
            );
        }
        (DescribedRole::Source, DescribedRole::Stage) => {
            return Err(at(here, format!("`{name}` is a source, wanted a stage"))
                .hint("it belongs under `cameras:`".to_owned()));
        }
        (DescribedRole::Stage, DescribedRole::Stage) if described.inputs.is_empty() => {
            return Err(at(here, format!("`{name}` takes no frame, so it would never run"))
                .hint("give it an argument for the frame, as in `def detector(frame: bb.Frame)`".to_owned()));
        }
        _ => {}
    }
    let reserved = described.settings.iter().find(|setting| is_reserved(&setting.name));
    if let Some(setting) = reserved {
        let message = format!(
            "the argument `{}` of `{name}` has the name of a key of any node",
            setting.name
        );
        return Err(at(here, message).hint("give the argument another name".to_owned()));
    }
    let raw = |entry: &Entry| entry.value.as_text().map(str::to_owned);
    Ok(NodeKind::Python(Box::new(PythonNode {
        key,
        said: raw(entry).unwrap_or(said),
        file: target.file().map(Path::to_owned),
        run: target.in_full(),
        // What an environment's folder comes to is of no interest; what a variable holds is not shown.
        said_interpreter: interpreter.as_ref().and_then(raw),
        interpreter: chosen.path,
        described,
    })))
}

/// The text of an entry with its variables filled in.
fn text(entry: &Entry, file: &Arc<Path>, reading: &Reading<'_>) -> Result<String, FileProblem> {
    let at = |message: String| FileProblem::at(&Spot::new(file, entry.value.place), message);
    let filled = fill(&entry.value, reading.environment);
    if let Some(missing) = filled.missing.into_iter().next() {
        return Err(at(missing.message).hint(missing.hint));
    }
    read(&filled.tree).map_err(|_| at(format!("`{}` got {}, wanted text", entry.key, entry.value.describe())))
}

fn is_reserved(name: &str) -> bool {
    let own = [RUN, DRIVER, PYTHON, "name", "url"];
    any_node::KEYS.contains(&name) || keys::STAGE_KEYS.contains(&name) || own.contains(&name)
}
