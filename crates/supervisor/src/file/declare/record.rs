//! `record:` is the folder that recordings go to, or an object that says more.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::wires::Reads;
use crate::file::declare::{Declared, Noun, Reading, called, wires};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::plan::RECORD;

/// The setting of kind `record` that the short form becomes.
const TO: &str = "to";

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
    let Some(kind) = reading.kind(RECORD).filter(|kind| kind.role == Role::Sink) else {
        reading
            .findings
            .push(FileProblem::at(&spot, "`record:`: there is no recorder in this build"));
        return None;
    };
    let (reads, problems) = wires::take(&mut entries, file, reading.environment);
    let who = called(Noun::Record, RECORD);
    reading.findings.extend(problems.into_iter().map(|problem| FileProblem {
        message: format!("{who}: {}", problem.message),
        ..problem
    }));
    if let Reads::Each(wire) = &reads {
        let message = format!("{who}: `each` starts one node a stream, and there is one recorder");
        let hint = format!("write `in: \"{}\"`", wire.text);
        reading.findings.push(FileProblem::at(&wire.spot, message).hint(hint));
    }
    let declared = Declared {
        reads,
        ..Declared::new(Noun::Record, RECORD, spot, Some(NodeKind::BuiltIn(kind)))
    };
    Some(declared.with(tree.place, entries, defaults))
}
