//! YAML 1.2 to a [`Tree`] whose keys and values know their place.
//!
//! The tree is built from the parser's events (the parser of `serde-saphyr`), not through serde: so each scalar keeps its text as it was
//! written (`012`, `1_000`, `on`, `1e3` stay what they are) and whether it stood in quotes. What it means is decided by whoever reads it.
//! Aliases (`*name`) and merge keys (`<<`) work; tags (`!name`) and keys that are no text are refused. Depth and size are bounded, aliases counted.

mod build;
mod wording;

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::settings::{Place, Tree};
use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, options};

use crate::file::FileProblem;
use crate::file::problem::Spot;
use crate::file::text::LARGEST_BYTES;
use build::{Builder, Refusal};

/// Lists and objects within each other; people need about six.
const DEEPEST: usize = 64;

/// Reads a text as one YAML document; JSON is a subset. An empty text is [`Value::Null`](bushbaby_node::settings::Value::Null).
///
/// `file_name` is only what the problems call the file.
///
/// # Errors
/// What is no YAML, at the first place where that shows; otherwise every key that is there twice.
pub fn parse(text: &str, file_name: &Path) -> Result<Tree, Vec<FileProblem>> {
    match read(text, &file_name.into()) {
        Ok((tree, problems)) if problems.is_empty() => Ok(tree),
        Ok((_, problems)) => Err(problems),
        Err(problem) => Err(vec![problem]),
    }
}

/// Like [`parse`], with the keys that are there twice beside the tree, which has the first of them.
pub(crate) fn read(text: &str, file: &Arc<Path>) -> Result<(Tree, Vec<FileProblem>), FileProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let problem = |refusal: Refusal| {
        let spot = Spot::new(file, inside(text, refusal.place));
        FileProblem::at(&spot, refusal.message).hint(refusal.hint)
    };
    if text.len() as u64 > LARGEST_BYTES {
        let message = "the text is larger than 1 MB, too large for a pipeline file";
        return Err(problem(Refusal::new(Place { line: 1, column: 1 }, message)));
    }
    let mut builder = Builder::new();
    read_events(text, &mut builder).map_err(problem)?;
    let (tree, refusals) = builder.finish();
    Ok((tree, refusals.into_iter().map(problem).collect()))
}

fn read_events(text: &str, builder: &mut Builder) -> Result<(), Refusal> {
    for next in events(text) {
        let (event, span) = next.map_err(|error| wording::of(&error))?;
        let place = place_of(&span.start);
        match event {
            Event::DocumentStart(..) => builder.document(place)?,
            // The parser says `~` for what is not there.
            Event::Scalar(_, ScalarStyle::Plain, anchor, tag) if span.is_empty() => {
                builder.nothing(place, anchor, tag.as_deref())?
            }
            Event::Scalar(value, style, anchor, tag) => builder.scalar(place, &value, style, anchor, tag.as_deref())?,
            Event::SequenceStart(_, anchor, tag) => builder.open_list(place, anchor, tag.as_deref())?,
            Event::MappingStart(_, anchor, tag) => builder.open_map(place, anchor, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
            Event::Alias(anchor) => builder.alias(place, anchor)?,
            _ => {}
        }
    }
    Ok(())
}

/// What the parser says of a text, within limits.
pub(crate) fn events(text: &str) -> impl Iterator<Item = Result<(Event<'_>, Span), ScanError>> {
    let mut options = options! { flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST };
    options.set_emit_comments(false);
    Parser::new_from_str_with_options(text, options)
}

/// The parser counts lines from 1 and columns from 0.
pub(crate) fn place_of(marker: &Marker) -> Place {
    Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

/// Moves a place behind the end (where something is missing) to the end of the last line.
fn inside(text: &str, place: Place) -> Place {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().collect();
    let line = place.line.clamp(1, lines.len().max(1));
    let columns = lines.get(line - 1).map_or(0, |line| line.chars().count()) + 1;
    let column = if line < place.line {
        columns
    } else {
        place.column.clamp(1, columns)
    };
    Place { line, column }
}
