//! Patterns: `each: PATTERN` is one node for every output of a source that fits, `in: PATTERN` one node for all of them.
//!
//! Outputs are known from the settings of a source before anything starts, so a pattern is settled here, once: an output that gives
//! nothing until later (a camera that is off, or has no sound yet) has its reader from the start, which waits for it.

use bushbaby_node::OutputSpec;

use super::streams::{Found, fits};
use super::wire::MOST_IN_HINT;
use super::{Input, Instance, MOST_NODES, Resolver};
use crate::file::declare::Declared;
use crate::file::declare::wires::Wire;
use crate::file::problem::in_backticks;

impl Resolver<'_, '_> {
    /// Starts one node for each source of which an output fits.
    pub(super) fn each(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Instance> {
        let fitting = self.fitting(node, wire, "each");
        let mut instances = Vec::new();
        for (source, found) in fitting {
            let found = found.unwrap_or_default();
            if let [first, second, ..] = found.as_slice() {
                let (first, second) = (first.name(), second.name());
                let message = format!(
                    "`each: {}` fits `{first}` and `{second}`, wanted one output a source",
                    wire.text
                );
                self.tell(
                    node,
                    &wire.spot,
                    &message,
                    Some("name the output, as in `each: \"*/image\"`".to_owned()),
                );
            }
            self.count += 1;
            if self.count > MOST_NODES {
                self.tell(
                    node,
                    &wire.spot,
                    &format!("with these, the file has more than {MOST_NODES} nodes"),
                    None,
                );
                break;
            }
            let inputs = found
                .first()
                .and_then(|found| self.input(node, found, wire))
                .into_iter()
                .collect();
            instances.push(Instance {
                name: format!("{}@{source}", node.name),
                inputs,
            });
        }
        instances
    }

    /// Wires one node to all outputs of sources that fit.
    pub(super) fn all_that_fit(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        let fitting = self.fitting(node, wire, "in");
        let found: Vec<Found> = fitting.into_iter().filter_map(|(_, found)| found).flatten().collect();
        found.iter().filter_map(|found| self.input(node, found, wire)).collect()
    }

    /// The sources of which an output fits; none is a mistake.
    fn fitting(&mut self, node: &Declared<'_>, wire: &Wire, key: &str) -> Vec<Fitting> {
        let cameras = self.nodes.iter().filter(|node| node.noun.is_source());
        let sources: Vec<Source<'_>> = cameras
            .map(|camera| (camera.name.as_str(), camera.outputs.as_deref()))
            .collect();
        let fitting = matching(&wire.text, &sources);
        if fitting.is_empty() && !self.lost_cameras {
            let there = sources.iter().flat_map(|(name, specs)| {
                specs
                    .unwrap_or_default()
                    .iter()
                    .map(move |spec| format!("{name}/{}", spec.name))
            });
            let there: Vec<String> = there.take(MOST_IN_HINT).collect();
            let hint =
                (!there.is_empty()).then(|| format!("there is {}", in_backticks(there.iter().map(String::as_str))));
            let message = format!("`{key}: {}` fits no output of a source", wire.text);
            self.tell(node, &wire.spot, &message, hint);
        }
        fitting
    }
}

/// A source by name, and its outputs where its kind is known.
type Source<'a> = (&'a str, Option<&'a [OutputSpec]>);

/// What fits at one source: its name and its streams; no streams where its outputs are not known.
type Fitting = (String, Option<Vec<Found>>);

/// The sources of which something fits. A pattern without a slash means first outputs.
fn matching(pattern: &str, sources: &[Source<'_>]) -> Vec<Fitting> {
    let (node, output) = pattern
        .split_once('/')
        .map_or((pattern, None), |(node, output)| (node, Some(output)));
    let mut fitting = Vec::new();
    for (name, outputs) in sources.iter().filter(|(name, _)| fits(node, name)) {
        let wanted = |index: usize, spec: &OutputSpec| output.map_or(index == 0, |output| fits(output, spec.name));
        let found = outputs.map(|outputs| {
            let specs = outputs.iter().enumerate().filter(|(index, spec)| wanted(*index, spec));
            specs
                .map(|(_, spec)| Found {
                    node: (*name).to_owned(),
                    output: spec.name,
                    carries: spec.carries,
                })
                .collect()
        });
        if found.as_ref().is_none_or(|found: &Vec<Found>| !found.is_empty()) {
            fitting.push(((*name).to_owned(), found));
        }
    }
    fitting
}
