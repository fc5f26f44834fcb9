//! `each: PATTERN`: one node for every output of a source that fits.

use bushbaby_node::OutputSpec;

use super::streams::Found;

/// A source by name, and its outputs where its kind is known.
pub(super) type Source<'a> = (&'a str, Option<&'static [OutputSpec]>);

/// What fits at one source: its name and its streams; no streams where its outputs are not known.
pub(super) type Fitting<'a> = (&'a str, Option<Vec<Found>>);

/// The sources of which something fits. A pattern without a slash means first outputs.
pub(super) fn matching<'a>(pattern: &str, sources: &[Source<'a>]) -> Vec<Fitting<'a>> {
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
            fitting.push((*name, found));
        }
    }
    fitting
}

/// Whether a text fits a pattern, in which `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
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
