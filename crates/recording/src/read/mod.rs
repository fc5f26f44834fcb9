//! Reading recordings: ours, and what others write into MCAP files.
//!
//! In: a file. Out: what was recorded ([`Recording::topics`], [`cameras`]), and its messages in the order of their times
//! ([`Recording::messages`]), each with what it holds ([`Message::content`]).
//!
//! ```text
//! summary of a finished file ─┐
//!                             ├→ index → chunks, read when their time comes → messages → content
//! scan of any other file ─────┘
//! ```
//!
//! A chunk at a time is in memory, and as many more as overlap it in time. A file whose recorder was killed is read as it is. What
//! is damaged is left out and told ([`Damage`]); nothing in a file is believed that could not be checked.

mod cameras;
mod chunk;
mod content;
mod index;
mod messages;
mod pixels;
mod records;
mod scan;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use cameras::{Carried, RecordedCamera, RecordedStream, cameras, left_out, of_cameras, streams};
pub use content::{Calibration, Cloud, Content, ContentError, Sound};
pub use index::Damage;
use index::Index;
pub use messages::{Message, Messages, Selection};
pub use pixels::Pixels;

/// A recording that is open.
#[derive(Debug, Clone)]
pub struct Recording {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: File,
    index: Index,
    topics: Vec<Topic>,
    /// Which topic a channel writes to.
    of_channel: BTreeMap<u16, usize>,
}

/// What was recorded under one name, in one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name: a stream, or a part of one.
    pub name: String,
    /// The name of its messages' schema, as in `foxglove.RawImage`; empty when it has none.
    pub schema: String,
    /// How its messages are encoded, as in `protobuf`.
    pub encoding: String,
    /// How many messages there are.
    pub count: u64,
    /// When the first was captured, in nanoseconds since 1970.
    pub first_ns: u64,
    /// When the last was captured.
    pub last_ns: u64,
}

/// Why a file cannot be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there, or may not be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is something else.
    #[error("`{}` is no MCAP recording: it {looks}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like, as in "is an MP4 file".
        looks: &'static str,
    },
}

impl Recording {
    /// Opens a recording and finds out what is in it.
    ///
    /// # Errors
    /// [`ReadError`], when it cannot be read or is something else. A damaged recording is opened: see [`Recording::damage`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let unreadable = |source: io::Error| ReadError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        let length = metadata.len();
        if let Some(looks) = other_format(&file, length).map_err(unreadable)? {
            let path = path.to_owned();
            return Err(ReadError::OtherFormat { path, looks });
        }
        let index = match summary::read(&file, length).map_err(unreadable)? {
            Some(index) => index,
            None => scan::read(&file, length).map_err(unreadable)?,
        };
        let (topics, of_channel) = topics(&index);
        let inner = Inner {
            path: path.to_owned(),
            file,
            index,
            topics,
            of_channel,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// What was recorded, by name.
    pub fn topics(&self) -> &[Topic] {
        &self.inner.topics
    }

    /// When the first frame that can be played was captured, and the last, in nanoseconds since 1970; `None` without any.
    pub fn times_ns(&self) -> Option<(u64, u64)> {
        let streams = streams(self);
        let first = streams.iter().map(|stream| stream.first_ns).min()?;
        let last = streams.iter().map(|stream| stream.last_ns).max()?;
        Some((first, last))
    }

    /// What is known to be damaged before messages are read.
    pub fn damage(&self) -> &[Damage] {
        &self.inner.index.damage
    }

    /// Whether the recorder ended it in order; otherwise it was killed, or is still at it.
    pub fn is_finished(&self) -> bool {
        self.inner.index.is_finished
    }

    /// What the recorder says of itself; `None` for recordings of others.
    pub fn recorder(&self) -> Option<&BTreeMap<String, String>> {
        self.inner.index.metadata.get(crate::topics::METADATA)
    }

    /// The messages of a selection, in the order of their times.
    pub fn messages(&self, selection: &Selection) -> Messages {
        Messages::new(self.inner.clone(), selection)
    }
}

/// Channels that write the same to the same topic are one.
fn topics(index: &Index) -> (Vec<Topic>, BTreeMap<u16, usize>) {
    let mut topics: Vec<Topic> = Vec::new();
    let mut of_channel = BTreeMap::new();
    let mut channels: Vec<_> = index.channels.values().collect();
    channels.sort_by(|a, b| (&a.topic, a.id).cmp(&(&b.topic, b.id)));
    for channel in channels {
        let Some(count) = index.counts.get(&channel.id) else {
            continue;
        };
        let schema = index.schemas.get(&channel.schema).map_or("", |schema| &schema.name);
        let known = topics.iter().position(|topic| {
            topic.name == channel.topic && topic.schema == schema && topic.encoding == channel.encoding
        });
        let at = known.unwrap_or_else(|| {
            topics.push(Topic {
                name: channel.topic.clone(),
                schema: schema.to_owned(),
                encoding: channel.encoding.clone(),
                count: 0,
                first_ns: u64::MAX,
                last_ns: 0,
            });
            topics.len() - 1
        });
        let topic = &mut topics[at];
        topic.count += count.messages;
        topic.first_ns = topic.first_ns.min(count.first);
        topic.last_ns = topic.last_ns.max(count.last);
        of_channel.insert(channel.id, at);
    }
    (topics, of_channel)
}

/// Says what a file is that does not begin as an MCAP file.
fn other_format(file: &File, length: u64) -> io::Result<Option<&'static str>> {
    let mut begin = [0; 12];
    let there = begin.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    file.read_exact_at(&mut begin[..there], 0)?;
    Ok(match &begin[..there] {
        begin if begin.starts_with(&records::MAGIC) => None,
        [] => Some("is empty"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("is an MP4 file"),
        [b'#', b'R', b'O', b'S', b'B', b'A', b'G', ..] => {
            Some("is a bag of ROS 1 (`mcap convert FILE NEW.mcap` reads it)")
        }
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => {
            Some("is an SQLite database, as ROS 2 writes (`mcap convert FILE NEW.mcap` reads it)")
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("is a Matroska or WebM file"),
        begin if records::MAGIC.starts_with(begin) => Some("ends within its first bytes"),
        _ => Some("does not begin as one"),
    })
}
