//! The nodes' reports, added up: what each stream and each wire carried, live and in all.
//!
//! In: [`Report`]s with the time of their arrival. Out: [`StreamStatus`] and [`EdgeStatus`] for everything that was planned, also
//! for what never carried a frame, and for the wires of a node that chooses itself what it reads (the page). What a node reports
//! beyond the planned streams is left out, so that no node can make this grow.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::{MonoTime, StreamName};
use bushbaby_node::ages::Ages;
use bushbaby_node::control::{InputReport, OutputReport, Report};
use bushbaby_node::status::{EdgeStatus, StreamStatus};

use crate::plan::PlannedNode;

mod count;
mod edge;
mod stream;
mod window;

use edge::EdgeFigures;
use stream::StreamFigures;

/// Over which time figures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// Rates and ages of the last seconds, as of this moment.
    Live(MonoTime),
    /// Everything from the first frame to the last.
    Whole,
}

/// The figures of all streams and wires.
#[derive(Debug)]
pub(super) struct Figures {
    streams: BTreeMap<StreamName, StreamFigures>,
    edges: Vec<EdgeFigures>,
    window: Duration,
}

impl Figures {
    /// Nothing counted yet; live figures will look `window` back.
    pub(super) fn new(nodes: &[PlannedNode], window: Duration) -> Self {
        let mut streams = BTreeMap::new();
        let mut edges: Vec<EdgeFigures> = Vec::new();
        for node in nodes {
            for output in &node.outputs {
                // A name too long for a stream was refused with the file; such a node could not publish it either.
                if let Ok(name) = StreamName::new(&node.spec.node, output.name) {
                    streams.insert(name, StreamFigures::new(output.carries, window));
                }
            }
            for input in &node.spec.inputs {
                if !edges.iter().any(|edge| edge.is(&node.spec.node, &input.stream)) {
                    edges.push(EdgeFigures::new(input.stream.clone(), node.spec.node.clone(), window));
                }
            }
        }
        Self { streams, edges, window }
    }

    /// From now on counts what these nodes read and write. What was counted of that so far stays, all else is forgotten.
    pub(super) fn replan(&mut self, nodes: &[PlannedNode]) {
        let mut planned = Self::new(nodes, self.window);
        for (name, stream) in std::mem::take(&mut self.streams) {
            if let Some(place) = planned.streams.get_mut(&name) {
                place.go_on_from(stream);
            }
        }
        // The page chooses itself what it reads.
        let chooses = |name: &str| {
            nodes
                .iter()
                .any(|node| node.spec.node == name && node.spec.inputs.is_empty())
        };
        for edge in std::mem::take(&mut self.edges) {
            let place = planned.edges.iter_mut().find(|other| other.is(edge.to(), edge.from()));
            match place {
                Some(place) => *place = edge,
                None if chooses(edge.to()) && planned.streams.contains_key(edge.from()) => planned.edges.push(edge),
                None => {}
            }
        }
        *self = planned;
    }

    /// A new process of this node counts from zero.
    pub(super) fn launched(&mut self, node: &str) {
        for (_, stream) in self.streams.iter_mut().filter(|(name, _)| name.node() == node) {
            stream.launched();
        }
        for edge in self.edges.iter_mut().filter(|edge| edge.to() == node) {
            edge.launched();
        }
    }

    /// The process of this node is gone: nobody reads what it wrote.
    pub(super) fn ended(&mut self, node: &str) {
        for (_, stream) in self.streams.iter_mut().filter(|(name, _)| name.node() == node) {
            stream.ended();
        }
    }

    /// Adds what a node reported at `now`.
    pub(super) fn report(&mut self, node: &str, report: &Report, now: MonoTime) {
        for (name, stream) in self.streams.iter_mut().filter(|(name, _)| name.node() == node) {
            if let Some(output) = report
                .outputs
                .get(name.output())
                .filter(|output| is_possible_output(output))
            {
                stream.report(output, now);
            }
        }
        for from in report.inputs.keys() {
            let is_known = self.edges.iter().any(|edge| edge.is(node, from));
            if !is_known && from.node() != node && self.streams.contains_key(from) {
                self.edges
                    .push(EdgeFigures::new(from.clone(), node.to_owned(), self.window));
            }
        }
        for edge in self.edges.iter_mut().filter(|edge| edge.to() == node) {
            if let Some(input) = report.inputs.get(edge.from()).filter(|input| is_possible_input(input)) {
                edge.report(input, now);
            }
        }
    }

    pub(super) fn streams(&self, span: Span) -> BTreeMap<StreamName, StreamStatus> {
        self.streams
            .iter()
            .map(|(name, stream)| (name.clone(), stream.status(span)))
            .collect()
    }

    pub(super) fn edges(&self, span: Span) -> Vec<EdgeStatus> {
        self.edges.iter().map(|edge| edge.status(span)).collect()
    }
}

/// More than any node counts in years: larger numbers are damage, and must not overflow a sum.
const POSSIBLE: u64 = 1 << 48;

fn is_possible_output(output: &OutputReport) -> bool {
    [output.frames, output.bytes >> 12, output.readers]
        .iter()
        .all(|count| *count < POSSIBLE)
        && is_possible_ages(&output.ages)
}

fn is_possible_input(input: &InputReport) -> bool {
    let dropped = &input.dropped;
    [
        input.delivered,
        dropped.superseded,
        dropped.overflow,
        dropped.damaged,
        dropped.skipped,
    ]
    .iter()
    .all(|count| *count < POSSIBLE)
        && is_possible_ages(&input.ages)
}

/// Whether a histogram is one report's worth.
fn is_possible_ages(ages: &Ages) -> bool {
    ages.count() < 1 << 32
}

#[cfg(test)]
mod tests;
