//! Files that a recorder left without their end, because it was killed or the disk was full: mended at the next start.

use std::path::Path;

use bushbaby_node::reporter::Reporter;
use bushbaby_recording::mend::{Finding, MendError, Mending, Verify, examine};
use bushbaby_recording::{mp4, wav};

use super::{disk, names};

/// Chunks that begin in the last so many bytes are compared with their checksums: what a crash of the machine can have spoilt.
const VERIFIED_BYTES: u64 = 64 << 20;

/// Mends every recording in a folder that has no end and that nobody writes.
pub(super) fn mend(folder: &Path, reporter: &Reporter) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !names::is_ours(&name) {
            continue;
        }
        if name.ends_with(".mp4") {
            if let Err(error) = cut_film(&entry.path()) {
                reporter.warn(&format!("`{name}` is unfinished and cannot be mended: {error}"));
            }
            continue;
        }
        if name.ends_with(".wav") {
            match mend_sound(&entry.path()) {
                Ok(true) => tracing::info!("mended `{name}`, which a recorder had left unfinished"),
                Ok(false) => {}
                Err(error) => reporter.warn(&format!("`{name}` is unfinished and cannot be mended: {error}")),
            }
            continue;
        }
        match mend_one(&entry.path()) {
            Ok(Some(mending)) => tracing::info!(
                "mended `{name}`, which a recorder had left unfinished: {} messages",
                mending.messages
            ),
            Ok(None) => {}
            Err(error) => reporter.warn(&format!("`{name}` is unfinished and cannot be mended: {error}")),
        }
    }
}

fn mend_one(path: &Path) -> Result<Option<Mending>, MendError> {
    // One that is locked is being written.
    let Some(mut file) = disk::lock(path) else {
        return Ok(None);
    };
    match examine(&mut file, Verify::Last(VERIFIED_BYTES))? {
        Finding::Whole => Ok(None),
        Finding::Broken(mending) => {
            mending.apply(&mut file)?;
            Ok(Some(mending))
        }
    }
}

fn mend_sound(path: &Path) -> std::io::Result<bool> {
    match disk::lock(path) {
        Some(mut file) => wav::mend(&mut file),
        None => Ok(false),
    }
}

fn cut_film(path: &Path) -> std::io::Result<()> {
    let Some(mut file) = disk::lock(path) else {
        return Ok(());
    };
    match mp4::bytes_to_keep(&mut file)? {
        Some(bytes) => file.set_len(bytes),
        None => Ok(()),
    }
}
