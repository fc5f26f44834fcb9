//! The index that a recorder wrote at the end of the file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::chunk::{Form, Place};
use super::index::{Count, Index, MOST_RECORD_BYTES, body_at, prefix_at};
use super::records::{self, ChunkIndex, MAGIC, PREFIX_BYTES};

const FOOTER_BYTES: u64 = 20;

/// Reads it; `None` when there is none, or none that tells enough: then the whole file must be looked through.
pub(super) fn read(file: &File, length: u64) -> io::Result<Option<Index>> {
    let Some(footer_at) = length.checked_sub(MAGIC.len() as u64 + FOOTER_BYTES + PREFIX_BYTES) else {
        return Ok(None);
    };
    let mut end = [0; (MAGIC.len() as u64 + FOOTER_BYTES + PREFIX_BYTES) as usize];
    file.read_exact_at(&mut end, footer_at)?;
    let footer = records::each(&end)
        .next()
        .filter(|(opcode, _)| *opcode == records::FOOTER)
        .and_then(|(_, body)| records::footer(body));
    let Some(summary_at) = footer.map(|footer| footer.summary_at) else {
        return Ok(None);
    };
    let is_there = summary_at > 0 && summary_at < footer_at && footer_at - summary_at <= MOST_RECORD_BYTES;
    if !end.ends_with(&MAGIC) || !is_there {
        return Ok(None);
    }
    let mut summary = vec![0; (footer_at - summary_at) as usize];
    file.read_exact_at(&mut summary, summary_at)?;
    Ok(parse(file, length, &summary))
}

fn parse(file: &File, length: u64, summary: &[u8]) -> Option<Index> {
    let mut index = Index {
        is_finished: true,
        ..Index::default()
    };
    let (mut counts, mut chunks) = (None, Vec::new());
    let mut read_bytes = 0;
    for (opcode, body) in records::each(summary) {
        read_bytes += body.len() + PREFIX_BYTES as usize;
        match opcode {
            records::SCHEMA => index.add_schema(body),
            records::CHANNEL => index.add_channel(body),
            records::STATISTICS => counts = records::message_counts(body),
            records::CHUNK_INDEX => chunks.push(records::chunk_index(body)?),
            records::METADATA_INDEX => {
                let (at, _, _) = records::metadata_index(body)?;
                if let Some(body) = record(file, length, at, records::METADATA) {
                    index.add_metadata(&body);
                }
            }
            _ => {}
        }
    }
    let counts = counts?;
    let messages: u64 = counts.values().fold(0, |sum, count| sum.saturating_add(*count));
    let is_told = messages == 0 || !chunks.is_empty() && chunks.iter().any(|chunk| !chunk.message_indexes.is_empty());
    let are_known = counts.keys().all(|channel| index.channels.contains_key(channel));
    let is_whole = read_bytes == summary.len()
        && chunks
            .iter()
            .all(|chunk| chunk.at.saturating_add(chunk.bytes) <= length);
    if !is_told || !are_known || !is_whole {
        return None;
    }
    for (channel, messages) in counts.into_iter().filter(|(_, messages)| *messages > 0) {
        let (first, last) = first_and_last(file, length, &chunks, channel)?;
        index.counts.insert(channel, Count { messages, first, last });
    }
    index.places = chunks.into_iter().map(place).collect();
    Some(index)
}

fn place(chunk: ChunkIndex) -> Place {
    let channels: Vec<u16> = chunk.message_indexes.into_keys().collect();
    Place {
        at: chunk.at,
        bytes: chunk.bytes,
        start: chunk.start,
        end: chunk.end,
        channels: (!channels.is_empty()).then_some(channels),
        form: Form::Chunk,
    }
}

/// When a channel's first and last message were logged, by the index of the chunks that can hold them.
fn first_and_last(file: &File, length: u64, chunks: &[ChunkIndex], channel: u16) -> Option<(u64, u64)> {
    let with = || {
        chunks
            .iter()
            .filter(|chunk| chunk.message_indexes.contains_key(&channel))
    };
    // Chunks overlap a little: a few at either end tell.
    let mut looked_at = BTreeSet::new();
    let mut times: Option<(u64, u64)> = None;
    for chunk in with().take(4).chain(with().rev().take(4)) {
        let at = *chunk.message_indexes.get(&channel)?;
        if !looked_at.insert(at) {
            continue;
        }
        let body = record(file, length, at, records::MESSAGE_INDEX)?;
        let found = records::message_index(&body)?;
        let (first, last) = times.unwrap_or((found.first, found.last));
        times = Some((first.min(found.first), last.max(found.last)));
    }
    times
}

fn record(file: &File, length: u64, at: u64, wanted: u8) -> Option<Vec<u8>> {
    let (opcode, bytes) = prefix_at(file, at).ok()?;
    (opcode == wanted).then(|| body_at(file, at, bytes, length).ok())?
}
