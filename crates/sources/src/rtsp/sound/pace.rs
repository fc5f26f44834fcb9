//! When each sample was taken: steady times out of those of packets, which come early and late.

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, WallTime};

/// Further off than that, and times begin anew.
const JUMP_NS: i64 = 200_000_000;
/// How much sound must come late, all of it, before that is taken for its time.
const PATIENCE_NS: i64 = 2_000_000_000;

/// Follows the times of packets, with a step of its own for each sample.
///
/// What arrives late says little: networks hold packets up, and then bring many at once. What arrives early says much: nothing
/// arrives before it was. So times that packets take from their arrival follow the earliest of them. Those that a camera's clock
/// tells are right on the whole, and are only smoothed.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: Option<CaptureTime>,
    /// How much sound has come late in a row, and how late that was at least.
    late: Option<(i64, i64)>,
}

impl Pace {
    /// Forgets all: the next sample has nothing to do with those before.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// When the next sample is taken, as far as is known.
    pub(super) fn next(&self) -> Option<CaptureTime> {
        self.next
    }

    /// Takes in the time that was told for the next sample. Returns when it was taken.
    pub(super) fn told(&mut self, told: CaptureTime) -> CaptureTime {
        let next = match self.next.filter(|next| next.known_by == told.known_by) {
            None => told,
            Some(next) => {
                let late_ns = difference_ns(told.mono, next.mono);
                moved(next, self.step_ns(late_ns, told.known_by))
            }
        };
        self.next = Some(next);
        next
    }

    /// That many nanoseconds of sound came.
    pub(super) fn came(&mut self, sound_ns: i64) {
        self.next = self.next.map(|next| moved(next, sound_ns));
        if let Some((late_for_ns, _)) = &mut self.late {
            *late_for_ns += sound_ns;
        }
    }

    fn step_ns(&mut self, late_ns: i64, known_by: CaptureClock) -> i64 {
        if late_ns.abs() <= JUMP_NS {
            self.late = None;
            return match known_by {
                CaptureClock::CameraClock => late_ns / 16,
                _ if late_ns < 0 => late_ns / 4,
                _ => late_ns / 64,
            };
        }
        if late_ns < 0 || known_by == CaptureClock::CameraClock {
            self.late = None;
            return late_ns;
        }
        let (late_for_ns, least_ns) = self.late.unwrap_or((0, late_ns));
        let least_ns = least_ns.min(late_ns);
        self.late = Some((late_for_ns, least_ns)).filter(|_| late_for_ns < PATIENCE_NS);
        if self.late.is_none() { least_ns } else { 0 }
    }
}

/// `a` - `b`.
pub(super) fn difference_ns(a: MonoTime, b: MonoTime) -> i64 {
    let [a, b] = [a, b].map(|time| i128::from(time.as_ns()));
    let most = i128::from(i64::MAX);
    (a - b).clamp(-most, most) as i64
}

/// The same moment, `by_ns` later.
pub(super) fn moved(captured: CaptureTime, by_ns: i64) -> CaptureTime {
    CaptureTime {
        mono: MonoTime::from_ns(captured.mono.as_ns().saturating_add_signed(by_ns)),
        wall: WallTime::from_ns(captured.wall.as_ns().saturating_add(by_ns)),
        known_by: captured.known_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE_NS: i64 = 20_000_000;

    fn at(ms: f64, known_by: CaptureClock) -> CaptureTime {
        CaptureTime {
            mono: MonoTime::from_ns(10_000_000_000 + (ms * 1e6) as u64),
            wall: WallTime::from_ns(0),
            known_by,
        }
    }

    /// How far from its true time each piece is placed, in ms, when it is told that late.
    fn errors_ms(known_by: CaptureClock, late_ms: impl Fn(u32) -> f64) -> Vec<f64> {
        let mut pace = Pace::default();
        let place = |n: u32| {
            let true_ms = f64::from(n) * 20.0;
            let placed = pace.told(at(true_ms + late_ms(n), known_by));
            pace.came(PIECE_NS);
            difference_ns(placed.mono, at(true_ms, known_by).mono) as f64 / 1e6
        };
        (0..1000).map(place).collect()
    }

    #[test]
    fn packets_that_are_held_up_now_and_then_keep_their_times() {
        let errors = errors_ms(CaptureClock::Packet, |n| {
            if n % 50 < 10 {
                f64::from(10 - n % 50) * 20.0
            } else {
                3.0
            }
        });
        let late = errors[50..]
            .iter()
            .filter(|error| !(0.0..40.0).contains(*error))
            .count();
        assert_eq!(late, 0, "{errors:?}");
    }

    #[test]
    fn times_are_as_steady_as_samples_are() {
        let noise = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) >> 16 & 15);
        let errors = errors_ms(CaptureClock::Packet, noise);
        let worst = errors[50..]
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f64::max);
        assert!(worst < 2.0, "{worst} ms");
    }

    #[test]
    fn a_long_stall_whose_sound_comes_after_all_moves_nothing() {
        let errors = errors_ms(CaptureClock::Packet, |n| {
            f64::from(60_u32.saturating_sub(n.abs_diff(300))) * 18.0
        });
        assert!(errors.iter().all(|error| error.abs() < 60.0), "{errors:?}");
    }

    #[test]
    fn what_stays_late_is_taken_for_its_time_after_two_seconds() {
        let errors = errors_ms(CaptureClock::Packet, |n| if n < 100 { 0.0 } else { 700.0 });
        assert!(
            errors[150] < 10.0 && errors[210] > 690.0,
            "{} {}",
            errors[150],
            errors[210]
        );
    }

    #[test]
    fn nothing_is_placed_after_its_arrival_for_long() {
        let errors = errors_ms(CaptureClock::Packet, |n| if n < 100 { 300.0 } else { 0.0 });
        assert!(errors[101] < 1.0, "{}", errors[101]);
    }

    #[test]
    fn a_cameras_clock_is_followed_where_it_goes() {
        let errors = errors_ms(CaptureClock::CameraClock, |n| if n < 100 { 0.0 } else { 500.0 });
        assert_eq!((errors[99], errors[100]), (0.0, 500.0));
        let drift = errors_ms(CaptureClock::CameraClock, |n| f64::from(n) * 0.01);
        assert!((drift[999] - 9.99).abs() < 0.3, "{}", drift[999]);
    }
}
