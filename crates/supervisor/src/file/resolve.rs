//! Follows every wire: which streams each stage reads, and which nodes `each:` starts.

use std::collections::{BTreeSet, HashMap};

use bushbaby_bus::StreamName;
use bushbaby_node::control::InputSpec;
use bushbaby_node::{Carries, InputNeed, Kind};

use super::declared::{Declared, Noun, called};
use super::problem::{Findings, Spot, in_backticks};
use super::streams::{Found, Nowhere, Streams, in_words};
use super::wires::{Pace, Reads, Wire};
use super::{FileProblem, each, loops};

/// More processes than any machine that this is for would carry.
const MOST_NODES: usize = 500;

/// What became of one node of the file: itself, or one node for each stream.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) instances: Vec<Instance>,
    /// Why it reads what it reads, where the file does not say.
    pub(super) note: Option<String>,
}

/// One node to start.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) inputs: Vec<Input>,
}

/// One wire, and where the file has it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) spec: InputSpec,
    spot: Spot,
}

/// Follows the wires of all nodes; the results are in the order of `nodes`.
///
/// `lost_cameras`: some are not among the nodes, so that a wire to nowhere may well lead to one of them.
pub(super) fn resolve(nodes: &[Declared<'_>], lost_cameras: bool, findings: &mut Findings) -> Vec<Resolved> {
    if let Some(first_too_many) = nodes.get(MOST_NODES) {
        findings.push(FileProblem::at(
            &first_too_many.spot,
            format!("the file has more than {MOST_NODES} nodes"),
        ));
        return Vec::new();
    }
    let mut resolver = Resolver {
        nodes,
        lost_cameras,
        streams: Streams::default(),
        count: 0,
        findings,
    };
    let mut resolved: Vec<Resolved> = nodes.iter().map(|node| resolver.instances(node)).collect();
    for (node, resolved) in nodes.iter().zip(&mut resolved) {
        resolver.wire(node, resolved);
    }
    resolver.refuse_loops(nodes, &resolved);
    resolved
}

struct Resolver<'r, 'k> {
    nodes: &'r [Declared<'k>],
    lost_cameras: bool,
    streams: Streams,
    count: usize,
    findings: &'r mut Findings,
}

impl Resolver<'_, '_> {
    /// Names the nodes that a declaration starts, and makes their streams known. Wires of `each:` are drawn here.
    fn instances(&mut self, node: &Declared<'_>) -> Resolved {
        let outputs = node.kind.map(|kind| kind.outputs);
        let instances = match &node.reads {
            Reads::Each(wire) => self.each(node, wire),
            _ => vec![Instance {
                name: node.name.clone(),
                inputs: Vec::new(),
            }],
        };
        for instance in &instances {
            if node.noun != Noun::Web {
                self.streams.add(&instance.name, outputs);
            }
            let names = outputs
                .unwrap_or_default()
                .iter()
                .map(|spec| format!("{}/{}", instance.name, spec.name));
            for name in names.filter(|name| name.len() > StreamName::MAX_BYTES) {
                let hint = format!("names of streams have at most {} bytes", StreamName::MAX_BYTES);
                self.tell(
                    node,
                    &node.spot,
                    format!("the name of its stream `{name}` is too long"),
                    Some(hint),
                );
            }
        }
        let mut note = None;
        if matches!(node.reads, Reads::Each(_)) {
            let names: Vec<String> = instances.iter().map(|instance| instance.name.clone()).collect();
            note = Some(format!("starts {}", names.join(", ")));
            self.streams.add_group(&node.name, names);
        }
        Resolved { instances, note }
    }

    fn each(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Instance> {
        let cameras = || self.nodes.iter().filter(|node| node.noun == Noun::Camera);
        let sources: Vec<each::Source<'_>> = cameras()
            .map(|camera| (camera.name.as_str(), camera.kind.map(|kind| kind.outputs)))
            .collect();
        let fitting = each::matching(&wire.text, &sources);
        let mut instances = Vec::new();
        if fitting.is_empty() && !self.lost_cameras {
            let there: Vec<String> = sources
                .iter()
                .flat_map(|(name, outputs)| {
                    outputs
                        .unwrap_or_default()
                        .iter()
                        .map(move |spec| format!("{name}/{}", spec.name))
                })
                .collect();
            let hint = (!there.is_empty())
                .then(|| format!("there is {}", in_backticks(there.iter().take(24).map(String::as_str))));
            self.tell(
                node,
                &wire.spot,
                format!("`each: {}` fits no output of a source", wire.text),
                hint,
            );
        }
        for (source, found) in fitting {
            let found = found.unwrap_or_default();
            if let [first, second, ..] = found.as_slice() {
                let message = format!(
                    "`each: {}` fits `{}` and `{}`, wanted one output a source",
                    wire.text,
                    first.name(),
                    second.name()
                );
                self.tell(
                    node,
                    &wire.spot,
                    message,
                    Some("name the output, as in `each: \"*/image\"`".to_owned()),
                );
            }
            self.count += 1;
            if self.count > MOST_NODES {
                self.tell(
                    node,
                    &wire.spot,
                    format!("with this, the file has more than {MOST_NODES} nodes"),
                    None,
                );
                break;
            }
            let inputs = found
                .iter()
                .take(1)
                .filter_map(|found| self.input(node, found, wire))
                .collect();
            instances.push(Instance {
                name: format!("{}@{source}", node.name),
                inputs,
            });
        }
        instances
    }

    /// Draws the wires of `in:`, or the one that goes without saying.
    fn wire(&mut self, node: &Declared<'_>, resolved: &mut Resolved) {
        let inputs = match &node.reads {
            Reads::Nothing | Reads::Broken | Reads::Each(_) => return,
            Reads::In(wires) => wires.iter().flat_map(|wire| self.follow(node, wire)).collect(),
            Reads::Sync(wires, spot) => {
                for wire in wires {
                    self.follow(node, wire);
                }
                let who = node
                    .kind
                    .map_or("this kind".to_owned(), |kind| format!("kind `{}`", kind.name));
                let message = format!("`sync` hands over pairs, {who} takes one picture at a time");
                self.tell(
                    node,
                    spot,
                    message,
                    Some("stages that take pairs are not there yet in this version".to_owned()),
                );
                return;
            }
            Reads::Unsaid(pace) => {
                let wire = self.only_camera(node, *pace);
                resolved.note = wire.is_some().then(|| "the only camera".to_owned());
                wire.map(|wire| self.follow(node, &wire)).unwrap_or_default()
            }
        };
        let mut seen = BTreeSet::new();
        for input in &inputs {
            if !seen.insert(&input.spec.stream) {
                self.tell(
                    node,
                    &input.spot,
                    format!("it reads `{}` twice", input.spec.stream),
                    Some("remove one of them".to_owned()),
                );
            }
        }
        if let Some(instance) = resolved.instances.first_mut() {
            instance.inputs = inputs;
        }
    }

    fn follow(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        match self.streams.find(&wire.text) {
            Ok(found) => found.iter().filter_map(|found| self.input(node, found, wire)).collect(),
            Err(Nowhere { is_node: true, .. }) if self.lost_cameras => Vec::new(),
            Err(Nowhere { message, hint, .. }) => {
                self.tell(node, &wire.spot, message, hint);
                Vec::new()
            }
        }
    }

    /// One wire to a stream that is there, if the node can read what it carries.
    fn input(&mut self, node: &Declared<'_>, found: &Found, wire: &Wire) -> Option<Input> {
        match node.kind.map(|kind| kind.inputs) {
            Some(InputNeed::None) => {
                let message = format!("kind `{}` reads nothing", node.kind.map_or("", |kind| kind.name));
                self.tell(node, &wire.spot, message, Some("remove what it reads".to_owned()));
                return None;
            }
            Some(InputNeed::Images) if found.carries != Carries::Image => {
                let message = format!(
                    "input `{}` carries {}, wanted {}",
                    found.name(),
                    in_words(found.carries),
                    in_words(Carries::Image)
                );
                let pictures = self.streams.carrying(Carries::Image);
                let hint = (!pictures.is_empty()).then(|| {
                    format!(
                        "{} in {}",
                        in_words(Carries::Image),
                        in_backticks(pictures.iter().take(24).map(String::as_str))
                    )
                });
                self.tell(node, &wire.spot, message, hint);
                return None;
            }
            Some(InputNeed::Images) | None => {}
        }
        let stream = StreamName::new(&found.node, found.output).ok()?;
        let Pace { queue, every, max_fps } = wire.pace;
        Some(Input {
            spec: InputSpec {
                stream,
                queue,
                every,
                max_fps,
            },
            spot: wire.spot.clone(),
        })
    }

    /// What a stage reads that does not say it: the camera, where there is one.
    fn only_camera(&mut self, node: &Declared<'_>, pace: Pace) -> Option<Wire> {
        let kind: &Kind = node.kind.filter(|kind| kind.inputs != InputNeed::None)?;
        let cameras: Vec<&str> = self
            .nodes
            .iter()
            .filter(|node| node.noun == Noun::Camera)
            .map(|node| node.name.as_str())
            .collect();
        match cameras.as_slice() {
            [only] if !self.lost_cameras => {
                return Some(Wire {
                    text: (*only).to_owned(),
                    spot: node.spot.clone(),
                    pace,
                });
            }
            _ if self.lost_cameras => {}
            [] => {}
            [first, ..] => {
                let hint = format!("for example `in: {first}`, or `each: \"*/image\"` for one node a camera");
                self.tell(
                    node,
                    &node.spot,
                    format!(
                        "it does not say what it reads, and kind `{}` reads {}",
                        kind.name,
                        in_words(Carries::Image)
                    ),
                    Some(hint),
                );
            }
        }
        None
    }

    fn refuse_loops(&mut self, nodes: &[Declared<'_>], resolved: &[Resolved]) {
        let instances: Vec<&Instance> = resolved.iter().flat_map(|resolved| &resolved.instances).collect();
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

    fn tell(&mut self, node: &Declared<'_>, spot: &Spot, message: String, hint: Option<String>) {
        self.findings
            .push(FileProblem::at(spot, format!("{}: {message}", node.called())).hint(hint));
    }
}
