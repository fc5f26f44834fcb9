//! Where a film that was cut off must end so that players open it.

use std::io::{self, Read, Seek, SeekFrom};

/// Looks at a film of ours. Returns how many bytes of it are to be kept; `None` when it can stay as it is.
///
/// Players show what is there of a fragment whose pictures were cut off, but refuse a file that ends within an index.
///
/// # Errors
/// When the file cannot be read, or is no film of ours: then nobody may cut it.
pub fn bytes_to_keep(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut at = head_bytes(file, length)?;
    let mut index_at = None;
    while at < length {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if length - at < head.len() as u64 {
            return Ok(Some(index_at.unwrap_or(at)));
        }
        file.read_exact(&mut head)?;
        let [a, b, c, d, name @ ..] = head;
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        let is_known = matches!(&name, b"moof" | b"mdat");
        if !is_known || size < 8 {
            return Ok(Some(index_at.unwrap_or(at)));
        }
        if at + size > length {
            return Ok((&name != b"mdat").then_some(index_at.unwrap_or(at)));
        }
        // Without its pictures an index shows nothing.
        index_at = (&name == b"moof").then_some(at);
        at += size;
    }
    Ok(index_at)
}

/// Where the first fragment begins: behind the brands and the track, which names its maker.
fn head_bytes(file: &mut (impl Read + Seek), length: u64) -> io::Result<u64> {
    let not_ours = || io::Error::new(io::ErrorKind::InvalidData, "it is no film that bushbaby recorded");
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(length.min(MOST_HEAD_BYTES)).read_to_end(&mut head)?;
    let mut at = 0;
    for wanted in [b"ftyp", b"moov"] {
        let (size, rest) = head
            .get(at..)
            .and_then(<[u8]>::split_first_chunk)
            .ok_or_else(not_ours)?;
        let size = u32::from_be_bytes(*size) as usize;
        if size < 8 || !rest.starts_with(wanted) || at + size > head.len() {
            return Err(not_ours());
        }
        at += size;
    }
    let names_us = head[..at].windows(8).any(|word| word == b"bushbaby");
    if names_us { Ok(at as u64) } else { Err(not_ours()) }
}

/// A head of ours is never longer.
const MOST_HEAD_BYTES: u64 = 1 << 16;
