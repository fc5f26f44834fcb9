//! What reads frames and writes what it found in them.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::Frame;
use serde_json::Value;

use crate::inputs::Together;
use crate::kind::{InputNeed, OutputSpec, settings_from};
use crate::{Inputs, NodeContext, NodeError, Outputs, Settings};

/// A node that reads and writes.
///
/// The loop hands it one frame at a time, from whichever input has one, or a frame of each input at once ([`Stage::calls`]);
/// without input it is idle, and idle is not hung.
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

    /// How it wants to be called when it reads several streams. Asked once, after [`Stage::open`].
    fn calls(&self) -> Calls {
        Calls::EachFrame
    }

    /// Works on one frame and sends what it found, with that frame's capture time and origin.
    ///
    /// # Errors
    /// What it cannot mend by itself; the supervisor starts it again.
    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError>;

    /// Works on a frame of each input, in the order of its wires; the first is always there. Frames of one moment (`sync`) come
    /// this way to every stage; one that does not say otherwise works on them one by one.
    ///
    /// # Errors
    /// As [`Stage::process`].
    fn process_together(&mut self, frames: Vec<Option<Frame>>, out: &mut Outputs) -> Result<(), NodeError> {
        frames
            .into_iter()
            .flatten()
            .try_for_each(|frame| self.process(frame, out))
    }

    /// Ends what it started. Called once after the last call.
    fn close(&mut self) {}
}

/// How a stage that reads several streams is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calls {
    /// With one frame, from whichever input has one.
    EachFrame,
    /// With a frame of each input, whenever the first has a new one: see [`Together`].
    Together {
        /// For each input whether it is called before that input has given a frame.
        optional: Vec<bool>,
    },
}

pub(crate) fn run<S: Stage>(context: NodeContext, settings: Value) -> Result<(), NodeError> {
    let settings: S::Settings = settings_from(settings)?;
    let specs = S::outputs(&settings, &context.spec.base_dir);
    let mut stage = S::open(settings, &context)?;
    let result = calls(&mut stage, &context, &specs);
    stage.close();
    result
}

fn calls<S: Stage>(stage: &mut S, context: &NodeContext, specs: &[OutputSpec]) -> Result<(), NodeError> {
    const PATIENCE: Duration = Duration::from_millis(200);
    let mut outputs = Outputs::open(context, specs)?;
    let optional = match stage.calls() {
        Calls::Together { optional } => Some(optional),
        Calls::EachFrame => context.spec.sync_within_ns.map(|_| Vec::new()),
    };
    let Some(optional) = optional else {
        let mut inputs = Inputs::open(context)?;
        return until_stopped(context, || match inputs.recv(PATIENCE)? {
            Some(frame) => context.reporter.during_call(|| stage.process(frame, &mut outputs)),
            None => Ok(()),
        });
    };
    let mut inputs = Together::open(context, &optional)?;
    until_stopped(context, || match inputs.recv(PATIENCE)? {
        Some(frames) => context
            .reporter
            .during_call(|| stage.process_together(frames, &mut outputs)),
        None => Ok(()),
    })
}

fn until_stopped(context: &NodeContext, mut turn: impl FnMut() -> Result<(), NodeError>) -> Result<(), NodeError> {
    context.reporter.ready();
    context.reporter.running();
    while !context.stop.is_set() {
        turn()?;
    }
    Ok(())
}
