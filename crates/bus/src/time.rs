//! Two clocks: one to measure ages with, one to show to people; and how a capture time came to be known.

use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment on `CLOCK_MONOTONIC`, in nanoseconds; comparable between all processes of one machine until it boots again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonoTime(u64);

impl MonoTime {
    /// Returns this moment.
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        Self(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }

    /// Returns the moment `ns` nanoseconds after the clock's zero.
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Returns nanoseconds since the clock's zero.
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Returns how long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for MonoTime {
    type Output = Self;

    fn add(self, later_by: Duration) -> Self {
        let ns = u64::try_from(later_by.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(ns))
    }
}

/// A moment on the wall clock: nanoseconds since 1970-01-01 00:00 UTC. It may jump; never measure with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(i64);

impl WallTime {
    /// Returns this moment.
    pub fn now() -> Self {
        let ns = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
        };
        Self(ns)
    }

    /// Returns the moment `ns` nanoseconds after 1970 (before it, when negative).
    pub const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// Returns nanoseconds since 1970.
    pub const fn as_ns(self) -> i64 {
        self.0
    }
}

/// Which moment a capture time stands for, and who knew it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum CaptureClock {
    /// Nobody said.
    #[default]
    Unknown = 0,
    /// The camera's driver: the start of the exposure.
    StartOfExposure = 1,
    /// The camera's driver: the end of the frame.
    EndOfFrame = 2,
    /// The camera's own clock, brought to ours (RTCP sender reports).
    CameraClock = 3,
    /// Arrival of the first packet of the picture.
    Packet = 4,
    /// Arrival of the whole picture.
    Received = 5,
    /// The moment when a drawn picture was complete.
    Rendered = 6,
    /// Taken over from a file.
    File = 7,
}

impl CaptureClock {
    /// Returns the name in snake case, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::StartOfExposure => "start_of_exposure",
            Self::EndOfFrame => "end_of_frame",
            Self::CameraClock => "camera_clock",
            Self::Packet => "packet",
            Self::Received => "received",
            Self::Rendered => "rendered",
            Self::File => "file",
        }
    }

    pub(crate) const fn from_wire(value: u8) -> Option<Self> {
        Some(match value {
            0 => Self::Unknown,
            1 => Self::StartOfExposure,
            2 => Self::EndOfFrame,
            3 => Self::CameraClock,
            4 => Self::Packet,
            5 => Self::Received,
            6 => Self::Rendered,
            7 => Self::File,
            _ => return None,
        })
    }
}

/// When a frame was captured: the same moment on both clocks, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CaptureTime {
    /// On the clock that ages are measured with.
    pub mono: MonoTime,
    /// On the clock that people read.
    pub wall: WallTime,
    /// Which moment of the capture this is.
    pub known_by: CaptureClock,
}

impl CaptureTime {
    /// Returns this moment as a capture time.
    pub fn now(known_by: CaptureClock) -> Self {
        Self {
            mono: MonoTime::now(),
            wall: WallTime::now(),
            known_by,
        }
    }

    /// Returns the capture time `mono`, with the wall time that belongs to it by today's difference of the two clocks.
    pub fn at(mono: MonoTime, known_by: CaptureClock) -> Self {
        let difference = WallTime::now().0.saturating_sub_unsigned(MonoTime::now().0);
        Self {
            mono,
            wall: WallTime(difference.saturating_add_unsigned(mono.0)),
            known_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_no_time_after_a_later_one() {
        let early = MonoTime::from_ns(5);
        let late = early + Duration::from_nanos(7);
        assert_eq!(late.since(early), Duration::from_nanos(7));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn the_wall_time_of_a_past_moment_lies_as_far_back() {
        let now = CaptureTime::now(CaptureClock::Received);
        let past = CaptureTime::at(
            MonoTime::from_ns(now.mono.as_ns() - 1_000_000_000),
            CaptureClock::Received,
        );
        let back_ns = now.wall.as_ns() - past.wall.as_ns();
        // Two clocks are read one after the other, maybe with a pause of the scheduler between.
        assert!((back_ns - 1_000_000_000).abs() < 500_000_000, "{back_ns}");
    }

    #[test]
    fn every_clock_survives_the_wire_and_has_one_name() {
        for value in 0..=7 {
            let clock = CaptureClock::from_wire(value).unwrap();
            assert_eq!(clock as u8, value);
            assert_eq!(serde_json::to_value(clock).unwrap(), clock.as_str());
        }
        assert_eq!(CaptureClock::from_wire(8), None);
    }
}
