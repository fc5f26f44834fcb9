//! Whether a camera's pictures come in the order in which they were taken, and capture times that only go forward.
//!
//! Cameras send them in that order, and then none is held back. Films that are sent over RTSP may hold pictures that refer to
//! later ones (B-frames): their times jump back again and again, and from then on the decoder must put them in order.

use bushbaby_bus::{CaptureTime, MonoTime};

/// Two jumps back that are no further apart are no accident: a camera whose counter begins anew jumps once.
const NEAR: u32 = 100;

/// Watches the order of one camera's access units.
#[derive(Debug, Default)]
pub(super) struct OrderWatch {
    last_ticks: Option<i64>,
    since_jump: Option<u32>,
    last_captured: MonoTime,
}

/// What the time of an access unit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind all that came before.
    InOrder,
    /// Before one that came already.
    Earlier,
    /// That, and not for the first time.
    EarlierAgain,
}

impl OrderWatch {
    /// A new connection begins: its times have nothing to do with those before.
    pub(super) fn begin_anew(&mut self) {
        (self.last_ticks, self.since_jump) = (None, None);
    }

    /// Looks at the RTP time of the next access unit.
    pub(super) fn look(&mut self, ticks: i64) -> Place {
        let before = self.last_ticks.replace(ticks);
        let since_jump = self.since_jump.map(|units| units.saturating_add(1));
        if before.is_none_or(|before| ticks >= before) {
            self.since_jump = since_jump;
            return Place::InOrder;
        }
        self.since_jump = Some(0);
        if since_jump.is_some_and(|units| units <= NEAR) {
            Place::EarlierAgain
        } else {
            Place::Earlier
        }
    }

    /// The capture time, or the next possible moment behind those before it.
    pub(super) fn forward(&mut self, mut captured: CaptureTime) -> CaptureTime {
        if captured.mono <= self.last_captured {
            let next = MonoTime::from_ns(self.last_captured.as_ns() + 1);
            captured = CaptureTime::at(next, captured.known_by);
        }
        self.last_captured = captured.mono;
        captured
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{CaptureClock, WallTime};

    fn first_again(ticks: impl IntoIterator<Item = i64>) -> Option<usize> {
        let mut watch = OrderWatch::default();
        ticks
            .into_iter()
            .position(|ticks| watch.look(ticks) == Place::EarlierAgain)
    }

    #[test]
    fn pictures_that_refer_to_later_ones_are_noticed_within_a_few() {
        // I1 P4 B2 B3 P7 B5 B6
        assert_eq!(first_again([1, 4, 2, 3, 7, 5, 6]), Some(5));
        assert_eq!(first_again([0, 4, 2, 1, 3, 8]), Some(3));
    }

    #[test]
    fn a_counter_that_stands_still_or_begins_anew_is_no_other_order() {
        assert_eq!(first_again([7, 7, 7, 7]), None);
        assert_eq!(first_again((1000..1200).chain(0..200).chain(0..200)), None);
    }

    #[test]
    fn capture_times_only_go_forward() {
        let captured = |ns: u64| CaptureTime {
            mono: MonoTime::from_ns(ns),
            wall: WallTime::from_ns(0),
            known_by: CaptureClock::Packet,
        };
        let mut watch = OrderWatch::default();
        let forward = [100, 90, 100, 120].map(|ns| watch.forward(captured(ns)).mono.as_ns());
        assert_eq!(forward, [100, 101, 102, 120]);
    }
}
