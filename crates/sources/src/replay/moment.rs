//! A place in a recording, as a person names it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bushbaby_node::settings::Time;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A place in a recording: so long after its beginning (`90s`), or a time of then (`2026-02-28T14:30:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// So long after the beginning.
    Since(Time),
    /// Nanoseconds since 1970.
    Wall(u64),
}

/// Text that is no place in a recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{got}`, wanted how long after its beginning, as `90s`, or a time of then, as `2026-02-28T14:30:00Z`")]
pub struct NoMoment {
    got: String,
}

impl At {
    /// Nanoseconds since 1970 in a recording that begins at `begin_ns`.
    pub fn in_recording(self, begin_ns: u64) -> u64 {
        match self {
            Self::Since(Time(since)) => begin_ns.saturating_add(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
            Self::Wall(ns) => ns,
        }
    }
}

impl FromStr for At {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Ok(since) = text.parse() {
            return Ok(Self::Since(since));
        }
        let wall = text.parse::<jiff::Timestamp>().ok();
        let ns = wall.and_then(|wall| u64::try_from(wall.as_nanosecond()).ok());
        ns.map(Self::Wall).ok_or_else(|| NoMoment { got: text.to_owned() })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Since(since) => since.fmt(f),
            Self::Wall(ns) => jiff::Timestamp::from_nanosecond(i128::from(*ns))
                .unwrap_or_default()
                .fmt(f),
        }
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for At {
    fn schema_name() -> Cow<'static, str> {
        "PlaceInRecording".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "examples": ["90s", "2026-02-28T14:30:00Z"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_time_since_the_beginning_or_one_of_then() {
        let ns = |text: &str| text.parse::<At>().unwrap().in_recording(1_000);
        assert_eq!(ns("2s"), 2_000_001_000);
        assert_eq!(ns("1970-01-01T00:00:03Z"), 3_000_000_000);
        let error = "yesterday".parse::<At>().unwrap_err().to_string();
        assert!(error.starts_with("got `yesterday`, wanted how long after"), "{error}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["1500ms", "2026-02-28T14:30:00.25Z"] {
            let at: At = text.parse().unwrap();
            assert_eq!(at.to_string().parse::<At>().unwrap(), at);
        }
    }
}
