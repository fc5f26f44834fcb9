//! Which streams there are, and which one a wire means.

use std::collections::BTreeMap;

use bushbaby_node::{Carries, OutputSpec};

use crate::file::problem::{did_you_mean, in_backticks};

/// Every node that may be read, by name.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// In the order of the file. Outputs are absent where the kind is not known, which was reported.
    nodes: Vec<(String, Option<Vec<OutputSpec>>)>,
    /// Stages with `each:`, and the nodes that came of them.
    groups: BTreeMap<String, Vec<String>>,
}

/// A stream that a wire means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) node: String,
    pub(crate) output: &'static str,
    pub(crate) carries: Carries,
}

impl Found {
    /// The stream's name, `node/output`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.node, self.output)
    }
}

/// Why a wire leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nowhere {
    /// Whether there is no such node at all.
    pub(crate) is_node: bool,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// What frames hold, as people say it.
pub(crate) fn in_words(carries: Carries) -> &'static str {
    match carries {
        Carries::Image => "pictures",
        Carries::Detections => "detections",
        Carries::Truth => "what a scene really shows",
        Carries::Health => "health",
        Carries::Rgbd => "pictures with depth",
        Carries::Points => "points",
        Carries::Results => "results",
        Carries::Mask => "which pixels count",
        Carries::Audio => "sound",
        Carries::Events => "what is heard",
        Carries::Scores => "scores of sounds",
        Carries::Level => "how loud it is",
        Carries::Arrays => "arrays",
    }
}

impl Streams {
    pub(crate) fn add(&mut self, name: &str, outputs: Option<&[OutputSpec]>) {
        self.nodes.push((name.to_owned(), outputs.map(<[_]>::to_vec)));
    }

    pub(crate) fn add_group(&mut self, name: &str, members: Vec<String>) {
        self.groups.insert(name.to_owned(), members);
    }

    /// The streams that `text` means: `front`, `front/image`, or all those of a stage with `each:`. Empty when the outputs
    /// of the node are not known.
    ///
    /// # Errors
    /// When there is no such node or no such output.
    pub(crate) fn find(&self, text: &str) -> Result<Vec<Found>, Nowhere> {
        let (name, output) = text
            .split_once('/')
            .map_or((text, None), |(name, output)| (name, Some(output)));
        let own = [name.to_owned()];
        let members = self.groups.get(name).map_or(own.as_slice(), Vec::as_slice);
        let mut found = Vec::new();
        for member in members {
            let Some((_, outputs)) = self.nodes.iter().find(|(node, _)| node == member) else {
                return Err(self.no_such_node(name));
            };
            let Some(outputs) = outputs else { continue };
            let spec = match output {
                None => outputs.first(),
                Some(output) => outputs.iter().find(|spec| spec.name == output),
            };
            match spec {
                Some(spec) => found.push(Found {
                    node: member.clone(),
                    output: spec.name,
                    carries: spec.carries,
                }),
                None => return Err(no_such_output(name, output, outputs)),
            }
        }
        Ok(found)
    }

    /// The names of all streams that carry something.
    pub(crate) fn carrying(&self, carries: Carries) -> Vec<String> {
        self.all()
            .filter(|found| found.carries == carries)
            .map(|found| found.name())
            .collect()
    }

    /// All streams whose nodes' outputs are known.
    pub(crate) fn all(&self) -> impl Iterator<Item = Found> {
        let outputs = self
            .nodes
            .iter()
            .flat_map(|(node, outputs)| outputs.iter().flatten().map(move |spec| (node, spec)));
        outputs.map(|(node, spec)| Found {
            node: node.clone(),
            output: spec.name,
            carries: spec.carries,
        })
    }

    /// The streams that fit a pattern, in which `*` stands for any characters. A pattern without a slash means first outputs.
    pub(crate) fn matching(&self, pattern: &str) -> Vec<Found> {
        let is_first = |found: &Found| self.first(&found.node) == Some(found.output);
        let fits = |found: &Found| match pattern.split_once('/') {
            Some((node, output)) => fits(node, &found.node) && fits(output, found.output),
            None => fits(pattern, &found.node) && is_first(found),
        };
        self.all().filter(fits).collect()
    }

    /// The first output of a node.
    fn first(&self, node: &str) -> Option<&'static str> {
        let (_, outputs) = self.nodes.iter().find(|(name, _)| name == node)?;
        outputs.as_ref()?.first().map(|spec| spec.name)
    }

    fn no_such_node(&self, name: &str) -> Nowhere {
        let message = format!("input `{name}` is not the name of any source or stage");
        let names = self
            .nodes
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(self.groups.keys().map(String::as_str));
        Nowhere {
            is_node: true,
            message,
            hint: did_you_mean(name, names),
        }
    }
}

/// Whether a text fits a pattern, in which `*` stands for any characters.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

fn no_such_output(name: &str, output: Option<&str>, outputs: &[OutputSpec]) -> Nowhere {
    let Some(output) = output else {
        return Nowhere {
            is_node: false,
            message: format!("input `{name}` writes no stream"),
            hint: None,
        };
    };
    let names = || outputs.iter().map(|spec| spec.name);
    let hint = match crate::file::problem::meant(output, names()) {
        Some(near) => format!("did you mean `{name}/{near}`?"),
        None => format!("it has {}", in_backticks(names())),
    };
    Nowhere {
        is_node: false,
        message: format!("input `{name}/{output}`: `{name}` has no such output"),
        hint: (!outputs.is_empty()).then_some(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [
            ("*", "front"),
            ("front", "front"),
            ("f*", "front"),
            ("*nt", "front"),
            ("f*n*", "front"),
            ("**", "a"),
            ("a*a", "aa"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("f", "front"),
            ("f*x", "front"),
            ("*x*", "front"),
            ("a*a", "a"),
            ("", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
