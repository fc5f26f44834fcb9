//! From the text of a pipeline file to a plan.
//!
//! ```text
//! text → parse → tree → check → plan        (or every mistake, each with its place)
//!                             ↘ expand      the long form, with every default
//! kinds → schema, reference                 what may stand in a file
//! ```
//!
//! In: a text, the [`Kind`](bushbaby_node::Kind)s that there are, and the environment, from which `$NAME` takes its value.
//! Out: [`Checked`], or all [`FileProblem`]s at once. Nothing is started and nothing printed. The only files read are those that
//! the pipeline file names: a list of cameras, and what a kind's own check opens (a calibration).

mod address;
mod any_node;
mod cameras;
mod check;
mod declared;
mod defaults;
mod each;
mod emit;
mod expand;
mod keys;
mod loops;
mod names;
mod not_yet;
mod problem;
mod reference;
mod resolve;
mod schema;
mod secrets;
mod settle;
mod stages;
mod streams;
mod text;
mod top;
mod web;
mod wires;
mod yaml;

#[cfg(test)]
mod tests;

pub use check::{Checked, check, check_file, probe_ports};
pub use expand::expand;
pub use problem::FileProblem;
pub use reference::{reference, reference_pages};
pub use schema::schema;
pub use text::read_text;
pub use yaml::parse;
