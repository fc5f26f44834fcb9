//! `record:` is the folder that recordings go to, or an object that says more.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Scalar, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::{Declared, Noun, Reading, called, wires};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::file::settings::keys;
use crate::plan::RECORD;

/// The setting of kind `record` that the short form becomes.
const TO: &str = "to";
/// A folder for sound alone: short for `to` and a format.
const WAV: &str = "wav";
const FORMAT: &str = "format";

const EXAMPLE: &str = "for example `record: recordings`";

/// Reads what stands under `record:`.
pub(crate) fn read<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let spot = Spot::new(file, tree.place);
    let mut entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        Value::Scalar(_) => vec![Entry {
            key: TO.to_owned(),
            key_place: tree.place,
            value: tree.clone(),
        }],
        _ => {
            let message = format!("`record:` got {}, wanted a folder", tree.describe());
            reading
                .findings
                .push(FileProblem::at(&spot, message).hint(EXAMPLE.to_owned()));
            return None;
        }
    };
    if let Some(wav) = keys::take_one(&mut entries, WAV) {
        if let Some(other) = entries.iter().find(|entry| [TO, FORMAT].contains(&entry.key.as_str())) {
            let message = format!(
                "`record`: `wav` and `{}` both say where it goes or as what, wanted one of them",
                other.key
            );
            let hint = "`wav: FOLDER` is short for `to: FOLDER` with `format: wav`".to_owned();
            reading
                .findings
                .push(FileProblem::at(&Spot::new(file, other.key_place), message).hint(hint));
            return None;
        }
        entries.splice(0..0, sound_alone(wav));
    }
    let Some(kind) = reading.kind(RECORD).filter(|kind| kind.role == Role::Sink) else {
        reading
            .findings
            .push(FileProblem::at(&spot, "`record:`: there is no recorder in this build"));
        return None;
    };
    let reads = wires::take_of_one(
        &mut entries,
        file,
        &called(Noun::Record, RECORD),
        "there is one recorder",
        reading,
    );
    let declared = Declared {
        reads,
        ..Declared::new(Noun::Record, RECORD, spot, Some(NodeKind::BuiltIn(kind)))
    };
    Some(declared.with(tree.place, entries, defaults))
}

/// What `wav: FOLDER` is short for.
fn sound_alone(wav: Entry) -> [Entry; 2] {
    let format = Scalar {
        text: WAV.to_owned(),
        quoted: true,
    };
    let format = Tree {
        place: wav.key_place,
        value: Value::Scalar(format),
    };
    [
        Entry {
            key: TO.to_owned(),
            ..wav.clone()
        },
        Entry {
            key: FORMAT.to_owned(),
            key_place: wav.key_place,
            value: format,
        },
    ]
}
