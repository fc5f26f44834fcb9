//! A walk through a file, record by record, to where it ends or makes no sense any more.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use super::chunk::{self, Contents, Head};
use super::{Finding, MendError, Mending, Verify};
use crate::container::chunk::{Chunk, Compression, put_places};
use crate::container::records::{ChannelRecord, MAGIC, RECORD_HEAD, SchemaRecord, Take, op};
use crate::container::summary::Summary;

/// A record that is read whole is never longer: a chunk of ours is 4 MB, and a picture more.
const MOST_BYTES: u64 = 1 << 30;

pub(super) fn examine<F: Read + Seek>(file: &mut F, verify: Verify) -> Result<Finding, MendError> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut magic = [0; MAGIC.len()];
    file.rewind()?;
    if length < MAGIC.len() as u64 || file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Err(MendError::NotMcap);
    }
    let mut scan = Scan {
        file,
        length,
        verify_from: match verify {
            Verify::All => 0,
            Verify::Last(bytes) => length.saturating_sub(bytes),
        },
        summary: Summary::default(),
        saved: Saved::default(),
        strike_out: Vec::new(),
        is_struck_out: false,
        last_chunk_records: None,
    };
    let mut at = MAGIC.len() as u64;
    let end = loop {
        match scan.record(at)? {
            Next::At(next) => at = next,
            Next::DataEnd { is_whole } => break Some(is_whole),
            Next::Broken => break None,
        }
    };
    if end == Some(true) && scan.strike_out.is_empty() {
        return Ok(Finding::Whole);
    }
    scan.mend(at, end.is_some()).map(Finding::Broken)
}

enum Next {
    At(u64),
    DataEnd { is_whole: bool },
    Broken,
}

/// Messages of damaged chunks, to be written again.
#[derive(Default)]
struct Saved {
    messages: Vec<(u16, u32, u64, Vec<u8>)>,
}

struct Scan<'a, F> {
    file: &'a mut F,
    length: u64,
    verify_from: u64,
    summary: Summary,
    saved: Saved,
    strike_out: Vec<u64>,
    /// Whether the index that follows belongs to a chunk that was struck out.
    is_struck_out: bool,
    /// The content of the last chunk, when it had to be read.
    last_chunk_records: Option<Vec<u8>>,
}

impl<F: Read + Seek> Scan<'_, F> {
    fn read(&mut self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.file.seek(SeekFrom::Start(at))?;
        self.file
            .by_ref()
            .take(bytes.min(MOST_BYTES))
            .read_to_end(&mut content)?;
        Ok(content)
    }

    /// Looks at the record at `at`.
    fn record(&mut self, at: u64) -> Result<Next, MendError> {
        let head = self.read(at, RECORD_HEAD as u64)?;
        let mut take = Take(&head);
        let (Some([opcode]), Some(content_bytes)) = (take.bytes(1), take.u64()) else {
            return Ok(Next::Broken);
        };
        let (opcode, content_at) = (*opcode, at + RECORD_HEAD as u64);
        let end = chunk::record_bytes(content_bytes)
            .and_then(|bytes| at.checked_add(bytes))
            .filter(|end| *end <= self.length);
        let Some(end) = end else {
            if opcode == op::CHUNK {
                let rest = self.read(content_at, self.length - content_at)?;
                self.save(&rest);
            }
            return Ok(Next::Broken);
        };
        match opcode {
            // What a crash of the machine leaves of a page that was not written yet.
            0 => return Ok(Next::Broken),
            op::CHUNK => self.chunk(at, content_at, content_bytes)?,
            op::MESSAGE_INDEX if self.is_struck_out => self.strike_out.push(at),
            op::MESSAGE_INDEX => {
                let content = self.read(content_at, content_bytes)?;
                self.index(at, end, &content);
            }
            op::SCHEMA | op::CHANNEL | op::METADATA | op::MESSAGE => {
                let content = self.read(content_at, content_bytes)?;
                self.small(opcode, at, end, &content);
            }
            op::DATA_END => {
                let is_whole = self.has_its_end(end)?;
                return Ok(Next::DataEnd { is_whole });
            }
            op::FOOTER => return Ok(Next::Broken),
            _ => {}
        }
        if opcode != op::MESSAGE_INDEX && opcode != op::CHUNK {
            self.is_struck_out = false;
        }
        Ok(Next::At(end))
    }

    fn small(&mut self, opcode: u8, at: u64, end: u64, content: &[u8]) {
        match opcode {
            op::SCHEMA => self.learn([SchemaRecord::take(content).filter(|schema| schema.id != 0)], [None]),
            op::CHANNEL => self.learn([None], [ChannelRecord::take(content)]),
            op::METADATA => {
                if let Some(name) = Take(content).text() {
                    self.summary.metadata.push((at, end - at, name.to_owned()));
                }
            }
            _ => {
                if let Some(channel) = Take(content).u16() {
                    *self.summary.counts.entry(channel).or_default() += 1;
                }
            }
        }
    }

    fn learn(
        &mut self,
        schemas: impl IntoIterator<Item = Option<SchemaRecord>>,
        channels: impl IntoIterator<Item = Option<ChannelRecord>>,
    ) {
        for schema in schemas.into_iter().flatten() {
            self.summary.schemas.entry(schema.id).or_insert(schema);
        }
        for channel in channels.into_iter().flatten() {
            self.summary.channels.entry(channel.id).or_insert(channel);
        }
    }

    fn learn_all(&mut self, contents: &Contents<'_>) {
        self.learn(
            contents.schemas.iter().cloned().map(Some),
            contents.channels.iter().cloned().map(Some),
        );
    }

    fn chunk(&mut self, at: u64, content_at: u64, content_bytes: u64) -> io::Result<()> {
        self.is_struck_out = false;
        self.last_chunk_records = None;
        let is_verified = at >= self.verify_from;
        // Enough for what stands before the records.
        let content = self.read(
            content_at,
            if is_verified {
                content_bytes
            } else {
                content_bytes.min(128)
            },
        )?;
        let bytes = content_bytes + RECORD_HEAD as u64;
        let head = Head::take(&content).filter(|head| head.compressed_bytes <= content_bytes);
        let Some(head) = head else {
            self.strike_out(at);
            return Ok(());
        };
        if is_verified && head.can_be_unpacked() {
            let (records, is_whole) = head.unpack();
            if !is_whole {
                self.strike_out(at);
                self.save(&content);
                return Ok(());
            }
            self.learn_all(&chunk::contents(&records));
            self.last_chunk_records = Some(records);
        }
        self.summary.chunks.push(head.index(at, bytes));
        Ok(())
    }

    fn strike_out(&mut self, at: u64) {
        self.strike_out.push(at);
        self.is_struck_out = true;
    }

    /// An index of the last chunk's messages of one channel.
    fn index(&mut self, at: u64, end: u64, content: &[u8]) {
        let mut take = Take(content);
        let (Some(channel), Some(bytes)) = (take.u16(), take.u32()) else {
            return;
        };
        let Some(chunk) = self.summary.chunks.last_mut() else {
            return;
        };
        chunk.index_at.insert(channel, at);
        chunk.index_bytes = end - (chunk.at + chunk.bytes);
        *self.summary.counts.entry(channel).or_default() += u64::from(bytes / 16);
    }

    /// Whether a footer and the last bytes of a file stand where they should, behind the data's end.
    fn has_its_end(&mut self, data_end: u64) -> io::Result<bool> {
        let mut at = data_end;
        loop {
            let head = self.read(at, RECORD_HEAD as u64)?;
            let mut take = Take(&head);
            let (Some([opcode]), Some(bytes)) = (take.bytes(1), take.u64()) else {
                return Ok(false);
            };
            let end = chunk::record_bytes(bytes).and_then(|bytes| at.checked_add(bytes));
            let Some(end) = end.filter(|end| *end <= self.length) else {
                return Ok(false);
            };
            if *opcode == op::FOOTER {
                let is_last = end + MAGIC.len() as u64 == self.length && self.read(end, 8)? == MAGIC;
                return Ok(is_last && self.is_as_written(data_end, end)?);
            }
            at = end;
        }
    }

    /// Compares the summary with the checksum in the footer, which ends at `footer_end`.
    fn is_as_written(&mut self, summary_at: u64, footer_end: u64) -> io::Result<bool> {
        let summary = self.read(summary_at, footer_end - summary_at)?;
        let Some((covered, crc)) = summary.split_last_chunk::<4>() else {
            return Ok(false);
        };
        let crc = u32::from_le_bytes(*crc);
        Ok(crc == 0 || crc == crc32fast::hash(covered))
    }

    /// Keeps the whole messages of a chunk that is not whole itself.
    fn save(&mut self, content: &[u8]) {
        let Some(head) = Head::take(content) else { return };
        let (records, _) = head.unpack();
        let contents = chunk::contents(&records);
        self.learn_all(&contents);
        for message in contents.messages {
            self.saved.messages.push((
                message.channel,
                message.sequence,
                message.log_time_ns,
                message.data.to_vec(),
            ));
        }
    }

    /// What makes the file whole, whose records make sense up to `at`.
    fn mend(mut self, at: u64, ends_in_order: bool) -> Result<Mending, MendError> {
        let mut keep_bytes = at;
        let mut append = Vec::new();
        if !ends_in_order {
            self.complete_last_index(&mut keep_bytes, &mut append)?;
        }
        self.learn_what_is_missing()?;
        let saved_messages = self.put_saved(keep_bytes, &mut append);
        append.extend(self.summary.end_of_file(keep_bytes + append.len() as u64));
        Ok(Mending {
            keep_bytes,
            append,
            strike_out: self.strike_out,
            messages: self.summary.message_count(),
            saved_messages,
            lost_bytes: if ends_in_order { 0 } else { self.length - at },
        })
    }

    /// The index behind the last chunk may be the place where the file was cut off.
    fn complete_last_index(&mut self, keep_bytes: &mut u64, append: &mut Vec<u8>) -> io::Result<()> {
        let Some(last) = self.summary.chunks.last().cloned() else {
            return Ok(());
        };
        let behind = last.at + last.bytes + last.index_bytes;
        if behind != *keep_bytes {
            return Ok(());
        }
        let records = match self.last_chunk_records.take() {
            Some(records) => records,
            None => {
                let content = self.read(last.at + RECORD_HEAD as u64, last.bytes - RECORD_HEAD as u64)?;
                match Head::take(&content).filter(Head::can_be_unpacked) {
                    Some(head) => head.unpack().0,
                    None => return Ok(()),
                }
            }
        };
        let contents = chunk::contents(&records);
        self.learn_all(&contents);
        let places = contents.places();
        if places.keys().eq(last.index_at.keys()) {
            return Ok(());
        }
        *keep_bytes = last.at + last.bytes;
        for (channel, places) in &places {
            if !last.index_at.contains_key(channel) {
                *self.summary.counts.entry(*channel).or_default() += places.len() as u64;
            }
        }
        let index_at = put_places(append, *keep_bytes, places);
        if let Some(last) = self.summary.chunks.last_mut() {
            last.index_at = index_at;
            last.index_bytes = append.len() as u64;
        }
        Ok(())
    }

    /// Reads chunks until every channel that has messages is known.
    fn learn_what_is_missing(&mut self) -> io::Result<()> {
        for index in 0..self.summary.chunks.len() {
            let chunk = &self.summary.chunks[index];
            let is_known = chunk.index_at.keys().all(|id| self.summary.channels.contains_key(id));
            if is_known {
                continue;
            }
            let (at, bytes) = (chunk.at + RECORD_HEAD as u64, chunk.bytes - RECORD_HEAD as u64);
            let content = self.read(at, bytes)?;
            if let Some(head) = Head::take(&content) {
                let (records, _) = head.unpack();
                self.learn_all(&chunk::contents(&records));
            }
        }
        Ok(())
    }

    /// Writes saved messages whose channel is known into a chunk of their own; returns how many.
    fn put_saved(&mut self, keep_bytes: u64, append: &mut Vec<u8>) -> u64 {
        let no_schema = SchemaRecord {
            id: 0,
            name: String::new(),
            encoding: String::new(),
            data: Vec::new(),
        };
        let mut chunk = Chunk::new(Compression::Zstd);
        let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
        for (id, sequence, log_time_ns, data) in &self.saved.messages {
            let Some(channel) = self.summary.channels.get(id) else {
                continue;
            };
            let schema = match self.summary.schemas.get(&channel.schema_id) {
                Some(schema) => schema,
                None if channel.schema_id == 0 => &no_schema,
                None => continue,
            };
            chunk.add(schema, channel, *sequence, *log_time_ns, data);
            *counts.entry(*id).or_default() += 1;
        }
        if !chunk.is_empty() {
            let (bytes, index) = chunk.close(keep_bytes + append.len() as u64);
            append.extend(bytes);
            self.summary.chunks.push(index);
        }
        for (id, count) in &counts {
            *self.summary.counts.entry(*id).or_default() += count;
        }
        counts.values().sum()
    }
}
