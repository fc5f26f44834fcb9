//! Plays all streams of a recording from one process.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::{Bus, CaptureTime, MonoTime, Origin, Pacing, PublishError, Publisher, PublisherOptions, StreamName};
use bushbaby_recording::messages::result::OriginRecord;
use bushbaby_recording::read::{Carried, RecordedStream, Recording, streams};
use bushbaby_sources::replay::{Playback, PlayedFrame, Position, Timeline};

use super::{Args, Refusal};
use crate::commands::keys::Keys;

/// A wait is cut into pieces of this length.
const PIECE: Duration = Duration::from_millis(150);
/// A player that is further behind goes on from where it is.
const FURTHEST_BEHIND: Duration = Duration::from_secs(1);
/// Results come this many frames after their picture at the latest.
const REMEMBERED: usize = 256;
/// Until readers that were started with it are there.
const LEAD: Duration = Duration::from_millis(200);

/// What was played of one stream.
pub(super) struct Told {
    pub(super) stream: String,
    pub(super) frames: u64,
}

pub(super) struct Player {
    playback: Playback,
    timeline: Timeline,
    outputs: Vec<Output>,
    is_loop: bool,
    began: MonoTime,
    round: u64,
}

struct Output {
    stream: StreamName,
    carries: Carried,
    publisher: Publisher,
    frames: u64,
    /// What the frames sent last were in the recording: their number and capture time.
    sent: VecDeque<(u64, u64, Origin)>,
}

impl Player {
    pub(super) fn open(
        bus: &Bus,
        recording: &Recording,
        wanted: Vec<RecordedStream>,
        (from_ns, to_ns): (u64, u64),
        args: &Args,
    ) -> Result<Self, Refusal> {
        // Whose keys go frame by frame sets the pace, and misses none.
        let is_paced = args.speed.factor().is_none();
        let pacing = if is_paced {
            Pacing::WaitForReaders { outstanding: 1 }
        } else {
            Pacing::Free
        };
        let outputs = wanted
            .iter()
            .map(|recorded| {
                let stream = StreamName::new(&recorded.node, &recorded.output)
                    .map_err(|error| Refusal::new(error.to_string()))?;
                let options = PublisherOptions {
                    pacing,
                    ..PublisherOptions::default()
                };
                let publisher = bus
                    .publisher(&stream, options)
                    .map_err(|error| Refusal::new(error.to_string()))?;
                Ok(Output {
                    stream,
                    carries: recorded.carries,
                    publisher,
                    frames: 0,
                    sent: VecDeque::new(),
                })
            })
            .collect::<Result<Vec<_>, Refusal>>()?;
        Ok(Self {
            playback: Playback::new(recording, wanted, from_ns, to_ns),
            timeline: Timeline::new(from_ns, to_ns, &streams(recording), args.speed, args.times),
            outputs,
            is_loop: args.is_loop,
            began: MonoTime::now() + LEAD,
            round: 0,
        })
    }

    /// Plays to the end, or until it is told to stop.
    pub(super) fn play(&mut self, keys: &Keys) -> Result<Vec<Told>, Refusal> {
        let is_stepped = keys.is_stepped();
        let has_pictures = self.outputs.iter().any(|output| output.carries != Carried::Sound);
        let mut moment = None;
        let mut stepped_at = MonoTime::now();
        loop {
            let next = self.playback.next();
            for complaint in self.playback.take_complaints() {
                eprintln!("warning: {complaint}");
            }
            let Some(frame) = next else {
                let has_played = self.outputs.iter().any(|output| output.frames > 0);
                if self.is_loop && has_played {
                    self.round += 1;
                    self.playback.begin_anew(self.timeline.round());
                    continue;
                }
                break;
            };
            let at = Position {
                round: self.round,
                ns: frame.captured_ns,
            };
            // All that was captured at one moment goes with one key, and the sound before it with the one before.
            let goes_along = has_pictures && self.outputs[frame.stream].carries == Carried::Sound;
            if is_stepped && !goes_along && moment.replace(at) != Some(at) {
                if !keys.next() {
                    break;
                }
                stepped_at = MonoTime::now();
            }
            let due = match (is_stepped, self.timeline.due(at)) {
                (true, _) => Some(stepped_at),
                (false, due) => due.map(|due| self.began + due),
            };
            let goes = match due {
                Some(due) => self.wait_until(due, keys),
                None => self.wait_for_readers(frame.stream, keys),
            };
            if !goes {
                break;
            }
            let captured = self.timeline.captured(at, self.began, due);
            self.send(&frame, captured)
                .map_err(|error| Refusal::new(error.to_string()))?;
        }
        if self.outputs.iter().all(|output| output.frames == 0) && !keys.stop().is_set() && !is_stepped {
            return Err(Refusal::new("not one frame of it can be played"));
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let left_out = self.playback.left_out(index);
            if left_out > 0 {
                let stream = &output.stream;
                eprintln!("warning: `{stream}`: messages left out because they could not be read: {left_out}");
            }
        }
        let told = self.outputs.iter().map(|output| Told {
            stream: output.stream.to_string(),
            frames: output.frames,
        });
        Ok(told.collect())
    }

    fn wait_until(&mut self, due: MonoTime, keys: &Keys) -> bool {
        let behind = MonoTime::now().since(due);
        if behind > FURTHEST_BEHIND && !keys.is_stepped() {
            eprintln!(
                "warning: this machine is {:.1} s behind the recording, and goes on from there",
                behind.as_secs_f64()
            );
            self.began = self.began + behind;
        }
        !keys.stop().wait(due.since(MonoTime::now()))
    }

    /// Waits until the readers of a stream have taken its last frame. A frame of a stream that nobody reads goes when somebody
    /// reads another.
    fn wait_for_readers(&self, stream: usize, keys: &Keys) -> bool {
        while !keys.stop().is_set() {
            let publisher = &self.outputs[stream].publisher;
            if publisher.readers() > 0 {
                if publisher.wait_for_readers(PIECE) {
                    return true;
                }
            } else if self.outputs.iter().any(|output| output.publisher.readers() > 0) {
                return true;
            } else {
                keys.stop().wait(PIECE / 3);
            }
        }
        false
    }

    fn send(&mut self, frame: &PlayedFrame, captured: CaptureTime) -> Result<(), PublishError> {
        let origin = match &frame.origin {
            Some(origin) => self.origin_of_result(origin, captured),
            None => self.origin_of_points(frame),
        };
        // What was found in a picture was captured with it.
        let captured = origin.as_ref().map_or(captured, |origin| origin.captured);
        let body = frame.body_of(None, self.playback.clock_of(frame.stream));
        let output = &mut self.outputs[frame.stream];
        let receipt = output.publisher.send(&frame.arrays(), &body, captured, origin)?;
        output.frames += 1;
        if output.sent.len() >= REMEMBERED {
            output.sent.pop_front();
        }
        let own = Origin {
            stream: output.stream.clone(),
            generation: output.publisher.generation(),
            seq: receipt.seq,
            captured,
        };
        output.sent.push_back((frame.seq, frame.captured_ns, own));
        Ok(())
    }

    /// The frame that a result was found in, as it was played just now; as it was recorded when that stream is not played.
    fn origin_of_result(&self, recorded: &OriginRecord, captured: CaptureTime) -> Option<Origin> {
        let of_stream = self
            .outputs
            .iter()
            .find(|output| output.stream.as_str() == recorded.stream);
        let played = of_stream.and_then(|output| {
            let is_it = |(seq, ns, _): &&(u64, u64, Origin)| {
                *seq == recorded.seq & 0xffff_ffff && *ns == recorded.captured_at_ns
            };
            output.sent.iter().rev().find(is_it)
        });
        match played {
            Some((_, _, origin)) => Some(origin.clone()),
            None => Some(Origin {
                stream: recorded.stream.parse().ok()?,
                generation: recorded.generation,
                seq: recorded.seq,
                captured,
            }),
        }
    }

    /// The capture that points were made from.
    fn origin_of_points(&self, frame: &PlayedFrame) -> Option<Origin> {
        let points = &self.outputs[frame.stream];
        if points.carries != Carried::Points {
            return None;
        }
        let captures = self
            .outputs
            .iter()
            .filter(|output| output.carries == Carried::Rgbd && output.stream.node() == points.stream.node());
        captures
            .filter_map(|output| output.sent.back())
            .find(|(_, ns, _)| *ns == frame.captured_ns)
            .map(|(_, _, origin)| origin.clone())
    }
}
