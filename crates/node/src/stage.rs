//! What reads frames and writes what it found in them.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::Frame;
use serde_json::Value;

use crate::kind::{InputNeed, OutputSpec, settings_from};
use crate::{Inputs, NodeContext, NodeError, Outputs, Settings};

/// A node that reads and writes.
///
/// The loop hands it one frame at a time, from whichever input has one; without input it is idle, and idle is not hung.
pub trait Stage: Sized + 'static {
    /// Its settings.
    type Settings: Settings;
    /// What it reads.
    const INPUTS: InputNeed;
    /// What it usually writes; the first is what the node's name alone means.
    const OUTPUTS: &'static [OutputSpec];

    /// What it writes with these settings. Paths in them are relative to `base_dir`.
    fn outputs(settings: &Self::Settings, base_dir: &Path) -> Vec<OutputSpec> {
        let _ = (settings, base_dir);
        Self::OUTPUTS.to_vec()
    }

    /// Prepares it: ready is said when this returns.
    ///
    /// # Errors
    /// What makes running pointless.
    fn open(settings: Self::Settings, context: &NodeContext) -> Result<Self, NodeError>;

    /// Works on one frame and sends what it found, with that frame's capture time and origin.
    ///
    /// # Errors
    /// What it cannot mend by itself; the supervisor starts it again.
    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError>;
}

pub(crate) fn run<S: Stage>(context: NodeContext, settings: Value) -> Result<(), NodeError> {
    let settings: S::Settings = settings_from(settings)?;
    let specs = S::outputs(&settings, &context.spec.base_dir);
    let mut stage = S::open(settings, &context)?;
    let mut outputs = Outputs::open(&context, &specs)?;
    let mut inputs = Inputs::open(&context)?;
    context.reporter.ready();
    context.reporter.running();
    while !context.stop.is_set() {
        if let Some(frame) = inputs.recv(Duration::from_millis(200))? {
            context.reporter.during_call(|| stage.process(frame, &mut outputs))?;
        }
    }
    Ok(())
}
