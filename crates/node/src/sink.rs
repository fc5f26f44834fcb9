//! What reads: the web page, recordings, alerts, a robot. What the one that it tells things says back is a stream of its own.

use std::path::Path;

use serde_json::Value;

use crate::kind::{InputNeed, OutputSpec, settings_from};
use crate::{NodeContext, NodeError, Settings};

/// A node that reads, with a loop of its own. Most write nothing.
pub trait Sink: Sized + 'static {
    /// Its settings.
    type Settings: Settings;
    /// What it reads.
    const INPUTS: InputNeed;
    /// What it may write: what whoever it tells things says back, as a robot its heading.
    const OUTPUTS: &'static [OutputSpec] = &[];

    /// What it writes with these settings. Paths in them are relative to `base_dir`.
    fn outputs(settings: &Self::Settings, base_dir: &Path) -> Vec<OutputSpec> {
        let _ = (settings, base_dir);
        Self::OUTPUTS.to_vec()
    }

    /// Prepares it.
    ///
    /// # Errors
    /// What makes running pointless: a port in use.
    fn open(settings: Self::Settings, context: &NodeContext) -> Result<Self, NodeError>;

    /// Runs until `context.stop` is set. Says ready itself, through `context.reporter`, once it serves.
    ///
    /// # Errors
    /// What it cannot mend by itself; the supervisor starts it again.
    fn run(self, context: &NodeContext) -> Result<(), NodeError>;
}

pub(crate) fn run<S: Sink>(context: NodeContext, settings: Value) -> Result<(), NodeError> {
    S::open(settings_from(settings)?, &context)?.run(&context)
}
