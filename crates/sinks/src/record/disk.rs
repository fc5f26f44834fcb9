//! The folder: files that grow by whole blocks or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::names;

/// Where files go. Tests bring one that fails as told.
pub(super) trait Disk: Send {
    /// Makes a new file; [`io::ErrorKind::AlreadyExists`] when the name is taken.
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Growing>>;
    /// Name and size of each file that is the recorder's.
    fn ours(&mut self) -> io::Result<Vec<(String, u64)>>;
    /// Removes a file; one that another recorder writes stays.
    fn remove(&mut self, name: &str) -> io::Result<()>;
    /// Where it is, for people.
    fn path(&self) -> String;
}

/// A file that grows.
pub(super) trait Growing: Send {
    /// Appends all of it or, with an error, nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Writes these bytes over those at its beginning.
    fn amend(&mut self, head: &[u8]) -> io::Result<()>;
    /// Waits until what was appended is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of this machine.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing, and tries whether one can write there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let probe = path.join(format!(".bushbaby-{}", std::process::id()));
        let tried = File::create(&probe).and_then(|mut file| file.write_all(b"can this be written?\n"));
        // It is there only when it could be made.
        let _ = fs::remove_file(&probe);
        tried?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Disk for Folder {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Growing>> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.path.join(name))?;
        // Says to every other recorder that this one is being written. Some network disks cannot; then the name must do.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Box::new(Whole { file, bytes: 0 }))
    }

    fn ours(&mut self) -> io::Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !names::is_ours(&name) || !entry.file_type()?.is_file() || !says_that_it_is_ours(&entry.path()) {
                continue;
            }
            found.push((name, entry.metadata()?.len()));
        }
        Ok(found)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let path = self.path.join(name);
        match lock(&path) {
            Some(_) => fs::remove_file(path),
            None => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("`{name}` is being written by another recorder"),
            )),
        }
    }

    fn path(&self) -> String {
        self.path.display().to_string()
    }
}

/// Takes the lock of a file that nobody writes.
pub(super) fn lock(path: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .is_ok()
        .then_some(file)
}

/// Every file of ours names its maker near its beginning.
fn says_that_it_is_ours(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(2048).read_to_end(&mut head));
    // A file that was cut off before its first byte is nobody else's with such a name.
    read.is_ok() && (head.is_empty() || head.windows(8).any(|word| word == b"bushbaby"))
}

/// A file whose half-written blocks are taken back.
struct Whole {
    file: File,
    bytes: u64,
}

impl Growing for Whole {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn amend(&mut self, head: &[u8]) -> io::Result<()> {
        self.file.write_all_at(head, 0)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}
