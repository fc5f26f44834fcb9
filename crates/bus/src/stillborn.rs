//! Files in shared memory that their maker never got to fill.
//!
//! A process makes a file in `/dev/shm` and gives it its length a moment later. One that is killed between the two leaves
//! a file of no length, and iceoryx2 0.10 waits for ever for its maker when it opens such a file. So they are removed
//! before anything is opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::room::SHM_DIR;

/// A maker that lives needs microseconds.
const MOMENT: Duration = Duration::from_millis(100);

/// Removes files without length whose names begin with `prefix`; waits for those that may still get theirs.
pub(crate) fn remove(prefix: &str) {
    while let Some(age) = youngest(prefix) {
        thread::sleep(MOMENT.saturating_sub(age) + Duration::from_millis(1));
    }
}

/// Removes what is old enough; returns the age of the youngest that is not.
fn youngest(prefix: &str) -> Option<Duration> {
    let mut youngest = None;
    for entry in fs::read_dir(SHM_DIR).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let Ok(found) = entry.metadata() else { continue };
        if found.size() > 0 {
            continue;
        }
        // A clock that was set back makes it look as if it came from the future: it is old, then.
        let age = found
            .modified()
            .ok()
            .and_then(|made| SystemTime::now().duration_since(made).ok());
        match age.filter(|age| *age < MOMENT) {
            Some(age) => youngest = youngest.min(Some(age)).or(Some(age)),
            None => drop(fs::remove_file(Path::new(SHM_DIR).join(entry.file_name()))),
        }
    }
    youngest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_got_a_length_goes_and_the_rest_stays() {
        let prefix = format!("bb_stillborn-{}_", std::process::id());
        let path = |name: &str| Path::new(SHM_DIR).join(format!("{prefix}{name}"));
        fs::write(path("empty.dynamic"), b"").unwrap();
        fs::write(path("whole.dynamic"), b"whole").unwrap();
        remove(&prefix);
        assert!(!path("empty.dynamic").exists());
        assert!(path("whole.dynamic").exists());
        fs::remove_file(path("whole.dynamic")).unwrap();
    }
}
