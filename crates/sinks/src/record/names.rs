//! Names of files: when they were begun, so that they sort by it, and which of a folder's files are the recorder's.

use jiff::civil::DateTime;

/// Tells the time in a file's name, to the second.
const PATTERN: &str = "%Y-%m-%d_%H-%M-%S";
/// Characters of such a time.
const LENGTH: usize = 19;

/// The name of a file that is begun now: `2026-11-21_10-54-04.mcap`, or with a camera `2026-11-21_10-54-04_front.mp4`.
///
/// `attempt`: 1, and more for each name that was taken.
pub(super) fn file_name(begun: DateTime, camera: Option<&str>, attempt: u32, extension: &str) -> String {
    let mut name = begun.strftime(PATTERN).to_string();
    if let Some(camera) = camera {
        name = format!("{name}_{camera}");
    }
    if attempt > 1 {
        name = format!("{name}_{attempt}");
    }
    format!("{name}.{extension}")
}

/// The name of a file whose first sample was heard then, in UTC: `2026-11-21_10-54-04Z_door.wav`.
pub(super) fn utc_file_name(wall_ns: u64, source: &str, attempt: u32, extension: &str) -> String {
    let begun = jiff::Timestamp::from_nanosecond(i128::from(wall_ns)).unwrap_or_default();
    let begun = begun.strftime(PATTERN);
    match attempt {
        ..=1 => format!("{begun}Z_{source}.{extension}"),
        _ => format!("{begun}Z_{source}_{attempt}.{extension}"),
    }
}

/// Whether a file of that name can be the recorder's.
pub(super) fn is_ours(name: &str) -> bool {
    let Some((stem, "mcap" | "mp4" | "wav")) = name.rsplit_once('.') else {
        return false;
    };
    let Some((time, rest)) = stem.split_at_checked(LENGTH) else {
        return false;
    };
    let rest = rest.strip_prefix('Z').unwrap_or(rest);
    (rest.is_empty() || rest.starts_with('_')) && DateTime::strptime(PATTERN, time).is_ok()
}

/// Which files must go so that all together take at most `budget_bytes`: the oldest first, never one that is being written.
///
/// `files`: name and size of each file that is ours; `open`: those that are being written.
pub(super) fn to_remove(mut files: Vec<(String, u64)>, open: &[String], budget_bytes: u64) -> Vec<String> {
    files.sort();
    let mut total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    let mut removed = Vec::new();
    for (name, bytes) in files {
        if total <= budget_bytes {
            break;
        }
        if !open.contains(&name) {
            total -= bytes;
            removed.push(name);
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn names_sort_by_time_and_are_recognised() {
        let begun = date(2026, 11, 21).at(10, 54, 4, 0);
        let names = [
            file_name(begun, None, 1, "mcap"),
            file_name(begun, None, 2, "mcap"),
            file_name(date(2026, 11, 21).at(10, 54, 5, 0), None, 1, "mcap"),
            file_name(date(2026, 12, 1).at(0, 0, 0, 0), Some("front"), 1, "mp4"),
            utc_file_name(1_800_000_000_000_000_000, "front", 1, "wav"),
            utc_file_name(1_800_000_000_000_000_000, "front", 2, "wav"),
        ];
        assert_eq!(names[0], "2026-11-21_10-54-04.mcap");
        assert_eq!(names[3], "2026-12-01_00-00-00_front.mp4");
        assert_eq!(names[4], "2027-01-15_08-00-00Z_front.wav");
        assert!(names.is_sorted() && names.iter().all(|name| is_ours(name)), "{names:?}");
    }

    #[test]
    fn other_files_are_not_ours() {
        for name in [
            "holiday.mcap",
            "2026-11-21_10-54-04.txt",
            "2026-11-21_10-54-04 keep.mcap",
            "2026-13-21_10-54-04.mcap",
            "keep_2026-11-21_10-54-04.mcap",
            "2026-11-21.mcap",
            "ü026-11-21_10-54-04.mcap",
            "",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }

    #[test]
    fn the_oldest_go_until_it_fits_but_never_one_that_is_open() {
        let files = || ["c", "a", "b", "d"].map(|name| (name.to_owned(), 100)).to_vec();
        assert_eq!(to_remove(files(), &[], 400), [""; 0]);
        assert_eq!(to_remove(files(), &[], 250), ["a", "b"]);
        assert_eq!(to_remove(files(), &["a".to_owned(), "d".to_owned()], 100), ["b", "c"]);
    }
}
