//! How much shared memory is left, asked before it is used: a write to a page that does not fit ends in SIGBUS, which
//! nobody can catch.

use std::io;
use std::sync::OnceLock;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};

use crate::error::BusError;
use crate::names::StreamName;

/// Where the system keeps shared memory.
pub(crate) const SHM_DIR: &str = "/dev/shm";
/// Never given to frames: the small files by which readers and publishers find each other need it.
pub(crate) const MARGIN_BYTES: u64 = 512 << 10;
/// What is asked for before such a small file is made; several of them fit.
pub(crate) const CONTROL_BYTES: u64 = 128 << 10;

/// Too little is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom {
    pub(crate) wanted_bytes: u64,
    pub(crate) free_bytes: u64,
}

impl NoRoom {
    pub(crate) fn into_error(self, stream: Option<&StreamName>) -> BusError {
        BusError::ShmFull {
            stream: stream.cloned(),
            wanted_bytes: self.wanted_bytes,
            free_bytes: self.free_bytes,
        }
    }
}

/// Returns the free bytes of shared memory. A folder that stays open is asked: no path is walked.
pub(crate) fn free_bytes() -> io::Result<u64> {
    static FOLDER: OnceLock<OwnedFd> = OnceLock::new();
    let folder = match FOLDER.get() {
        Some(folder) => folder,
        None => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = rustix::fs::open(SHM_DIR, flags, Mode::empty())?;
            FOLDER.get_or_init(|| opened)
        }
    };
    let found = rustix::fs::fstatvfs(folder)?;
    // A file system without a limit says that it has no blocks at all.
    Ok(if found.f_blocks == 0 {
        u64::MAX
    } else {
        found.f_bavail.saturating_mul(found.f_frsize)
    })
}

/// Checks that so many bytes are free. Where the system cannot say, they are.
pub(crate) fn require(wanted_bytes: u64) -> Result<(), NoRoom> {
    match free_bytes() {
        Ok(free_bytes) if free_bytes < wanted_bytes => Err(NoRoom {
            wanted_bytes,
            free_bytes,
        }),
        _ => Ok(()),
    }
}

/// Checks that so many bytes can go to frames: the margin stays.
pub(crate) fn require_for_frames(bytes: u64) -> Result<(), NoRoom> {
    require(bytes.saturating_add(MARGIN_BYTES))
}
