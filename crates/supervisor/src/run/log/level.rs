//! How important a line is.

use std::fmt;

/// As nodes write it before their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }

    /// Takes the level off a line that begins with one; any other line is of level `INFO`.
    pub(in crate::run) fn split(line: &str) -> (Self, &str) {
        let line = line.trim_end();
        let levels = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        let found = levels.into_iter().find_map(|level| {
            let rest = line.trim_start().strip_prefix(level.name())?;
            rest.starts_with([' ', ':'])
                .then(|| (level, rest.trim_start_matches(':').trim_start()))
        });
        found.unwrap_or((Self::Info, line))
    }

    /// The escape sequence of its colour; empty: none.
    pub(super) fn color(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warn => "\x1b[33m",
            Self::Info => "",
            Self::Debug | Self::Trace => "\x1b[2m",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_before_a_line_is_its_level() {
        assert_eq!(Level::split(" WARN no camera "), (Level::Warn, "no camera"));
        assert_eq!(Level::split("ERROR: no camera"), (Level::Error, "no camera"));
        assert_eq!(Level::split("  Traceback:"), (Level::Info, "  Traceback:"));
        assert_eq!(Level::split("INFORMATION"), (Level::Info, "INFORMATION"));
    }
}
