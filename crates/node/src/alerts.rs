//! What is known of the alerts of an instance, and how one is muted: for the command line and for the page.
//!
//! An alert is muted by a file, `STATE/alerts/muted/NAME`, which holds the time of day until when (RFC 3339, UTC) or `forever`.
//! Whoever may write there may mute: the node `alerts` looks at it before it sends.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bushbaby_bus::Instance;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How it goes with the alerts of an instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertsStatus {
    /// The alerts of the file, by name.
    pub alerts: Vec<AlertStatus>,
    /// Where they are sent to.
    pub destinations: Vec<DestinationStatus>,
    /// The last alerts that were raised, newest first.
    pub recent: Vec<RaisedAlert>,
}

/// One alert of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertStatus {
    /// Its name.
    pub name: String,
    /// What must be so, as `when:` says it.
    pub when: String,
    /// Until when it is muted, time of day; `forever`; absent: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<String>,
    /// When it was raised last, time of day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<String>,
}

/// One destination. Its name tells no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DestinationStatus {
    /// As in `webhook example.org`.
    pub name: String,
    /// How many alerts wait for it.
    pub waiting: u64,
    /// Why the last attempt failed; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One alert that was raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaisedAlert {
    /// The same wherever this alert is told.
    pub id: String,
    /// The alert's name in the file.
    pub alert: String,
    /// One sentence.
    pub message: String,
    /// The camera, microphone or node that it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// When it was raised, time of day.
    pub raised_at: String,
    /// Whether it was muted, and so sent nowhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
    /// How it went with each destination.
    pub deliveries: Vec<DeliveryStatus>,
}

/// One alert on its way to one destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryStatus {
    /// The destination's name.
    pub destination: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed, or why the last attempt did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits, or is tried again and again.
    Waiting,
    /// The destination has it.
    Delivered,
    /// The destination refused it for good, or it was given up.
    Failed,
}

/// Until when an alert is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Muted {
    /// Until this time of day.
    Until(Timestamp),
    /// Until somebody unmutes it.
    Forever,
}

const FOREVER: &str = "forever";

impl Muted {
    /// As files and status have it.
    pub fn as_text(self) -> String {
        match self {
            Self::Until(at) => at.to_string(),
            Self::Forever => FOREVER.to_owned(),
        }
    }
}

/// The folder of everything that is kept of an instance's alerts.
pub fn folder(instance: &Instance) -> PathBuf {
    instance.state_dir().join("alerts")
}

/// Mutes an alert.
///
/// # Errors
/// When the file cannot be written, or `name` cannot be a file's.
pub fn mute(folder: &Path, name: &str, muted: Muted) -> io::Result<()> {
    let path = mute_path(folder, name)?;
    let folder = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(folder)?;
    // Readers see the old file or the new one, never half of it.
    let begun = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::File::create(&begun)?;
    writeln!(file, "{}", muted.as_text())?;
    file.sync_all()?;
    std::fs::rename(&begun, &path)
}

/// Lets an alert be sent again.
///
/// # Errors
/// When the file cannot be removed.
pub fn unmute(folder: &Path, name: &str) -> io::Result<()> {
    match std::fs::remove_file(mute_path(folder, name)?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Until when an alert is muted; `None` when it is not, also when the file holds something else: an alert that is sent once too
/// often is better than one that is not.
pub fn muted(folder: &Path, name: &str, now: Timestamp) -> Option<Muted> {
    let text = std::fs::read_to_string(mute_path(folder, name).ok()?).ok()?;
    match text.trim() {
        FOREVER => Some(Muted::Forever),
        text => text.parse().ok().filter(|until| *until > now).map(Muted::Until),
    }
}

fn mute_path(folder: &Path, name: &str) -> io::Result<PathBuf> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{name}` is no name of an alert"),
        ));
    }
    Ok(folder.join("muted").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_muted_for_a_time_for_ever_or_not() {
        let folder = std::env::temp_dir().join(format!("bb-mute-{}", std::process::id()));
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let later: Timestamp = "2026-01-02T04:04:05Z".parse().unwrap();
        assert_eq!(muted(&folder, "baby", now), None);
        mute(&folder, "baby", Muted::Until(later)).unwrap();
        assert_eq!(muted(&folder, "baby", now), Some(Muted::Until(later)));
        assert_eq!(muted(&folder, "baby", later), None, "its time is over");
        mute(&folder, "baby", Muted::Forever).unwrap();
        assert_eq!(muted(&folder, "baby", later), Some(Muted::Forever));
        assert_eq!(muted(&folder, "smoke", later), None);
        unmute(&folder, "baby").unwrap();
        unmute(&folder, "baby").unwrap();
        assert_eq!(muted(&folder, "baby", now), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["", "../x", "a/b", ".hidden"] {
            assert!(mute(Path::new("/nowhere"), name, Muted::Forever).is_err(), "{name}");
        }
    }
}
