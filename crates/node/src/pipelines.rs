//! Several settings of one stage, each with a name, of which one is in force: `pipelines:`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The pipelines of a stage; none: its settings are what they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipelines {
    /// In the order of the file: their numbers count from 0.
    pub all: Vec<Pipeline>,
    /// The number of the one that is in force at the start.
    pub active: usize,
}

/// Settings with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// As the file calls them.
    pub name: String,
    /// In long form, as [`Kind::check`](crate::Kind::check) wrote them, with secrets filled in.
    pub settings: Value,
}

/// The number of the pipeline that a text means: by its name or by its number. `names`: those of all, in their order.
pub fn number<'n>(names: impl Iterator<Item = &'n str> + Clone, text: &str) -> Option<usize> {
    let by_name = names.clone().position(|name| name == text);
    by_name.or_else(|| text.parse().ok().filter(|number| *number < names.count()))
}

/// Which pipeline is wished for. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct WishedPipeline(Arc<AtomicUsize>);

impl WishedPipeline {
    /// The one with this number.
    pub fn new(number: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(number)))
    }

    /// Wishes for another: the stage takes its settings over with its next frame.
    pub fn wish(&self, number: usize) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// The number of the one that is wished for.
    pub fn number(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
