//! Follows every wire: which streams each stage reads, and which nodes `each:` starts.

mod alerts;
mod each;
mod evidence;
mod loops;
mod networktables;
mod page;
mod record;
pub(crate) mod streams;
mod wire;

use std::collections::{BTreeMap, HashMap};

use bushbaby_bus::StreamName;
use bushbaby_node::control::{InputSpec, WindowSpec};
use bushbaby_node::settings::Time;

use crate::file::FileProblem;
use crate::file::declare::wires::{Pace, Reads, Wire};
use crate::file::declare::{Declared, Noun, called};
use crate::file::problem::{Findings, Spot};
use streams::Streams;

/// More processes than any machine that this is for would carry.
pub(crate) const MOST_NODES: usize = 500;

/// What became of one node of the file: itself, or one node for each stream.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) instances: Vec<Instance>,
    /// Why it reads what it reads, where the file does not say.
    pub(crate) note: Option<String>,
    /// By alert: the streams that it is about.
    pub(crate) watched: BTreeMap<String, Vec<String>>,
}

/// One node to start.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Input>,
}

/// One wire, and where the file has it.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) spec: InputSpec,
    spot: Spot,
}

impl Input {
    /// A wire to a stream, read as the file says; `None` when no stream can be called so, which was reported.
    fn new(node: &str, output: &str, wire: &Wire) -> Option<Self> {
        let Pace { queue, every, max_fps } = wire.pace;
        let spec = InputSpec {
            stream: StreamName::new(node, output).ok()?,
            queue,
            every,
            max_fps,
            window: wire.windows.map(|windows| WindowSpec {
                length_ns: in_ns(windows.window),
                hop_ns: in_ns(windows.hop),
            }),
        };
        let spot = wire.spot.clone();
        Some(Self { spec, spot })
    }
}

fn in_ns(time: Time) -> u64 {
    u64::try_from(time.0.as_nanos()).unwrap_or(u64::MAX)
}

/// Follows the wires of all nodes; the results are in the order of `nodes`.
///
/// `lost_cameras`: some are not among the nodes, so that a wire to nowhere may well lead to one of them.
pub(crate) fn resolve(nodes: &[Declared<'_>], lost_cameras: bool, findings: &mut Findings) -> Vec<Resolved> {
    let mut resolver = Resolver {
        nodes,
        lost_cameras,
        streams: Streams::default(),
        count: nodes
            .iter()
            .filter(|node| !matches!(node.reads, Reads::Each(_)))
            .count(),
        findings,
    };
    let mut resolved: Vec<Resolved> = nodes.iter().map(|node| resolver.instances(node)).collect();
    for (node, resolved) in nodes.iter().zip(&mut resolved) {
        resolver.wire(node, resolved);
    }
    resolver.record(nodes, &mut resolved);
    resolver.alerts(nodes, &mut resolved);
    resolver.evidence(nodes, &mut resolved);
    resolver.networktables(nodes, &mut resolved);
    resolver.page(nodes);
    resolver.refuse_loops(nodes, &resolved);
    resolved
}

struct Resolver<'r, 'k> {
    nodes: &'r [Declared<'k>],
    lost_cameras: bool,
    streams: Streams,
    /// How many nodes there will be.
    count: usize,
    findings: &'r mut Findings,
}

impl Resolver<'_, '_> {
    /// Names the nodes that a declaration starts, and makes their streams known. Wires of `each:` are drawn here.
    fn instances(&mut self, node: &Declared<'_>) -> Resolved {
        let outputs = node.outputs.as_deref();
        let instances = match &node.reads {
            Reads::Each(wire) => self.each(node, wire),
            _ => vec![Instance {
                name: node.name.clone(),
                inputs: Vec::new(),
            }],
        };
        for instance in &instances {
            // A robot may say something back.
            let is_read_by_nobody = matches!(node.noun, Noun::Web | Noun::Record | Noun::Alerts | Noun::Evidence);
            if !is_read_by_nobody {
                self.streams.add(&instance.name, outputs);
            }
            for spec in outputs.unwrap_or_default() {
                let name = format!("{}/{}", instance.name, spec.name);
                if name.len() > StreamName::MAX_BYTES {
                    let hint = format!("names of streams have at most {} bytes", StreamName::MAX_BYTES);
                    self.tell(
                        node,
                        &node.spot,
                        &format!("the name of its stream `{name}` is too long"),
                        Some(hint),
                    );
                }
            }
        }
        let mut note = None;
        if matches!(node.reads, Reads::Each(_)) {
            let names: Vec<String> = instances.iter().map(|instance| instance.name.clone()).collect();
            note = Some(format!("starts {}", names.join(", ")));
            self.streams.add_group(&node.name, names);
        }
        Resolved {
            instances,
            note,
            watched: BTreeMap::new(),
        }
    }

    /// Reports stages that wait for each other.
    fn refuse_loops(&mut self, nodes: &[Declared<'_>], resolved: &[Resolved]) {
        let stages = nodes.iter().zip(resolved).filter(|(node, _)| node.noun == Noun::Stage);
        let instances: Vec<&Instance> = stages.flat_map(|(_, resolved)| &resolved.instances).collect();
        let index: HashMap<&str, usize> = instances
            .iter()
            .enumerate()
            .map(|(index, node)| (node.name.as_str(), index))
            .collect();
        let reads = |instance: &&Instance| {
            instance
                .inputs
                .iter()
                .filter_map(|input| index.get(input.spec.stream.node()).copied())
                .collect()
        };
        let reads: Vec<Vec<usize>> = instances.iter().map(reads).collect();
        for path in loops::find(&reads) {
            let names: Vec<&str> = path.iter().map(|node| instances[*node].name.as_str()).collect();
            let next = names.iter().copied().cycle().skip(1);
            let wanted = names.get(1).copied().unwrap_or(names[0]);
            let wire = instances[path[0]]
                .inputs
                .iter()
                .find(|input| input.spec.stream.node() == wanted);
            let spot = wire.map_or_else(|| nodes[0].spot.clone(), |input| input.spot.clone());
            let chain: Vec<String> = names
                .iter()
                .zip(next)
                .map(|(reader, read)| format!("`{reader}` reads `{read}`"))
                .collect();
            let message = format!("{}: a loop: {}", called(Noun::Stage, names[0]), chain.join(", "));
            self.findings
                .push(FileProblem::at(&spot, message).hint("the first stage of a chain reads a camera".to_owned()));
        }
    }

    /// Reports what is wrong with what a node reads.
    fn tell(&mut self, node: &Declared<'_>, spot: &Spot, message: &str, hint: Option<String>) {
        self.findings
            .push(FileProblem::at(spot, format!("{}: {message}", node.called())).hint(hint));
    }
}
