//! Where an instance keeps its locks and sockets, and the one lock under which its shared memory is shared out.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;

use crate::error::BusError;
use crate::instance::{Instance, private_dir};

/// Longest path of a Unix socket, in bytes, without the closing zero.
const SOCKET_PATH_BYTES: usize = 107;
/// What iceoryx2 and we put behind the folder and the prefix at most: a slash, a number of 39 digits, `.event`.
const SOCKET_NAME_BYTES: usize = 1 + 39 + 6;
/// Longer than any holder needs, which touches some hundred megabytes at most.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_FILE: &str = "lock";

/// Returns the bus's folder of an instance: `RUNTIME_DIR/bus`, or a shorter one in `/tmp` when sockets would not fit in
/// there.
pub(crate) fn path_of(instance: &Instance) -> PathBuf {
    let root = instance.runtime_dir().join("bus");
    let socket_bytes = root.as_os_str().len() + instance.shm_prefix().len() + SOCKET_NAME_BYTES;
    if socket_bytes <= SOCKET_PATH_BYTES {
        return root;
    }
    let key = format!("{} {}", geteuid().as_raw(), root.display());
    format!("/tmp/bb-{:016x}", hash(key.as_bytes())).into()
}

/// Makes the folder where it is missing, with its parents in the instance's runtime folder, and waits for its lock.
pub(crate) fn create_and_lock(instance: &Instance) -> Result<(PathBuf, RootLock), BusError> {
    let root = path_of(instance);
    loop {
        instance.create_runtime_dir()?;
        private_dir(&root)?;
        match RootLock::take(&root) {
            // Somebody who was the last wiped everything just now.
            Err(BusError::System { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            lock => return Ok((root, lock?)),
        }
    }
}

/// FNV-1a: the same in every build, which the standard library's hashers do not promise.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Held while shared memory is looked at, taken and touched, and while everything is removed: two processes never take
/// the same free bytes, and
/// none joins while the last traces are wiped. The system frees it when its holder dies.
#[derive(Debug)]
pub(crate) struct RootLock {
    _file: File,
}

impl RootLock {
    /// Waits for the lock of the folder, which is there.
    ///
    /// # Errors
    /// [`BusError::System`] with `TimedOut`, when another process holds it for 10 s: it is stopped, or stuck.
    pub(crate) fn take(root: &Path) -> Result<Self, BusError> {
        let path = root.join(LOCK_FILE);
        let begun = Instant::now();
        loop {
            let held =
                try_lock(&path).map_err(|source| BusError::system(format!("locking {}", path.display()), source))?;
            match held {
                Some(file) => return Ok(Self { _file: file }),
                None if begun.elapsed() > LOCK_PATIENCE => {
                    let source = io::Error::new(io::ErrorKind::TimedOut, "another process holds it; is one stopped?");
                    return Err(BusError::system(format!("locking {}", path.display()), source));
                }
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(error) if error == rustix::io::Errno::WOULDBLOCK || error == rustix::io::Errno::INTR => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // Whoever held it before may have removed the file: then others lock another one by this name.
    let same = std::fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|ours| there.ino() == ours.ino()));
    Ok(same.then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_a_folder_is_held_by_one_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(LOCK_FILE);
        let held = RootLock::take(root.path()).unwrap();
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn a_lock_on_a_removed_file_is_no_lock() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(LOCK_FILE);
        let old = RootLock::take(root.path()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let new = RootLock::take(root.path()).unwrap();
        drop(old);
        assert!(try_lock(&path).unwrap().is_none(), "the new file's lock was given away");
        drop(new);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
