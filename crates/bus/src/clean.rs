//! Removing what dead processes left behind.
//!
//! Dead processes are cleaned up one by one, while others live and go on. When nobody of an instance lives, everything
//! under its name goes, whatever it
//! is: also what iceoryx2 itself leaves after an orderly end, and what a process left that died while it made or
//! removed something.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use iceoryx2::node::NodeView;
use iceoryx2::prelude::{CallbackProgression, Config, NodeState};

use crate::bus::Cleaned;
use crate::error::BusError;
use crate::instance::Instance;
use crate::liveness;
use crate::room::SHM_DIR;
use crate::root;
use crate::stillborn;
use crate::transport::{self, Node};

/// Bytes that a block of [`MetadataExt::blocks`] has.
const BLOCK_BYTES: u64 = 512;

/// Removes what dead processes of an instance left behind; everything, when nobody of it lives.
///
/// # Errors
/// [`BusError::Transport`] or [`BusError::System`], when something that should go cannot be removed.
pub fn clean(instance: &Instance) -> Result<Cleaned, BusError> {
    let path = root::path_of(instance);
    let prefix = instance.shm_prefix();
    if !path.exists() && shm_files(&prefix)?.is_empty() {
        return Ok(Cleaned::default());
    }
    let (path, _lock) = root::create_and_lock(instance)?;
    clean_locked(instance, &path)
}

/// The same. The caller holds the lock of the instance's folder, which is removed, too, when nobody lives.
pub(crate) fn clean_locked(instance: &Instance, root: &Path) -> Result<Cleaned, BusError> {
    let config = transport::config(instance, root)?;
    let prefix = instance.shm_prefix();
    let before = shm_files(&prefix)?;
    let nodes = remove_dead_nodes(&config);
    if liveness::live_nodes(&config)?.is_empty() {
        for name in shm_files(&prefix)?.keys() {
            remove_file(&Path::new(SHM_DIR).join(name))?;
        }
        match fs::remove_dir_all(root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BusError::system(format!("removing {}", root.display()), error));
            }
            _ => {}
        }
        // Only when it is empty: others may keep something there.
        let _ = fs::remove_dir(instance.runtime_dir());
    }
    let after = shm_files(&prefix)?;
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    let (files, bytes) = gone.fold((0, 0), |(files, bytes), (_, size)| (files + 1, bytes + size));
    Ok(Cleaned { nodes, files, bytes })
}

/// Removes what dead processes left of themselves, and wakes those who read their streams. Returns how many they were.
///
/// One that cannot be removed now stays for the next time: somebody else may be at it.
pub(crate) fn remove_dead_nodes(config: &Config) -> usize {
    stillborn::remove(&config.global.prefix.to_string());
    let mut removed = 0;
    let listed = Node::list(config, |state| {
        if let NodeState::Dead(dead) = state
            // Without them iceoryx2 would look for its files by its own settings, which are not ours.
            && dead.details().is_some()
        {
            match dead.try_remove_stale_resources() {
                Ok(()) => removed += 1,
                Err(cause) => tracing::debug!(?cause, "a dead process is still on the bus"),
            }
        }
        CallbackProgression::Continue
    });
    if let Err(cause) = listed {
        tracing::debug!(?cause, "cannot list who is on the bus");
    }
    removed
}

/// Returns the files of an instance in shared memory, with the bytes that they take there.
fn shm_files(prefix: &str) -> Result<HashMap<String, u64>, BusError> {
    let failed = |source| BusError::system(format!("listing {SHM_DIR}"), source);
    let mut files = HashMap::new();
    for entry in fs::read_dir(SHM_DIR).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            // Gone meanwhile: somebody else removed it.
            let Ok(found) = entry.metadata() else { continue };
            files.insert(name, found.blocks() * BLOCK_BYTES);
        }
    }
    Ok(files)
}

fn remove_file(path: &Path) -> Result<(), BusError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BusError::system(format!("removing {}", path.display()), error))
        }
        _ => Ok(()),
    }
}
