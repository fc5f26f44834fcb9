//! A node's log file, which never grows past its limit, and how to read its end.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use bushbaby_bus::Instance;

use super::{folder, old};

/// At this size a file becomes `NODE.log.1` and a new one begins.
const LONGEST_BYTES: u64 = 5_000_000;

/// Where the log of a node is kept, also when nothing runs.
pub fn log_path(instance: &Instance, node: &str) -> PathBuf {
    folder(instance).join(format!("{node}.log"))
}

/// Returns the last lines of a log file, oldest first, those of the file before it included.
///
/// # Errors
/// When there is no such file, or it cannot be read.
pub fn tail(path: &Path, lines: usize) -> io::Result<Vec<String>> {
    let mut last = VecDeque::new();
    let mut take = |file: File| -> io::Result<()> {
        for line in BufReader::new(file).split(b'\n') {
            if last.len() >= lines {
                last.pop_front();
            }
            if lines > 0 {
                last.push_back(String::from_utf8_lossy(&line?).into_owned());
            }
        }
        Ok(())
    };
    if let Ok(file) = File::open(old(path)) {
        take(file)?;
    }
    take(File::open(path)?)?;
    Ok(last.into())
}

/// Appends lines. What cannot be written is left out: the last lines are in memory, and a full disk must stop nothing.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    open: Option<(File, u64)>,
}

impl RotatingFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    pub(super) fn write(&mut self, line: &str) {
        if self.append(line).is_err() {
            self.open = None;
        }
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        if self
            .open
            .as_ref()
            .is_some_and(|(_, size)| size + line.len() as u64 >= LONGEST_BYTES)
        {
            self.open = None;
            fs::rename(&self.path, old(&self.path))?;
        }
        let (file, size) = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(open(&self.path)?),
        };
        let line = format!("{line}\n");
        file.write_all(line.as_bytes())?;
        *size += line.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}
