//! What only reads: the web page, and later recordings, alerts, a robot.

use serde_json::Value;

use crate::kind::{InputNeed, settings_from};
use crate::{NodeContext, NodeError, Settings};

/// A node that only reads, with a loop of its own.
pub trait Sink: Sized + 'static {
    /// Its settings.
    type Settings: Settings;
    /// What it reads.
    const INPUTS: InputNeed;

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
