//! Shared memory of instances of which no process is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes that a block of [`MetadataExt::blocks`] has.
const BLOCK_BYTES: u64 = 512;

/// What an ended instance left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leftover {
    /// Its name.
    pub(super) instance: String,
    /// How many files.
    pub(super) files: usize,
    /// How much memory they take.
    pub(super) bytes: u64,
}

/// Finds what ended instances of this user left behind; touches nothing.
pub(super) fn find() -> Vec<Leftover> {
    let user = rustix::process::geteuid().as_raw();
    find_in(Path::new("/dev/shm"), Path::new("/proc"), user)
}

fn find_in(shm: &Path, proc: &Path, user: u32) -> Vec<Leftover> {
    let mut instances: BTreeMap<String, Leftover> = BTreeMap::new();
    for entry in fs::read_dir(shm).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (Some(instance), Ok(metadata)) = (instance_of(&name), entry.metadata()) else {
            continue;
        };
        // Whose instance it is, is for its owner to say.
        if metadata.uid() != user {
            continue;
        }
        let leftover = instances.entry(instance.clone()).or_insert(Leftover {
            instance,
            files: 0,
            bytes: 0,
        });
        leftover.files += 1;
        leftover.bytes += metadata.blocks() * BLOCK_BYTES;
    }
    if instances.is_empty() {
        return Vec::new();
    }
    let living = mapped(shm, proc);
    instances
        .into_values()
        .filter(|leftover| !living.contains(&leftover.instance))
        .collect()
}

/// The instance that a file in /dev/shm belongs to: files are called `bb_INSTANCE_…`, a `_` in the name being a dot.
fn instance_of(file: &str) -> Option<String> {
    let (instance, _) = file.strip_prefix("bb_")?.split_once('_')?;
    Some(instance.replace('.', "_"))
}

/// The instances of whose files a process has any in its memory. Processes that we may not look into are of other users.
fn mapped(shm: &Path, proc: &Path) -> BTreeSet<String> {
    let prefix = format!("{}/", shm.display());
    let mut living = BTreeSet::new();
    for process in fs::read_dir(proc).into_iter().flatten().flatten() {
        let Ok(maps) = fs::read(process.path().join("maps")) else {
            continue;
        };
        let maps = String::from_utf8_lossy(&maps).into_owned();
        let files = maps.lines().filter_map(|line| line.split_once(&prefix));
        living.extend(files.filter_map(|(_, file)| instance_of(file)));
    }
    living
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_no_process_maps_are_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let (shm, proc) = (root.path().join("shm"), root.path().join("proc"));
        fs::create_dir_all(proc.join("12")).unwrap();
        fs::create_dir_all(&shm).unwrap();
        for name in [
            "bb_desk_a.data",
            "bb_desk_b.dynamic",
            "bb_my.robot_a.data",
            "other_file",
            "bb_odd",
        ] {
            fs::write(shm.join(name), [7; 5000]).unwrap();
        }
        let line = format!("7f00-7f01 rw-s 00000000 00:1a 5 {}/bb_my.robot_x.data\n", shm.display());
        fs::write(proc.join("12/maps"), line).unwrap();
        let user = fs::metadata(&shm).unwrap().uid();
        let found = find_in(&shm, &proc, user);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].instance.as_str(), found[0].files), ("desk", 2));
        assert!(found[0].bytes >= 10_000);
        assert_eq!(find_in(&shm, &proc, user + 1), []);
        fs::remove_dir_all(&proc).unwrap();
        assert_eq!(find_in(&shm, &proc, user).len(), 2, "the other one has ended, too");
    }

    #[test]
    fn names_of_files_lead_to_instances() {
        assert_eq!(instance_of("bb_my.robot_123.data").as_deref(), Some("my_robot"));
        assert_eq!(instance_of("iox2_x"), None);
    }
}
