//! The stream `heading`: where the robot looks, told on as soon as it says so. A thread of its own listens, as a heading that waits for
//! the next picture is worth less.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime};
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs};

use super::asked::Asked;
use super::gyro::Gyro;
use super::robot::{Listener, Told};
use super::settings::HeadingEntry;

/// What is written.
pub(crate) const HEADING: OutputSpec = OutputSpec {
    name: "heading",
    carries: Carries::Results,
    owes_frames: false,
};
/// So often it is looked whether there is another camera, or the end.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const NOBODY_READS: &str =
    "the robot tells its heading, and no stage reads it: let `field_pose` do, `in: [tags, networktables/heading]`";

/// The thread that listens.
#[derive(Debug)]
pub(crate) struct HeadingWatch {
    topics: Sender<Vec<String>>,
    thread: JoinHandle<Result<(), NodeError>>,
}

impl HeadingWatch {
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(
        context: &NodeContext,
        listener: Listener,
        entry: Option<HeadingEntry>,
    ) -> Result<Self, NodeError> {
        let (topics, more) = channel();
        let watch = Watch {
            context: context.clone(),
            listener,
            outputs: Outputs::open(context, &[HEADING])?,
            asked: Asked::default(),
            more,
        };
        // The receiver is here.
        let _ = topics.send(entry.iter().map(|entry| entry.entry.clone()).collect());
        let thread = std::thread::Builder::new()
            .name("heading".into())
            .spawn(move || watch.run(Gyro::new(entry)))
            .map_err(|error| NodeError::new(format!("a thread cannot be started: {error}")))?;
        Ok(Self { topics, thread })
    }

    /// Listens to further topics.
    pub(crate) fn also(&self, topics: Vec<String>) {
        // One that has ended is asked why by the next `is_well`.
        let _ = self.topics.send(topics);
    }

    /// Whether it still listens.
    pub(crate) fn is_well(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Waits for its end, which comes when the node is to stop.
    ///
    /// # Errors
    /// Why it could not go on.
    pub(crate) fn end(self) -> Result<(), NodeError> {
        drop(self.topics);
        self.thread.join().unwrap_or_else(|_| {
            Err(NodeError::new(
                "the thread that listens to the robot's heading ended in a panic",
            ))
        })
    }
}

struct Watch {
    context: NodeContext,
    listener: Listener,
    outputs: Outputs,
    asked: Asked,
    more: Receiver<Vec<String>>,
}

impl Watch {
    fn run(mut self, mut gyro: Gyro) -> Result<(), NodeError> {
        while !self.context.stop.is_set() {
            let more = match self.listener.listens() {
                true => self.more.try_recv().ok(),
                false => self.more.recv_timeout(LOOK_EVERY).ok(),
            };
            if let Some(more) = more.filter(|more| !more.is_empty()) {
                self.listener
                    .also(more)
                    .map_err(|error| NodeError::new(format!("the robot's heading cannot be heard: {error}")))?;
            }
            if let Some(told) = self.listener.next(LOOK_EVERY) {
                self.tell_on(&told, &mut gyro)?;
            }
        }
        Ok(())
    }

    fn tell_on(&mut self, told: &Told, gyro: &mut Gyro) -> Result<(), NodeError> {
        let now = MonoTime::now();
        // Clocks are compared to a fraction of a millisecond: nothing is from after now.
        let (at, clock) = match told.set_at {
            Some(at) => (at.min(now), CaptureClock::CameraClock),
            None => (now, CaptureClock::Received),
        };
        let words = match gyro.take(&told.topic, &told.content, at, now) {
            Ok(Some(heading)) if self.outputs.is_wanted(HEADING.name)? => {
                let captured = CaptureTime::at(at, clock);
                return self.outputs.send_result(HEADING.name, &heading, captured, None);
            }
            Ok(Some(_)) => NOBODY_READS.to_owned(),
            Ok(None) => return Ok(()),
            Err(no_wish) => no_wish.to_string(),
        };
        if let Some(words) = self.asked.refuse(&told.topic, words, now) {
            self.context.reporter.warn(&words);
        }
        Ok(())
    }
}
