//! When a picture or a sound was taken: by the camera's own clock, as its RTCP sender reports tell it, or else when its first
//! packet came.
//!
//! A report says which wall time belongs to which RTP time. That is worth something only when the camera's clock goes with ours
//! (both follow NTP). Whether it does shows in the age that it gives to pictures as they arrive: no picture is from the future,
//! and none is seconds old.

use std::num::NonZeroU32;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, WallTime};

/// A picture that seems to be older on arrival was stamped by a wrong clock.
const OLDEST_NS: i128 = 2_000_000_000;
/// Two clocks on NTP differ by that much.
const FUTURE_NS: i128 = 20_000_000;
/// Seconds from 1900, where NTP's clock begins, to 1970.
const NTP_TO_UNIX_S: i128 = 2_208_988_800;

/// A moment on the camera's counter: RTP time, not wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpTime {
    pub(super) ticks: i64,
    pub(super) ticks_per_second: NonZeroU32,
}

impl From<retina::Timestamp> for RtpTime {
    fn from(timestamp: retina::Timestamp) -> Self {
        Self {
            ticks: timestamp.timestamp(),
            ticks_per_second: timestamp.clock_rate(),
        }
    }
}

/// When something arrived here, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) mono: MonoTime,
    pub(super) wall: WallTime,
}

/// What the camera's reports say of its pictures, or of its sound; lives as long as one connection.
#[derive(Debug, Default)]
pub(super) struct CameraClock {
    report: Option<(RtpTime, i128)>,
    /// Whether it was found wrong, so that it is told once.
    is_distrusted: bool,
}

impl CameraClock {
    /// A sender report: `rtp` was at `ntp` (seconds since 1900 in the upper half).
    pub(super) fn report(&mut self, rtp: RtpTime, ntp: u64) {
        // A camera that does not know the time may say zero.
        self.report = (ntp != 0).then(|| {
            let seconds = i128::from(ntp >> 32) - NTP_TO_UNIX_S;
            let nanoseconds = (i128::from(ntp & 0xffff_ffff) * 1_000_000_000) >> 32;
            (rtp, seconds * 1_000_000_000 + nanoseconds)
        });
    }

    /// Returns when the picture, or the first sample, was taken whose first packet came at `first_packet`.
    pub(super) fn capture_time(&mut self, rtp: RtpTime, first_packet: Arrival) -> CaptureTime {
        let arrived = CaptureTime {
            mono: first_packet.mono,
            wall: first_packet.wall,
            known_by: CaptureClock::Packet,
        };
        let Some(age_ns) = self.age_ns(rtp, first_packet.wall) else {
            return arrived;
        };
        if !(-FUTURE_NS..=OLDEST_NS).contains(&age_ns) {
            if !std::mem::replace(&mut self.is_distrusted, true) {
                tracing::info!(
                    "the camera's clock differs from this machine's by {:.1} s or its reports are wrong: taking the arrival of packets",
                    age_ns as f64 / -1e9
                );
            }
            return arrived;
        }
        let age_ns = age_ns.max(0) as u64;
        CaptureTime {
            mono: MonoTime::from_ns(first_packet.mono.as_ns().saturating_sub(age_ns)),
            wall: WallTime::from_ns(first_packet.wall.as_ns().saturating_sub_unsigned(age_ns)),
            known_by: CaptureClock::CameraClock,
        }
    }

    /// How long before `arrived` the picture was taken, if the camera's clock is right.
    fn age_ns(&self, rtp: RtpTime, arrived: WallTime) -> Option<i128> {
        let (reported, wall_ns) = self.report?;
        let ticks = i128::from(rtp.ticks) - i128::from(reported.ticks);
        let since_report_ns = ticks * 1_000_000_000 / i128::from(rtp.ticks_per_second.get());
        Some(i128::from(arrived.as_ns()) - (wall_ns + since_report_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Arrival = Arrival {
        mono: MonoTime::from_ns(50_000_000_000),
        wall: WallTime::from_ns(1_700_000_000_000_000_000),
    };

    fn rtp(ticks: i64) -> RtpTime {
        RtpTime {
            ticks,
            ticks_per_second: NonZeroU32::new(90_000).unwrap(),
        }
    }

    /// NTP form of the wall time `age_ms` before `NOW`.
    fn ntp(age_ms: i64) -> u64 {
        let ns = NOW.wall.as_ns() - age_ms * 1_000_000;
        let seconds = (ns / 1_000_000_000) as u64 + NTP_TO_UNIX_S as u64;
        (seconds << 32) | ((((ns % 1_000_000_000) as u64) << 32) / 1_000_000_000)
    }

    fn age_ms(captured: CaptureTime) -> u128 {
        (NOW.mono.since(captured.mono).as_nanos() + 500_000) / 1_000_000
    }

    #[test]
    fn without_a_report_it_is_the_arrival_of_the_first_packet() {
        let captured = CameraClock::default().capture_time(rtp(5), NOW);
        assert_eq!((captured.mono, captured.known_by), (NOW.mono, CaptureClock::Packet));
    }

    #[test]
    fn a_report_tells_the_age_of_every_picture_after_it() {
        let mut clock = CameraClock::default();
        clock.report(rtp(90_000), ntp(1040));
        let captured = clock.capture_time(rtp(90_000 + 90_000), NOW);
        assert_eq!((age_ms(captured), captured.known_by), (40, CaptureClock::CameraClock));
        assert_eq!(age_ms(clock.capture_time(rtp(90_000 + 88_200), NOW)), 60);
    }

    #[test]
    fn a_clock_that_is_ahead_hours_behind_or_without_time_is_not_believed() {
        for told in [ntp(-3_600_000), ntp(3_600_000), ntp(2_500), ntp(-50), 0, 12_345] {
            let mut clock = CameraClock::default();
            clock.report(rtp(0), told);
            let captured = clock.capture_time(rtp(0), NOW);
            assert_eq!(
                (captured.mono, captured.known_by),
                (NOW.mono, CaptureClock::Packet),
                "{told}"
            );
        }
    }

    #[test]
    fn a_clock_slightly_ahead_makes_no_picture_of_the_future() {
        let mut clock = CameraClock::default();
        clock.report(rtp(0), ntp(-5));
        let captured = clock.capture_time(rtp(0), NOW);
        assert_eq!(
            (captured.mono, captured.known_by),
            (NOW.mono, CaptureClock::CameraClock)
        );
    }

    proptest! {
        #[test]
        fn no_report_makes_a_capture_time_after_the_arrival_or_overflows(reported: i64, ticks: i64, told: u64) {
            let mut clock = CameraClock::default();
            clock.report(rtp(reported), told);
            let captured = clock.capture_time(rtp(ticks), NOW);
            prop_assert!(captured.mono <= NOW.mono);
        }
    }
}
