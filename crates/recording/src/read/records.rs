//! The records of an MCAP file, as far as playing it needs them.
//!
//! In: the bytes of one record, without its opcode and length. Out: what they say, or nothing when they are damaged. Only what is
//! there is read, and no memory is taken that a length merely claims: files come from outside.

use std::collections::BTreeMap;

pub(super) const FOOTER: u8 = 0x02;
pub(super) const SCHEMA: u8 = 0x03;
pub(super) const CHANNEL: u8 = 0x04;
pub(super) const MESSAGE: u8 = 0x05;
pub(super) const CHUNK: u8 = 0x06;
pub(super) const MESSAGE_INDEX: u8 = 0x07;
pub(super) const CHUNK_INDEX: u8 = 0x08;
pub(super) const STATISTICS: u8 = 0x0b;
pub(super) const METADATA: u8 = 0x0c;
pub(super) const METADATA_INDEX: u8 = 0x0d;
pub(super) const DATA_END: u8 = 0x0f;

/// What stands before each record's bytes: its opcode and how many they are.
pub(super) const PREFIX_BYTES: u64 = 9;
/// The first bytes of every MCAP file, and the last of a whole one.
pub(super) const MAGIC: [u8; 8] = [0x89, b'M', b'C', b'A', b'P', 0x30, b'\r', b'\n'];

/// Opcode and length of the record that begins with these bytes.
pub(super) fn prefix(bytes: [u8; PREFIX_BYTES as usize]) -> (u8, u64) {
    let [opcode, length @ ..] = bytes;
    (opcode, u64::from_le_bytes(length))
}

/// The form of a topic's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) id: u16,
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) id: u16,
    pub(super) schema: u16,
    pub(super) topic: String,
    pub(super) encoding: String,
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageHeader {
    pub(super) channel: u16,
    pub(super) sequence: u32,
    pub(super) log_time: u64,
}

/// Bytes of a message's header; the rest is what it says.
pub(super) const MESSAGE_HEADER_BYTES: usize = 22;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkHeader {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) uncompressed_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChunkIndex {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) at: u64,
    pub(super) bytes: u64,
    /// Where the index of each channel's messages in it lies.
    pub(super) message_indexes: BTreeMap<u16, u64>,
}

/// When a channel's messages of one chunk were logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageTimes {
    pub(super) channel: u16,
    pub(super) count: u64,
    pub(super) first: u64,
    pub(super) last: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) summary_at: u64,
}

pub(super) fn schema(body: &[u8]) -> Option<Schema> {
    let mut cursor = Cursor(body);
    Some(Schema {
        id: cursor.u16()?,
        name: cursor.text()?,
    })
}

pub(super) fn channel(body: &[u8]) -> Option<Channel> {
    let mut cursor = Cursor(body);
    Some(Channel {
        id: cursor.u16()?,
        schema: cursor.u16()?,
        topic: cursor.text()?,
        encoding: cursor.text()?,
        metadata: cursor.texts()?,
    })
}

pub(super) fn message(body: &[u8]) -> Option<MessageHeader> {
    let mut cursor = Cursor(body);
    let header = MessageHeader {
        channel: cursor.u16()?,
        sequence: cursor.u32()?,
        log_time: cursor.u64()?,
    };
    // When it was published.
    cursor.u64()?;
    Some(header)
}

/// Reads what stands before a chunk's records; `body` need not reach further.
pub(super) fn chunk_header(body: &[u8]) -> Option<ChunkHeader> {
    let mut cursor = Cursor(body);
    Some(ChunkHeader {
        start: cursor.u64()?,
        end: cursor.u64()?,
        uncompressed_bytes: cursor.u64()?,
    })
}

/// The records of a chunk, as they are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed<'a> {
    pub(super) header: ChunkHeader,
    /// Of the unpacked records; 0: nobody made one.
    pub(super) crc: u32,
    /// Empty: none.
    pub(super) compression: &'a str,
    pub(super) bytes: &'a [u8],
    /// How many more there should be.
    pub(super) bytes_missing: u64,
}

pub(super) fn packed(body: &[u8]) -> Option<Packed<'_>> {
    let header = chunk_header(body)?;
    let mut cursor = Cursor(body.get(CHUNK_HEADER_BYTES..)?);
    let crc = cursor.u32()?;
    let compression = std::str::from_utf8(cursor.block()?).ok()?;
    let length = cursor.u64()?;
    let there = cursor.0.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    Some(Packed {
        header,
        crc,
        compression,
        bytes: &cursor.0[..there],
        bytes_missing: length - there as u64,
    })
}

/// Bytes that [`chunk_header`] wants.
pub(super) const CHUNK_HEADER_BYTES: usize = 24;

pub(super) fn chunk_index(body: &[u8]) -> Option<ChunkIndex> {
    let mut cursor = Cursor(body);
    let (start, end, at, bytes) = (cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?);
    let mut map = Cursor(cursor.block()?);
    let mut message_indexes = BTreeMap::new();
    while !map.0.is_empty() {
        message_indexes.insert(map.u16()?, map.u64()?);
    }
    Some(ChunkIndex {
        start,
        end,
        at,
        bytes,
        message_indexes,
    })
}

/// Returns `None` also for an index of no messages.
pub(super) fn message_index(body: &[u8]) -> Option<MessageTimes> {
    let mut cursor = Cursor(body);
    let channel = cursor.u16()?;
    let mut entries = Cursor(cursor.block()?);
    let mut times = MessageTimes {
        channel,
        count: 0,
        first: u64::MAX,
        last: 0,
    };
    while !entries.0.is_empty() {
        let at = entries.u64()?;
        entries.u64()?;
        times.count += 1;
        times.first = times.first.min(at);
        times.last = times.last.max(at);
    }
    (times.count > 0).then_some(times)
}

/// How many messages each channel has, in the whole file.
pub(super) fn message_counts(body: &[u8]) -> Option<BTreeMap<u16, u64>> {
    let mut cursor = Cursor(body);
    // Counts of all messages, schemas, channels, attachments, metadata and chunks; first and last time.
    cursor.take(8 + 2 + 4 + 4 + 4 + 4 + 8 + 8)?;
    let mut map = Cursor(cursor.block()?);
    let mut counts = BTreeMap::new();
    while !map.0.is_empty() {
        counts.insert(map.u16()?, map.u64()?);
    }
    Some(counts)
}

/// A metadata record: its name and its entries.
pub(super) fn metadata(body: &[u8]) -> Option<(String, BTreeMap<String, String>)> {
    let mut cursor = Cursor(body);
    Some((cursor.text()?, cursor.texts()?))
}

/// Where a metadata record lies, how long it is with its prefix, and its name.
pub(super) fn metadata_index(body: &[u8]) -> Option<(u64, u64, String)> {
    let mut cursor = Cursor(body);
    Some((cursor.u64()?, cursor.u64()?, cursor.text()?))
}

pub(super) fn footer(body: &[u8]) -> Option<Footer> {
    let summary_at = Cursor(body).u64()?;
    Some(Footer { summary_at })
}

/// Cuts the records of a run of bytes; ends before one that is not whole.
pub(super) fn each(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<{ PREFIX_BYTES as usize }>()?;
        let (opcode, length) = prefix(*head);
        let (body, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        bytes = rest;
        Some((opcode, body))
    })
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes behind their length.
    fn block(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.block()?.to_vec()).ok()
    }

    fn texts(&mut self) -> Option<BTreeMap<String, String>> {
        let mut map = Cursor(self.block()?);
        let mut texts = BTreeMap::new();
        while !map.0.is_empty() {
            texts.insert(map.text()?, map.text()?);
        }
        Some(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            schema(&body);
            channel(&body);
            message(&body);
            packed(&body);
            chunk_index(&body);
            message_index(&body);
            message_counts(&body);
            metadata(&body);
            metadata_index(&body);
            footer(&body);
            prop_assert!(each(&body).map(|(_, body)| body.len()).sum::<usize>() <= body.len());
        }
    }
}
