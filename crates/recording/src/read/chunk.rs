//! A run of records that is read at once: a chunk, or messages that stand in none.
//!
//! In: where it lies in the file. Out: its messages, in the order in which they were written.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

use super::records::{self, Channel, MESSAGE_HEADER_BYTES, MessageHeader, Schema};

/// No recorder makes longer chunks; a length beyond it is damage.
const MOST_BYTES: u64 = 1 << 30;

/// Where a run of records lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: u64,
    /// With the prefix of its record.
    pub(super) bytes: u64,
    /// When its first message was logged; damaged files may lie.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Whose messages are in it; absent: nobody says.
    pub(super) channels: Option<Vec<u16>>,
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One chunk record.
    Chunk,
    /// A chunk record that the file ends in: what can be read of it counts.
    CutOff,
    /// Records one after the other.
    Bare,
}

/// What is in a run of records.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) schemas: Vec<Schema>,
    pub(super) channels: Vec<Channel>,
    messages: Vec<(MessageHeader, Range<usize>)>,
    bytes: Bytes,
}

impl Loaded {
    pub(super) fn messages(&self) -> impl Iterator<Item = (MessageHeader, Bytes)> {
        self.messages
            .iter()
            .map(|(header, range)| (*header, self.bytes.slice(range.clone())))
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = &MessageHeader> {
        self.messages.iter().map(|(header, _)| header)
    }
}

/// Why a run of records is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoChunk {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it says of itself that it is {0} bytes long")]
    TooLong(u64),
    #[error("its beginning is damaged")]
    Header,
    #[error("it is compressed with `{0}`, which is not known; known are zstd and lz4")]
    Compression(String),
    #[error("it cannot be decompressed: {0}")]
    Packed(io::Error),
    #[error("its checksum is wrong")]
    Checksum,
    #[error("its records end within one")]
    Records,
}

/// Reads a run of records.
pub(super) fn load(file: &File, place: &Place) -> Result<Loaded, NoChunk> {
    let bytes = read(file, place.at, place.bytes)?;
    let content = match place.form {
        Form::Bare => bytes,
        Form::Chunk => unpack(&bytes, true)?,
        Form::CutOff => unpack(&bytes, false)?,
    };
    cut(content, place.form != Form::CutOff)
}

fn read(file: &File, at: u64, length: u64) -> Result<Vec<u8>, NoChunk> {
    if length > MOST_BYTES {
        return Err(NoChunk::TooLong(length));
    }
    // A length that merely claims to be so takes no memory.
    let there = file.metadata()?.len().saturating_sub(at);
    if length > there {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| NoChunk::TooLong(length))?];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// The bytes of a chunk's records. One that is not `whole` gives those that are there.
fn unpack(record: &[u8], whole: bool) -> Result<Vec<u8>, NoChunk> {
    let (opcode, body) = record
        .split_first_chunk::<{ records::PREFIX_BYTES as usize }>()
        .map(|(prefix, body)| (records::prefix(*prefix).0, body))
        .ok_or(NoChunk::Header)?;
    let packed = records::packed(body).filter(|_| opcode == records::CHUNK);
    let packed = packed.ok_or(NoChunk::Header)?;
    let wanted = packed.header.uncompressed_bytes;
    if wanted > MOST_BYTES {
        return Err(NoChunk::TooLong(wanted));
    }
    if whole && packed.bytes_missing > 0 {
        return Err(NoChunk::Header);
    }
    let content = match packed.compression {
        "" => packed.bytes.to_vec(),
        "zstd" => read_all(zstd::stream::read::Decoder::with_buffer(packed.bytes), wanted, whole)?,
        "lz4" => read_all(lz4::Decoder::new(packed.bytes), wanted, whole)?,
        other => return Err(NoChunk::Compression(other.to_owned())),
    };
    // 0: the recorder made none.
    if whole && packed.crc != 0 && crc32fast::hash(&content) != packed.crc {
        return Err(NoChunk::Checksum);
    }
    Ok(content)
}

/// Reads what comes out of a decompressor, at most `wanted` bytes; memory is taken as they come.
fn read_all(from: io::Result<impl Read>, wanted: u64, whole: bool) -> Result<Vec<u8>, NoChunk> {
    let mut content = Vec::new();
    let ended = from.and_then(|from| from.take(wanted).read_to_end(&mut content));
    match ended {
        Err(error) if whole => Err(NoChunk::Packed(error)),
        Ok(_) if whole && content.len() as u64 != wanted => Err(NoChunk::Packed(io::ErrorKind::UnexpectedEof.into())),
        _ => Ok(content),
    }
}

/// Parts records; messages are not copied.
fn cut(content: Vec<u8>, whole: bool) -> Result<Loaded, NoChunk> {
    let mut loaded = Loaded::default();
    let begin = content.as_ptr() as usize;
    let mut end = 0;
    for (opcode, body) in records::each(&content) {
        let at = body.as_ptr() as usize - begin;
        end = at + body.len();
        match opcode {
            records::SCHEMA => loaded.schemas.extend(records::schema(body)),
            records::CHANNEL => loaded.channels.extend(records::channel(body)),
            records::MESSAGE => {
                let header = records::message(body).ok_or(NoChunk::Records)?;
                loaded.messages.push((header, at + MESSAGE_HEADER_BYTES..end));
            }
            _ => {}
        }
    }
    if whole && end != content.len() {
        return Err(NoChunk::Records);
    }
    loaded.bytes = content.into();
    Ok(loaded)
}
