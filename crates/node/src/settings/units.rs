//! Values that carry their unit: `200ms`, `165mm`, `2GB`, `50%`, `1280x720`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value without its unit, or with one that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{got}`, wanted {wanted}")]
pub struct UnitError {
    got: String,
    wanted: &'static str,
}

/// A length of time: `200ms`, `2s`, `5min`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

/// A length in metres: `165mm`, `16.5cm`, `0.165m`, `6.5in`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Length {
    /// The length in metres; finite, 0 or more.
    pub metres: f64,
}

/// An amount of memory or disk: `500MB`, `2GB`, `512MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize {
    /// The amount in bytes.
    pub bytes: u64,
}

/// Bits a second: `4Mbit`, `800kbit`, also written `4Mbit/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bitrate {
    /// From 10,000 to 500,000,000.
    pub bits_per_second: u32,
}

/// The size of a picture, `1280x720`: width, then height, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizePx {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

/// A place along an axis, in metres; it may be negative: `-12cm`, `0.3m`, `0m`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Offset {
    /// Metres along the axis; finite.
    pub metres: f64,
}

/// An angle: `30deg`, `-20deg`, `0.5rad`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Angle {
    /// Degrees; finite.
    pub degrees: f64,
}

/// A share of something: `50%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Percent {
    /// Hundredths; finite, 0 or more.
    pub percent: f64,
}

const LENGTHS: [(&str, f64); 5] = [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0), ("in", 0.0254), ("ft", 0.3048)];

/// Splits `1.5ms` into 1.5 and `ms`.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    number.is_finite().then_some((number, text[digits..].trim_start()))
}

/// Scales a number by the factor of its unit.
fn scaled(text: &str, units: &[(&str, f64)], wanted: &'static str) -> Result<f64, UnitError> {
    let error = || UnitError {
        got: text.to_owned(),
        wanted,
    };
    let (number, unit) = number_and_unit(text).ok_or_else(error)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
    Ok(number * factor)
}

impl FromStr for Time {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "a time with its unit, such as `200ms`, `2s`, `5min` or `1h`";
        let seconds = scaled(
            text,
            &[
                ("us", 1e-6),
                ("ms", 1e-3),
                ("s", 1.0),
                ("min", 60.0),
                ("h", 3600.0),
                ("d", 86400.0),
            ],
            WANTED,
        )?;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| UnitError {
            got: text.to_owned(),
            wanted: WANTED,
        })
    }
}

impl FromStr for Length {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "a length with its unit, such as `165mm`, `16.5cm`, `0.165m` or `6.5in`";
        let metres = scaled(text, &LENGTHS, WANTED)?;
        Ok(Self { metres })
    }
}

impl FromStr for Offset {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "a length with its unit, such as `30cm`, `-0.12m` or `0m`";
        let (sign, amount) = sign_of(text);
        let metres = scaled(amount, &LENGTHS, WANTED).map_err(|error| UnitError {
            got: text.to_owned(),
            ..error
        })?;
        Ok(Self { metres: sign * metres })
    }
}

impl FromStr for Angle {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "an angle with its unit, such as `30deg`, `-20deg` or `0.5rad`";
        let (sign, amount) = sign_of(text);
        let units = [("deg", 1.0), ("rad", 180.0 / std::f64::consts::PI)];
        let degrees = scaled(amount, &units, WANTED).map_err(|error| UnitError {
            got: text.to_owned(),
            ..error
        })?;
        Ok(Self {
            degrees: sign * degrees,
        })
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let percent = scaled(text, &[("%", 1.0)], "a share in percent, such as `50%`")?;
        Ok(Self { percent })
    }
}

fn sign_of(text: &str) -> (f64, &str) {
    match text.trim().strip_prefix('-') {
        Some(amount) => (-1.0, amount),
        None => (1.0, text),
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "an amount with its unit, such as `500MB`, `2GB` or `512MiB`";
        let units = [
            ("B", 1.0),
            ("kB", 1e3),
            ("KB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9),
            ("TB", 1e12),
            ("KiB", 1024.0),
            ("MiB", 1048576.0),
            ("GiB", 1073741824.0),
        ];
        let bytes = scaled(text, &units, WANTED)?;
        if bytes > u64::MAX as f64 {
            return Err(UnitError {
                got: text.to_owned(),
                wanted: WANTED,
            });
        }
        Ok(Self { bytes: bytes as u64 })
    }
}

impl FromStr for Bitrate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const WANTED: &str = "bits a second, `10kbit` to `500Mbit`, such as `4Mbit` or `800kbit`";
        let units = [("kbit", 1e3), ("Mbit", 1e6), ("kbit/s", 1e3), ("Mbit/s", 1e6)];
        let bits = scaled(text, &units, WANTED)?;
        if !(10_000.0..=500_000_000.0).contains(&bits) {
            return Err(UnitError {
                got: text.to_owned(),
                wanted: WANTED,
            });
        }
        Ok(Self {
            bits_per_second: bits as u32,
        })
    }
}

impl FromStr for SizePx {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let size = text.split_once('x').and_then(|(width, height)| {
            let side = |text: &str| {
                text.trim()
                    .parse::<u32>()
                    .ok()
                    .filter(|side| (1..=16384).contains(side))
            };
            Some(Self {
                width: side(width)?,
                height: side(height)?,
            })
        });
        size.ok_or_else(|| UnitError {
            got: text.to_owned(),
            wanted: "a size in pixels such as `1280x720`, each side from 1 to 16384",
        })
    }
}

/// Writes a number in the largest unit that leaves it at 1 or more.
fn in_largest(f: &mut fmt::Formatter<'_>, amount: f64, units: &[(&str, f64)]) -> fmt::Result {
    let (unit, factor) = units
        .iter()
        .find(|(_, factor)| amount >= *factor)
        .or(units.last())
        .unwrap_or(&("", 1.0));
    write!(f, "{}{unit}", (amount / factor * 1e9).round() / 1e9)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let whole = |unit: f64| seconds >= unit && seconds % unit == 0.0;
        if whole(3600.0) {
            write!(f, "{}h", seconds / 3600.0)
        } else if whole(60.0) {
            write!(f, "{}min", seconds / 60.0)
        } else {
            in_largest(f, seconds, &[("s", 1.0), ("ms", 1e-3), ("us", 1e-6)])
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest(f, self.metres, &[("m", 1.0), ("mm", 1e-3)])
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}m", (self.metres * 1e9).round() / 1e9)
    }
}

impl fmt::Display for Angle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}deg", (self.degrees * 1e9).round() / 1e9)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.percent * 1e9).round() / 1e9)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest(
            f,
            self.bytes as f64,
            &[("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)],
        )
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest(f, f64::from(self.bits_per_second), &[("Mbit", 1e6), ("kbit", 1e3)])
    }
}

impl fmt::Display for SizePx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

macro_rules! as_text {
    ($($type:ident, $pattern:literal, $example:literal;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    )*};
}

as_text! {
    Time, r"^[0-9.]+ ?(us|ms|s|min|h|d)$", "200ms";
    Length, r"^[0-9.]+ ?(mm|cm|m|in|ft)$", "165mm";
    Offset, r"^-?[0-9.]+ ?(mm|cm|m|in|ft)$", "-12cm";
    Angle, r"^-?[0-9.]+ ?(deg|rad)$", "30deg";
    Percent, r"^[0-9.]+ ?%$", "50%";
    ByteSize, r"^[0-9.]+ ?(B|[kKMGT]B|[KMG]iB)$", "2GB";
    Bitrate, r"^[0-9.]+ ?[kM]bit(/s)?$", "4Mbit";
    SizePx, r"^[0-9]+x[0-9]+$", "1280x720";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_the_unit_that_reads_best() {
        for (text, written) in [
            ("200ms", "200ms"),
            ("2s", "2s"),
            ("120s", "2min"),
            ("1.5s", "1.5s"),
            ("90min", "90min"),
            ("0.5ms", "500us"),
            ("0s", "0us"),
        ] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn a_written_value_reads_back_as_the_same() {
        for text in ["165mm", "6.5in", "1.25m"] {
            let length: Length = text.parse().unwrap();
            let back: Length = length.to_string().parse().unwrap();
            assert!((length.metres - back.metres).abs() < 1e-9);
        }
        assert_eq!("-12cm".parse::<Offset>().unwrap().to_string(), "-0.12m");
        assert_eq!("-20 deg".parse::<Angle>().unwrap().to_string(), "-20deg");
        assert_eq!("2GB".parse::<ByteSize>().unwrap().to_string(), "2GB");
        assert_eq!("800 kbit/s".parse::<Bitrate>().unwrap().to_string(), "800kbit");
        assert_eq!("4Mbit".parse::<Bitrate>().unwrap().to_string(), "4Mbit");
        assert_eq!("33.5 %".parse::<Percent>().unwrap().to_string(), "33.5%");
        assert_eq!("1280x720".parse::<SizePx>().unwrap().to_string(), "1280x720");
    }

    #[test]
    fn a_wrong_or_missing_unit_says_what_was_wanted() {
        let told = |error: UnitError| error.to_string();
        assert_eq!(
            "2 apples".parse::<Time>().map_err(told).unwrap_err(),
            "got `2 apples`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h`"
        );
        for text in ["165", "165s", "-1mm", "mm", "", "1e400m"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
        for text in ["4", "4MB", "1bit", "-4Mbit", "9kbit", "501Mbit"] {
            assert!(text.parse::<Bitrate>().is_err(), "{text}");
        }
        for text in ["50", "-1%", "%", "half"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
        for text in ["1280", "0x720", "1280x", "99999x1", "axb"] {
            assert!(text.parse::<SizePx>().is_err(), "{text}");
        }
    }
}
