//! A season's layout by its name, or any by its file.

use std::path::{Path, PathBuf};

use bushbaby_node::settings::{Problem, nearest};
use bushbaby_vision::field::FieldLayout;

/// Where layouts lie that are called by their names, beside the pipeline file.
const FOLDERS: [&str; 2] = ["", "layouts"];
/// What WPILib calls the layouts of the seasons that had tags, newest first. The files are WPILib's and do not come with this program.
const SEASONS: [&str; 7] = [
    "2026-rebuilt-welded",
    "2026-rebuilt-andymark",
    "2025-reefscape-welded",
    "2025-reefscape-andymark",
    "2024-crescendo",
    "2023-chargedup",
    "2022-rapidreact",
];

/// Reads a layout: `2026-rebuilt-welded` is a file of this name with `.json`, beside the pipeline file or in `layouts` there.
///
/// # Errors
/// In words, with what to do.
pub(super) fn layout(name: &str, base_dir: &Path) -> Result<FieldLayout, Problem> {
    let problem = |error: &dyn std::fmt::Display| Problem::new("layout", error.to_string());
    if name.ends_with(".json") {
        return FieldLayout::from_path(&base_dir.join(name)).map_err(|error| problem(&error));
    }
    let places = FOLDERS.map(|folder| base_dir.join(folder).join(format!("{name}.json")));
    match places.iter().find(|place| place.is_file()) {
        Some(place) => FieldLayout::from_path(place).map_err(|error| problem(&error)),
        None => {
            let message = format!(
                "there is no layout `{name}`: wanted a file `{name}.json` beside the pipeline file or in `layouts`"
            );
            Err(Problem::new("layout", message).with_hint(hint(name, base_dir)))
        }
    }
}

/// What to do when there is no layout of this name: another is meant, or its file is to be fetched.
fn hint(name: &str, base_dir: &Path) -> String {
    let fetch = |season: &str| {
        format!(
            "WPILib has the seasons' layouts at github.com/wpilibsuite/allwpilib (BSD-3-Clause): put its `{season}.json` beside the \
             pipeline file, or into `layouts`"
        )
    };
    if SEASONS.contains(&name) {
        return fetch(name);
    }
    if let Some(meant) = close(name, there(base_dir).iter().map(String::as_str)) {
        return format!("did you mean `{meant}`?");
    }
    match close(name, SEASONS.into_iter()) {
        Some(meant) => format!("did you mean `{meant}`? {}", fetch(meant)),
        None => fetch(SEASONS[0]),
    }
}

/// The name that was meant: one that begins so, or else one that is spelt nearly so.
fn close<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let begins = |other: &&str| !name.is_empty() && other.starts_with(name);
    names.clone().find(begins).or_else(|| nearest(name, names))
}

/// The names of the JSON files there, in their order.
fn there(base_dir: &Path) -> Vec<String> {
    let files = FOLDERS.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(base_dir.join(folder)).ok();
        entries
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.path())
    });
    let is_json = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let mut names: Vec<String> = files
        .filter(is_json)
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = r#"{"tags":[{"ID":1,"pose":{"translation":{"x":1,"y":2,"z":3},"rotation":{"quaternion":{"W":1,"X":0,"Y":0,"Z":0}}}}]}"#;

    #[test]
    fn a_name_is_a_file_beside_the_pipeline_or_in_its_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        std::fs::create_dir(base.join("layouts")).unwrap();
        std::fs::write(base.join("layouts/2026-rebuilt-welded.json"), TAG).unwrap();
        std::fs::write(base.join("shed.json"), TAG).unwrap();
        for name in [
            "2026-rebuilt-welded",
            "shed",
            "shed.json",
            "layouts/2026-rebuilt-welded.json",
        ] {
            assert_eq!(layout(name, base).unwrap().ids().collect::<Vec<_>>(), [1], "{name}");
        }
        let hint = |name: &str| layout(name, base).unwrap_err().hint.unwrap();
        assert_eq!(hint("2026-rebuilt"), "did you mean `2026-rebuilt-welded`?");
        assert!(
            hint("2026-rebuilt-andymark").ends_with("or into `layouts`"),
            "a season of its own"
        );
        assert_eq!(hint("shet"), "did you mean `shed`?");
        let missing = layout("no.json", base).unwrap_err();
        assert!(missing.message.starts_with("field layout ") && missing.hint.is_none());
    }
    #[test]
    fn the_seasons_are_known_by_name_and_where_their_files_are() {
        let folder = tempfile::tempdir().unwrap();
        let hint = |name: &str| layout(name, folder.path()).unwrap_err().hint.unwrap();
        let at = "WPILib has the seasons' layouts at github.com/wpilibsuite/allwpilib (BSD-3-Clause): put its";
        let beside = "beside the pipeline file, or into `layouts`";
        assert_eq!(hint("2024-crescendo"), format!("{at} `2024-crescendo.json` {beside}"));
        assert_eq!(
            hint("2025-reefscape"),
            format!("did you mean `2025-reefscape-welded`? {at} `2025-reefscape-welded.json` {beside}")
        );
        assert!(hint("2023-chargdup").starts_with("did you mean `2023-chargedup`?"));
        assert_eq!(hint("kitchen"), format!("{at} `2026-rebuilt-welded.json` {beside}"));
    }
}
