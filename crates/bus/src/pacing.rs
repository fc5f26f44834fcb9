//! Who has received what: how a paced publisher knows when to go on. Plain bookkeeping; times and acknowledgements come
//! in as arguments.

use std::collections::HashMap;
use std::time::Duration;

use crate::time::MonoTime;

/// A reader that acknowledged nothing for so long, while it had something to acknowledge, no longer counts, until it
/// acknowledges again.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);

/// A reader, by the number that the transport gave it.
pub(crate) type ReaderId = u128;

#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// The number of the next frame.
    next_seq: u64,
    readers: HashMap<ReaderId, Progress>,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The number of the first frame that it has not acknowledged.
    wants: u64,
    /// Since when it has something to acknowledge, or when it last did so.
    quiet_since: MonoTime,
    left: bool,
}

impl Pacer {
    /// A frame goes to these readers now.
    pub(crate) fn sent(&mut self, seq: u64, readers: &[ReaderId], now: MonoTime) {
        self.look(seq, readers, now);
        for progress in self.readers.values_mut().filter(|progress| progress.wants >= seq) {
            progress.quiet_since = now;
        }
        self.next_seq = seq + 1;
    }

    /// These are the readers now: new ones owe nothing yet, those that went owe nothing any more.
    pub(crate) fn seen(&mut self, readers: &[ReaderId], now: MonoTime) {
        self.look(self.next_seq, readers, now);
    }

    /// A reader received this frame, and with it all before.
    pub(crate) fn acknowledged(&mut self, reader: ReaderId, seq: u64, now: MonoTime) {
        let next_seq = self.next_seq;
        if let Some(progress) = self.readers.get_mut(&reader) {
            progress.wants = progress.wants.max((seq + 1).min(next_seq));
            progress.quiet_since = now;
        }
    }

    /// A reader said that it ends.
    pub(crate) fn left(&mut self, reader: ReaderId) {
        if let Some(progress) = self.readers.get_mut(&reader) {
            progress.left = true;
        }
    }

    /// Returns how many frames the slowest reader that counts has not received yet.
    pub(crate) fn outstanding(&self, now: MonoTime) -> u64 {
        self.owing(now)
            .map(|progress| self.next_seq - progress.wants)
            .max()
            .unwrap_or(0)
    }

    /// Returns when the next reader stops to count, if it says nothing till then.
    pub(crate) fn next_silence(&self, now: MonoTime) -> Option<MonoTime> {
        self.owing(now).map(|progress| progress.quiet_since + SILENCE).min()
    }

    fn owing(&self, now: MonoTime) -> impl Iterator<Item = &Progress> {
        self.readers.values().filter(move |progress| {
            progress.wants < self.next_seq && !progress.left && now.since(progress.quiet_since) < SILENCE
        })
    }

    fn look(&mut self, seq: u64, readers: &[ReaderId], now: MonoTime) {
        self.readers.retain(|reader, _| readers.contains(reader));
        for reader in readers {
            self.readers.entry(*reader).or_insert(Progress {
                wants: seq,
                quiet_since: now,
                left: false,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    #[test]
    fn the_slowest_reader_holds_the_publisher() {
        let mut pacer = Pacer::default();
        for seq in 0..3 {
            pacer.sent(seq, &[1, 2], at_ms(seq));
        }
        pacer.acknowledged(1, 2, at_ms(3));
        pacer.acknowledged(2, 0, at_ms(3));
        assert_eq!(pacer.outstanding(at_ms(4)), 2);
    }

    #[test]
    fn nobody_to_wait_for_holds_nobody() {
        let mut pacer = Pacer::default();
        pacer.sent(0, &[], at_ms(0));
        assert_eq!(pacer.outstanding(at_ms(0)), 0);
        assert_eq!(pacer.next_silence(at_ms(0)), None);
    }

    #[test]
    fn a_reader_that_comes_later_owes_nothing_of_before() {
        let mut pacer = Pacer::default();
        pacer.sent(0, &[1], at_ms(0));
        pacer.acknowledged(1, 0, at_ms(1));
        pacer.seen(&[1, 2], at_ms(2));
        assert_eq!(pacer.outstanding(at_ms(2)), 0);
        pacer.sent(1, &[1, 2, 3], at_ms(3));
        pacer.acknowledged(1, 1, at_ms(4));
        pacer.acknowledged(2, 1, at_ms(4));
        assert_eq!(
            pacer.outstanding(at_ms(4)),
            1,
            "the third was there when the frame was sent"
        );
    }

    #[test]
    fn a_reader_that_died_or_left_no_longer_counts() {
        let mut pacer = Pacer::default();
        pacer.sent(0, &[1, 2], at_ms(0));
        pacer.seen(&[2], at_ms(1));
        pacer.left(2);
        assert_eq!(pacer.outstanding(at_ms(1)), 0);
    }

    #[test]
    fn a_reader_that_is_silent_for_2_s_counts_again_once_it_speaks() {
        let mut pacer = Pacer::default();
        pacer.sent(0, &[1], at_ms(0));
        pacer.acknowledged(1, 0, at_ms(5));
        pacer.sent(1, &[1], at_ms(10_000));
        pacer.sent(2, &[1], at_ms(11_000));
        assert_eq!(
            pacer.outstanding(at_ms(11_999)),
            2,
            "silence began when there was something to say"
        );
        assert_eq!(pacer.next_silence(at_ms(11_999)), Some(at_ms(12_000)));
        assert_eq!(pacer.outstanding(at_ms(12_000)), 0);
        pacer.acknowledged(1, 1, at_ms(12_500));
        assert_eq!(pacer.outstanding(at_ms(12_600)), 1);
    }

    #[test]
    fn an_acknowledgement_of_what_was_never_sent_is_no_credit() {
        let mut pacer = Pacer::default();
        pacer.sent(0, &[1], at_ms(0));
        pacer.acknowledged(1, u64::MAX - 1, at_ms(1));
        pacer.sent(1, &[1], at_ms(2));
        assert_eq!(pacer.outstanding(at_ms(2)), 1);
    }
}
