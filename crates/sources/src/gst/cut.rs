//! Takes the sink off a pipeline.

use super::pipeline::PipelineError;

/// A pipeline without its sink.
#[derive(Debug)]
pub(super) struct Cut {
    /// What leads to the sink, without the link to it.
    pub(super) before: Vec<String>,
    /// Further branches that were written behind the sink.
    pub(super) behind: Vec<String>,
    /// What the sink said about `sync`.
    pub(super) sync: Option<bool>,
    /// The sink, when it is not `appsink`.
    pub(super) replaced: Option<String>,
}

impl Cut {
    /// Cuts the sink off, if there is one.
    ///
    /// # Errors
    /// [`PipelineError`], when the pictures go elsewhere.
    pub(super) fn of(words: Vec<String>) -> Result<Self, PipelineError> {
        let appsinks: Vec<usize> = (0..words.len()).filter(|at| words[*at] == "appsink").collect();
        let (start, replaced) = match appsinks[..] {
            [start] => (Some(start), None),
            [] => match last_sink(&words)? {
                Some(start) => (Some(start), Some(words[start].clone())),
                None => (None, None),
            },
            _ => return Err(PipelineError::ManyAppsinks(appsinks.len())),
        };
        let mut before = words;
        let mut behind = Vec::new();
        let mut sync = None;
        if let Some(start) = start {
            let end = start + 1 + properties(&before[start + 1..]);
            behind = before.split_off(end);
            if behind.first().is_some_and(|word| word == "!") {
                return Err(PipelineError::BehindAppsink);
            }
            sync = before[start + 1..]
                .iter()
                .rev()
                .find_map(|word| boolean(word.strip_prefix("sync=")?));
            before.truncate(start);
        }
        while before.last().is_some_and(|word| word == "!") {
            before.pop();
        }
        if before.is_empty() {
            return Err(PipelineError::Empty);
        }
        Ok(Self {
            before,
            behind,
            sync,
            replaced,
        })
    }
}

/// Counts the words that set properties of the element before them (`drop=1`, `max-buffers = 2`).
fn properties(words: &[String]) -> usize {
    let mut count = 0;
    while let Some(word) = words.get(count) {
        let goes_on = count > 0 && words[count - 1].ends_with('=');
        let begins = word.contains('=') || words.get(count + 1).is_some_and(|next| next.starts_with('='));
        if word == "!" || !(goes_on || begins) {
            break;
        }
        count += 1;
    }
    count
}

/// Where the sink begins that a pipeline without `appsink` ends in, when it is one that only shows or drops pictures.
fn last_sink(words: &[String]) -> Result<Option<usize>, PipelineError> {
    let start = words.iter().rposition(|word| word == "!").map_or(0, |link| link + 1);
    let Some(element) = words
        .get(start)
        .filter(|word| word.ends_with("sink") && !word.contains(['=', '/']))
    else {
        return Ok(None);
    };
    let shows = [
        "videosink",
        "imagesink",
        "glessink",
        "fakesink",
        "fakevideosink",
        "nv3dsink",
        "nvoverlaysink",
        "kmssink",
        "waylandsink",
        "fdsink",
    ];
    if shows.iter().any(|name| element.ends_with(name)) {
        Ok(Some(start))
    } else {
        Err(PipelineError::OtherSink(element.clone()))
    }
}

/// A property's value as GStreamer reads it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "t" => Some(true),
        "false" | "0" | "no" | "f" => Some(false),
        _ => None,
    }
}
