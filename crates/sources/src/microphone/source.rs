//! Keeps a microphone: starts the program that reads it, sends what it gives, starts it again when it ends or falls silent.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use bushbaby_bus::MonoTime;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};

use super::MicrophoneSettings;
use super::child::{Running, Said, Why};
use super::line::{Line, Ready};
use super::program::{self, MISSING_HINT, NAME};

const AUDIO: &str = "audio";
/// A step returns after this long, with or without sound.
const STEP: Duration = Duration::from_millis(200);

/// How long the program may be silent before it is started again, and how long it rests in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Between two pieces.
    pub(super) silence: Duration,
    /// Before the first.
    pub(super) first_piece: Duration,
    /// Before it is started again.
    pub(super) rest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(3),
            first_piece: Duration::from_secs(10),
            rest: Duration::from_secs(1),
        }
    }
}

/// A microphone.
#[derive(Debug)]
pub struct MicrophoneSource {
    context: NodeContext,
    settings: MicrophoneSettings,
    program: OsString,
    limits: Limits,
    line: Line,
    /// Cut already, not sent yet.
    ready: VecDeque<Ready>,
    state: State,
}

#[derive(Debug)]
enum State {
    Running {
        child: Running,
        /// When it gave a piece last, or was started.
        last: Instant,
        has_given: bool,
    },
    /// None runs, for the reason told; the next is started at `until`.
    Resting { until: Instant, why: Option<Why> },
}

impl Source for MicrophoneSource {
    type Settings = MicrophoneSettings;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: AUDIO,
        carries: Carries::Audio,
        owes_frames: true,
    }];

    fn open(settings: MicrophoneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        Ok(Self::with_program(
            program::path(),
            settings,
            context,
            Limits::default(),
        ))
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        if let Some(ready) = self.ready.pop_front() {
            ready.send(AUDIO, out)?;
            return Ok(Step::Sent);
        }
        match &mut self.state {
            State::Resting { until, why } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    let step = why.as_ref().map_or(Step::Idle, Why::step);
                    self.context.stop.wait(left.min(STEP));
                    return Ok(step);
                }
                let before = why.take();
                Ok(self.start(before))
            }
            State::Running { child, last, has_given } => match child.next(STEP) {
                Some(Said::Piece(piece)) => {
                    (*last, *has_given) = (Instant::now(), true);
                    self.ready.extend(self.line.take(piece, MonoTime::now().as_ns()));
                    match self.ready.pop_front() {
                        Some(ready) => {
                            ready.send(AUDIO, out)?;
                            Ok(Step::Sent)
                        }
                        None => Ok(Step::Idle),
                    }
                }
                Some(Said::End(trouble)) => Ok(self.ended(trouble)),
                None => {
                    let limit = if *has_given {
                        self.limits.silence
                    } else {
                        self.limits.first_piece
                    };
                    if last.elapsed() < limit {
                        return Ok(Step::Idle);
                    }
                    let reason = format!(
                        "microphone `{}` has been silent for {} s",
                        self.settings.mic,
                        limit.as_secs()
                    );
                    Ok(self.rest(Why { reason, hint: None }))
                }
            },
        }
    }

    fn close(&mut self) {
        self.state = State::Resting {
            until: Instant::now(),
            why: None,
        };
    }
}

impl MicrophoneSource {
    pub(super) fn with_program(
        program: OsString,
        settings: MicrophoneSettings,
        context: &NodeContext,
        limits: Limits,
    ) -> Self {
        Self {
            context: context.clone(),
            settings,
            program,
            limits,
            line: Line::default(),
            ready: VecDeque::new(),
            state: State::Resting {
                until: Instant::now(),
                why: None,
            },
        }
    }

    /// Starts the program; until it has given something, `before` is still what is wrong.
    fn start(&mut self, before: Option<Why>) -> Step {
        match Running::start(&self.context.spawner, &self.program, &self.settings) {
            Ok(child) => {
                self.state = State::Running {
                    child,
                    last: Instant::now(),
                    has_given: false,
                };
                before.as_ref().map_or(Step::Idle, Why::step)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.rest(Why {
                reason: format!("`{NAME}` is not there, without which no microphone is read"),
                hint: Some(MISSING_HINT.to_owned()),
            }),
            Err(error) => self.rest(Why {
                reason: format!("`{NAME}` cannot be started: {error}"),
                hint: None,
            }),
        }
    }

    fn ended(&mut self, trouble: Option<String>) -> Step {
        let nothing = State::Resting {
            until: Instant::now(),
            why: None,
        };
        match std::mem::replace(&mut self.state, nothing) {
            State::Running { child, .. } => {
                let why = child.ended(trouble);
                self.rest(why)
            }
            State::Resting { .. } => Step::Idle,
        }
    }

    fn rest(&mut self, why: Why) -> Step {
        let why = Why {
            reason: format!("{}; trying again", why.reason),
            ..why
        };
        let step = why.step();
        self.state = State::Resting {
            until: Instant::now() + self.limits.rest,
            why: Some(why),
        };
        step
    }
}

impl Why {
    fn step(&self) -> Step {
        Step::Waiting {
            reason: self.reason.clone(),
            hint: self.hint.clone(),
        }
    }
}
