//! What only writes streams: cameras, files, made scenes.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kind::{OutputSpec, settings_from};
use crate::{NodeContext, NodeError, Outputs, Settings};

/// What came of one step of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A frame was sent.
    Sent,
    /// Nothing came in this step, and nothing is wrong yet.
    Idle,
    /// What it reads from is not there; it keeps trying.
    Waiting {
        /// What is missing and what is being tried, as in "no answer from 10.0.0.7:554, trying again".
        reason: String,
        /// What a person can do about it.
        hint: Option<String>,
    },
    /// There is nothing more to come (a file that is not looped). The node stays, idle.
    Finished,
}

/// A node that only writes.
///
/// The loop opens it, says ready with the first step that had an outcome, steps until it is told to stop, and watches that
/// outputs which owe frames are not silent. A source takes a lost camera for [`Step::Waiting`] and connects again by itself.
pub trait Source: Sized + 'static {
    /// Its settings.
    type Settings: Settings;
    /// What it usually writes; the first is what the node's name alone means.
    const OUTPUTS: &'static [OutputSpec];

    /// What it writes with these settings. Paths in them are relative to `base_dir`.
    fn outputs(settings: &Self::Settings, base_dir: &Path) -> Vec<OutputSpec> {
        let _ = (settings, base_dir);
        Self::OUTPUTS.to_vec()
    }

    /// Prepares it. What may be missing for a while (the camera) is looked for in [`Source::step`].
    ///
    /// # Errors
    /// What makes running pointless: a file that is not there, a setting that this machine cannot follow.
    fn open(settings: Self::Settings, context: &NodeContext) -> Result<Self, NodeError>;

    /// Waits for the next capture and sends it; returns within about 200 ms either way, so that a stop is heard.
    ///
    /// # Errors
    /// What it cannot mend by itself; the supervisor starts it again.
    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError>;

    /// Ends what it started, children included. Called once after the last step.
    fn close(&mut self) {}
}

pub(crate) fn run<S: Source>(context: NodeContext, settings: Value) -> Result<(), NodeError> {
    let settings: S::Settings = settings_from(settings)?;
    let specs = S::outputs(&settings, &context.spec.base_dir);
    let owes_frames = specs.iter().any(|output| output.owes_frames);
    let mut source = S::open(settings, &context)?;
    let mut outputs = Outputs::open(&context, &specs)?;
    let mut watch = SilenceWatch::new(Duration::from_millis(context.spec.stalled_ms));
    let result = steps(&mut source, &context, &mut outputs, &mut watch, owes_frames);
    source.close();
    result
}

fn steps<S: Source>(
    source: &mut S,
    context: &NodeContext,
    outputs: &mut Outputs,
    watch: &mut SilenceWatch,
    owes_frames: bool,
) -> Result<(), NodeError> {
    while !context.stop.is_set() {
        let step = context.reporter.during_call(|| source.step(outputs))?;
        context.reporter.ready();
        match step {
            Step::Sent => {
                watch.frame(Instant::now());
                context.reporter.running();
            }
            Step::Idle => {
                if let Some(silence) = watch.silent_for(Instant::now()).filter(|_| owes_frames) {
                    let reason = format!("no frame for {:.1} s", silence.as_secs_f64());
                    context.reporter.stalled(&reason, None);
                } else if !watch.is_armed() || !owes_frames {
                    context.reporter.running();
                }
            }
            Step::Waiting { reason, hint } => context.reporter.stalled(&reason, hint.as_deref()),
            Step::Finished => {
                context.reporter.running();
                context.stop.wait(Duration::from_millis(200));
            }
        }
    }
    Ok(())
}

/// Tells silence from a slow camera: nothing for max(`least`, five frame times), armed by the first frame.
#[derive(Debug)]
struct SilenceWatch {
    least: Duration,
    last: Option<Instant>,
    frame_time: Duration,
}

impl SilenceWatch {
    fn new(least: Duration) -> Self {
        Self {
            least,
            last: None,
            frame_time: Duration::ZERO,
        }
    }

    fn frame(&mut self, now: Instant) {
        if let Some(last) = self.last {
            let gap = now - last;
            // The first gap is all that is known of the pace; from then on it is followed slowly, and not into a silence.
            if self.frame_time.is_zero() {
                self.frame_time = gap;
            } else if gap < self.limit() {
                self.frame_time = (self.frame_time * 7 + gap) / 8;
            }
        }
        self.last = Some(now);
    }

    fn is_armed(&self) -> bool {
        self.last.is_some()
    }

    fn limit(&self) -> Duration {
        self.least.max(self.frame_time * 5)
    }

    fn silent_for(&self, now: Instant) -> Option<Duration> {
        let silence = now - self.last?;
        (silence > self.limit()).then_some(silence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(frame_ms: u64, frames: u64) -> (SilenceWatch, Instant) {
        let start = Instant::now();
        let mut watch = SilenceWatch::new(Duration::from_secs(1));
        for n in 0..frames {
            watch.frame(start + Duration::from_millis(n * frame_ms));
        }
        (watch, start + Duration::from_millis((frames - 1) * frame_ms))
    }

    #[test]
    fn a_fast_camera_is_silent_after_a_second() {
        let (watch, last) = paced(33, 100);
        assert_eq!(watch.silent_for(last + Duration::from_millis(990)), None);
        assert!(watch.silent_for(last + Duration::from_millis(1010)).is_some());
    }

    #[test]
    fn a_camera_of_two_frames_a_second_is_silent_after_five_frame_times() {
        let (watch, last) = paced(500, 100);
        assert_eq!(watch.silent_for(last + Duration::from_millis(2300)), None);
        assert!(watch.silent_for(last + Duration::from_millis(2600)).is_some());
    }

    #[test]
    fn a_camera_of_one_frame_in_three_seconds_is_not_silent_in_between() {
        let (watch, last) = paced(3000, 4);
        assert_eq!(watch.silent_for(last + Duration::from_secs(14)), None);
        assert!(watch.silent_for(last + Duration::from_secs(16)).is_some());
    }

    #[test]
    fn nothing_is_owed_before_the_first_frame() {
        let watch = SilenceWatch::new(Duration::from_secs(1));
        assert_eq!(watch.silent_for(Instant::now() + Duration::from_secs(100)), None);
    }
}
