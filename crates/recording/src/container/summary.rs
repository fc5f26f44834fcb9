//! The end of a file: statistics and indexes, so that a reader finds any moment without reading the whole.

use std::collections::BTreeMap;

use super::chunk::ChunkIndex;
use super::records::{ChannelRecord, MAGIC, Put, SchemaRecord, op, record};

/// What a file holds so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    pub(crate) schemas: BTreeMap<u16, SchemaRecord>,
    pub(crate) channels: BTreeMap<u16, ChannelRecord>,
    pub(crate) chunks: Vec<ChunkIndex>,
    /// Messages of each channel.
    pub(crate) counts: BTreeMap<u16, u64>,
    /// Place, length and name of each metadata record.
    pub(crate) metadata: Vec<(u64, u64, String)>,
}

impl Summary {
    pub(crate) fn message_count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// First and last log time, 0 in a file without messages.
    pub(crate) fn times_ns(&self) -> [u64; 2] {
        [
            self.chunks.iter().map(|chunk| chunk.start_ns).min().unwrap_or(0),
            self.chunks.iter().map(|chunk| chunk.end_ns).max().unwrap_or(0),
        ]
    }

    /// All that stands behind the data, which ends at `at`.
    pub(crate) fn end_of_file(&self, at: u64) -> Vec<u8> {
        let mut out = Vec::new();
        record(&mut out, op::DATA_END, |out| out.put_u32(0));
        let summary_at = out.len();
        let mut groups = Vec::new();
        let mut group = |out: &mut Vec<u8>, opcode, write: &dyn Fn(&mut Vec<u8>)| {
            let start = out.len();
            write(out);
            if out.len() > start {
                groups.push((opcode, at + start as u64, (out.len() - start) as u64));
            }
        };
        group(&mut out, op::SCHEMA, &|out| {
            self.schemas.values().for_each(|schema| schema.put(out));
        });
        group(&mut out, op::CHANNEL, &|out| {
            self.channels.values().for_each(|channel| channel.put(out));
        });
        group(&mut out, op::STATISTICS, &|out| self.put_statistics(out));
        group(&mut out, op::CHUNK_INDEX, &|out| {
            self.chunks.iter().for_each(|chunk| put_chunk_index(out, chunk));
        });
        group(&mut out, op::METADATA_INDEX, &|out| {
            for (at, bytes, name) in &self.metadata {
                record(out, op::METADATA_INDEX, |out| {
                    out.put_u64(*at);
                    out.put_u64(*bytes);
                    out.put_text(name);
                });
            }
        });
        let offsets_at = at + out.len() as u64;
        for (opcode, start, length) in groups {
            record(&mut out, op::SUMMARY_OFFSET, |out| {
                out.push(opcode);
                out.put_u64(start);
                out.put_u64(length);
            });
        }
        record(&mut out, op::FOOTER, |out| {
            out.put_u64(at + summary_at as u64);
            out.put_u64(offsets_at);
            out.put_u32(0);
        });
        // The checksum covers the summary and the footer up to the checksum itself.
        let crc_at = out.len() - 4;
        let crc = crc32fast::hash(&out[summary_at..crc_at]);
        out[crc_at..].copy_from_slice(&crc.to_le_bytes());
        out.extend(MAGIC);
        out
    }

    fn put_statistics(&self, out: &mut Vec<u8>) {
        let [start_ns, end_ns] = self.times_ns();
        record(out, op::STATISTICS, |out| {
            out.put_u64(self.message_count());
            out.put_u16(self.schemas.len() as u16);
            out.put_u32(self.channels.len() as u32);
            out.put_u32(0);
            out.put_u32(self.metadata.len() as u32);
            out.put_u32(self.chunks.len() as u32);
            out.put_u64(start_ns);
            out.put_u64(end_ns);
            out.put_counts(&self.counts);
        });
    }
}

fn put_chunk_index(out: &mut Vec<u8>, chunk: &ChunkIndex) {
    record(out, op::CHUNK_INDEX, |out| {
        out.put_u64(chunk.start_ns);
        out.put_u64(chunk.end_ns);
        out.put_u64(chunk.at);
        out.put_u64(chunk.bytes);
        out.put_counts(&chunk.index_at);
        out.put_u64(chunk.index_bytes);
        out.put_text(&chunk.compression);
        out.put_u64(chunk.compressed_bytes);
        out.put_u64(chunk.uncompressed_bytes);
    });
}
