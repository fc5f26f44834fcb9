//! Keeps a pipeline running: starts it, sends what it gives, notices when it ends or freezes, starts it again.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bushbaby_node::image;
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};

use super::caps::Caps;
use super::child::{Ended, Running};
use super::newest::Fetched;
use super::parts::RawFrame;
use super::pipeline::Pipeline;
use super::retry::Retry;
use super::{GstSettings, hints};
use crate::calibration::Calibrated;
use crate::decoded::{DECODED, DecodedOutput};

const PROGRAM: &str = "gst-launch-1.0";
/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(200);
/// So many pictures in a row may not fit their format, as when a camera changes its size.
const MISFITS: u32 = 30;

/// How long a pipeline may be silent before it is started again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Between two pictures; more for a pipeline that promises few of them.
    pub(super) silence: Duration,
    /// Before the first picture: plug-ins are looked through, cameras warm up.
    pub(super) first_picture: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(3),
            first_picture: Duration::from_secs(20),
        }
    }
}

/// A pipeline that is kept running.
#[derive(Debug)]
pub struct GstSource {
    context: NodeContext,
    program: OsString,
    pipeline: Pipeline,
    pictures: Pictures,
    state: State,
    retry: Retry,
    limits: Limits,
    /// What went wrong last; told until there is a picture.
    trouble: Option<Why>,
}

/// What pictures are sent with.
#[derive(Debug)]
struct Pictures {
    calibrated: Calibrated,
    decoded: DecodedOutput,
    reporter: Reporter,
}

#[derive(Debug)]
enum State {
    Running(Run),
    /// A child is being ended, for the reason told.
    Ending {
        done: JoinHandle<()>,
        run: Past,
        why: Why,
    },
    /// None runs, for the reason told; the next is started at `until`.
    Resting {
        until: Instant,
        why: Why,
    },
    /// A file has been played.
    Finished,
}

#[derive(Debug)]
struct Run {
    child: Running,
    past: Past,
    last_frame: Instant,
    caps: Option<Caps>,
    misfits: u32,
}

/// What counts of a run once it is over.
#[derive(Debug, Clone, Copy)]
struct Past {
    first_frame: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Why {
    reason: String,
    hint: Option<String>,
}

impl Why {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            hint: None,
        }
    }

    fn step(&self) -> Step {
        Step::Waiting {
            reason: self.reason.clone(),
            hint: self.hint.clone(),
        }
    }
}

impl Source for GstSource {
    type Settings = GstSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            carries: Carries::Image,
            owes_frames: true,
        },
        DECODED,
    ];

    fn open(settings: GstSettings, context: &NodeContext) -> Result<Self, NodeError> {
        Self::with_program(PROGRAM.into(), &settings, context, Limits::default())
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let stop = &self.context.stop;
        match &mut self.state {
            State::Finished => Ok(Step::Finished),
            State::Ending { done, run, why } => {
                let (past, why) = (*run, why.clone());
                if done.is_finished() {
                    self.rest(past, why.clone());
                } else {
                    stop.wait(Duration::from_millis(20));
                }
                Ok(why.step())
            }
            State::Resting { until, why } => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(self.start());
                }
                stop.wait(left.min(STEP));
                Ok(why.step())
            }
            State::Running(run) => match run.child.fetch(STEP) {
                Fetched::Frame(frame, caps) => {
                    let sent = run.send(out, &frame, caps, &mut self.pictures);
                    run.child.give_back(frame.bytes);
                    match sent? {
                        Sent::Whole => {
                            self.trouble = None;
                            Ok(Step::Sent)
                        }
                        Sent::Misfit(words) if run.misfits >= MISFITS => Ok(self.stop(Why::new(words))),
                        Sent::Misfit(words) => {
                            self.context.reporter.warn(&words);
                            Ok(Step::Idle)
                        }
                    }
                }
                Fetched::Absurd(error) => Ok(self.stop(Why::new(error.to_string()))),
                Fetched::Ended(Some(failure)) => Ok(self.stop(Why::new(failure))),
                Fetched::Nothing => Ok(self.without_a_picture(false)),
                Fetched::Ended(None) => {
                    stop.wait(Duration::from_millis(5));
                    Ok(self.without_a_picture(true))
                }
            },
        }
    }

    fn close(&mut self) {
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Running(run) => run.child.stop(),
            // It ends within two seconds, and with it the thread.
            State::Ending { done, .. } => drop(done.join()),
            State::Resting { .. } | State::Finished => {}
        }
    }
}

enum Sent {
    Whole,
    /// The bytes are not a picture of the announced form, told in words.
    Misfit(String),
}

impl Run {
    fn send(
        &mut self,
        out: &mut Outputs,
        frame: &RawFrame,
        caps: Caps,
        pictures: &mut Pictures,
    ) -> Result<Sent, NodeError> {
        let now = Instant::now();
        let view = match caps.view(&frame.bytes) {
            Ok(view) => view,
            Err(error) => {
                self.misfits += 1;
                return Ok(Sent::Misfit(error.to_string()));
            }
        };
        self.misfits = 0;
        self.last_frame = now;
        self.past.first_frame.get_or_insert(now);
        let meta = pictures.calibrated.meta([view.width(), view.height()]);
        image::send(out, "image", &view, frame.captured, None, meta)?;
        if let Some(jpeg) = view.jpeg_bytes() {
            pictures.decoded.send_if_wanted(out, jpeg, meta, &pictures.reporter)?;
        }
        if self.caps.as_ref() != Some(&caps) {
            let fps = caps
                .frame_time
                .map_or_else(String::new, |time| format!(" at {:.3} fps", time.as_secs_f64().recip()));
            tracing::info!(
                "the pipeline gives {}x{} {}{fps}",
                view.width(),
                view.height(),
                view.format()
            );
            self.caps = Some(caps);
        }
        Ok(Sent::Whole)
    }

    /// How long this pipeline may be silent.
    fn patience(&self, limits: Limits) -> Duration {
        let frame_time = self.caps.as_ref().and_then(|caps| caps.frame_time).unwrap_or_default();
        limits.silence.max(frame_time * 5)
    }
}

impl GstSource {
    pub(super) fn with_program(
        program: OsString,
        settings: &GstSettings,
        context: &NodeContext,
        limits: Limits,
    ) -> Result<Self, NodeError> {
        let pipeline = Pipeline::parse(&settings.gst)
            .map_err(|error| NodeError::new(error.to_string()).with_hint(error.hint()).for_good())?;
        if let Some(sink) = &pipeline.replaced_sink {
            tracing::info!("`{sink}` at the end of the pipeline is replaced by our sink");
        }
        Ok(Self {
            context: context.clone(),
            program,
            pipeline,
            pictures: Pictures {
                calibrated: Calibrated::new(context, settings.calibration.as_deref()),
                decoded: DecodedOutput::default(),
                reporter: context.reporter.clone(),
            },
            state: State::Resting {
                until: Instant::now(),
                why: Why::new("starting"),
            },
            retry: Retry::new(),
            limits,
            trouble: None,
        })
    }

    #[cfg(test)]
    pub(super) fn child_pid(&self) -> Option<rustix::process::Pid> {
        match &self.state {
            State::Running(run) => run.child.pid(),
            _ => None,
        }
    }

    fn start(&mut self) -> Step {
        let past = Past { first_frame: None };
        let why = match Running::start(
            &self.context.spawner,
            &self.program,
            &self.pipeline.arguments,
            self.trouble.is_some(),
        ) {
            Ok(child) => {
                let last_frame = Instant::now();
                self.state = State::Running(Run {
                    child,
                    past,
                    last_frame,
                    caps: None,
                    misfits: 0,
                });
                return self.idle();
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Why {
                reason: format!("the program `{PROGRAM}` is not installed"),
                hint: Some(hints::INSTALL.to_owned()),
            },
            Err(error) => Why::new(format!("`{PROGRAM}` cannot be started: {error}")),
        };
        let step = why.step();
        self.rest(past, why);
        step
    }

    /// Looks why there was no picture in this step: it ended, it is still starting, or it froze.
    fn without_a_picture(&mut self, is_silent: bool) -> Step {
        let State::Running(run) = &mut self.state else {
            return Step::Idle;
        };
        if let Some(ended) = run.child.ended(is_silent) {
            let past = run.past;
            if ended.is_success && !self.pipeline.is_live && past.first_frame.is_some() {
                self.state = State::Finished;
                return Step::Finished;
            }
            let why = Why {
                reason: ended_in_words(&ended),
                hint: hints::hint(&ended.said),
            };
            let step = why.step();
            self.rest(past, why);
            return step;
        }
        let silence = run.last_frame.elapsed();
        match run.past.first_frame {
            Some(_) if silence >= run.patience(self.limits) => self.stop(Why::new(format!(
                "no picture for {:.0} s, the pipeline is started again",
                silence.as_secs_f64()
            ))),
            None if silence >= self.limits.first_picture => self.stop(Why::new(format!(
                "no picture within {} s, the pipeline is started again",
                self.limits.first_picture.as_secs()
            ))),
            None if silence >= self.limits.silence && self.trouble.is_none() => {
                Why::new("the pipeline runs but has given no picture yet").step()
            }
            _ => self.idle(),
        }
    }

    /// There is nothing new: while there was no picture since, the last trouble goes on.
    fn idle(&self) -> Step {
        self.trouble.as_ref().map_or(Step::Idle, Why::step)
    }

    /// Ends the child beside us, so that steps stay short; the next starts when this one has let the camera go.
    fn stop(&mut self, why: Why) -> Step {
        tracing::warn!("{}", why.reason);
        self.trouble = Some(why.clone());
        let step = why.step();
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Running(Run { child, past, .. }) => {
                let end = thread::Builder::new()
                    .name("gst-end".into())
                    .spawn(move || child.stop());
                match end {
                    Ok(done) => self.state = State::Ending { done, run: past, why },
                    Err(error) => self.rest(past, Why::new(format!("a thread cannot be started: {error}"))),
                }
            }
            other => self.state = other,
        }
        step
    }

    fn rest(&mut self, past: Past, why: Why) {
        let until = self.retry.after(past.first_frame, Instant::now());
        self.trouble = Some(why.clone());
        self.state = State::Resting { until, why };
    }
}

fn ended_in_words(ended: &Ended) -> String {
    match &ended.cause {
        Some(cause) => format!("`{PROGRAM}` ended with {}: {cause}", ended.how),
        None if ended.is_success => "the pipeline came to its end and is started again".to_owned(),
        None => format!("`{PROGRAM}` ended with {} and said nothing", ended.how),
    }
}
