//! A chunk: some messages, complete with their schemas and channels, and the index behind it.

use std::collections::BTreeMap;

use super::records::{ChannelRecord, Put, RECORD_HEAD, SchemaRecord, op, record};

/// Compression of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As it is.
    None,
    /// Zstandard, quick.
    Zstd,
}

impl Compression {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Zstd => "zstd",
        }
    }
}

/// zstd's quickest ordinary level: a third of a core for the depth of a 2K camera.
const ZSTD_LEVEL: i32 = 1;

/// A chunk that is being filled.
#[derive(Debug)]
pub(crate) struct Chunk {
    compression: Compression,
    records: Vec<u8>,
    places: Places,
}

/// Of each channel: log time, and place among the chunk's records, of each message.
pub(crate) type Places = BTreeMap<u16, Vec<(u64, u64)>>;

/// What the summary says of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkIndex {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) at: u64,
    pub(crate) bytes: u64,
    /// Of each channel: where its index begins.
    pub(crate) index_at: BTreeMap<u16, u64>,
    pub(crate) index_bytes: u64,
    pub(crate) compression: String,
    pub(crate) compressed_bytes: u64,
    pub(crate) uncompressed_bytes: u64,
}

impl Chunk {
    pub(crate) fn new(compression: Compression) -> Self {
        Self {
            compression,
            records: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.records.len()
    }

    /// Adds a message, and before it its schema and channel where this chunk has them not yet.
    pub(crate) fn add(
        &mut self,
        schema: &SchemaRecord,
        channel: &ChannelRecord,
        sequence: u32,
        log_time_ns: u64,
        data: &[u8],
    ) {
        if !self.places.contains_key(&channel.id) {
            schema.put(&mut self.records);
            channel.put(&mut self.records);
        }
        let at = self.records.len() as u64;
        self.places.entry(channel.id).or_default().push((log_time_ns, at));
        self.records.reserve(RECORD_HEAD + 22 + data.len());
        record(&mut self.records, op::MESSAGE, |out| {
            out.put_u16(channel.id);
            out.put_u32(sequence);
            out.put_u64(log_time_ns);
            out.put_u64(log_time_ns);
            out.extend_from_slice(data);
        });
    }

    /// Ends it: its bytes for the file, index included, which begins at `at`; what remains is empty.
    pub(crate) fn close(&mut self, at: u64) -> (Vec<u8>, ChunkIndex) {
        let times = self.places.values().flatten().map(|(time, _)| *time);
        let start_ns = times.clone().min().unwrap_or(0);
        let end_ns = times.max().unwrap_or(0);
        let crc = crc32fast::hash(&self.records);
        let uncompressed_bytes = self.records.len() as u64;
        let packed = match self.compression {
            Compression::None => None,
            // Never fails for a buffer of its own; if it did, the chunk would stand there as it is.
            Compression::Zstd => zstd::bulk::compress(&self.records, ZSTD_LEVEL).ok(),
        };
        let compression = packed.as_ref().map_or("", |_| self.compression.name());
        let content = packed.as_deref().unwrap_or(&self.records);
        let mut out = Vec::with_capacity(content.len() + 1024);
        record(&mut out, op::CHUNK, |out| {
            out.put_u64(start_ns);
            out.put_u64(end_ns);
            out.put_u64(uncompressed_bytes);
            out.put_u32(crc);
            out.put_text(compression);
            out.put_u64(content.len() as u64);
            out.extend_from_slice(content);
        });
        let compressed_bytes = content.len() as u64;
        let bytes = out.len() as u64;
        let index_at = put_places(&mut out, at, std::mem::take(&mut self.places));
        self.records.clear();
        let index = ChunkIndex {
            start_ns,
            end_ns,
            at,
            bytes,
            index_at,
            index_bytes: out.len() as u64 - bytes,
            compression: compression.to_owned(),
            compressed_bytes,
            uncompressed_bytes,
        };
        (out, index)
    }
}

/// Writes the index of a chunk's messages. `at`: where `out` begins in the file. Returns where the index of each channel is.
pub(crate) fn put_places(out: &mut Vec<u8>, at: u64, places: Places) -> BTreeMap<u16, u64> {
    let mut index_at = BTreeMap::new();
    for (channel, mut places) in places {
        places.sort_unstable();
        index_at.insert(channel, at + out.len() as u64);
        record(out, op::MESSAGE_INDEX, |out| {
            out.put_u16(channel);
            out.put_u32(places.len() as u32 * 16);
            for (time, place) in places {
                out.put_u64(time);
                out.put_u64(place);
            }
        });
    }
    index_at
}
