//! The files: complete or not there, named so that they are found, and within their budget.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bushbaby_recording::wav;
use bushbaby_sound::results::SoundEvent;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;

use super::ring::Stretch;
use super::time_of_day;

/// Tells the time in a file's name, in UTC; a `Z` follows.
const PATTERN: &str = "%Y-%m-%d_%H-%M-%S";
/// Characters of it.
const LENGTH: usize = 19;
const ENDINGS: [&str; 3] = ["wav", "jpg", "json"];

/// A folder that evidence is kept in.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    budget_bytes: u64,
}

/// What is kept of one event.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) source: &'a str,
    pub(super) event: &'a SoundEvent,
    pub(super) sound: Option<Stretch>,
    pub(super) picture: Option<Picture>,
}

/// A picture of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) jpeg: Vec<u8>,
    /// Time of day.
    pub(super) captured_at: String,
}

/// The `.json` beside the other two.
#[derive(Debug, Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    source: &'a str,
    #[serde(flatten)]
    event: &'a SoundEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    wav: Option<ToldSound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<ToldPicture>,
}

#[derive(Debug, Serialize)]
struct ToldSound {
    file: String,
    /// When its first sample was captured.
    starts_at: String,
    seconds: f64,
    sample_rate_hz: u32,
    channels: u16,
}

#[derive(Debug, Serialize)]
struct ToldPicture {
    file: String,
    captured_at: String,
}

impl Folder {
    /// Makes the folder where it is missing, and tries whether one can write there.
    pub(super) fn open(path: &Path, budget_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let folder = Self {
            path: path.to_owned(),
            budget_bytes,
        };
        let probe = format!(".bushbaby-{}", std::process::id());
        let tried = fs::write(path.join(&probe), b"can this be written?\n");
        // It is there only when it could be made.
        let _ = fs::remove_file(path.join(&probe));
        tried?;
        Ok(folder)
    }

    /// Writes the files of one event, and lets the oldest go. Returns what their names begin with.
    pub(super) fn write(&self, evidence: &Evidence<'_>) -> io::Result<String> {
        let stem = stem(evidence.source, evidence.event);
        // Events are told more than once; after a restart there is less of the sound than the first time.
        if self.path.join(format!("{stem}.json")).exists() {
            return Ok(stem);
        }
        let mut told = Told {
            kind: "evidence",
            version: 1,
            source: evidence.source,
            event: evidence.event,
            wav: None,
            picture: None,
        };
        if let Some(sound) = &evidence.sound {
            let data = wav::from_int(&sound.samples);
            let head = wav::head(sound.format, data.len() as u64, sound.wall_ns.max(0) as u64);
            let file = format!("{stem}.wav");
            self.put(&file, &[&head, &data])?;
            told.wav = Some(ToldSound {
                file,
                starts_at: time_of_day(sound.wall_ns),
                seconds: sound.format.lasts_ns(data.len() as u64) as f64 / 1e9,
                sample_rate_hz: sound.format.sample_rate_hz,
                channels: sound.format.channels,
            });
        }
        if let Some(picture) = &evidence.picture {
            let file = format!("{stem}.jpg");
            self.put(&file, &[&picture.jpeg])?;
            told.picture = Some(ToldPicture {
                file,
                captured_at: picture.captured_at.clone(),
            });
        }
        let json = serde_json::to_vec_pretty(&told)?;
        self.put(&format!("{stem}.json"), &[&json, b"\n"])?;
        self.keep_to_budget(&stem)?;
        Ok(stem)
    }

    /// A file that is there is complete.
    fn put(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let begun = self.path.join(format!(".{name}.part"));
        let write = || {
            let mut file = File::create(&begun)?;
            parts.iter().try_for_each(|part| file.write_all(part))?;
            file.sync_data()?;
            fs::rename(&begun, self.path.join(name))
        };
        write().inspect_err(|_| {
            // Half of it would be in the way where there is no room.
            let _ = fs::remove_file(&begun);
        })
    }

    /// Removes the oldest events, never the one of this stem.
    fn keep_to_budget(&self, newest: &str) -> io::Result<()> {
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if let Some(stem) = entry.file_name().to_str().and_then(stem_of) {
                *sizes.entry(stem.to_owned()).or_default() += entry.metadata()?.len();
            }
        }
        for stem in to_remove(&sizes, newest, self.budget_bytes) {
            for ending in ENDINGS {
                match fs::remove_file(self.path.join(format!("{stem}.{ending}"))) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            tracing::info!("removed `{stem}`: the budget is used up");
        }
        Ok(())
    }
}

/// Which events must go so that all together take at most `budget_bytes`, the oldest first.
fn to_remove<'a>(sizes: &'a BTreeMap<String, u64>, newest: &str, budget_bytes: u64) -> Vec<&'a str> {
    let mut total: u64 = sizes.values().sum();
    let mut removed = Vec::new();
    for (stem, bytes) in sizes.iter().filter(|(stem, _)| *stem != newest) {
        if total <= budget_bytes {
            break;
        }
        total -= bytes;
        removed.push(stem.as_str());
    }
    removed
}

/// What the names of an event's files begin with: `2026-11-28_02-14-05Z_baby_cry_door_ID`.
fn stem(source: &str, event: &SoundEvent) -> String {
    let start: Timestamp = event.start_at.parse().unwrap_or_default();
    let parts = [event.sound.as_str(), source, event.id.as_str()].map(in_a_name);
    format!("{}Z_{}", start.strftime(PATTERN), parts.join("_"))
}

/// A text as a part of a file's name.
fn in_a_name(text: &str) -> String {
    let good = |c: char| {
        if c.is_ascii_alphanumeric() || "@.-_".contains(c) {
            c
        } else {
            '_'
        }
    };
    text.chars().take(64).map(good).collect()
}

/// What the name of a file of ours begins with.
fn stem_of(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    let (time, rest) = stem.split_at_checked(LENGTH)?;
    (ENDINGS.contains(&ending) && rest.starts_with("Z_") && DateTime::strptime(PATTERN, time).is_ok()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use bushbaby_sound::results::EventState;

    use super::*;

    #[test]
    fn names_are_found_by_time_source_and_id_and_hold_nothing_odd() {
        let event = SoundEvent {
            id: "cry@door-1a2b-7/../x".to_owned(),
            sound: "baby_cry".to_owned(),
            state: EventState::Began,
            score: 0.5,
            start_at: "2026-11-28T02:14:05.5Z".to_owned(),
            decided_at: "2026-11-28T02:14:07Z".to_owned(),
            end_at: None,
            start_s: 0.0,
            decided_s: 0.0,
            end_s: None,
        };
        let stem = stem("door", &event);
        assert_eq!(stem, "2026-11-28_02-14-05Z_baby_cry_door_cry@door-1a2b-7_.._x");
        assert_eq!(stem_of(&format!("{stem}.json")), Some(stem.as_str()));
        for other in [
            "2026-11-28_02-14-05_front.mp4",
            "2026-11-28_02-14-05Z_x.txt",
            "notes.json",
            ".json",
            "ä",
        ] {
            assert_eq!(stem_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_never() {
        let sizes: BTreeMap<String, u64> = ["a", "b", "c"].map(|stem| (stem.to_owned(), 100)).into();
        assert_eq!(to_remove(&sizes, "c", 300), [""; 0]);
        assert_eq!(to_remove(&sizes, "c", 150), ["a", "b"]);
        assert_eq!(to_remove(&sizes, "a", 50), ["b", "c"]);
    }
}
