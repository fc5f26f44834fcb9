//! `networktables:` is the robot that results are told to: an address, a team's number, or an object that says more.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Scalar, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::{Declared, Noun, Reading, called, wires};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::plan::NETWORKTABLES;

/// The settings that the short form becomes: a number is a team.
const SERVER: &str = "server";
const TEAM: &str = "team";

const EXAMPLE: &str = "for example `networktables: {team: 1518, in: tags}`, or `{server: 127.0.0.1, in: tags}`";

/// Reads what stands under `networktables:`.
pub(crate) fn read<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let spot = Spot::new(file, tree.place);
    let mut entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        Value::Scalar(scalar) => vec![Entry {
            key: short_for(scalar).to_owned(),
            key_place: tree.place,
            value: tree.clone(),
        }],
        _ => {
            let message = format!(
                "`networktables:` got {}, wanted an address or a team's number",
                tree.describe()
            );
            reading
                .findings
                .push(FileProblem::at(&spot, message).hint(EXAMPLE.to_owned()));
            return None;
        }
    };
    let Some(kind) = reading.kind(NETWORKTABLES).filter(|kind| kind.role == Role::Sink) else {
        let message = "`networktables:`: nothing in this build talks to robots";
        reading.findings.push(FileProblem::at(&spot, message));
        return None;
    };
    let who = called(Noun::NetworkTables, NETWORKTABLES);
    let reads = wires::take_of_one(&mut entries, file, &who, "there is one robot", reading);
    let declared = Declared {
        reads,
        ..Declared::new(Noun::NetworkTables, NETWORKTABLES, spot, Some(NodeKind::BuiltIn(kind)))
    };
    Some(declared.with(tree.place, entries, defaults))
}

fn short_for(scalar: &Scalar) -> &'static str {
    let is_number = !scalar.text.is_empty() && scalar.text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { TEAM } else { SERVER }
}
