//! A recording as frames: messages in, whole frames out, in the order of their capture times.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bushbaby_node::rgbd;
use bushbaby_recording::read::{Message, Messages, RecordedStream, Recording, Selection};

use super::frame::PlayedFrame;
use super::picture::NoPicture;
use super::seek;
use super::stream::{At, Parts, Read, Stream, rank};

/// Plays streams of a recording.
#[derive(Debug)]
pub struct Playback {
    recording: Recording,
    streams: Vec<Stream>,
    /// What each topic is.
    topics: BTreeMap<String, Role>,
    from_ns: u64,
    to_ns: u64,
    /// What was captured before is only read for what is built on it.
    shown_from_ns: u64,
    /// How much was played before it began anew.
    rounds_ns: u64,
    messages: Messages,
    /// Frames of one moment that may not be whole yet.
    moment: Moment,
    ready: VecDeque<PlayedFrame>,
    complaints: Vec<String>,
    complained: BTreeSet<String>,
}

/// What a topic is to the streams that are played.
#[derive(Debug, Clone, Default)]
struct Role {
    /// It holds frames of a stream, or that array of them.
    frames: Option<(usize, Option<String>)>,
    describes: Vec<usize>,
}

#[derive(Debug, Default)]
struct Moment {
    ns: u64,
    /// By what they carry (pictures first), stream and number.
    frames: BTreeMap<(u8, usize, u32), Parts>,
}

impl Playback {
    /// Plays what was captured between two times, in nanoseconds since 1970.
    pub fn new(recording: &Recording, streams: Vec<RecordedStream>, from_ns: u64, to_ns: u64) -> Self {
        let mut topics: BTreeMap<String, Role> = BTreeMap::new();
        for (index, stream) in streams.iter().enumerate() {
            for (topic, part) in &stream.topics {
                topics.entry(topic.clone()).or_default().frames = Some((index, part.clone()));
            }
            for topic in stream.info.iter().chain(&stream.calibration) {
                topics.entry(topic.clone()).or_default().describes.push(index);
            }
        }
        let mut playback = Self {
            recording: recording.clone(),
            streams: streams.into_iter().map(Stream::new).collect(),
            topics,
            from_ns,
            to_ns,
            shown_from_ns: from_ns,
            rounds_ns: 0,
            messages: recording.messages(&Selection::all().to_ns(0)),
            moment: Moment::default(),
            ready: VecDeque::new(),
            complaints: Vec::new(),
            complained: BTreeSet::new(),
        };
        playback.go_to(from_ns);
        playback
    }

    /// What is played.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = &RecordedStream> {
        self.streams.iter().map(|stream| &stream.recorded)
    }

    /// How the capture times of a stream were known, as the recording says; empty when it does not.
    pub fn clock_of(&self, stream: usize) -> &str {
        let info = self.streams.get(stream).and_then(|stream| stream.info.as_ref());
        info.map_or("", |info| &info.clock)
    }

    /// Begins anew, as if what comes now had been captured so long after what came first.
    pub fn begin_anew(&mut self, round: Duration) {
        let round_ns = u64::try_from(round.as_nanos()).unwrap_or(u64::MAX);
        self.rounds_ns = self.rounds_ns.saturating_add(round_ns);
        self.go_to(self.from_ns);
    }

    /// How many messages of a stream could not be read.
    pub fn left_out(&self, stream: usize) -> u64 {
        self.streams.get(stream).map_or(0, |stream| stream.left_out)
    }

    /// Goes on with what was captured at `ns`, or with the beginning when that is later.
    pub fn go_to(&mut self, ns: u64) {
        let ns = ns.max(self.from_ns);
        self.streams.iter_mut().for_each(Stream::lost);
        self.moment = Moment::default();
        self.ready.clear();
        self.describe_before(ns);
        let is_played = |name: &str| self.topics.contains_key(name);
        let begin = seek::begin(&self.recording, is_played, ns);
        let selection = Selection::all().of(self.recording.topics(), |topic| is_played(&topic.name));
        self.messages = self.recording.messages(&selection.from_ns(begin).to_ns(self.to_ns));
        self.shown_from_ns = ns;
    }

    /// Reads what described the streams before a time: it stands where it changed.
    fn describe_before(&mut self, ns: u64) {
        let describes = |name: &str| self.topics.get(name).is_some_and(|role| !role.describes.is_empty());
        let selection = Selection::all().of(self.recording.topics(), |topic| describes(&topic.name));
        for message in self.recording.messages(&selection.to_ns(ns)) {
            self.describe(&message);
        }
    }

    fn describe(&mut self, message: &Message) {
        let Some(role) = self.topics.get(&message.topic().name) else {
            return;
        };
        if role.describes.is_empty() {
            return;
        }
        let Ok(content) = message.content() else { return };
        for index in &role.describes {
            self.streams[*index].describe(&content);
        }
    }

    /// What could not be played since this was asked last, each kind of trouble once.
    pub fn take_complaints(&mut self) -> Vec<String> {
        for damage in self.messages.take_damage() {
            self.complain(format!("`{}`: {damage}", self.recording.path().display()));
        }
        std::mem::take(&mut self.complaints)
    }

    fn complain(&mut self, words: String) {
        if self.complained.insert(words.clone()) {
            self.complaints.push(words);
        }
    }

    /// Puts a message to the frame that it is a part of.
    fn take(&mut self, message: &Message) {
        self.describe(message);
        let frames = self
            .topics
            .get(&message.topic().name)
            .and_then(|role| role.frames.clone());
        let Some((index, part)) = frames else { return };
        let stream = &mut self.streams[index];
        let carries = stream.recorded.carries;
        let key = (rank(carries), index, message.sequence);
        let read = message
            .content()
            .map_err(|error| NoPicture::Undecodable(error.to_string()))
            .and_then(|content| stream.read(content, part.as_deref()));
        let parts = self.moment.frames.entry(key).or_default();
        match read {
            Ok(Read::Arrays(mut arrays)) => parts.arrays.append(&mut arrays),
            Ok(Read::Sound(array, sample_rate_hz)) => {
                parts.arrays.push(array);
                parts.sample_rate_hz = Some(sample_rate_hz);
            }
            Ok(Read::Result(origin, body)) => parts.result = Some((origin, body)),
            Err(why) => {
                parts.is_spoiled |= part.as_deref().is_none_or(|part| part == rgbd::RGB);
                // Before the first keyframe nobody expects a picture.
                if why != NoPicture::NeedsKeyframe {
                    self.streams[index].left_out += 1;
                    let name = self.streams[index].recorded.name();
                    self.complain(format!("`{name}`: {why}"));
                }
            }
        }
    }

    /// Hands out the frames of a moment that is over.
    fn end_moment(&mut self) {
        let moment = std::mem::take(&mut self.moment);
        if moment.ns < self.shown_from_ns {
            return;
        }
        for ((_, index, sequence), parts) in moment.frames {
            let at = At {
                captured_ns: moment.ns,
                played_ns: self.rounds_ns.saturating_add(moment.ns),
            };
            self.ready.extend(self.streams[index].frame(index, at, sequence, parts));
        }
    }
}

impl Iterator for Playback {
    type Item = PlayedFrame;

    fn next(&mut self) -> Option<PlayedFrame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            match self.messages.next() {
                Some(message) => {
                    if message.log_time_ns != self.moment.ns {
                        self.end_moment();
                        self.moment.ns = message.log_time_ns;
                    }
                    self.take(&message);
                }
                None if self.moment.frames.is_empty() => return None,
                None => self.end_moment(),
            }
        }
    }
}
