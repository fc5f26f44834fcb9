//! `python_source`: a class derived from `bb.Source`, or a camera's driver.
//!
//! In: nothing. Out: what each call returns or sends, captured when it was returned, or when the code says.

use std::path::Path;
use std::time::{Duration, Instant};

use bushbaby_node::python::PythonSettings;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step, Stop};

use super::program::Program;

/// A step that gives nothing at once is not called again before this.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct PythonSource {
    program: Program,
    stop: Stop,
    is_finished: bool,
}

impl Source for PythonSource {
    type Settings = PythonSettings;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: "image",
        carries: Carries::Image,
        owes_frames: true,
    }];

    fn outputs(settings: &PythonSettings, _base_dir: &Path) -> Vec<OutputSpec> {
        settings.described.output_specs()
    }

    fn open(settings: PythonSettings, context: &NodeContext) -> Result<Self, NodeError> {
        Ok(Self {
            program: Program::open(&settings, context)?,
            stop: context.stop.clone(),
            is_finished: false,
        })
    }

    /// The outputs are those of the program, which its code may also use between calls.
    fn step(&mut self, _out: &mut Outputs) -> Result<Step, NodeError> {
        if self.is_finished {
            return Ok(Step::Finished);
        }
        let (started, sent) = (Instant::now(), self.program.ends.sent());
        self.is_finished = self.program.step(Vec::new())?;
        if self.is_finished {
            return Ok(Step::Finished);
        }
        if self.program.ends.sent() > sent {
            return Ok(Step::Sent);
        }
        self.stop.wait(PAUSE.saturating_sub(started.elapsed()));
        Ok(Step::Idle)
    }

    fn close(&mut self) {
        self.program.close();
    }
}
