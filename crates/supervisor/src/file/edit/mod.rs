//! Writes settings into the text of a pipeline file and leaves everything else as it is, byte for byte.
//!
//! ```text
//! text → layout (what stands where) → find the stage's map → splices → text → read again: nothing else may differ
//! ```
//!
//! Pure: what is read and written is text.

mod compare;
mod layout;
mod place;
mod splice;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::file::problem::Spot;
use crate::file::{FileProblem, yaml};

const BOM: char = '\u{feff}';

/// Returns the same file with these settings of a stage, or of one of its pipelines. Keys are taken whole.
///
/// `file` is only what the problems call it.
///
/// # Errors
/// What is no YAML, and what cannot be written without changing anything else: with the lines to be written by hand.
pub(crate) fn with_settings(
    text: &str,
    file: &Arc<Path>,
    stage: &str,
    pipeline: Option<&str>,
    settings: &Map<String, Value>,
) -> Result<String, FileProblem> {
    let (before, doubled) = yaml::read(text, file)?;
    if let Some(problem) = doubled.into_iter().next() {
        return Err(problem);
    }
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
    let by_hand = || {
        let lines: Vec<String> = settings
            .iter()
            .map(|(key, value)| format!("`{}`", write::entry(key, value, is_json)))
            .collect();
        format!("write it there by hand: {}", lines.join(", "))
    };
    let refused = |place, message: String| FileProblem::at(&Spot::new(file, place), message).hint(by_hand());
    let called = pipeline.map_or_else(
        || format!("stage `{stage}`"),
        |pipeline| format!("pipeline `{pipeline}` of stage `{stage}`"),
    );
    let lost = || refused(before.place, format!("{called}: where it stands cannot be told"));
    let steps: Vec<&str> = ["stages", stage]
        .into_iter()
        .chain(pipeline.into_iter().flat_map(|name| ["pipelines", name]))
        .collect();
    let root = layout::read(body).ok_or_else(lost)?;
    let target =
        place::find(&root, &steps).map_err(|(place, message)| refused(place, format!("{called}: {message}")))?;
    let splices = splice::settings(body, target, settings, is_json)
        .map_err(|message| refused(target.value.place, format!("{called}: {message}")))?;
    let edited = splice::apply(body, splices).ok_or_else(lost)?;
    let after = yaml::parse(&edited, file).ok();
    if after.is_some_and(|after| compare::differs_only_in(&before, &after, &steps, settings)) {
        Ok(format!("{mark}{edited}"))
    } else {
        let message = format!("{called}: it cannot be written there without changing anything else");
        Err(refused(target.value.place, message))
    }
}
