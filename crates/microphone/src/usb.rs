//! How the system calls the sound cards that are plugged into USB, whichever order they were plugged in.

use std::collections::BTreeMap;
use std::path::Path;

/// Stable names of cards on USB (`usb-046d_HD_Pro_Webcam_C920_A1-02`), by the number of the card.
pub(crate) fn names() -> BTreeMap<u32, String> {
    in_folder(Path::new("/dev/snd/by-id"))
}

/// Numbers of cards by the short names that ALSA gives them (`C920`).
pub(crate) fn numbers() -> BTreeMap<String, u32> {
    let read = |number: u32| {
        let name = std::fs::read_to_string(format!("/proc/asound/card{number}/id")).ok()?;
        Some((name.trim().to_owned(), number))
    };
    // The kernel has at most so many.
    (0..32).filter_map(read).collect()
}

fn in_folder(folder: &Path) -> BTreeMap<u32, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let named = entries.flatten().filter_map(|entry| {
        let target = std::fs::read_link(entry.path()).ok()?;
        let number = target.file_name()?.to_str()?.strip_prefix("controlC")?.parse().ok()?;
        Some((number, entry.file_name().into_string().ok()?))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_by_their_control_devices() {
        let folder = tempfile::tempdir().unwrap();
        let link = |name: &str, to: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        link("usb-046d_C920_A1-02", "../controlC1");
        link("usb-odd", "../pcmC1D0c");
        assert_eq!(
            in_folder(folder.path()),
            BTreeMap::from([(1, "usb-046d_C920_A1-02".to_owned())])
        );
        assert_eq!(in_folder(Path::new("/nowhere")), BTreeMap::new());
    }
}
