//! When a recording began to be played: the same for every process that plays it.
//!
//! The first that comes writes down when it begins, in a file of the instance; those that come later read it. The file counts as long as
//! somebody holds its lock, which the system frees when its holder dies: a camera that starts again while others play goes on where
//! they are, and what was left by a run that was killed is never taken for a beginning.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_bus::MonoTime;
use rustix::fs::{FlockOperation, flock};

/// Between the first that comes and the first frame: the others start at nearly the same time.
const LEAD: Duration = Duration::from_millis(200);

/// A beginning that is shared. Dropping it is leaving; who leaves last removes the file.
#[derive(Debug)]
pub(super) struct Epoch {
    file: File,
    path: PathBuf,
    began: MonoTime,
}

impl Epoch {
    /// Joins those that play `what`, or begins. `takes`: how long it is played; those that are through are not joined.
    pub(super) fn join(folder: &Path, what: &str, takes: Option<Duration>, now: MonoTime) -> io::Result<Self> {
        let path = folder.join(format!("replay-{:016x}", fnv_1a(what.as_bytes())));
        loop {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .mode(0o600)
                .open(&path)?;
            let is_alone = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
            if is_alone {
                write(&mut file, now + LEAD)?;
            }
            // Waits while somebody else writes; what stands there then counts for all.
            flock(&file, FlockOperation::LockShared)?;
            if !is_same(&file, &path) {
                // Who left last removed it in between.
                continue;
            }
            let began = match read(&mut file)? {
                Some(began) if takes.is_none_or(|takes| now.since(began) <= takes) => began,
                // Nothing is being played any more, or nobody can say since when.
                _ => {
                    let began = now + LEAD;
                    write(&mut file, began)?;
                    began
                }
            };
            return Ok(Self { file, path, began });
        }
    }

    /// When the first frame is due.
    pub(super) fn began(&self) -> MonoTime {
        self.began
    }
}

impl Drop for Epoch {
    fn drop(&mut self) {
        let is_last = flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if is_last && is_same(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn write(file: &mut File, began: MonoTime) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(began.as_ns().to_string().as_bytes())
}

fn read(file: &mut File) -> io::Result<Option<MonoTime>> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(40).read_to_string(&mut text)?;
    Ok(text.parse().ok().map(MonoTime::from_ns))
}

fn is_same(file: &File, path: &Path) -> bool {
    let (ours, there) = (file.metadata(), std::fs::metadata(path));
    matches!((ours, there), (Ok(ours), Ok(there)) if ours.ino() == there.ino())
}

/// The same in every build, which the standard library's hashers do not promise.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> MonoTime {
        MonoTime::from_ns(seconds * 1_000_000_000)
    }

    #[test]
    fn who_comes_later_begins_with_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let join = |what: &str, now| Epoch::join(folder.path(), what, None, at(now)).unwrap();
        let first = join("a.mcap", 10);
        let second = join("a.mcap", 12);
        assert_eq!(first.began(), at(10) + LEAD);
        assert_eq!(second.began(), first.began());
        assert_ne!(join("b.mcap", 12).began(), first.began());
        // One of them starts again.
        drop(first);
        assert_eq!(join("a.mcap", 15).began(), second.began());
    }

    #[test]
    fn when_all_have_left_it_begins_anew_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let join = |now| Epoch::join(folder.path(), "a.mcap", None, at(now)).unwrap();
        drop(join(10));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(join(20).began(), at(20) + LEAD);
    }

    #[test]
    fn what_a_killed_run_left_is_no_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = join_path(folder.path());
        std::fs::write(path, "123").unwrap();
        assert_eq!(
            Epoch::join(folder.path(), "a.mcap", None, at(20)).unwrap().began(),
            at(20) + LEAD
        );
    }

    #[test]
    fn those_that_are_through_are_not_joined() {
        let folder = tempfile::tempdir().unwrap();
        let join = |now| Epoch::join(folder.path(), "a.mcap", Some(Duration::from_secs(5)), at(now)).unwrap();
        let first = join(10);
        assert_eq!(join(14).began(), first.began());
        assert_eq!(join(30).began(), at(30) + LEAD);
    }

    fn join_path(folder: &Path) -> PathBuf {
        let joined = Epoch::join(folder, "a.mcap", None, at(1)).unwrap();
        joined.path.clone()
    }
}
