//! One file that is being written: what could not be written yet is kept, in order.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::disk::{Disk, Growing};
use super::names;

/// A machine that loses its power loses no more than this.
const SYNC_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Appender {
    name: String,
    file: Box<dyn Growing>,
    waiting: VecDeque<Vec<u8>>,
    /// What is to stand at the beginning of the file once all that waits is written.
    head: Option<Vec<u8>>,
    bytes: u64,
    synced: Instant,
    is_synced: bool,
}

impl std::fmt::Debug for Appender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appender")
            .field("name", &self.name)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Appender {
    /// Begins a file with its first block, named by this moment.
    pub(super) fn create(
        disk: &mut dyn Disk,
        camera: Option<&str>,
        extension: &str,
        head: Vec<u8>,
    ) -> io::Result<Self> {
        let begun = jiff::Zoned::now().datetime();
        Self::create_named(disk, head, |attempt| {
            names::file_name(begun, camera, attempt, extension)
        })
    }

    /// The same with names of its own: `name` is asked for the first attempt, and for more when it is taken.
    pub(super) fn create_named(disk: &mut dyn Disk, head: Vec<u8>, name: impl Fn(u32) -> String) -> io::Result<Self> {
        for attempt in 1.. {
            let name = name(attempt);
            let mut file = match disk.create(&name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => continue,
                other => other?,
            };
            if let Err(error) = file.append(&head) {
                // An empty file would only be in the way.
                drop(file);
                let _ = disk.remove(&name);
                return Err(error);
            }
            return Ok(Self {
                name,
                file,
                waiting: VecDeque::new(),
                head: None,
                bytes: head.len() as u64,
                synced: Instant::now(),
                is_synced: false,
            });
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes on the disk.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lets a block be the next to write.
    pub(super) fn add(&mut self, block: Vec<u8>) {
        if !block.is_empty() {
            self.waiting.push_back(block);
        }
    }

    /// Lets the beginning of the file be another one, of the same length, once all that waits is written.
    pub(super) fn amend(&mut self, head: Vec<u8>) {
        self.head = Some(head);
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// With the first block that cannot be written; it stays the next.
    pub(super) fn write(&mut self) -> io::Result<()> {
        while let Some(block) = self.waiting.front() {
            self.file.append(block)?;
            self.bytes += block.len() as u64;
            self.is_synced = false;
            self.waiting.pop_front();
        }
        if let Some(head) = &self.head {
            self.file.amend(head)?;
            self.head = None;
        }
        if !self.is_synced && self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    /// Waits until all is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.synced = Instant::now();
        self.is_synced = true;
        Ok(())
    }
}
