//! One supervisor for each instance: whoever holds the lock.
//!
//! The kernel gives the lock back when its holder ends, in whatever way; the pid in the file is only for people.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use bushbaby_bus::Instance;
use rustix::fs::{FlockOperation, flock};

use super::error::RunError;

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the lock of an instance.
    ///
    /// # Errors
    /// [`RunError::AlreadyRunning`], when somebody holds it.
    pub(super) fn take(instance: &Instance) -> Result<Self, RunError> {
        let (path, mut file) = open(instance)?;
        let failed = |doing, source| RunError::File {
            doing,
            path: path.clone(),
            source,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let pid = file
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| text.trim().parse().ok());
                return Err(RunError::AlreadyRunning {
                    instance: instance.name().to_string(),
                    pid,
                });
            }
            Err(error) => return Err(failed("locking", error.into())),
        }
        let mut write = || {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            writeln!(file, "{}", std::process::id())
        };
        write().map_err(|error| failed("writing", error))?;
        Ok(Self { _file: file })
    }
}

fn open(instance: &Instance) -> Result<(PathBuf, File), RunError> {
    let mut tries = 10;
    loop {
        let folder = instance.create_runtime_dir().map_err(RunError::Folder)?;
        let path = folder.join("supervisor.lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            // A clean-up of the same instance removed the folder just now, as it was empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries > 0 => tries -= 1,
            Err(source) => {
                let doing = "opening";
                return Err(RunError::File { doing, path, source });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_to_come_learns_the_pid_of_the_first_and_may_come_after_it() {
        let instance = Instance::new(format!("lock-{}", std::process::id()).parse().unwrap());
        let first = InstanceLock::take(&instance).unwrap();
        let error = InstanceLock::take(&instance).unwrap_err();
        let (name, pid) = (instance.name(), std::process::id());
        assert_eq!(
            error.to_string(),
            format!("instance `{name}` is running already (pid {pid})")
        );
        assert!(
            error
                .hint()
                .unwrap()
                .contains(&format!("bushbaby stop --instance {name}"))
        );
        drop(first);
        InstanceLock::take(&instance).unwrap();
        std::fs::remove_dir_all(instance.runtime_dir()).unwrap();
    }
}
