//! How many frames a publisher has sent, for readers that come later: without it, what they miss before their first
//! frame could not be counted.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::names::StreamName;
use crate::root;

/// What a publisher has sent so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) generation: u64,
    pub(crate) next_seq: u64,
}

/// The publisher's side.
#[derive(Debug)]
pub(crate) struct Odometer(File);

impl Odometer {
    pub(crate) fn create(root: &Path, stream: &StreamName) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(path_of(root, stream))?;
        Ok(Self(file))
    }

    pub(crate) fn show(&self, reading: Reading) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&reading.generation.to_le_bytes());
        bytes[8..].copy_from_slice(&reading.next_seq.to_le_bytes());
        // When it fails, readers that come later count a little less than they could.
        let _ = self.0.write_at(&bytes, 0);
    }
}

/// The reader's side. `None`: nobody has ever written the stream.
pub(crate) fn read(root: &Path, stream: &StreamName) -> Option<Reading> {
    let mut bytes = [0; 16];
    File::open(path_of(root, stream))
        .ok()?
        .read_exact_at(&mut bytes, 0)
        .ok()?;
    Some(Reading {
        generation: u64::from_le_bytes(*bytes.first_chunk()?),
        next_seq: u64::from_le_bytes(*bytes.last_chunk()?),
    })
}

fn path_of(root: &Path, stream: &StreamName) -> PathBuf {
    root.join(format!("s-{:016x}", root::hash(stream.as_str().as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_what_the_last_publisher_showed() {
        let root = tempfile::tempdir().unwrap();
        let stream: StreamName = "front/image".parse().unwrap();
        assert_eq!(read(root.path(), &stream), None);
        for reading in [
            Reading {
                generation: 7,
                next_seq: 9,
            },
            Reading {
                generation: 8,
                next_seq: 0,
            },
        ] {
            Odometer::create(root.path(), &stream).unwrap().show(reading);
            assert_eq!(read(root.path(), &stream), Some(reading));
        }
    }
}
