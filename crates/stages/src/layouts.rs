//! A season's layout by its name, or any by its file; and which one was meant.

use std::path::Path;

use bushbaby_node::settings::{Problem, nearest};
use bushbaby_vision::field::{FieldLayout, LayoutError};

/// Reads the layout that the setting `key` names: [`FieldLayout::named`].
///
/// # Errors
/// In words, with what to do.
pub(crate) fn layout(key: &str, name: &str, base_dir: &Path) -> Result<FieldLayout, Problem> {
    FieldLayout::named(name, base_dir).map_err(|error| {
        let problem = Problem::new(key, error.to_string());
        let meant = matches!(error, LayoutError::Unknown { .. }).then(|| meant(name, &FieldLayout::names(base_dir)));
        match meant.flatten() {
            Some(meant) => problem.with_hint(format!("did you mean `{meant}`?")),
            None => problem,
        }
    })
}

/// The name that was meant: one that begins so, or else one that is spelt nearly so.
fn meant(name: &str, names: &[String]) -> Option<String> {
    let names = || names.iter().map(String::as_str);
    let begins = names().find(|other| !name.is_empty() && other.starts_with(name));
    begins.or_else(|| nearest(name, names())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = r#"{"tags":[{"ID":99,"pose":{"translation":{"x":1,"y":2,"z":3},"rotation":{"quaternion":{"W":1,"X":0,"Y":0,"Z":0}}}}]}"#;

    #[test]
    fn a_file_there_goes_before_the_season_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        let tags = |name: &str| layout("layout", name, base).unwrap().ids().count();
        assert_eq!(tags("2026-rebuilt-welded"), 32);
        std::fs::create_dir(base.join("layouts")).unwrap();
        std::fs::write(base.join("layouts/2026-rebuilt-welded.json"), TAG).unwrap();
        std::fs::write(base.join("shed.json"), TAG).unwrap();
        std::fs::write(base.join("field"), TAG).unwrap();
        for name in [
            "2026-rebuilt-welded",
            "shed",
            "shed.json",
            "layouts/2026-rebuilt-welded.json",
            "field",
        ] {
            assert_eq!(tags(name), 1, "{name}");
        }
        assert_eq!(tags("2024-crescendo"), 16);
    }

    #[test]
    fn a_name_that_is_none_is_told_with_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let hint = |name: &str| layout("layout", name, folder.path()).unwrap_err().hint;
        for (name, wanted) in [
            ("2026-rebuilt", "2026-rebuilt-welded"),
            ("2025-reefscape", "2025-reefscape-welded"),
            ("2023-chargdup", "2023-chargedup"),
        ] {
            assert_eq!(hint(name), Some(format!("did you mean `{wanted}`?")), "{name}");
        }
        assert_eq!(hint("kitchen"), None);
        std::fs::write(folder.path().join("kitchens.json"), "{}").unwrap();
        assert_eq!(hint("kitchen").as_deref(), Some("did you mean `kitchens`?"));
        let missing = layout("layout", "no.json", folder.path()).unwrap_err();
        assert!(missing.message.starts_with("field layout ") && missing.hint.is_none());
    }
}
