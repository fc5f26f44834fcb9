//! Writes settings that were changed while a stage ran into its pipeline file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use bushbaby_node::settings::Problem;
use bushbaby_node::{NodeSpec, Role};
use serde_json::{Map, Value};

use crate::file::edit::with_settings;
use crate::file::settings::keys::at_path;
use crate::file::settings::secrets::escape;
use crate::file::{Checker, FileProblem, read_text, yaml};
use crate::plan::{Plan, PlannedNode, stage_of};

impl Checker<'_> {
    /// Writes settings of a stage, or of one of its pipelines, into the file. All else in it stays as it is, and the file is there
    /// whole at any moment. After `until` it is not written any more: whoever waits for that has been told so.
    ///
    /// # Errors
    /// The mistakes that the file has, or would have then; what cannot be written; then it is as it was.
    pub fn save(
        &self,
        path: &Path,
        stage: &str,
        pipeline: Option<&str>,
        settings: &Map<String, Value>,
        until: Instant,
    ) -> Result<(), Vec<FileProblem>> {
        let one = |problem| vec![problem];
        let refused = |message: String| one(FileProblem::with_file(path, message));
        let text = read_text(path).map_err(one)?;
        let before = self.check(&text, path)?.plan;
        // `$` begins a variable in a file, and nowhere else.
        let written = settings.iter().map(|(key, value)| (key.clone(), escaped(value)));
        let edited = with_settings(&text, &path.into(), stage, pipeline, &written.collect()).map_err(one)?;
        let after = self
            .check(&edited, path)
            .map_err(|problems| as_it_would_be(path, &problems))?
            .plan;
        self.compare(&before, &after, stage, pipeline, settings)
            .map_err(refused)?;
        // Links in the path stay what they are.
        let target = fs::canonicalize(path).map_err(|error| refused(unwritten(&error)))?;
        // Checking takes a while, in which somebody may have saved it in an editor.
        if read_text(&target).map_err(one)? != text {
            return Err(refused(
                "the file was changed meanwhile: it is left as it is now, try again".to_owned(),
            ));
        }
        if Instant::now() >= until {
            let message = "checking the file took too long, and it is as it was";
            let hint = "what is tuned can be written into it by hand: the page and `bushbaby status --json` show it";
            return Err(one(FileProblem::with_file(path, message).hint(hint.to_owned())));
        }
        replace(&target, &edited).map_err(|error| refused(unwritten(&error)))
    }

    /// Whether the stage is told these settings from now on.
    fn compare(
        &self,
        before: &Plan,
        after: &Plan,
        stage: &str,
        pipeline: Option<&str>,
        settings: &Map<String, Value>,
    ) -> Result<(), String> {
        let (before, after) = (of_stage(before, stage), of_stage(after, stage));
        if before.is_empty() || before.len() != after.len() {
            return Err(format!("there is no stage `{stage}` that becomes the same nodes"));
        }
        for (before, after) in before.into_iter().zip(after) {
            let told = settings_of(after, pipeline);
            let wanted = self.long_form(before, settings_of(before, pipeline), settings)?;
            let other = settings.keys().find(|key| told.get(key) != wanted.get(key));
            if let Some(key) = other {
                return Err(format!(
                    "stage `{stage}` would read `{key}` from the file as something else"
                ));
            }
        }
        Ok(())
    }

    /// Says what is wrong with settings of a stage in long form. What is of no kind known here has nothing wrong with it.
    ///
    /// # Errors
    /// All mistakes, each with the path of its key, which its message names, too. They may quote what came from the environment.
    pub fn check_settings(&self, stage: &NodeSpec, settings: &Value) -> Result<(), Vec<Problem>> {
        let Some(Err(problems)) = self.made(stage, Role::Stage, settings) else {
            return Ok(());
        };
        let named = |problem: Problem| Problem {
            message: at_path(&problem.path, &problem.message),
            ..problem
        };
        Err(problems.into_iter().map(named).collect())
    }

    /// What the kind makes of a node's settings with these in place of its own.
    fn long_form(&self, node: &PlannedNode, own: &Value, settings: &Map<String, Value>) -> Result<Value, String> {
        let mut all = own.clone();
        if let Some(all) = all.as_object_mut() {
            all.extend(settings.clone());
        }
        let name = &node.spec.node;
        let made = self.made(&node.spec, node.role, &all);
        let made = made.ok_or_else(|| format!("`{name}` cannot be changed while it runs"))?;
        // What its check says may quote what came from the environment.
        made.map_err(|_| format!("`{name}` cannot be told these settings"))
    }

    /// What the kind makes of settings in long form; `None`: it is of no kind known here.
    fn made(&self, spec: &NodeSpec, role: Role, settings: &Value) -> Option<Result<Value, Vec<Problem>>> {
        let kind = self
            .kinds
            .iter()
            .find(|kind| kind.name == spec.kind && kind.role == role)?;
        let mut all = settings.as_object().cloned().unwrap_or_default();
        // What may be absent and is stands there as nothing.
        all.retain(|_, value| !value.is_null());
        let tree = yaml::parse(&Value::Object(all).to_string(), Path::new(""));
        Some(match tree {
            Ok(tree) => kind.check(&tree, &spec.base_dir),
            Err(_) => Err(vec![Problem::new("", "they are nested too deeply")]),
        })
    }
}

/// Mistakes of a file that was not written: it has no places.
fn as_it_would_be(path: &Path, problems: &[FileProblem]) -> Vec<FileProblem> {
    let word = |problem: &FileProblem| {
        let message = format!("with these settings it would be refused: {}", problem.message);
        FileProblem::with_file(path, message).hint(problem.hint.clone())
    };
    problems.iter().map(word).collect()
}

/// The nodes that a stage of the file became.
fn of_stage<'p>(plan: &'p Plan, stage: &str) -> Vec<&'p PlannedNode> {
    let is_its = |node: &PlannedNode| stage_of(&node.spec.node) == stage;
    plan.nodes.iter().filter(|node| is_its(node)).collect()
}

fn settings_of<'n>(node: &'n PlannedNode, pipeline: Option<&str>) -> &'n Value {
    let named = node
        .spec
        .pipelines
        .all
        .iter()
        .find(|one| Some(one.name.as_str()) == pipeline);
    named.map_or(&node.spec.settings, |pipeline| &pipeline.settings)
}

/// With every `$` of its texts doubled.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape(text)),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), escaped(value))).collect(),
        other => other.clone(),
    }
}

fn unwritten(error: &io::Error) -> String {
    format!("the file cannot be written and is as it was: {error}")
}

/// Puts another file in the place of a file: written beside it first, so that a full disk costs nothing.
fn replace(target: &Path, text: &str) -> io::Result<()> {
    // Who may not write it may not replace it either.
    let old = OpenOptions::new().write(true).open(target)?.metadata()?;
    let beside = beside(target);
    // Of a process that was killed.
    let _ = fs::remove_file(&beside);
    let written = write_new(&beside, text, &old).and_then(|()| fs::rename(&beside, target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    // It stands there; that it does after a power failure is the folder's affair.
    if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn write_new(path: &Path, text: &str, old: &fs::Metadata) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
