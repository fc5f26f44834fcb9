//! `python_stage`: a function under `@bb.stage`, or a class derived from `bb.Stage`.
//!
//! In: one frame, or one of each input. Out: what the call returns or sends, with the first frame's capture time and origin.

use std::path::Path;

use bushbaby_bus::Frame;
use bushbaby_node::python::PythonSettings;
use bushbaby_node::{Calls, Carries, InputNeed, NodeContext, NodeError, OutputSpec, Outputs, Stage};

use super::program::Program;

pub(super) struct PythonStage {
    program: Program,
    /// For each frame of a call whether it may be missing.
    optional: Vec<bool>,
}

impl Stage for PythonStage {
    type Settings = PythonSettings;
    const INPUTS: InputNeed = InputNeed::Anything;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: "results",
        carries: Carries::Results,
        owes_frames: false,
    }];

    fn outputs(settings: &PythonSettings, _base_dir: &Path) -> Vec<OutputSpec> {
        settings.described.output_specs()
    }

    fn open(settings: PythonSettings, context: &NodeContext) -> Result<Self, NodeError> {
        check_wires(&settings, context.spec.inputs.len())?;
        Ok(Self {
            program: Program::open(&settings, context)?,
            optional: settings.described.inputs.iter().map(|input| input.optional).collect(),
        })
    }

    fn calls(&self) -> Calls {
        match self.optional.as_slice() {
            [] | [_] => Calls::EachFrame,
            several => Calls::Together {
                optional: several.to_vec(),
            },
        }
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        self.call(vec![Some(frame)], out)
    }

    fn process_together(&mut self, frames: Vec<Option<Frame>>, out: &mut Outputs) -> Result<(), NodeError> {
        if self.calls() == Calls::EachFrame {
            return frames
                .into_iter()
                .flatten()
                .try_for_each(|frame| self.process(frame, out));
        }
        self.call(frames, out)
    }

    fn close(&mut self) {
        self.program.close();
    }
}

impl PythonStage {
    /// The outputs are those of the program, which its code may also use between calls.
    fn call(&self, mut frames: Vec<Option<Frame>>, _out: &mut Outputs) -> Result<(), NodeError> {
        frames.resize(self.optional.len(), None);
        if let Some(Some(first)) = frames.first() {
            self.program.ends.work_on(first);
        }
        self.program.step(frames).map(drop)
    }
}

/// Every frame that must be there needs a wire. A stage of one frame may have several: it is called for each.
fn check_wires(settings: &PythonSettings, wires: usize) -> Result<(), NodeError> {
    let takes = &settings.described.inputs;
    let names: Vec<&str> = takes.iter().map(|input| input.name.as_str()).collect();
    let is_short = takes.iter().skip(wires).any(|input| !input.optional);
    if is_short || (takes.len() > 1 && wires > takes.len()) {
        return Err(NodeError::new(format!(
            "`{}` takes {} frames ({}), but `in:` names {wires}",
            settings.described.name,
            takes.len(),
            names.join(", ")
        ))
        .for_good());
    }
    Ok(())
}
