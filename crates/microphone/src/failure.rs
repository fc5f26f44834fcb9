//! What goes wrong, in words.

/// Why there is no sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// What the library said about a microphone.
    pub(crate) fn of(name: &str, error: &cpal::Error) -> Self {
        use cpal::ErrorKind;
        match error.kind() {
            ErrorKind::DeviceNotAvailable => Self::new(format!("microphone `{name}` is not there"))
                .with_hint("is it plugged in? `bushbaby cameras` lists those that are"),
            ErrorKind::DeviceBusy => Self::new(format!("microphone `{name}` is in use by another program"))
                .with_hint("end that program, or read by way of the sound server: `mic: default`"),
            ErrorKind::PermissionDenied => Self::new(format!("no permission to use microphone `{name}`"))
                .with_hint("join the group `audio`: `sudo usermod -aG audio $USER`, then log in anew"),
            ErrorKind::HostUnavailable => Self::new(format!("ALSA cannot be used: {error}")),
            _ => Self::new(format!("microphone `{name}`: {error}")),
        }
    }
}
