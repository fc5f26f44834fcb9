//! A layout by its name: a file beside the pipeline file, or a season's.

use std::path::Path;

use super::{FieldLayout, LayoutError};

/// Where layouts lie that are called by their names.
const FOLDERS: [&str; 2] = ["", "layouts"];

impl FieldLayout {
    /// Reads a layout by its name: a path from `base_dir` on, a file of this name with `.json` there or in `layouts` there, else the
    /// season's of this name.
    ///
    /// # Errors
    /// [`LayoutError::Unknown`], or what [`FieldLayout::from_path`] says of the file.
    pub fn named(name: &str, base_dir: &Path) -> Result<Self, LayoutError> {
        let is_path = name.ends_with(".json") || name.contains('/') || base_dir.join(name).is_file();
        if is_path {
            return Self::from_path(&base_dir.join(name));
        }
        let places = FOLDERS.map(|folder| base_dir.join(folder).join(format!("{name}.json")));
        match places.iter().find(|place| place.is_file()) {
            Some(place) => Self::from_path(place),
            None => Self::of_season(name).ok_or_else(|| LayoutError::Unknown { name: name.to_owned() }),
        }
    }

    /// The names that [`FieldLayout::named`] knows: those of files there, and the seasons'.
    pub fn names(base_dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = FOLDERS
            .iter()
            .filter_map(|folder| std::fs::read_dir(base_dir.join(folder)).ok())
            .flat_map(|entries| entries.filter_map(Result::ok))
            .filter_map(|entry| name_of(&entry.path()))
            .collect();
        names.sort();
        names.extend(Self::seasons().map(str::to_owned));
        names
    }
}

fn name_of(file: &Path) -> Option<String> {
    let is_json = file.extension().is_some_and(|ending| ending == "json");
    let name = file.file_stem().filter(|_| is_json)?;
    Some(name.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_none_is_told_with_those_that_are() {
        let nowhere = Path::new("/nowhere");
        assert_eq!(FieldLayout::names(nowhere).len(), 7);
        let told = FieldLayout::named("2025-reefscape", nowhere).unwrap_err().to_string();
        assert_eq!(
            told,
            "there is no field layout `2025-reefscape`: wanted the name of a JSON file beside the pipeline file or in `layouts` there, or \
             one of the seasons 2026-rebuilt-welded, 2026-rebuilt-andymark, 2025-reefscape-welded, 2025-reefscape-andymark, \
             2024-crescendo, 2023-chargedup, 2022-rapidreact"
        );
    }
}
