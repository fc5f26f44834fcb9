//! Pictures that the robot wishes to keep: one file each, written by a thread of its own. Results wait for no disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use bushbaby_bus::{Bus, ReadOptions, StreamName};
use bushbaby_pixels::jpeg::Encoder;
use jiff::Timestamp;

use crate::jpeg::jpeg_of;

/// So long a picture is waited for: a network camera may have to wait for its next keyframe.
const PATIENCE: Duration = Duration::from_secs(5);
/// Wishes that may wait.
const MOST_WAITING: usize = 4;
/// Pictures in the folder from which on no more are written: a robot that asks without end fills no disk.
const MOST_KEPT: usize = 1000;
/// What their names begin with.
const PREFIX: &str = "snapshot-";

/// Keeps pictures.
#[derive(Debug)]
pub(crate) struct Snapshots {
    wishes: SyncSender<StreamName>,
    kept: Receiver<Result<PathBuf, String>>,
}

impl Snapshots {
    /// - `folder`: where they go. It is made with the first one.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(bus: Bus, folder: PathBuf) -> io::Result<Self> {
        let (wishes, wanted) = sync_channel::<StreamName>(MOST_WAITING);
        let (tell, kept) = channel();
        let serve = move || {
            let mut encoder = None;
            for stream in wanted {
                // The node has ended.
                if tell.send(keep(&bus, &stream, &folder, &mut encoder)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("snapshots".into()).spawn(serve)?;
        Ok(Self { wishes, kept })
    }

    /// Wishes for the next picture of a stream.
    ///
    /// # Errors
    /// In words, why it is not taken.
    pub(crate) fn wish(&self, stream: &StreamName) -> Result<(), &'static str> {
        self.wishes.try_send(stream.clone()).map_err(|error| match error {
            TrySendError::Full(_) => "the disk does not keep up with so many",
            TrySendError::Disconnected(_) => "the thread that keeps them has ended",
        })
    }

    /// Which file a picture went to, or in words why to none.
    pub(crate) fn kept(&self) -> Option<Result<PathBuf, String>> {
        self.kept.try_recv().ok()
    }
}

fn keep(bus: &Bus, stream: &StreamName, folder: &Path, encoder: &mut Option<Encoder>) -> Result<PathBuf, String> {
    let reader = bus
        .subscriber(stream, ReadOptions::default())
        .map_err(|error| format!("`{stream}` cannot be read: {error}"))?;
    let frame = reader
        .recv(PATIENCE)
        .map_err(|error| format!("`{stream}` cannot be read: {error}"))?
        .ok_or_else(|| format!("no picture of `{stream}` came within {} s", PATIENCE.as_secs()))?;
    let jpeg = jpeg_of(&frame, encoder)?;
    let time = Timestamp::from_nanosecond(i128::from(frame.captured().wall.as_ns())).unwrap_or_default();
    let name = format!("{PREFIX}{}-{}.jpg", stream.node(), time.strftime("%Y%m%dT%H%M%S.%3fZ"));
    write(folder, &name, &jpeg)
        .map_err(|error| format!("`{}` cannot be written: {error}", folder.join(&name).display()))
}

/// A file that is there is complete.
fn write(folder: &Path, name: &str, jpeg: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let is_kept = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    if fs::read_dir(folder)?.flatten().filter(is_kept).count() >= MOST_KEPT {
        let full = format!("there are {MOST_KEPT} pictures already, take some away");
        return Err(io::Error::other(full));
    }
    let (begun, path) = (folder.join(format!(".{name}.part")), folder.join(name));
    let written = fs::write(&begun, jpeg).and_then(|()| fs::rename(&begun, &path));
    if let Err(error) = written {
        // Half of it would be in the way where there is no room.
        let _ = fs::remove_file(&begun);
        return Err(error);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_robot_that_asks_without_end_fills_no_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder.path().join("new"), "snapshot-a.jpg", b"jpeg").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"jpeg");
        for number in 0..MOST_KEPT {
            fs::write(folder.path().join(format!("{PREFIX}{number}.jpg")), b"").unwrap();
        }
        let error = write(folder.path(), "snapshot-b.jpg", b"jpeg").unwrap_err();
        assert_eq!(error.to_string(), "there are 1000 pictures already, take some away");
    }
}
