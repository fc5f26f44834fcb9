//! When a picture was taken, as its driver says.

use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime};
use v4l::buffer::{Flags, Metadata};

/// A time stamp older than this is of another clock.
const STALE: Duration = Duration::from_secs(10);
/// So far ahead a driver's stamp may be, which is computed from a camera's own clock.
const AHEAD: Duration = Duration::from_millis(100);

/// When a picture was taken, by its driver's stamp where that is of our clock.
pub(super) fn capture_time(said: &Metadata, now: MonoTime) -> CaptureTime {
    let is_monotonic = said.flags & Flags::TIMESTAMP_MASK == Flags::TIMESTAMP_MONOTONIC;
    let ns = u64::try_from(said.timestamp.sec)
        .ok()
        .zip(u64::try_from(said.timestamp.usec).ok());
    let stamp = ns
        .and_then(|(sec, usec)| sec.checked_mul(1_000_000_000)?.checked_add(usec.checked_mul(1000)?))
        .map(MonoTime::from_ns);
    match stamp {
        Some(stamp) if is_monotonic && stamp.since(now) < AHEAD && now.since(stamp) < STALE => {
            let is_start = said.flags & Flags::TSTAMP_SRC_MASK == Flags::TSTAMP_SRC_SOE;
            CaptureTime::at(
                stamp.min(now),
                if is_start {
                    CaptureClock::StartOfExposure
                } else {
                    CaptureClock::EndOfFrame
                },
            )
        }
        _ => CaptureTime::at(now, CaptureClock::Received),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use v4l::Timestamp;

    fn said(flags: Flags, ns: u64) -> Metadata {
        let timestamp = Timestamp::new((ns / 1_000_000_000) as _, (ns % 1_000_000_000 / 1000) as _);
        Metadata {
            flags,
            timestamp,
            ..Metadata::default()
        }
    }

    const NOW: MonoTime = MonoTime::from_ns(100_000_000_000);

    #[test]
    fn a_stamp_of_our_clock_is_the_capture_time() {
        let stamp = 99_980_000_000;
        let start = capture_time(&said(Flags::TIMESTAMP_MONOTONIC | Flags::TSTAMP_SRC_SOE, stamp), NOW);
        assert_eq!(
            (start.mono.as_ns(), start.known_by),
            (stamp, CaptureClock::StartOfExposure)
        );
        let end = capture_time(&said(Flags::TIMESTAMP_MONOTONIC, stamp), NOW);
        assert_eq!((end.mono.as_ns(), end.known_by), (stamp, CaptureClock::EndOfFrame));
    }

    #[test]
    fn a_stamp_that_is_a_little_ahead_is_now() {
        let ahead = capture_time(&said(Flags::TIMESTAMP_MONOTONIC, 100_030_000_000), NOW);
        assert_eq!((ahead.mono, ahead.known_by), (NOW, CaptureClock::EndOfFrame));
    }

    #[test]
    fn a_stamp_of_another_clock_or_none_is_not_trusted() {
        for said in [
            said(Flags::TIMESTAMP_UNKNOWN, 99_980_000_000),
            said(Flags::TIMESTAMP_COPY, 99_980_000_000),
            said(Flags::TIMESTAMP_MONOTONIC, 101_000_000_000),
            said(Flags::TIMESTAMP_MONOTONIC, 1_000_000_000),
            Metadata::default(),
        ] {
            let time = capture_time(&said, NOW);
            assert_eq!((time.mono, time.known_by), (NOW, CaptureClock::Received));
        }
    }
}
