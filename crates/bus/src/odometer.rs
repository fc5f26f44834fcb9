//! How many frames a publisher has sent, for readers that come later: without it, what they miss before their first
//! frame could not be counted.
#![allow(unsafe_code)] // The file is mapped: a number goes there before each frame, and a system call would make small frames late.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::names::StreamName;
use crate::root;

/// What a publisher has sent so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) generation: u64,
    pub(crate) next_seq: u64,
}

/// What the file holds, both numbers as little-endian bytes.
#[repr(C)]
struct Dial {
    generation: AtomicU64,
    next_seq: AtomicU64,
}

const DIAL_BYTES: usize = size_of::<Dial>();

/// The publisher's side.
#[derive(Debug)]
pub(crate) struct Odometer(NonNull<Dial>);

// SAFETY: the mapping belongs to the value, and what is in it is only reached as atomics.
unsafe impl Send for Odometer {}
// SAFETY: likewise.
unsafe impl Sync for Odometer {}

impl Odometer {
    /// Makes the file of a publisher that has sent nothing.
    pub(crate) fn create(root: &Path, stream: &StreamName, generation: u64) -> io::Result<Self> {
        let path = path_of(root, stream);
        // Always a new file: one that was cut short while it is mapped would end whoever writes there.
        let fresh = path.with_extension(std::process::id().to_string());
        let opened = OpenOptions::new()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&fresh);
        let odometer = opened.and_then(|mut file| {
            let mut bytes = [0; DIAL_BYTES];
            bytes[..8].copy_from_slice(&generation.to_le_bytes());
            // Written before it is mapped, so that a full disk is an error here and not a signal later.
            file.write_all(&bytes)?;
            let odometer = Self::map(&file)?;
            fs::rename(&fresh, &path)?;
            Ok(odometer)
        });
        odometer.inspect_err(|_| drop(fs::remove_file(&fresh)))
    }

    fn map(file: &File) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at an address that the system chooses; the file has that many bytes and is never made shorter.
        let mapped = unsafe { mmap(ptr::null_mut(), DIAL_BYTES, access, MapFlags::SHARED, file, 0)? };
        NonNull::new(mapped.cast())
            .map(Self)
            .ok_or_else(|| io::Error::other("mapped at no address"))
    }

    /// Shows how many frames were sent.
    pub(crate) fn show(&self, next_seq: u64) {
        // SAFETY: mapped for as long as `self` lives, at the beginning of a page, and only reached as atomics.
        let dial = unsafe { self.0.as_ref() };
        dial.next_seq.store(next_seq.to_le(), Ordering::Relaxed);
    }
}

impl Drop for Odometer {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `map`, and nothing refers to it any more.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), DIAL_BYTES) };
    }
}

/// The reader's side. `None`: nobody has ever written the stream.
pub(crate) fn read(root: &Path, stream: &StreamName) -> Option<Reading> {
    let mut bytes = [0; DIAL_BYTES];
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
        let reading = |generation, next_seq| Some(Reading { generation, next_seq });
        assert_eq!(read(root.path(), &stream), None);
        let first = Odometer::create(root.path(), &stream, 7).unwrap();
        assert_eq!(read(root.path(), &stream), reading(7, 0));
        first.show(9);
        assert_eq!(read(root.path(), &stream), reading(7, 9));
        let second = Odometer::create(root.path(), &stream, 8).unwrap();
        // One that has not quite gone disturbs nobody.
        first.show(10);
        assert_eq!(read(root.path(), &stream), reading(8, 0));
        second.show(1);
        drop(second);
        assert_eq!(read(root.path(), &stream), reading(8, 1));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "one file a stream");
    }

    #[test]
    fn a_file_that_is_none_says_nothing() {
        let root = tempfile::tempdir().unwrap();
        let stream: StreamName = "front/image".parse().unwrap();
        fs::write(path_of(root.path(), &stream), [1; DIAL_BYTES - 1]).unwrap();
        assert_eq!(read(root.path(), &stream), None);
    }
}
