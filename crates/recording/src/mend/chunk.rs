//! One chunk of a file that may be damaged: as many of its records as can be had.

use std::io::Read;

use crate::container::chunk::{ChunkIndex, Places};
use crate::container::records::{ChannelRecord, RECORD_HEAD, SchemaRecord, Take, op};

/// More is not unpacked: a chunk of ours is a tenth of it.
const MOST_BYTES: u64 = 512 << 20;

/// A chunk's own words, before its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) uncompressed_bytes: u64,
    crc: u32,
    compression: &'a str,
    pub(super) compressed_bytes: u64,
    /// As many as there are of them.
    records: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads the content of a chunk record, which may end too early.
    pub(super) fn take(content: &'a [u8]) -> Option<Self> {
        let mut content = Take(content);
        let head = Self {
            start_ns: content.u64()?,
            end_ns: content.u64()?,
            uncompressed_bytes: content.u64()?,
            crc: content.u32()?,
            compression: content.text()?,
            compressed_bytes: content.u64()?,
            records: content.0,
        };
        let there = usize::try_from(head.compressed_bytes)
            .unwrap_or(usize::MAX)
            .min(head.records.len());
        Some(Self {
            records: &head.records[..there],
            ..head
        })
    }

    /// What the summary says of it; the indexes behind it are not known yet.
    pub(super) fn index(&self, at: u64, bytes: u64) -> ChunkIndex {
        ChunkIndex {
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            at,
            bytes,
            index_at: Default::default(),
            index_bytes: 0,
            compression: self.compression.to_owned(),
            compressed_bytes: self.compressed_bytes,
            uncompressed_bytes: self.uncompressed_bytes,
        }
    }

    /// Its records, and whether they are all there and as they were written.
    pub(super) fn unpack(&self) -> (Vec<u8>, bool) {
        let mut records = Vec::new();
        let limit = self.uncompressed_bytes.min(MOST_BYTES);
        let is_read = match self.compression {
            "" => {
                records.extend_from_slice(self.records);
                true
            }
            // What was unpacked before the damage stays in `records`.
            "zstd" => zstd::stream::read::Decoder::new(self.records)
                .and_then(|decoder| decoder.take(limit).read_to_end(&mut records))
                .is_ok(),
            _ => false,
        };
        let is_whole = is_read
            && records.len() as u64 == self.uncompressed_bytes
            && (self.crc == 0 || crc32fast::hash(&records) == self.crc);
        (records, is_whole)
    }

    /// Whether we can look into it at all.
    pub(super) fn can_be_unpacked(&self) -> bool {
        matches!(self.compression, "" | "zstd")
    }
}

/// A message in a chunk's records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) channel: u16,
    pub(super) sequence: u32,
    pub(super) log_time_ns: u64,
    /// Where it begins among the records.
    pub(super) at: u64,
    pub(super) data: &'a [u8],
}

/// What stands in a chunk's records, up to the first that is not whole.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    pub(super) schemas: Vec<SchemaRecord>,
    pub(super) channels: Vec<ChannelRecord>,
    pub(super) messages: Vec<Found<'a>>,
}

pub(super) fn contents(records: &[u8]) -> Contents<'_> {
    let mut found = Contents::default();
    let mut rest = Take(records);
    loop {
        let at = (records.len() - rest.0.len()) as u64;
        let Some((opcode, content)) = rest.record() else {
            return found;
        };
        match opcode {
            op::SCHEMA => found
                .schemas
                .extend(SchemaRecord::take(content).filter(|schema| schema.id != 0)),
            op::CHANNEL => found.channels.extend(ChannelRecord::take(content)),
            op::MESSAGE => found.messages.extend(message(content, at)),
            // Nothing else stands in a chunk: from here on it is damage.
            _ => return found,
        }
    }
}

fn message(content: &[u8], at: u64) -> Option<Found<'_>> {
    let mut content = Take(content);
    let (channel, sequence, log_time_ns) = (content.u16()?, content.u32()?, content.u64()?);
    content.u64()?;
    Some(Found {
        channel,
        sequence,
        log_time_ns,
        at,
        data: content.0,
    })
}

impl Contents<'_> {
    /// The places of the messages, for an index.
    pub(super) fn places(&self) -> Places {
        let mut places = Places::new();
        for message in &self.messages {
            places
                .entry(message.channel)
                .or_default()
                .push((message.log_time_ns, message.at));
        }
        places
    }
}

/// Bytes of a record whose content has this length.
pub(super) fn record_bytes(content: u64) -> Option<u64> {
    content.checked_add(RECORD_HEAD as u64)
}
