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

    /// In how long it wants [`Stage::on_time`] although nothing came, as one that waits for a frame only so long. Asked before each
    /// wait for a frame; `None`: it does not. Not asked of stages that are called with frames of several inputs at once.
    fn due_in(&self) -> Option<Duration> {
        None
    }

    /// What [`Stage::due_in`] was for; it may be called before that is over.
    ///
    /// # Errors
    /// As [`Stage::process`].
    fn on_time(&mut self, out: &mut Outputs) -> Result<(), NodeError> {
        let _ = out;
        Ok(())
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
    let mut running = Running {
        stage: S::open(settings, &context)?,
        pipeline: context.spec.pipelines.active,
    };
    let result = calls(&mut running, &context, &specs);
    running.stage.close();
    result
}

/// A stage and the pipeline that it was opened with.
struct Running<S> {
    stage: S,
    pipeline: usize,
}

impl<S: Stage> Running<S> {
    /// Opens the stage anew when another pipeline is wished for. One that cannot be opened is told, and changes nothing.
    fn follow_wish(&mut self, context: &NodeContext) {
        let wished = context.wished.number();
        if wished == self.pipeline {
            return;
        }
        if let Some(pipeline) = context.spec.pipelines.all.get(wished) {
            let opened = settings_from(pipeline.settings.clone()).and_then(|settings| S::open(settings, context));
            match opened {
                Ok(stage) => {
                    std::mem::replace(&mut self.stage, stage).close();
                    self.pipeline = wished;
                }
                Err(error) => context.reporter.warn(&format!(
                    "pipeline `{}` cannot be used: {}",
                    pipeline.name,
                    error.message()
                )),
            }
        }
        context.wished.wish(self.pipeline);
        context.reporter.pipeline(self.pipeline);
    }
}

fn calls<S: Stage>(running: &mut Running<S>, context: &NodeContext, specs: &[OutputSpec]) -> Result<(), NodeError> {
    const PATIENCE: Duration = Duration::from_millis(200);
    let mut outputs = Outputs::open(context, specs)?;
    let optional = match running.stage.calls() {
        Calls::Together { optional } => Some(optional),
        Calls::EachFrame => context.spec.sync_within_ns.map(|_| Vec::new()),
    };
    let Some(optional) = optional else {
        let mut inputs = Inputs::open(context)?;
        return until_stopped(context, || {
            let due_in = running.stage.due_in();
            match inputs.recv(due_in.map_or(PATIENCE, |due_in| due_in.min(PATIENCE)))? {
                Some(frame) => context.reporter.during_call(|| {
                    running.follow_wish(context);
                    running.stage.process(frame, &mut outputs)
                }),
                None if due_in.is_some() => context.reporter.during_call(|| running.stage.on_time(&mut outputs)),
                None => Ok(()),
            }
        });
    };
    let mut inputs = Together::open(context, &optional)?;
    until_stopped(context, || match inputs.recv(PATIENCE)? {
        Some(frames) => context.reporter.during_call(|| {
            running.follow_wish(context);
            running.stage.process_together(frames, &mut outputs)
        }),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::control::NodeSpec;
    use crate::pipelines::{Pipeline, Pipelines, WishedPipeline};
    use crate::testing;

    /// Which threshold each stage was opened with, and which were closed.
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Threshold {
        threshold: i32,
    }
    impl Settings for Threshold {}

    struct Detector(i32);

    impl Stage for Detector {
        type Settings = Threshold;
        const INPUTS: InputNeed = InputNeed::Anything;
        const OUTPUTS: &'static [OutputSpec] = &[];

        fn open(settings: Threshold, _context: &NodeContext) -> Result<Self, NodeError> {
            if settings.threshold < 0 {
                return Err(NodeError::new("a threshold below nothing"));
            }
            TOLD.lock().unwrap().push(format!("open {}", settings.threshold));
            Ok(Self(settings.threshold))
        }

        fn process(&mut self, _frame: Frame, _out: &mut Outputs) -> Result<(), NodeError> {
            Ok(())
        }

        fn close(&mut self) {
            TOLD.lock().unwrap().push(format!("close {}", self.0));
        }
    }

    #[test]
    fn another_pipeline_is_opened_before_the_old_one_is_closed_and_a_bad_one_changes_nothing() {
        let context = testing::context(&testing::instance("pipelines"), "eye", "detector", Vec::new()).unwrap();
        let pipeline = |name: &str, threshold: i32| Pipeline {
            name: name.to_owned(),
            settings: json!({ "threshold": threshold }),
        };
        let all = vec![pipeline("near", 1), pipeline("far", 2), pipeline("bad", -1)];
        let context = NodeContext {
            spec: std::sync::Arc::new(NodeSpec {
                pipelines: Pipelines { all, active: 0 },
                ..(*context.spec).clone()
            }),
            wished: WishedPipeline::new(0),
            ..context
        };
        let mut running = Running {
            stage: Detector::open(Threshold { threshold: 1 }, &context).unwrap(),
            pipeline: 0,
        };
        running.follow_wish(&context);
        context.wished.wish(1);
        running.follow_wish(&context);
        assert_eq!((running.stage.0, running.pipeline), (2, 1));
        for wish in [2, 99] {
            context.wished.wish(wish);
            running.follow_wish(&context);
            assert_eq!((running.stage.0, context.wished.number()), (2, 1), "{wish}");
        }
        assert_eq!(*TOLD.lock().unwrap(), ["open 1", "open 2", "close 1"]);
    }
}
