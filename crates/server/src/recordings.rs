//! What a recorder has written so far: looked up in its folder when a page asks, one look at a time.

use std::fs;
use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bushbaby_node::status::{Reply, Request};
use serde::Serialize;

use crate::api::{Refusal, ask, refused};
use crate::app::App;

/// The kind of a recorder.
const RECORD: &str = "record";
/// Files of a folder that are looked at.
const MOST_FILES: usize = 100_000;
/// Length of the time with which a file's name begins: `2026-11-21_10-54-04`.
const TIME_LETTERS: usize = 19;

/// What is in a recorder's folder.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Written {
    /// The file that was begun last; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Files that were begun with it, one a camera where each has its own, and what they hold.
    files: usize,
    bytes: u64,
    /// All recordings in the folder.
    all_bytes: u64,
    /// Room that is left on the disk.
    free_bytes: u64,
}

/// `GET /api/recordings/NODE`: what the recorder of that name has written.
pub(crate) async fn answer(State(app): State<Arc<App>>, Path(node): Path<String>) -> Result<Response, Refusal> {
    let known = app.asker.status().await.map_err(|reason| Refusal::silent(&reason))?;
    if known.status.nodes.get(&node).is_none_or(|status| status.kind != RECORD) {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("`{node}` is no recorder")));
    }
    let settings = match ask(&app, Request::Settings { node: node.clone() }).await? {
        Reply::Settings(settings) => settings,
        other => return Err(refused(other)),
    };
    let Some(folder) = settings["to"].as_str().map(|to| app.base_dir.join(to)) else {
        return Err(Refusal::silent(&format!("where `{node}` writes is not known")));
    };
    // A disk that hangs holds up one thread, not one for every question.
    let Some(look) = Look::begin(&app.is_looking) else {
        return Err(Refusal::silent("the disk does not answer"));
    };
    let looked = tokio::task::spawn_blocking(move || {
        let _look = look;
        look_into(&folder)
    });
    match looked.await {
        Ok(Ok(written)) => Ok(Json(written).into_response()),
        Ok(Err(error)) => Err(Refusal::silent(&format!("the recordings cannot be listed: {error}"))),
        Err(error) => Err(Refusal::silent(&format!("the recordings were not listed: {error}"))),
    }
}

/// The one look that is under way.
struct Look(Arc<AtomicBool>);

impl Look {
    fn begin(is_looking: &Arc<AtomicBool>) -> Option<Self> {
        (!is_looking.swap(true, Ordering::AcqRel)).then(|| Self(is_looking.clone()))
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn look_into(folder: &FilePath) -> io::Result<Written> {
    let mut written = Written {
        file: None,
        files: 0,
        bytes: 0,
        all_bytes: 0,
        free_bytes: rustix::fs::statvfs(folder).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))?,
    };
    for entry in fs::read_dir(folder)?.take(MOST_FILES).flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some(begun) = begun(&name) else { continue };
        // One that is removed just now counts for nothing.
        let Ok(bytes) = entry.metadata().map(|metadata| metadata.len()) else {
            continue;
        };
        written.all_bytes = written.all_bytes.saturating_add(bytes);
        let last = written.file.as_deref().and_then(self::begun);
        if last.is_none_or(|last| begun > last) {
            (written.files, written.bytes) = (0, 0);
        } else if last.is_some_and(|last| begun < last) {
            continue;
        }
        written.files += 1;
        written.bytes = written.bytes.saturating_add(bytes);
        if written.file.as_deref().is_none_or(|file| name.as_str() > file) {
            written.file = Some(name);
        }
    }
    Ok(written)
}

/// The time in the name of a recording.
fn begun(name: &str) -> Option<&str> {
    let (stem, _) = name
        .rsplit_once('.')
        .filter(|(_, extension)| ["mcap", "mp4"].contains(extension))?;
    let time = stem.get(..TIME_LETTERS)?;
    let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || b"-_".contains(&byte));
    is_time.then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_were_begun_last_are_told_and_all_are_summed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| fs::write(folder.path().join(name), vec![0; bytes]).unwrap();
        assert_eq!(look_into(folder.path()).unwrap().file, None);
        write("2026-11-21_10-54-04.mcap", 1000);
        write("2026-11-21_11-00-00_door.mp4", 20);
        write("2026-11-21_11-00-00_front.mp4", 3);
        write("2026-11-20_09-00-00.mcap", 400);
        write("holiday.mp4", 50_000);
        write("2026-11-22_09-00-00.txt", 50_000);
        let written = look_into(folder.path()).unwrap();
        assert!(written.free_bytes > 0);
        assert_eq!(
            written,
            Written {
                file: Some("2026-11-21_11-00-00_front.mp4".into()),
                files: 2,
                bytes: 23,
                all_bytes: 1423,
                free_bytes: written.free_bytes,
            }
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(look_into(FilePath::new("/nowhere/at/all")).is_err());
    }
}
