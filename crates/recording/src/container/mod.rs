//! The container: messages in, bytes of an MCAP file out, in blocks that are appended one after the other.
//!
//! Written here because of what a recorder owes: a block that could not be written is kept and written later, nothing of a file is
//! ever written twice, each chunk can be read alone, and compressed video is not compressed again. The crate `mcap`, as any other
//! reader, is the judge of it in the tests.

pub(crate) mod chunk;
pub(crate) mod records;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use crate::Contents;
use chunk::{Chunk, Compression};
use records::{ChannelRecord, MAGIC, Put, SchemaRecord, op, record};
use summary::Summary;

/// A chunk is closed once it is this large.
const FULL_BYTES: usize = 4 << 20;
/// A chunk is closed once its first message has waited this long.
const OLDEST_NS: u64 = 1_000_000_000;

/// One message, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Where it belongs.
    pub topic: String,
    /// What it is.
    pub contents: Contents,
    /// The frame's number.
    pub sequence: u32,
    /// Capture time, nanoseconds since 1970.
    pub log_time_ns: u64,
    /// Encoded as its contents say.
    pub data: Vec<u8>,
}

/// Makes an MCAP file: knows what was written so far, and where.
///
/// Each call that returns bytes counts on their being appended to the file, in that order.
#[derive(Debug)]
pub struct McapWriter {
    at: u64,
    summary: Summary,
    channels: HashMap<(String, Contents), u16>,
    plain: Open,
    packed: Open,
}

#[derive(Debug)]
struct Open {
    chunk: Chunk,
    since_ns: u64,
}

impl Open {
    fn new(compression: Compression) -> Self {
        Self {
            chunk: Chunk::new(compression),
            since_ns: 0,
        }
    }

    fn is_due(&self, now_ns: u64) -> bool {
        !self.chunk.is_empty()
            && (self.chunk.bytes() >= FULL_BYTES || now_ns.saturating_sub(self.since_ns) >= OLDEST_NS)
    }
}

impl McapWriter {
    /// Begins a file. Returns its first bytes with it: header and metadata.
    pub fn begin(metadata: &BTreeMap<String, String>) -> (Self, Vec<u8>) {
        let mut out = MAGIC.to_vec();
        record(&mut out, op::HEADER, |out| {
            out.put_text("");
            out.put_text(&library());
        });
        let metadata_at = out.len() as u64;
        record(&mut out, op::METADATA, |out| {
            out.put_text(crate::topics::METADATA);
            out.put_texts(metadata);
        });
        let mut summary = Summary::default();
        summary.metadata.push((
            metadata_at,
            out.len() as u64 - metadata_at,
            crate::topics::METADATA.to_owned(),
        ));
        let writer = Self {
            at: out.len() as u64,
            summary,
            channels: HashMap::new(),
            plain: Open::new(Compression::None),
            packed: Open::new(Compression::Zstd),
        };
        (writer, out)
    }

    /// Puts a message into the open chunk. `now_ns`: any clock that only goes forward, the same in all calls.
    pub fn add(&mut self, message: &Message, now_ns: u64) {
        let id = self.channel(&message.topic, message.contents);
        let channel = &self.summary.channels[&id];
        let schema = &self.summary.schemas[&channel.schema_id];
        let open = if message.contents.is_compressed() {
            &mut self.plain
        } else {
            &mut self.packed
        };
        if open.chunk.is_empty() {
            open.since_ns = now_ns;
        }
        open.chunk
            .add(schema, channel, message.sequence, message.log_time_ns, &message.data);
        *self.summary.counts.entry(id).or_default() += 1;
    }

    /// Closes the chunks that are full or old. Returns their bytes; empty when there are none.
    pub fn take_due(&mut self, now_ns: u64) -> Vec<u8> {
        let mut out = Vec::new();
        for open in [&mut self.plain, &mut self.packed] {
            if open.is_due(now_ns) {
                close(open, &mut self.at, &mut self.summary, &mut out);
            }
        }
        out
    }

    /// When a chunk will be due, on the clock of [`McapWriter::add`]; `None` while all are empty.
    pub fn due_ns(&self) -> Option<u64> {
        let open = [&self.plain, &self.packed].into_iter();
        open.filter(|open| !open.chunk.is_empty())
            .map(|open| open.since_ns + OLDEST_NS)
            .min()
    }

    /// Bytes of the file so far, with what waits in open chunks.
    pub fn bytes(&self) -> u64 {
        self.at + (self.plain.chunk.bytes() + self.packed.chunk.bytes()) as u64
    }

    /// Messages so far.
    pub fn messages(&self) -> u64 {
        self.summary.message_count()
    }

    /// Ends the file. Returns its last bytes: what still waited, and the summary.
    pub fn finish(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for open in [&mut self.plain, &mut self.packed] {
            if !open.chunk.is_empty() {
                close(open, &mut self.at, &mut self.summary, &mut out);
            }
        }
        out.extend(self.summary.end_of_file(self.at));
        out
    }

    fn channel(&mut self, topic: &str, contents: Contents) -> u16 {
        if let Some(id) = self.channels.get(&(topic.to_owned(), contents)) {
            return *id;
        }
        let known = self.summary.schemas.values();
        let schema_id = known
            .into_iter()
            .find(|schema| schema.name == contents.schema_name())
            .map(|schema| schema.id);
        let schema_id = schema_id.unwrap_or_else(|| {
            let id = self.summary.schemas.len() as u16 + 1;
            let schema = SchemaRecord {
                id,
                name: contents.schema_name().to_owned(),
                encoding: contents.schema_encoding().to_owned(),
                data: contents.schema_data(),
            };
            self.summary.schemas.insert(id, schema);
            id
        });
        let id = self.summary.channels.len() as u16 + 1;
        let channel = ChannelRecord {
            id,
            schema_id,
            topic: topic.to_owned(),
            message_encoding: contents.message_encoding().to_owned(),
            metadata: BTreeMap::new(),
        };
        self.summary.channels.insert(id, channel);
        self.channels.insert((topic.to_owned(), contents), id);
        id
    }
}

fn close(open: &mut Open, at: &mut u64, summary: &mut Summary, out: &mut Vec<u8>) {
    let (bytes, index) = open.chunk.close(*at);
    *at += bytes.len() as u64;
    summary.chunks.push(index);
    out.extend(bytes);
}

/// What the header of our files names as its library.
pub fn library() -> String {
    format!("bushbaby {}", env!("CARGO_PKG_VERSION"))
}
