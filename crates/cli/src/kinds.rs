//! Every kind of node that this program has.

use bushbaby_node::Kind;

/// Sources, stages and sinks, in the order of the data.
pub(crate) fn all() -> Vec<Kind> {
    [
        bushbaby_sources::KINDS,
        bushbaby_stages::KINDS,
        bushbaby_sinks::KINDS,
        &bushbaby_server::KINDS,
    ]
    .concat()
}
