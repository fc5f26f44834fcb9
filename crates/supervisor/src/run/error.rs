//! Why an instance could not be started.

use std::io;
use std::path::PathBuf;

use bushbaby_bus::BusError;

/// Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// One of this name runs.
    #[error("instance `{instance}` is running already{}", with_pid(.pid))]
    AlreadyRunning {
        /// Its name.
        instance: String,
        /// Its supervisor's process, where it could be read.
        pid: Option<u32>,
    },
    /// The folder for sockets and locks cannot be used.
    #[error("the folder for the sockets of this instance cannot be used: {0}")]
    Folder(#[source] BusError),
    /// A file cannot be used.
    #[error("{doing} {}: {source}", path.display())]
    File {
        /// What was tried, as in "opening".
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no more threads.
    #[error("a thread cannot be started: {0}")]
    Thread(#[source] io::Error),
}

impl RunError {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::AlreadyRunning { instance, .. } => Some(format!(
                "end it with `bushbaby stop --instance {instance}`, or run this one beside it with `--instance NAME`"
            )),
            Self::File { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                Some("a socket's path has 107 bytes at most: set XDG_RUNTIME_DIR to a shorter folder".to_owned())
            }
            _ => None,
        }
    }
}

fn with_pid(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
