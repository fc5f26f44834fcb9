//! How fast a recording is played.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was recorded.
    Factor(f64),
    /// As fast as its readers go.
    Max,
}

const SLOWEST: f64 = 0.001;
const FASTEST: f64 = 1000.0;

impl Speed {
    /// How many times as fast as it was recorded; `None` when the readers say so.
    pub fn factor(self) -> Option<f64> {
        match self {
            Self::Factor(factor) => Some(factor),
            Self::Max => None,
        }
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self::Factor(1.0)
    }
}

/// Text or a number that is no speed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{got}`, wanted {SLOWEST} to {FASTEST} times as fast as it was recorded, or `max`")]
pub struct NoSpeed {
    got: String,
}

impl TryFrom<f64> for Speed {
    type Error = NoSpeed;

    fn try_from(factor: f64) -> Result<Self, NoSpeed> {
        let got = || NoSpeed {
            got: factor.to_string(),
        };
        (SLOWEST..=FASTEST)
            .contains(&factor)
            .then_some(Self::Factor(factor))
            .ok_or_else(got)
    }
}

impl FromStr for Speed {
    type Err = NoSpeed;

    fn from_str(text: &str) -> Result<Self, NoSpeed> {
        match text {
            "max" => Ok(Self::Max),
            text => {
                let got = || NoSpeed { got: text.to_owned() };
                let factor: f64 = text.parse().map_err(|_| got())?;
                Self::try_from(factor).map_err(|_| got())
            }
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(factor) => factor.fmt(f),
            Self::Max => f.write_str("max"),
        }
    }
}

impl Serialize for Speed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Factor(factor) => serializer.serialize_f64(*factor),
            Self::Max => serializer.serialize_str("max"),
        }
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Speed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{SLOWEST} to {FASTEST} times as fast as it was recorded, or `max`")
            }

            fn visit_f64<E: de::Error>(self, factor: f64) -> Result<Speed, E> {
                Speed::try_from(factor).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, factor: u64) -> Result<Speed, E> {
                self.visit_f64(factor as f64)
            }

            fn visit_i64<E: de::Error>(self, factor: i64) -> Result<Speed, E> {
                self.visit_f64(factor as f64)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Speed, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Speed {
    fn schema_name() -> Cow<'static, str> {
        "Speed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "number", "minimum": SLOWEST, "maximum": FASTEST}, {"const": "max"}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number_or_max() {
        assert_eq!("2.5".parse(), Ok(Speed::Factor(2.5)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        let speed = |json: &str| serde_json::from_str::<Speed>(json).map_err(|error| error.to_string());
        assert_eq!(speed("4"), Ok(Speed::Factor(4.0)));
        assert_eq!(speed("\"max\""), Ok(Speed::Max));
        assert!(
            speed("0")
                .unwrap_err()
                .starts_with("got `0`, wanted 0.001 to 1000 times as fast")
        );
        assert!("fast".parse::<Speed>().is_err());
        assert!("inf".parse::<Speed>().is_err());
    }
}
