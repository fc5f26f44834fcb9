//! Which frames a reader missed, told from the numbers of those that came.

use crate::odometer::Reading;
use crate::time::MonoTime;

#[derive(Debug)]
pub(crate) struct Gaps {
    joined_at: MonoTime,
    /// What the publisher had sent when this reader came.
    at_join: Option<Reading>,
    last: Option<Last>,
    /// Frames that came since the last good one, but whose numbers could not be read.
    damaged: u64,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    generation: u64,
    seq: u64,
}

/// What the number of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is newer than all before; so many in between are missing.
    Newer { missed: u64 },
    /// It is older than one that came already: left over from an earlier publisher.
    Older,
}

impl Gaps {
    pub(crate) fn new(joined_at: MonoTime, at_join: Option<Reading>) -> Self {
        Self {
            joined_at,
            at_join,
            last: None,
            damaged: 0,
        }
    }

    /// A frame came whose header makes no sense.
    pub(crate) fn damaged(&mut self) {
        self.damaged += 1;
    }

    /// A good frame came.
    pub(crate) fn came(&mut self, generation: u64, seq: u64) -> Verdict {
        let first_wanted = match self.last {
            Some(last) if (generation, seq) <= (last.generation, last.seq) => return Verdict::Older,
            Some(last) if generation == last.generation => last.seq + 1,
            _ => self.first_wanted(generation, seq),
        };
        self.last = Some(Last { generation, seq });
        let damaged = std::mem::take(&mut self.damaged);
        Verdict::Newer {
            missed: seq.saturating_sub(first_wanted).saturating_sub(damaged),
        }
    }

    /// Returns the number of the first frame of a publisher's start that was meant for this reader, too.
    fn first_wanted(&self, generation: u64, seq: u64) -> u64 {
        match self.at_join {
            Some(reading) if reading.generation == generation => reading.next_seq,
            _ if generation >= self.joined_at.as_ns() => 0,
            _ => seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: u64 = 50;
    const JOINED: MonoTime = MonoTime::from_ns(100);
    const AFTER: u64 = 200;

    fn missed(gaps: &mut Gaps, generation: u64, seqs: &[u64]) -> Vec<Option<u64>> {
        let missed = |verdict| match verdict {
            Verdict::Newer { missed } => Some(missed),
            Verdict::Older => None,
        };
        seqs.iter().map(|seq| missed(gaps.came(generation, *seq))).collect()
    }

    #[test]
    fn a_gap_counts_what_is_missing() {
        let mut gaps = Gaps::new(JOINED, None);
        assert_eq!(
            missed(&mut gaps, AFTER, &[0, 1, 4, 5]),
            [Some(0), Some(0), Some(2), Some(0)]
        );
    }

    #[test]
    fn of_a_publisher_that_came_later_even_the_first_frames_are_missed() {
        let mut gaps = Gaps::new(JOINED, None);
        assert_eq!(missed(&mut gaps, AFTER, &[3]), [Some(3)]);
        assert_eq!(missed(&mut gaps, AFTER + 1, &[2]), [Some(2)]);
    }

    #[test]
    fn of_a_publisher_that_was_there_frames_are_missed_from_the_join_on() {
        let mut gaps = Gaps::new(
            JOINED,
            Some(Reading {
                generation: BEFORE,
                next_seq: 10,
            }),
        );
        assert_eq!(missed(&mut gaps, BEFORE, &[12]), [Some(2)]);
    }

    #[test]
    fn the_replayed_last_frame_is_no_gap() {
        let mut gaps = Gaps::new(
            JOINED,
            Some(Reading {
                generation: BEFORE,
                next_seq: 10,
            }),
        );
        assert_eq!(missed(&mut gaps, BEFORE, &[9, 10]), [Some(0), Some(0)]);
    }

    #[test]
    fn without_knowing_what_was_sent_the_first_frame_is_no_gap() {
        let mut gaps = Gaps::new(JOINED, None);
        assert_eq!(missed(&mut gaps, BEFORE, &[1_000, 1_001]), [Some(0), Some(0)]);
    }

    #[test]
    fn damaged_frames_are_not_missed_as_well() {
        let mut gaps = Gaps::new(JOINED, None);
        gaps.came(AFTER, 0);
        gaps.damaged();
        assert_eq!(missed(&mut gaps, AFTER, &[3]), [Some(1)]);
    }

    #[test]
    fn what_an_earlier_publisher_left_is_older() {
        let mut gaps = Gaps::new(JOINED, None);
        gaps.came(AFTER, 5);
        assert_eq!(missed(&mut gaps, AFTER, &[5, 4]), [None, None]);
        assert_eq!(missed(&mut gaps, BEFORE, &[9]), [None]);
    }
}
