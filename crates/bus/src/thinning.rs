//! Taking only some of the frames: every n-th, or so many a second.

use crate::time::MonoTime;

/// How much too early a frame may come, in parts of the period: cameras are never exact, and 30 a second must pass a
/// limit of 30.
const EARLY_DIVISOR: u64 = 4;

#[derive(Debug)]
pub(crate) struct Thinning {
    every: u64,
    period_ns: u64,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    generation: u64,
    seq: u64,
    /// When the next frame should have been sent at the earliest.
    due_ns: u64,
}

impl Thinning {
    /// `every`: each n-th, 0 and 1 mean each. `max_fps`: a positive number.
    pub(crate) fn new(every: Option<u32>, max_fps: Option<f64>) -> Self {
        let period_ns = max_fps.map_or(0, |fps| (1e9 / fps) as u64);
        Self {
            every: u64::from(every.unwrap_or(1).max(1)),
            period_ns,
            last: None,
        }
    }

    /// Returns whether the frame is to be taken, and remembers it then.
    pub(crate) fn takes(&mut self, generation: u64, seq: u64, published_at: MonoTime) -> bool {
        let now_ns = published_at.as_ns();
        let last = self.last.filter(|last| last.generation == generation);
        let early_ns = self.period_ns / EARLY_DIVISOR;
        if last.is_some_and(|last| seq < last.seq.saturating_add(self.every) || now_ns + early_ns < last.due_ns) {
            return false;
        }
        // On average no more than the limit: an early frame moves the next one's time no nearer; after a pause it
        // begins anew.
        let from_ns = last.map_or(now_ns, |last| last.due_ns.max(now_ns.saturating_sub(self.period_ns)));
        self.last = Some(Last {
            generation,
            seq,
            due_ns: from_ns + self.period_ns,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a second's frames are taken, at 30 a second with some jitter.
    fn taken_of_30(mut thinning: Thinning) -> usize {
        let sent_ns = |seq: u64| 1_000_000_000 + seq * 33_333_333 + (seq % 3) * 2_000_000;
        (0..30)
            .filter(|seq| thinning.takes(1, *seq, MonoTime::from_ns(sent_ns(*seq))))
            .count()
    }

    #[test]
    fn without_a_wish_every_frame_is_taken() {
        assert_eq!(taken_of_30(Thinning::new(None, None)), 30);
        assert_eq!(taken_of_30(Thinning::new(Some(0), None)), 30);
    }

    #[test]
    fn every_sixth_is_a_sixth() {
        assert_eq!(taken_of_30(Thinning::new(Some(6), None)), 5);
    }

    #[test]
    fn a_limit_holds_on_average_and_what_just_meets_it_passes() {
        assert_eq!(taken_of_30(Thinning::new(None, Some(30.0))), 30);
        assert_eq!(taken_of_30(Thinning::new(None, Some(1000.0))), 30);
        assert!((19..=21).contains(&taken_of_30(Thinning::new(None, Some(20.0)))));
        assert_eq!(taken_of_30(Thinning::new(None, Some(10.0))), 10);
    }

    #[test]
    fn every_counts_on_when_frames_are_missing() {
        let mut thinning = Thinning::new(Some(3), None);
        let taken: Vec<u64> = [0, 1, 5, 7, 8, 9]
            .into_iter()
            .filter(|seq| thinning.takes(1, *seq, MonoTime::from_ns(*seq)))
            .collect();
        assert_eq!(taken, [0, 5, 8]);
    }

    #[test]
    fn a_new_publisher_begins_anew() {
        let mut thinning = Thinning::new(Some(3), Some(1.0));
        assert!(thinning.takes(1, 0, MonoTime::from_ns(0)));
        assert!(thinning.takes(2, 0, MonoTime::from_ns(1)));
    }
}
