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
    let opened: S::Settings = settings_from(settings.clone())?;
    let specs = S::outputs(&opened, &context.spec.base_dir);
    let mut running = Running {
        stage: S::open(opened, &context)?,
        settings,
        pipeline: context.spec.pipelines.active,
        edition: 0,
    };
    let result = calls(&mut running, &context, &specs);
    running.stage.close();
    result
}

/// A stage and what it was opened with.
struct Running<S> {
    stage: S,
    settings: Value,
    pipeline: usize,
    /// Of the changed settings.
    edition: u64,
}

impl<S: Stage> Running<S> {
    /// Whether it works on its next frame. Opens the stage anew when other settings are wished for; those that it cannot be opened
    /// with are told, and change nothing.
    fn works(&mut self, context: &NodeContext) -> bool {
        let wished = context.wished.number();
        if wished != self.pipeline || context.wished.edition() != self.edition {
            self.follow_wish(wished, context);
        }
        !context.wished.rests()
    }

    fn follow_wish(&mut self, wished: usize, context: &NodeContext) {
        let (changes, edition) = context.wished.changes();
        let pipeline = context.spec.pipelines.all.get(wished);
        // Without pipelines there is one, whose settings the stage began with.
        if let Some(settings) = pipeline.map_or(
            (wished == self.pipeline).then_some(&context.spec.settings),
            |pipeline| Some(&pipeline.settings),
        ) {
            let settings = changes.over(wished, settings);
            // What was only saved is as before.
            let opened = (settings != self.settings).then(|| Self::open(&settings, context));
            match opened.transpose() {
                Ok(stage) => {
                    if let Some(stage) = stage {
                        std::mem::replace(&mut self.stage, stage).close();
                    }
                    (self.pipeline, self.settings) = (wished, settings);
                }
                Err(why) if edition != self.edition => {
                    context.reporter.warn(&format!("these changes cannot be used: {why}"));
                }
                Err(why) => {
                    let name = pipeline.map_or("", |pipeline| pipeline.name.as_str());
                    context
                        .reporter
                        .warn(&format!("pipeline `{name}` cannot be used: {why}"));
                }
            }
        }
        // What cannot be used is not tried again with each frame.
        self.edition = edition;
        context.wished.wish(self.pipeline);
        context.reporter.pipeline(self.pipeline);
    }

    fn open(settings: &Value, context: &NodeContext) -> Result<S, String> {
        let settings: S::Settings = serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
        if let Some(problem) = settings.check(&context.spec.base_dir).into_iter().next() {
            return Err(match problem.path.as_str() {
                "" => problem.message,
                key => format!("{key}: {}", problem.message),
            });
        }
        S::open(settings, context).map_err(|error| error.message().to_owned())
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
                Some(frame) => context.reporter.during_call(|| match running.works(context) {
                    true => running.stage.process(frame, &mut outputs),
                    false => Ok(()),
                }),
                None if due_in.is_some() => context.reporter.during_call(|| running.stage.on_time(&mut outputs)),
                None => Ok(()),
            }
        });
    };
    let mut inputs = Together::open(context, &optional)?;
    until_stopped(context, || match inputs.recv(PATIENCE)? {
        Some(frames) => context.reporter.during_call(|| match running.works(context) {
            true => running.stage.process_together(frames, &mut outputs),
            false => Ok(()),
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
    use crate::pipelines::{Changes, Pipeline, Pipelines, Wished};
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
        let pipelines = Pipelines {
            all,
            ..Pipelines::default()
        };
        let context = NodeContext {
            wished: Wished::new(&pipelines),
            spec: std::sync::Arc::new(NodeSpec {
                pipelines,
                ..(*context.spec).clone()
            }),
            ..context
        };
        let mut running = Running {
            stage: Detector::open(Threshold { threshold: 1 }, &context).unwrap(),
            settings: json!({ "threshold": 1 }),
            pipeline: 0,
            edition: 0,
        };
        assert!(running.works(&context));
        context.wished.wish(1);
        assert!(running.works(&context));
        assert_eq!((running.stage.0, running.pipeline), (2, 1));
        for wish in [2, 99] {
            context.wished.wish(wish);
            assert!(running.works(&context));
            assert_eq!((running.stage.0, context.wished.number()), (2, 1), "{wish}");
        }
        assert_eq!(*TOLD.lock().unwrap(), ["open 1", "open 2", "close 1"]);
    }

    /// Counts for itself: tests run beside each other.
    struct Resting(i32);

    impl Stage for Resting {
        type Settings = Threshold;
        const INPUTS: InputNeed = InputNeed::Anything;
        const OUTPUTS: &'static [OutputSpec] = &[];

        fn open(settings: Threshold, _context: &NodeContext) -> Result<Self, NodeError> {
            Ok(Self(settings.threshold))
        }

        fn process(&mut self, _frame: Frame, _out: &mut Outputs) -> Result<(), NodeError> {
            Ok(())
        }
    }

    #[test]
    fn changed_settings_come_with_the_next_frame_and_those_that_are_none_change_nothing() {
        let context = testing::context(&testing::instance("changes"), "eye", "detector", Vec::new()).unwrap();
        let context = NodeContext {
            spec: std::sync::Arc::new(NodeSpec {
                settings: json!({ "threshold": 1 }),
                ..(*context.spec).clone()
            }),
            ..context
        };
        let mut running = Running {
            stage: Resting(1),
            settings: json!({ "threshold": 1 }),
            pipeline: 0,
            edition: 0,
        };
        let mut changes = Changes::default();
        let mut change = |rests, settings: Value| {
            changes.take(rests, settings.as_object().cloned().unwrap());
            context.wished.change(changes.clone());
            (running.works(&context), running.stage.0)
        };
        assert_eq!(change(None, json!({ "threshold": 5 })), (true, 5));
        assert_eq!(change(Some(true), json!({})), (false, 5));
        assert_eq!(change(Some(false), json!({ "threshold": "high" })), (true, 5));
        assert_eq!(change(None, json!({ "threshold": null })), (true, 1));
    }
}
