//! From the text of a pipeline file to a plan.
//!
//! ```text
//! text → yaml → tree → declare → nodes, as the file has them
//!                      resolve → wires followed, one node for each stream of `each:`
//!                      settings → read by the kinds, variables filled in
//!                      check → plan (or every mistake, each with its place) → expand: the long form
//! changed settings → edit → the same text with them → save
//! kinds → schema, reference: what may stand in a file
//! ```
//!
//! What a Python node reads, writes and may be told is asked from its code ([`crate::python`]) when it is declared: from then on it
//! is a node like any other (`node_kind`).
//!
//! In: a text, the [`Kind`](bushbaby_node::Kind)s that there are, and the environment, from which `$NAME` takes its value.
//! Out: [`Checked`], or all [`FileProblem`]s at once. No node is started and nothing printed. The only files read are those that
//! the pipeline file names: a list of cameras, and what a kind's own check opens (a calibration).

mod check;
mod declare;
mod edit;
mod expand;
mod node_kind;
mod problem;
mod python_node;
mod reference;
mod resolve;
mod save;
mod schema;
mod settings;
mod text;
mod yaml;

#[cfg(test)]
mod tests;

pub use check::{Checked, Checker, Replay, check, check_file, probe_ports};
pub use expand::expand;
pub use problem::FileProblem;
pub use reference::{reference, reference_pages};
pub use schema::schema;
pub use text::read_text;
pub use yaml::parse;
