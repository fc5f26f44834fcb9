//! `evidence:` is the folder for the sound and the pictures around what is heard, or an object that says more.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::{Declared, Noun, Reading};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::plan::EVIDENCE;

/// The setting that the short form becomes.
const TO: &str = "to";

/// Reads what stands under `evidence:`. What it reads goes without saying.
pub(crate) fn read<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let spot = Spot::new(file, tree.place);
    let entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        Value::Scalar(_) => vec![Entry {
            key: TO.to_owned(),
            key_place: tree.place,
            value: tree.clone(),
        }],
        _ => {
            let message = format!("`evidence:` got {}, wanted a folder", tree.describe());
            let hint = "for example `evidence: evidence`".to_owned();
            reading.findings.push(FileProblem::at(&spot, message).hint(hint));
            return None;
        }
    };
    let Some(kind) = reading.kind(EVIDENCE).filter(|kind| kind.role == Role::Sink) else {
        reading.findings.push(FileProblem::at(
            &spot,
            "`evidence:`: nothing keeps evidence in this build",
        ));
        return None;
    };
    let declared = Declared::new(Noun::Evidence, EVIDENCE, spot, Some(NodeKind::BuiltIn(kind)));
    Some(declared.with(tree.place, entries, defaults))
}
