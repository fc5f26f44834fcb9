//! Frames of several streams that were captured at the same moment.

use std::collections::VecDeque;
use std::time::Duration;

use bushbaby_bus::MonoTime;

/// Puts frames of several streams together by capture time.
///
/// A set has one frame of each stream, captured at most `within` of each other; no frame is in two sets, and sets come in the
/// order of their capture. A frame whose partner never came is left out, and counted. Where two frames of a stream would do, the
/// one that is nearer to the latest of the set is taken: `within` is best chosen below half the time between two frames.
#[derive(Debug)]
pub struct Moments<T> {
    within: Duration,
    longest: usize,
    streams: Vec<Waiting<T>>,
    nearest_apart: Option<Duration>,
}

#[derive(Debug)]
struct Waiting<T> {
    frames: VecDeque<(MonoTime, T)>,
    left_out: u64,
}

impl<T> Moments<T> {
    /// Matches frames of so many streams. Of each at most `longest` frames wait for their partners; then the oldest goes.
    pub fn new(streams: usize, within: Duration, longest: usize) -> Self {
        let empty = || Waiting {
            frames: VecDeque::new(),
            left_out: 0,
        };
        Self {
            within,
            longest: longest.max(1),
            streams: std::iter::repeat_with(empty).take(streams).collect(),
            nearest_apart: None,
        }
    }

    /// Takes in the next frame of a stream. One that was captured before the stream's last begins it anew.
    pub fn push(&mut self, stream: usize, captured: MonoTime, frame: T) {
        let Some(waiting) = self.streams.get_mut(stream) else {
            return;
        };
        if waiting.frames.back().is_some_and(|(last, _)| captured < *last) {
            waiting.left_out += waiting.frames.len() as u64;
            waiting.frames.clear();
        }
        if waiting.frames.len() == self.longest {
            waiting.drop_oldest();
        }
        waiting.frames.push_back((captured, frame));
    }

    /// Returns the next set, one frame of each stream in their order; `None` until more frames come.
    pub fn next_set(&mut self) -> Option<Vec<T>> {
        loop {
            let heads = self.heads()?;
            let apart = spread(&heads);
            if apart <= self.within {
                self.nearest_apart = None;
                self.prefer_nearer(heads);
                return self
                    .streams
                    .iter_mut()
                    .map(|stream| Some(stream.frames.pop_front()?.1))
                    .collect();
            }
            self.nearest_apart = Some(self.nearest_apart.map_or(apart, |nearest| nearest.min(apart)));
            // Whoever has the latest head has no earlier frame any more: the earliest head can have no partner.
            let earliest = heads.iter().min().copied()?;
            let stream = heads.iter().position(|head| *head == earliest)?;
            self.streams[stream].drop_oldest();
        }
    }

    /// How many frames of a stream were left out because no partner came.
    pub fn left_out(&self, stream: usize) -> u64 {
        self.streams.get(stream).map_or(0, |waiting| waiting.left_out)
    }

    /// The least distance at which frames were met since the last set, when it was too much; `None` when nothing was too far apart.
    pub fn nearest_apart(&self) -> Option<Duration> {
        self.nearest_apart
    }

    /// Capture time of the frame of each stream that has waited longest; `None` while a stream has none.
    fn heads(&self) -> Option<Vec<MonoTime>> {
        self.streams
            .iter()
            .map(|stream| stream.frames.front().map(|(captured, _)| *captured))
            .collect()
    }

    /// Leaves out frames that are behind another of their stream which fits as well and is nearer to the latest of the set.
    fn prefer_nearer(&mut self, mut heads: Vec<MonoTime>) {
        let Some(latest) = heads.iter().max().copied() else {
            return;
        };
        for index in 0..heads.len() {
            while let Some((next, _)) = self.streams[index].frames.get(1) {
                let next = *next;
                let mut with_next = heads.clone();
                with_next[index] = next;
                if apart(next, latest) >= apart(heads[index], latest) || spread(&with_next) > self.within {
                    break;
                }
                self.streams[index].drop_oldest();
                heads = with_next;
            }
        }
    }
}

impl<T> Waiting<T> {
    fn drop_oldest(&mut self) {
        self.left_out += u64::from(self.frames.pop_front().is_some());
    }
}

fn apart(a: MonoTime, b: MonoTime) -> Duration {
    a.since(b).max(b.since(a))
}

fn spread(times: &[MonoTime]) -> Duration {
    match (times.iter().min(), times.iter().max()) {
        (Some(first), Some(last)) => last.since(*first),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Frames that are named by their capture time in milliseconds.
    fn matched(within_ms: u64, frames: &[(usize, u64)]) -> (Vec<Vec<u64>>, Moments<u64>) {
        let streams = frames.iter().map(|(stream, _)| stream + 1).max().unwrap_or(0);
        let mut moments = Moments::new(streams, Duration::from_millis(within_ms), 8);
        let mut sets = Vec::new();
        for (stream, ms) in frames {
            moments.push(*stream, MonoTime::from_ns(ms * 1_000_000), *ms);
            sets.extend(std::iter::from_fn(|| moments.next_set()));
        }
        (sets, moments)
    }

    #[test]
    fn frames_of_one_moment_are_handed_over_together() {
        let (sets, _) = matched(5, &[(0, 100), (1, 102), (1, 135), (0, 133)]);
        assert_eq!(sets, [[100, 102], [133, 135]]);
    }

    #[test]
    fn a_frame_without_a_partner_is_left_out_and_counted() {
        let (sets, moments) = matched(5, &[(0, 100), (0, 133), (1, 133), (1, 166), (0, 200), (1, 200)]);
        assert_eq!(sets, [[133, 133], [200, 200]]);
        assert_eq!((moments.left_out(0), moments.left_out(1)), (1, 1));
    }

    #[test]
    fn of_two_partners_the_nearer_one_is_taken() {
        let (sets, moments) = matched(20, &[(1, 90), (1, 101), (0, 100)]);
        assert_eq!(sets, [[100, 101]]);
        assert_eq!(moments.left_out(1), 1);
    }

    #[test]
    fn a_nearer_partner_is_not_taken_when_the_set_would_fall_apart() {
        let (sets, _) = matched(4, &[(1, 98), (1, 101), (2, 96), (0, 100)]);
        assert_eq!(sets, [[100, 98, 96]]);
    }

    #[test]
    fn streams_that_never_meet_say_how_far_apart_they_are() {
        let (sets, moments) = matched(5, &[(0, 100), (1, 112), (0, 133), (1, 145), (0, 166)]);
        assert!(sets.is_empty());
        assert_eq!(moments.nearest_apart(), Some(Duration::from_millis(12)));
    }

    #[test]
    fn a_stream_whose_clock_goes_back_begins_anew() {
        let (sets, _) = matched(5, &[(0, 9000), (0, 100), (1, 101)]);
        assert_eq!(sets, [[100, 101]]);
    }

    #[test]
    fn a_stream_that_stands_still_holds_few_frames_of_the_other() {
        let frames: Vec<(usize, u64)> = std::iter::once((1, 0)).chain((0..1000).map(|n| (0, n * 33))).collect();
        let (sets, moments) = matched(5, &frames);
        assert_eq!(sets, [[0, 0]]);
        assert_eq!(moments.streams[0].frames.len(), 8);
    }

    proptest! {
        #[test]
        fn every_set_is_of_one_moment_in_order_and_no_frame_is_lost_uncounted(
            frames in prop::collection::vec((0usize..3, 0u64..40), 0..200), within_ms in 0u64..50
        ) {
            let mut at = [0u64; 3];
            let frames: Vec<(usize, u64)> = frames.into_iter().map(|(stream, step)| {
                at[stream] += step;
                (stream, at[stream])
            }).chain([(2, 100_000)]).collect();
            let (sets, moments) = matched(within_ms, &frames);
            for set in &sets {
                prop_assert!(set.iter().max().unwrap() - set.iter().min().unwrap() <= within_ms);
            }
            for pair in sets.windows(2) {
                prop_assert!(pair[0].iter().zip(&pair[1]).all(|(before, after)| before <= after));
            }
            for stream in 0..3 {
                let came = frames.iter().filter(|(of, _)| *of == stream).count() as u64;
                let waiting = moments.streams[stream].frames.len() as u64;
                prop_assert_eq!(came, sets.len() as u64 + moments.left_out(stream) + waiting);
            }
        }
    }
}
