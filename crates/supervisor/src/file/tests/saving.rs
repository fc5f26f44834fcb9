//! What was tuned while a stage ran is written into its file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::fixtures::{KINDS, environment, in_words, plan};
use crate::file::Checker;

const FILE: &str = "cameras: {front: scene}\nstages:\n  tags:\n    kind: apriltag  # tags\n    tag_size: 165mm\n    pipelines:\n      near: {family: 36h11}\n      far:\n";

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipeline.yaml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn save(path: &Path, pipeline: Option<&str>, settings: Value) -> Result<(), String> {
    let settings: Map<String, Value> = settings.as_object().cloned().unwrap();
    let until = Instant::now() + Duration::from_secs(600);
    let saved = Checker::new(&KINDS, &environment).save(path, "tags", pipeline, &settings, until);
    let folder = format!("{}/", path.parent().unwrap().display());
    saved.map_err(|problems| in_words(&problems).replace(&folder, ""))
}

#[test]
fn settings_stand_in_the_pipeline_that_is_in_force_and_the_file_stays_what_it_was() {
    let (folder, path) = file(FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.yaml");
    symlink("pipeline.yaml", &link).unwrap();
    assert_eq!(save(&link, Some("far"), json!({"family": "16h5"})), Ok(()));
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        FILE.replace("far:", "far: {family: 16h5}")
    );
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing is left beside it"
    );
}

#[test]
fn a_file_with_mistakes_is_refused_and_untouched() {
    let text = FILE.replace("kind: apriltag", "kind: apriltags");
    let (_folder, path) = file(&text);
    insta::assert_snapshot!(save(&path, None, json!({"family": "16h5"})).unwrap_err(), @r"
    error: stage `tags`: there is no kind `apriltags`
      --> pipeline.yaml:4:11
    hint: did you mean `apriltag`?
    ");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_value_that_the_file_would_refuse_changes_nothing() {
    let (_folder, path) = file(FILE);
    insta::assert_snapshot!(save(&path, Some("far"), json!({"famili": "16h5"})).unwrap_err(), @r"
    error: with these settings it would be refused: stage `tags`: unknown key `famili`
      --> pipeline.yaml
    hint: did you mean `family`?
    ");
    insta::assert_snapshot!(save(&path, Some("away"), json!({"family": "16h5"})).unwrap_err(), @r"
    error: pipeline `away` of stage `tags`: there is no `away`
      --> pipeline.yaml:7:7
    hint: write it there by hand: `family: 16h5`
    ");
    assert_eq!(fs::read_to_string(&path).unwrap(), FILE);
}

#[test]
fn a_text_with_a_dollar_is_no_variable_in_the_file() {
    let text =
        "cameras: {front: scene}\nstages: {own: {kind: gray, in: front}, tags: {kind: apriltag, tag_size: 165mm}}\n";
    let (_folder, path) = file(text);
    // The kind is handed the text itself: it is no family, but no variable that is missing either.
    let told = save(&path, None, json!({"family": "$NOBODY"})).unwrap_err();
    assert!(told.contains("$NOBODY") && !told.contains("environment"), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn what_took_too_long_to_check_is_not_written_any_more() {
    let (_folder, path) = file(FILE);
    let settings = json!({"family": "16h5"}).as_object().cloned().unwrap();
    let problems = Checker::new(&KINDS, &environment)
        .save(&path, "tags", Some("far"), &settings, Instant::now())
        .unwrap_err();
    assert_eq!(
        problems[0].message,
        "checking the file took too long, and it is as it was"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), FILE);
}

#[test]
fn a_file_that_may_not_be_replaced_is_left_in_words() {
    let (folder, path) = file(FILE);
    // What is written beside it first would stand there.
    let beside = folder.path().join(format!(".pipeline.yaml.{}.new", std::process::id()));
    fs::create_dir(&beside).unwrap();
    let told = save(&path, Some("far"), json!({"family": "16h5"})).unwrap_err();
    assert!(
        told.starts_with("error: the file cannot be written and is as it was: "),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), FILE);
}

#[test]
fn what_a_kind_could_not_use_is_told_before_a_stage_is_told() {
    let (plan, checker) = (plan(FILE), Checker::new(&KINDS, &environment));
    let tags = &plan.nodes.iter().find(|node| node.spec.node == "tags").unwrap().spec;
    let told = |settings: Value| {
        let mut all = tags.settings.clone();
        all.as_object_mut()
            .unwrap()
            .extend(settings.as_object().cloned().unwrap());
        let problems = checker.check_settings(tags, &all).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert!(told(json!({"family": "16h5"})).is_empty());
    assert_eq!(
        told(json!({"family": "36h12"})),
        ["`family`: unknown tag family `36h12`"]
    );
    let [of_another_kind] = &told(json!({"family": [1]}))[..] else {
        panic!("one mistake");
    };
    assert!(of_another_kind.starts_with("`family`: got a list"), "{of_another_kind}");
}
