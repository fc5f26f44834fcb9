//! What is in a file and where, without reading it whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::chunk::Place;
use super::records::{self, Channel, MessageTimes, PREFIX_BYTES, Schema};

/// No index, channel or note of a file is longer; a length beyond it is damage.
pub(super) const MOST_RECORD_BYTES: u64 = 256 << 20;

/// All that is known of a file before its messages are read.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) schemas: BTreeMap<u16, Schema>,
    pub(super) channels: BTreeMap<u16, Channel>,
    pub(super) counts: BTreeMap<u16, Count>,
    pub(super) places: Vec<Place>,
    pub(super) metadata: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) damage: Vec<Damage>,
    /// Whether the recorder ended it in order.
    pub(super) is_finished: bool,
}

/// How many messages a channel has, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) messages: u64,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// A part of a recording that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins in the file.
    pub at: u64,
    /// How long it is.
    pub bytes: u64,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} bytes from byte {} on are left out: {}",
            self.bytes, self.at, self.why
        )
    }
}

impl Index {
    pub(super) fn add(&mut self, times: MessageTimes) {
        let count = self.counts.entry(times.channel).or_insert(Count {
            messages: 0,
            first: u64::MAX,
            last: 0,
        });
        count.messages += times.count;
        count.first = count.first.min(times.first);
        count.last = count.last.max(times.last);
    }

    pub(super) fn add_schema(&mut self, body: &[u8]) {
        if let Some(schema) = records::schema(body) {
            self.schemas.insert(schema.id, schema);
        }
    }

    pub(super) fn add_channel(&mut self, body: &[u8]) {
        if let Some(channel) = records::channel(body) {
            self.channels.insert(channel.id, channel);
        }
    }

    pub(super) fn add_metadata(&mut self, body: &[u8]) {
        if let Some((name, entries)) = records::metadata(body) {
            // The last one counts: what a recorder learns later is the fuller.
            self.metadata.insert(name, entries);
        }
    }
}

/// Opcode and length of the record at `at`.
pub(super) fn prefix_at(file: &File, at: u64) -> io::Result<(u8, u64)> {
    let mut prefix = [0; PREFIX_BYTES as usize];
    file.read_exact_at(&mut prefix, at)?;
    Ok(records::prefix(prefix))
}

/// The bytes of the record whose prefix is at `at`; refuses those that would not fit into a file of `length` bytes.
pub(super) fn body_at(file: &File, at: u64, body_bytes: u64, length: u64) -> io::Result<Vec<u8>> {
    let end = at
        .checked_add(PREFIX_BYTES)
        .and_then(|begin| begin.checked_add(body_bytes));
    if body_bytes > MOST_RECORD_BYTES || end.is_none_or(|end| end > length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; body_bytes as usize];
    file.read_exact_at(&mut body, at + PREFIX_BYTES)?;
    Ok(body)
}
