//! One call with a frame of each input: the newest ones, or those of one moment.

use std::time::{Duration, Instant};

use bushbaby_bus::Frame;

use super::Inputs;
use super::moments::Moments;
use crate::{NodeContext, NodeError};

/// So many frames of each input may wait for their partners, at the least.
const WAITING: usize = 8;
/// Frames that do not meet for so long are told, when at least so many came of each input.
const APART: Duration = Duration::from_secs(3);
const FRAMES_APART: u32 = 5;

/// Hands over a frame of each input at a time.
///
/// - Without `sync` the first input gives the pace: each of its frames is handed over beside the newest of every other input. Until
///   each input that must be there has given one, it waits, with the newest frame of the first.
/// - With `sync` ([`NodeSpec::sync_within_ns`](crate::NodeSpec::sync_within_ns)) they are of one moment, each used once.
#[derive(Debug)]
pub struct Together {
    inputs: Inputs,
    gather: Gather,
}

#[derive(Debug)]
enum Gather {
    Newest {
        /// The frame that comes next of the first input, the newest of every other.
        held: Vec<Option<Held>>,
        /// Inputs that are not waited for.
        optional: Vec<bool>,
    },
    Moment {
        moments: Moments<Frame>,
        only_newest: bool,
        since_set: SinceSet,
    },
}

/// What happened since the last frames of one moment.
#[derive(Debug)]
struct SinceSet {
    at: Instant,
    /// How many frames came, by input.
    came: Vec<u32>,
}

impl SinceSet {
    fn now(inputs: usize) -> Self {
        Self {
            at: Instant::now(),
            came: vec![0; inputs],
        }
    }

    /// Whether all inputs give frames, and have given none of one moment for long. One that is silent is told elsewhere.
    fn is_long(&self) -> bool {
        self.at.elapsed() > APART && self.came.iter().all(|came| *came >= FRAMES_APART)
    }
}

#[derive(Debug, Clone)]
struct Held {
    frame: Frame,
    /// It was not handed over yet.
    is_new: bool,
}

impl Together {
    /// Opens every wire of the node. An input whose place in `optional` says true is not waited for.
    ///
    /// # Errors
    /// As [`Inputs::open`].
    pub fn open(context: &NodeContext, optional: &[bool]) -> Result<Self, NodeError> {
        let inputs = Inputs::open(context)?;
        let count = inputs.wires.len();
        let queue = context.spec.inputs.first().and_then(|input| input.queue);
        let gather = match context.spec.sync_within_ns {
            Some(within_ns) => Gather::Moment {
                moments: Moments::new(count, Duration::from_nanos(within_ns), queue.unwrap_or(0).max(WAITING)),
                only_newest: queue.is_none(),
                since_set: SinceSet::now(count),
            },
            None => Gather::Newest {
                held: vec![None; count],
                optional: (0..count)
                    .map(|n| n > 0 && optional.get(n).copied().unwrap_or(false))
                    .collect(),
            },
        };
        Ok(Self { inputs, gather })
    }

    /// Returns the frames of the next call, in the order of the wires; `None` when there was no call in time. The first is always
    /// there: results have its capture time and its origin.
    ///
    /// # Errors
    /// When the bus cannot be read any more.
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Option<Frame>>>, NodeError> {
        if let Some(frames) = self.try_recv()? {
            return Ok(Some(frames));
        }
        // What is waited for while a frame of the first is held is one of the others.
        let from = match &self.gather {
            Gather::Newest { held, .. } => usize::from(held.first().is_some_and(Option::is_some)),
            Gather::Moment { .. } => 0,
        };
        self.inputs.wait(from, timeout)?;
        self.try_recv()
    }

    fn try_recv(&mut self) -> Result<Option<Vec<Option<Frame>>>, NodeError> {
        match &mut self.gather {
            Gather::Newest { held, optional } => newest(&mut self.inputs, held, optional),
            Gather::Moment {
                moments,
                only_newest,
                since_set,
            } => moment(&mut self.inputs, moments, *only_newest, since_set),
        }
    }
}

fn newest(
    inputs: &mut Inputs,
    held: &mut [Option<Held>],
    optional: &[bool],
) -> Result<Option<Vec<Option<Frame>>>, NodeError> {
    for (index, newest) in held.iter_mut().enumerate() {
        // A queue of the first input is worked through in order: the next stays in it while this one waits.
        let is_queued = index == 0 && inputs.wires[0].spec.queue.is_some();
        while !(is_queued && newest.is_some()) {
            let Some(frame) = inputs.take(index)? else {
                break;
            };
            let before = newest.replace(Held { frame, is_new: true });
            inputs.wires[index].unused.superseded += u64::from(before.is_some_and(|held| held.is_new));
            if index == 0 {
                break;
            }
        }
    }
    let is_complete = held
        .iter()
        .zip(optional)
        .all(|(frame, optional)| frame.is_some() || *optional);
    if !is_complete || held.is_empty() {
        return Ok(None);
    }
    let mut frames = Vec::new();
    for (wire, newest) in inputs.wires.iter().zip(held.iter_mut()) {
        if let Some(held) = newest.as_mut().filter(|held| held.is_new) {
            held.is_new = false;
            wire.delivered(&held.frame, &inputs.reporter);
        }
        frames.push(newest.as_ref().map(|held| held.frame.clone()));
    }
    held[0] = None;
    Ok(Some(frames))
}

fn moment(
    inputs: &mut Inputs,
    moments: &mut Moments<Frame>,
    only_newest: bool,
    since_set: &mut SinceSet,
) -> Result<Option<Vec<Option<Frame>>>, NodeError> {
    let mut set = moments.next_set();
    if set.is_none() || only_newest {
        for index in 0..inputs.wires.len() {
            while let Some(frame) = inputs.take(index)? {
                since_set.came[index] += 1;
                moments.push(index, frame.captured().mono, frame);
            }
        }
        while let Some(newer) = (set.is_none() || only_newest).then(|| moments.next_set()).flatten() {
            if set.replace(newer).is_some() {
                inputs.wires.iter_mut().for_each(|wire| wire.unused.superseded += 1);
            }
        }
    }
    for (index, wire) in inputs.wires.iter_mut().enumerate() {
        wire.unused.skipped = moments.left_out(index);
    }
    if let Some(frames) = &set {
        *since_set = SinceSet::now(inputs.wires.len());
        for (wire, frame) in inputs.wires.iter().zip(frames) {
            wire.delivered(frame, &inputs.reporter);
        }
    } else if let Some(apart) = moments.nearest_apart().filter(|_| since_set.is_long()) {
        inputs.warn_that_they_do_not_meet(apart);
        *since_set = SinceSet::now(inputs.wires.len());
    }
    Ok(set.map(|frames| frames.into_iter().map(Some).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::InputSpec;
    use crate::testing;
    use bushbaby_bus::{ArrayLayout, Bus, CaptureClock, CaptureTime, DType, MonoTime, Publisher, PublisherOptions};

    const PATIENCE: Duration = Duration::from_secs(20);
    /// For what must not come: it is there already, or never comes.
    const AT_ONCE: Duration = Duration::from_millis(1);

    fn context(test: &str, streams: &[&str], queue: Option<usize>, within: Option<Duration>) -> NodeContext {
        let wires = streams.iter().map(|stream| InputSpec {
            stream: stream.parse().unwrap(),
            queue,
            every: None,
            max_fps: None,
            window: None,
        });
        let mut context = testing::context(&testing::instance(test), "pair", "pair", wires.collect()).unwrap();
        let mut spec = (*context.spec).clone();
        spec.sync_within_ns = within.map(|within| within.as_nanos() as u64);
        context.spec = std::sync::Arc::new(spec);
        context
    }

    fn publisher(bus: &Bus, stream: &str) -> Publisher {
        bus.publisher(&stream.parse().unwrap(), PublisherOptions::default())
            .unwrap()
    }

    /// Sends a frame whose one number names it, captured so many milliseconds after a fixed moment.
    fn send(publisher: &Publisher, number: u8, at_ms: u64) {
        let layout = ArrayLayout::new("a", DType::U8, vec![1]);
        let captured = CaptureTime::at(
            MonoTime::from_ns(1_000_000_000 + at_ms * 1_000_000),
            CaptureClock::Received,
        );
        publisher.send(&[(&layout, &[number])], b"", captured, None).unwrap();
    }

    fn numbers(frames: Option<Vec<Option<Frame>>>) -> Option<Vec<Option<u8>>> {
        let number = |frame: &Frame| frame.array("a").map(|array| array.bytes[0]);
        frames.map(|frames| frames.iter().map(|frame| frame.as_ref().and_then(number)).collect())
    }

    #[test]
    fn the_first_input_gives_the_pace_and_the_others_their_newest() {
        let context = context("pace", &["table/image", "door/image"], None, None);
        let mut together = Together::open(&context, &[]).unwrap();
        let (table, door) = (
            publisher(&context.bus, "table/image"),
            publisher(&context.bus, "door/image"),
        );
        send(&door, 1, 0);
        send(&door, 2, 10);
        assert_eq!(
            numbers(together.recv(AT_ONCE).unwrap()),
            None,
            "no frame of the first yet"
        );
        send(&table, 10, 20);
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(10), Some(2)]));
        send(&table, 11, 30);
        assert_eq!(
            numbers(together.recv(PATIENCE).unwrap()),
            Some(vec![Some(11), Some(2)]),
            "the newest again"
        );
        assert_eq!(numbers(together.recv(AT_ONCE).unwrap()), None);
    }

    #[test]
    fn an_input_that_must_be_there_is_waited_for_with_the_newest_of_the_first() {
        let context = context("must", &["table/image", "door/image"], None, None);
        let mut together = Together::open(&context, &[false, false]).unwrap();
        let (table, door) = (
            publisher(&context.bus, "table/image"),
            publisher(&context.bus, "door/image"),
        );
        send(&table, 10, 0);
        assert_eq!(numbers(together.recv(AT_ONCE).unwrap()), None);
        send(&table, 11, 10);
        send(&door, 1, 20);
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(11), Some(1)]));
    }

    #[test]
    fn an_optional_input_is_none_until_it_has_come() {
        let context = context("optional", &["table/image", "door/image"], None, None);
        let mut together = Together::open(&context, &[false, true]).unwrap();
        let table = publisher(&context.bus, "table/image");
        send(&table, 10, 0);
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(10), None]));
    }

    #[test]
    fn a_queue_of_the_first_input_is_worked_through_in_order() {
        let context = context("queue", &["table/image", "door/image"], Some(8), None);
        let mut together = Together::open(&context, &[]).unwrap();
        let (table, door) = (
            publisher(&context.bus, "table/image"),
            publisher(&context.bus, "door/image"),
        );
        (10..13).for_each(|number| send(&table, number, u64::from(number)));
        assert_eq!(numbers(together.recv(AT_ONCE).unwrap()), None);
        send(&door, 1, 20);
        for number in 10..13 {
            assert_eq!(
                numbers(together.recv(PATIENCE).unwrap()),
                Some(vec![Some(number), Some(1)])
            );
        }
    }

    #[test]
    fn frames_of_one_moment_come_together_whatever_their_order_of_arrival() {
        let within = Some(Duration::from_millis(5));
        let context = context("sync", &["left/image", "right/image"], Some(8), within);
        let mut together = Together::open(&context, &[]).unwrap();
        let (left, right) = (
            publisher(&context.bus, "left/image"),
            publisher(&context.bus, "right/image"),
        );
        send(&left, 1, 0);
        send(&left, 2, 33);
        assert_eq!(numbers(together.recv(AT_ONCE).unwrap()), None);
        send(&right, 2, 35);
        send(&right, 3, 67);
        send(&left, 3, 66);
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(2), Some(2)]));
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(3), Some(3)]));
    }

    #[test]
    fn without_a_queue_only_the_newest_moment_is_handed_over() {
        let context = context(
            "newest",
            &["left/image", "right/image"],
            None,
            Some(Duration::from_millis(5)),
        );
        let mut together = Together::open(&context, &[]).unwrap();
        let (left, right) = (
            publisher(&context.bus, "left/image"),
            publisher(&context.bus, "right/image"),
        );
        for number in 0..4 {
            send(&left, number, u64::from(number) * 33);
            send(&right, number, u64::from(number) * 33 + 1);
        }
        assert_eq!(numbers(together.recv(PATIENCE).unwrap()), Some(vec![Some(3), Some(3)]));
        assert_eq!(numbers(together.recv(AT_ONCE).unwrap()), None);
    }
}
