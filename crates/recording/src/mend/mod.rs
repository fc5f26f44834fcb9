//! Mending: the end that a killed recorder could not write, made from what is there.
//!
//! In: a file. Out: what to do to it ([`Mending`]): from where on to cut it, what to append, which damaged chunks to strike out.
//! Every whole message is kept, also of the chunk in which the file was cut off. Nothing of the file is copied: a large one is
//! mended as quickly as a small one.

mod chunk;
mod scan;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// A record that readers pass over: the first opcode that the format leaves to others.
const STRUCK_OUT: u8 = 0x80;

/// How thoroughly chunks are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Every chunk's checksum: reads the whole file.
    All,
    /// Only of chunks that begin in the last so many bytes: what a crash of the machine can have spoilt.
    Last(u64),
}

/// Why a file cannot be mended.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// It is something else, or was cut off before it began.
    #[error("it is no MCAP file")]
    NotMcap,
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What a look at a file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It has its end, and nothing that was looked at is damaged.
    Whole,
    /// It can be mended.
    Broken(Mending),
}

/// What makes a broken file whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// So much of the file stays.
    pub keep_bytes: u64,
    /// This comes behind it.
    pub append: Vec<u8>,
    /// Where damaged records begin that readers must pass over.
    pub strike_out: Vec<u64>,
    /// Messages in the mended file.
    pub messages: u64,
    /// Of these, saved from chunks that were cut off or damaged.
    pub saved_messages: u64,
    /// Bytes that nothing could be made of.
    pub lost_bytes: u64,
}

/// Looks at a file. Never panics, whatever is in it.
///
/// # Errors
/// [`MendError`], when it is no MCAP file, or cannot be read.
pub fn examine(file: &mut (impl Read + Seek), verify: Verify) -> Result<Finding, MendError> {
    scan::examine(file, verify)
}

impl Mending {
    /// Does it.
    ///
    /// # Errors
    /// When the file cannot be written. It may then be tried again.
    pub fn apply(&self, file: &mut File) -> io::Result<()> {
        for at in &self.strike_out {
            file.seek(SeekFrom::Start(*at))?;
            file.write_all(&[STRUCK_OUT])?;
        }
        file.set_len(self.keep_bytes)?;
        file.seek(SeekFrom::Start(self.keep_bytes))?;
        file.write_all(&self.append)?;
        file.sync_all()
    }
}
