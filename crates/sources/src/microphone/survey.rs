//! Which microphones there are, as `bushbaby-microphone` lists them.

use std::io;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::program::{self, MISSING_HINT, NAME, NO_LIBRARY_HINT};

/// A microphone of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MicrophoneInfo {
    /// What to write behind `mic:`.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// ALSA's name for it.
    pub pcm: String,
    /// Its name on USB, the same wherever it is plugged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb: Option<String>,
}

/// Why microphones cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// The program is not there.
    #[error("`{NAME}` is not there, without which no microphone is read")]
    NoProgram,
    /// The library that it links is not there.
    #[error("`{NAME}` does not start: libasound is not installed")]
    NoLibrary,
    /// It says what is wrong itself.
    #[error("`{NAME}` {said}")]
    Failed {
        /// Its words.
        said: String,
    },
}

impl SurveyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoProgram => Some(MISSING_HINT),
            Self::NoLibrary => Some(NO_LIBRARY_HINT),
            Self::Failed { .. } => None,
        }
    }
}

/// Asks the program which microphones there are.
///
/// # Errors
/// Why it cannot tell.
pub fn survey() -> Result<Vec<MicrophoneInfo>, SurveyError> {
    let output = Command::new(program::path())
        .args(["list", "--json"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SurveyError::NoProgram,
            _ => SurveyError::Failed {
                said: format!("cannot be started: {error}"),
            },
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(refused(&said));
    }
    Ok(listed(&String::from_utf8_lossy(&output.stdout)))
}

fn refused(said: &str) -> SurveyError {
    if program::misses_library(said) {
        return SurveyError::NoLibrary;
    }
    let last = said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("said nothing");
    SurveyError::Failed {
        said: format!("said: {}", last.trim_start_matches("error: ")),
    }
}

/// One object a line; what is none is left out.
fn listed(text: &str) -> Vec<MicrophoneInfo> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_line_by_line() {
        let text =
            "{\"id\":\"C920\",\"name\":\"Webcam\",\"pcm\":\"plughw:CARD=C920,DEV=0\",\"usb\":\"usb-1\"}\nnonsense\n";
        let [only] = listed(text).try_into().unwrap();
        assert_eq!((only.id.as_str(), only.usb.as_deref()), ("C920", Some("usb-1")));
    }

    #[test]
    fn what_is_missing_is_told_with_what_to_do() {
        let no_library = refused(
            "bushbaby-microphone: error while loading shared libraries: libasound.so.2: cannot open shared object file\n",
        );
        assert_eq!(no_library, SurveyError::NoLibrary);
        assert_eq!(no_library.hint(), Some("sudo apt install libasound2"));
        assert_eq!(
            refused("error: ALSA cannot be used: x\n").to_string(),
            "`bushbaby-microphone` said: ALSA cannot be used: x"
        );
        assert!(SurveyError::NoProgram.hint().is_some());
    }
}
