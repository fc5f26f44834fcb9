//! Messages in the order of their times, whatever the order in which they were written.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{self, Place};
use super::content::{Content, ContentError};
use super::records::MessageHeader;
use super::{Damage, Inner, Topic};

/// Which messages of a recording.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    topics: Option<BTreeSet<usize>>,
    from_ns: Option<u64>,
    to_ns: Option<u64>,
}

impl Selection {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those of topics that `is_wanted` says yes to.
    #[must_use]
    pub fn of(mut self, topics: &[Topic], is_wanted: impl Fn(&Topic) -> bool) -> Self {
        let wanted = topics.iter().enumerate().filter(|(_, topic)| is_wanted(topic));
        self.topics = Some(wanted.map(|(at, _)| at).collect());
        self
    }

    /// Only those captured at `ns` (since 1970) or later.
    #[must_use]
    pub fn from_ns(mut self, ns: u64) -> Self {
        self.from_ns = Some(ns);
        self
    }

    /// Only those captured at `ns` (since 1970) or before.
    #[must_use]
    pub fn to_ns(mut self, ns: u64) -> Self {
        self.to_ns = Some(ns);
        self
    }

    fn has_topic(&self, topic: usize) -> bool {
        self.topics.as_ref().is_none_or(|topics| topics.contains(&topic))
    }

    fn has_time(&self, ns: u64) -> bool {
        self.from_ns.is_none_or(|from| ns >= from) && self.to_ns.is_none_or(|to| ns <= to)
    }
}

/// One message of a recording.
#[derive(Debug, Clone)]
pub struct Message {
    inner: Arc<Inner>,
    topic: usize,
    /// Its number on its topic: the lower 32 bits of the frame's `seq`.
    pub sequence: u32,
    /// When it was captured, in nanoseconds since 1970.
    pub log_time_ns: u64,
    /// What it says, encoded.
    pub data: Bytes,
}

impl Message {
    /// Under which name and in which form it was recorded.
    pub fn topic(&self) -> &Topic {
        &self.inner.topics[self.topic]
    }

    /// What it says.
    ///
    /// # Errors
    /// [`ContentError`], when it is damaged, or of a form that is not known here.
    pub fn content(&self) -> Result<Content, ContentError> {
        Content::read(self.topic(), &self.data)
    }
}

/// Messages in the order of their times. At the same time, what describes a stream comes first, then pictures, then what was found in
/// them.
#[derive(Debug)]
pub struct Messages {
    inner: Arc<Inner>,
    selection: Selection,
    /// What is still to be read, by its first time, the last first.
    places: Vec<usize>,
    pending: BinaryHeap<Reverse<Pending>>,
    damage: Vec<Damage>,
}

/// Ordered by what stands first in it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    log_time_ns: u64,
    rank: u8,
    /// Where it was written: which place, and which message there.
    written: (usize, usize),
    topic: usize,
    sequence: u32,
    data: Bytes,
}

impl Messages {
    pub(super) fn new(inner: Arc<Inner>, selection: &Selection) -> Self {
        let is_wanted = |place: &Place| {
            let in_time = selection.from_ns.is_none_or(|from| place.end >= from)
                && selection.to_ns.is_none_or(|to| place.start <= to);
            let of_topic = |channel| {
                inner
                    .of_channel
                    .get(channel)
                    .is_some_and(|topic| selection.has_topic(*topic))
            };
            in_time
                && place
                    .channels
                    .as_ref()
                    .is_none_or(|channels| channels.iter().any(of_topic))
        };
        let all = &inner.index.places;
        let mut places: Vec<usize> = (0..all.len()).filter(|at| is_wanted(&all[*at])).collect();
        places.sort_by_key(|at| Reverse((all[*at].start, *at)));
        Self {
            selection: selection.clone(),
            places,
            pending: BinaryHeap::new(),
            damage: Vec::new(),
            inner,
        }
    }

    /// What was left out since this was asked last.
    pub fn take_damage(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damage)
    }

    /// Reads every place that may hold a message before the one that is next.
    fn fill(&mut self) {
        while let Some(at) = self.places.last().copied() {
            let next = self.pending.peek().map(|Reverse(pending)| pending.log_time_ns);
            if next.is_some_and(|next| next < self.inner.index.places[at].start) {
                return;
            }
            self.places.pop();
            self.load(at);
        }
    }

    fn load(&mut self, at: usize) {
        let place = &self.inner.index.places[at];
        let loaded = match chunk::load(&self.inner.file, place) {
            Ok(loaded) => loaded,
            Err(error) => {
                self.damage.push(Damage {
                    at: place.at,
                    bytes: place.bytes,
                    why: error.to_string(),
                });
                return;
            }
        };
        for (number, (header, data)) in loaded.messages().enumerate() {
            self.pending
                .extend(self.pending_of(header, data, (at, number)).map(Reverse));
        }
    }

    fn pending_of(&self, header: MessageHeader, data: Bytes, written: (usize, usize)) -> Option<Pending> {
        let topic = *self.inner.of_channel.get(&header.channel)?;
        let is_wanted = self.selection.has_topic(topic) && self.selection.has_time(header.log_time);
        is_wanted.then(|| Pending {
            log_time_ns: header.log_time,
            rank: rank(&self.inner.topics[topic]),
            written,
            topic,
            sequence: header.sequence,
            data,
        })
    }
}

impl Iterator for Messages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.fill();
        let Reverse(pending) = self.pending.pop()?;
        Some(Message {
            inner: self.inner.clone(),
            topic: pending.topic,
            sequence: pending.sequence,
            log_time_ns: pending.log_time_ns,
            data: pending.data,
        })
    }
}

/// What comes first of the messages of one time.
fn rank(topic: &Topic) -> u8 {
    match topic.schema.as_str() {
        "bushbaby.Info" | "foxglove.CameraCalibration" => 0,
        // What was found in a picture, and masks that came with it.
        "bushbaby.Result" => 3,
        "foxglove.PointCloud" => 2,
        _ => 1,
    }
}
