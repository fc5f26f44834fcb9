//! Finds the entry of the map that is to be changed.

use bushbaby_node::settings::Place;

use super::layout::{Entry, Holds, Node};

/// Follows keys that stand in the file themselves.
///
/// # Errors
/// Where it does not go on, and why.
pub(super) fn find<'n>(root: &'n Node, steps: &[&str]) -> Result<&'n Entry, (Place, String)> {
    let mut at = root;
    let mut found = None;
    for step in steps {
        let entry = at.own(step).ok_or_else(|| (at.place, why_not(at, step)))?;
        if matches!(entry.value.holds, Holds::Alias) {
            let message = format!("`{step}` is an alias (`*`): what it names is written elsewhere");
            return Err((entry.value.place, message));
        }
        at = &entry.value;
        found = Some(entry);
    }
    found.ok_or_else(|| (root.place, "it has no name".to_owned()))
}

fn why_not(at: &Node, step: &str) -> String {
    match &at.holds {
        Holds::Map { entries, .. } if entries.iter().any(|entry| entry.key.is_merge) => {
            format!("`{step}` does not stand here itself: it comes through a merge (`<<`), or is not there")
        }
        _ => format!("there is no `{step}`"),
    }
}
