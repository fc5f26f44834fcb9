//! Draws the wires of one node.

use std::collections::BTreeSet;

use bushbaby_bus::MAX_QUEUE;
use bushbaby_node::{Carries, InputNeed};

use super::streams::{Found, Nowhere, in_words};
use super::{Input, Resolved, Resolver};
use crate::file::declare::wires::{Pace, Reads, Wire};
use crate::file::declare::{Declared, Noun};
use crate::file::node_kind::NodeKind;
use crate::file::problem::{Spot, in_backticks};

/// More streams than this explain nothing.
pub(super) const MOST_IN_HINT: usize = 24;

/// Who listens wants every piece of sound. So many wait for it where the file says nothing else.
pub(super) const SOUND_QUEUE: usize = MAX_QUEUE;

/// When a robot writes something.
const TELLS_ITS_HEADING: &str = "a robot tells its heading with `dialect: limelight`, or where `heading: {entry: /robot/gyro}` says which \
                                 entry has it";

impl Resolver<'_, '_> {
    /// Draws the wires of `in:`, or the one that goes without saying.
    pub(super) fn wire(&mut self, node: &Declared<'_>, resolved: &mut Resolved) {
        let inputs = match &node.reads {
            Reads::Nothing | Reads::Watches(_) | Reads::Broken => return,
            _ if matches!(node.noun, Noun::Record | Noun::NetworkTables) => return,
            Reads::Each(wire) => return self.refuse_count(node, &wire.spot, 1),
            Reads::In(wires) => {
                resolved.note = fits_in_words(wires);
                wires.iter().flat_map(|wire| self.follow(node, wire)).collect()
            }
            Reads::Sync(wires, _, spot) => {
                let inputs = wires.iter().flat_map(|wire| self.follow(node, wire)).collect();
                if let Some(NodeKind::BuiltIn(kind)) = &node.kind {
                    let message = format!(
                        "`sync` hands over pairs, kind `{}` takes one picture at a time",
                        kind.name
                    );
                    let hint = "a stage of your own may take them: `run: pairs.py`".to_owned();
                    return self.tell(node, spot, &message, Some(hint));
                }
                inputs
            }
            Reads::Unsaid(pace) => {
                let wire = self.only_source(node, *pace);
                let only = wire.as_ref().and_then(|wire| self.noun_of(wire));
                resolved.note = only.map(|noun| format!("the only {}", noun.word()));
                wire.map(|wire| self.follow(node, &wire)).unwrap_or_default()
            }
        };
        self.refuse_twice(node, &inputs);
        if let Some(last) = inputs.last() {
            self.refuse_count(node, &last.spot, inputs.len());
        }
        if let Some(instance) = resolved.instances.first_mut() {
            instance.inputs = inputs;
        }
    }

    fn refuse_twice(&mut self, node: &Declared<'_>, inputs: &[Input]) {
        let mut seen = BTreeSet::new();
        for input in inputs.iter().filter(|input| !seen.insert(&input.spec.stream)) {
            let message = format!("it reads `{}` twice", input.spec.stream);
            self.tell(node, &input.spot, &message, Some("remove one of them".to_owned()));
        }
    }

    /// Reports a Python stage that is given more or fewer streams than its code takes. One that takes one frame may read several
    /// streams: it is called for each of their frames.
    fn refuse_count(&mut self, node: &Declared<'_>, spot: &Spot, count: usize) {
        let Some(NodeKind::Python(python)) = &node.kind else {
            return;
        };
        let takes = &python.described.inputs;
        let least = takes
            .iter()
            .rposition(|input| !input.optional)
            .map_or(1, |last| last + 1);
        let is_called_for_each = takes.len() == 1 && node.reads.within().is_none();
        if (least..=takes.len()).contains(&count) || is_called_for_each {
            return;
        }
        let named = in_backticks(takes.iter().map(|input| input.name.as_str()));
        let takes = match (least, takes.len()) {
            (1, 1) => format!("1 frame ({named})"),
            (least, most) if least == most => format!("{most} frames ({named})"),
            (least, most) => format!("{least} to {most} frames ({named})"),
        };
        let streams = if count == 1 {
            "1 stream".to_owned()
        } else {
            format!("{count} streams")
        };
        let message = format!("`{}` takes {takes}, and is given {streams}", python.described.name);
        let hint = "`in: [front, door]` gives two streams, in the order of the arguments".to_owned();
        self.tell(node, spot, &message, Some(hint));
    }

    fn follow(&mut self, node: &Declared<'_>, wire: &Wire) -> Vec<Input> {
        if is_pattern(wire) {
            return match self.takes_any_number(node, wire) {
                true => self.all_that_fit(node, wire),
                false => Vec::new(),
            };
        }
        match self.streams.find(&wire.text) {
            Ok(found) => found.iter().filter_map(|found| self.input(node, found, wire)).collect(),
            Err(Nowhere { is_node: true, .. }) if self.lost_cameras => Vec::new(),
            Err(Nowhere { message, hint, .. }) => {
                let of_robot =
                    || (self.noun_of(wire) == Some(Noun::NetworkTables)).then(|| TELLS_ITS_HEADING.to_owned());
                let hint = hint.or_else(of_robot);
                self.tell(node, &wire.spot, &message, hint);
                Vec::new()
            }
        }
    }

    /// Whether a stage may read as many streams as fit a pattern: it must take them one frame at a time.
    fn takes_any_number(&mut self, node: &Declared<'_>, wire: &Wire) -> bool {
        let takes = match &node.kind {
            _ if node.reads.within().is_some() => "frames that belong together".to_owned(),
            Some(NodeKind::Python(python)) if python.described.inputs.len() > 1 => {
                let named = python.described.inputs.iter().map(|input| input.name.as_str());
                format!("{} together", in_backticks(named))
            }
            _ => return true,
        };
        let message = format!(
            "input `{}` is a pattern that may fit any number of streams, and it takes {takes}",
            wire.text
        );
        let hint = "name the streams, as in `in: [front, door]`".to_owned();
        self.tell(node, &wire.spot, &message, Some(hint));
        false
    }

    /// One wire to a stream that is there, if the node can read what it carries.
    pub(super) fn input(&mut self, node: &Declared<'_>, found: &Found, wire: &Wire) -> Option<Input> {
        match node.kind.as_ref().map(|kind| (need_at(node, kind, wire), kind)) {
            Some((InputNeed::None, kind)) => {
                let message = format!("{} reads nothing", kind.called());
                self.tell(node, &wire.spot, &message, Some("remove what it reads".to_owned()));
                return None;
            }
            Some((need, _)) if !fits(need, found.carries) => {
                let of_need = if need == InputNeed::Sound {
                    Carries::Audio
                } else {
                    Carries::Image
                };
                let (carries, wanted) = (in_words(found.carries), in_words(of_need));
                let there = self.streams.carrying(of_need);
                let there = in_backticks(there.iter().take(MOST_IN_HINT).map(String::as_str));
                let hint = (!there.is_empty()).then(|| format!("{wanted} in {there}"));
                let message = format!("input `{}` carries {carries}, wanted {wanted}", found.name());
                self.tell(node, &wire.spot, &message, hint);
                return None;
            }
            Some((_, NodeKind::BuiltIn(kind))) if wire.windows.is_some() => {
                let message = format!(
                    "`window` is for stages of your own, kind `{}` takes sound as it comes",
                    kind.name
                );
                let hint = "leave `window` and `hop` out".to_owned();
                self.tell(node, &wire.spot, &message, Some(hint));
                return None;
            }
            Some(_) | None => {}
        }
        if wire.windows.is_some() && found.carries != Carries::Audio {
            let (name, carries) = (found.name(), in_words(found.carries));
            let message = format!("`window` is of sound, and input `{name}` carries {carries}");
            let there = self.streams.carrying(Carries::Audio);
            let there = in_backticks(there.iter().take(MOST_IN_HINT).map(String::as_str));
            let hint = (!there.is_empty()).then(|| format!("sound in {there}"));
            self.tell(node, &wire.spot, &message, hint);
            return None;
        }
        if found.carries == Carries::Audio {
            return Input::new(&found.node, found.output, &with_queue(wire, SOUND_QUEUE));
        }
        Input::new(&found.node, found.output, wire)
    }

    /// Under which noun the source of a wire stands.
    fn noun_of(&self, wire: &Wire) -> Option<Noun> {
        let name = wire.text.split('/').next()?;
        let node = self.nodes.iter().find(|node| node.name == name)?;
        Some(node.noun)
    }

    /// What a stage reads that does not say it: the camera, where there is one; for a stage that listens, the only source of
    /// sound.
    fn only_source(&mut self, node: &Declared<'_>, pace: Pace) -> Option<Wire> {
        let kind = node.kind.as_ref().filter(|kind| kind.inputs() != InputNeed::None)?;
        if self.lost_cameras {
            return None;
        }
        let need = kind.inputs();
        let sources = self.nodes.iter().filter(|node| node.noun.is_source());
        let readable: Vec<String> = sources.filter_map(|source| readable(source, need)).collect();
        if let [only] = readable.as_slice() {
            return Some(Wire {
                text: only.clone(),
                spot: node.spot.clone(),
                pace,
                windows: None,
            });
        }
        let reads = match need {
            InputNeed::Images | InputNeed::ImageFirst => in_words(Carries::Image),
            InputNeed::Sound => in_words(Carries::Audio),
            InputNeed::Anything | InputNeed::None => "frames",
        };
        let output = if need == InputNeed::Sound { "audio" } else { "image" };
        let message = format!("it does not say what it reads, and {} reads {reads}", kind.called());
        let hint = match readable.first() {
            Some(first) => {
                let what = if need == InputNeed::Sound { "source" } else { "camera" };
                format!("for example `in: {first}`, or `each: \"*/{output}\"` for one node a {what}")
            }
            None => format!("no source of this file gives {reads}"),
        };
        self.tell(node, &node.spot, &message, Some(hint));
        None
    }
}

/// How a reader that says nothing else would name a source, if it can read it.
fn readable(source: &Declared<'_>, need: InputNeed) -> Option<String> {
    let name = || source.name.clone();
    let Some(outputs) = &source.outputs else {
        return Some(name());
    };
    match need {
        InputNeed::Sound => {
            let sound = outputs.iter().find(|output| output.carries == Carries::Audio)?;
            Some(format!("{}/{}", source.name, sound.name))
        }
        InputNeed::Images | InputNeed::ImageFirst => {
            outputs.iter().any(|output| output.carries.has_picture()).then(name)
        }
        InputNeed::Anything | InputNeed::None => Some(name()),
    }
}

/// `*` stands for any characters.
fn is_pattern(wire: &Wire) -> bool {
    wire.text.contains('*')
}

/// What the long form says of patterns that became streams.
fn fits_in_words(wires: &[Wire]) -> Option<String> {
    let patterns: Vec<&str> = wires
        .iter()
        .filter(|wire| is_pattern(wire))
        .map(|wire| wire.text.as_str())
        .collect();
    (!patterns.is_empty()).then(|| format!("all that fits {}", patterns.join(", ")))
}

/// The same wire; where the file says nothing else, so many frames may wait at its end.
pub(super) fn with_queue(wire: &Wire, frames: usize) -> Wire {
    let queue = wire.pace.queue.or(Some(frames));
    Wire {
        pace: Pace { queue, ..wire.pace },
        ..wire.clone()
    }
}

/// What a wire of a node must carry.
fn need_at(node: &Declared<'_>, kind: &NodeKind<'_>, wire: &Wire) -> InputNeed {
    let is_first = match &node.reads {
        Reads::In(wires) => wires.first().is_none_or(|first| first.spot == wire.spot),
        _ => true,
    };
    match kind.inputs() {
        InputNeed::ImageFirst if is_first => InputNeed::Images,
        InputNeed::ImageFirst => InputNeed::Anything,
        need => need,
    }
}

/// Whether a node with this need reads streams that carry this.
fn fits(need: InputNeed, carries: Carries) -> bool {
    match need {
        InputNeed::None => false,
        InputNeed::Images | InputNeed::ImageFirst => carries.has_picture(),
        InputNeed::Sound => carries == Carries::Audio,
        InputNeed::Anything => true,
    }
}
