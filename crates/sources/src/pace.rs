//! When a camera counts as silent, and when to try again: plain functions of time.

use std::time::{Duration, Instant};

/// A camera is never called silent sooner.
const LEAST_SILENCE: Duration = Duration::from_secs(1);
/// How much longer a silent camera is waited for before the connection is made anew.
const GRACE: Duration = Duration::from_secs(2);
/// How long the first picture may take once a camera plays.
const FIRST: Duration = Duration::from_secs(4);
/// How long the second may take: of a camera with a picture every five seconds nobody knows yet that it is one.
const SECOND: Duration = Duration::from_secs(12);
/// What came within this time still comes.
const FRESH: Duration = Duration::from_millis(500);

/// Watches the pictures of one connection to a camera, or its sound: nobody else notices a frozen camera.
#[derive(Debug)]
pub(crate) struct SilenceWatch {
    started: Instant,
    last: Option<Instant>,
    frame_time: Duration,
    /// Whether two pictures came, so that there is a time between them.
    has_pace: bool,
    is_told: bool,
}

/// What is to be done at a [`SilenceWatch::deadline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Say that the camera is silent, and wait on.
    Silent,
    /// Make the connection anew.
    Lost,
}

impl SilenceWatch {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            started: now,
            last: None,
            frame_time: Duration::ZERO,
            has_pace: false,
            is_told: false,
        }
    }

    /// A picture came, or a packet of sound.
    pub(crate) fn came(&mut self, now: Instant) {
        if let Some(last) = self.last {
            let gap = now - last;
            // Follows the pace slowly, so that one silence is no pace.
            self.frame_time = if self.has_pace {
                (self.frame_time * 7 + gap) / 8
            } else {
                gap
            };
            self.has_pace = true;
        }
        self.last = Some(now);
        self.is_told = false;
    }

    /// Whether anything came.
    pub(crate) fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Whether something came just now.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.last
            .is_some_and(|last| now.saturating_duration_since(last) < FRESH)
    }

    fn limit(&self) -> Duration {
        LEAST_SILENCE.max(self.frame_time * 5)
    }

    /// When to look again, if nothing comes before.
    pub(crate) fn deadline(&self) -> Instant {
        match self.last {
            None => self.started + FIRST,
            Some(last) if self.is_told && !self.has_pace => last + SECOND,
            Some(last) if self.is_told => last + self.limit() + GRACE,
            Some(last) => last + self.limit(),
        }
    }

    /// The deadline has passed.
    pub(crate) fn verdict(&mut self) -> Verdict {
        if self.last.is_none() || self.is_told {
            return Verdict::Lost;
        }
        self.is_told = true;
        Verdict::Silent
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Soon, then less and less often.
    Short,
    /// Only a person can help: seldom, so that no camera locks us out.
    Long,
}

impl Patience {
    /// Between two tries that only a person can help.
    pub(crate) const LONG: Duration = Duration::from_secs(5);
}

/// The waits between tries: 100 ms, then twice as long each time, 2 s at most.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(2);

    pub(crate) fn new() -> Self {
        Self { next: Self::FIRST }
    }

    /// The wait before the next try.
    pub(crate) fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(Self::LONGEST);
        wait
    }

    /// Pictures came: the next failure is a first one.
    pub(crate) fn succeeded(&mut self) {
        self.next = Self::FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(frame_ms: u64, frames: u64) -> (SilenceWatch, Instant) {
        let start = Instant::now();
        let mut watch = SilenceWatch::new(start);
        (0..frames).for_each(|n| watch.came(start + Duration::from_millis(n * frame_ms)));
        (watch, start + Duration::from_millis((frames - 1) * frame_ms))
    }

    #[test]
    fn a_fast_camera_is_silent_after_one_second_and_lost_after_three() {
        let (mut watch, last) = watch(33, 100);
        assert_eq!(watch.deadline(), last + Duration::from_secs(1));
        assert_eq!(watch.verdict(), Verdict::Silent);
        assert_eq!(watch.deadline(), last + Duration::from_secs(3));
        assert_eq!(watch.verdict(), Verdict::Lost);
    }

    #[test]
    fn a_slow_camera_has_five_frame_times() {
        let (watch, last) = watch(800, 100);
        let silence = watch.deadline() - last;
        assert!(
            silence > Duration::from_millis(3900) && silence < Duration::from_millis(4100),
            "{silence:?}"
        );
    }

    #[test]
    fn a_camera_with_a_picture_every_five_seconds_is_not_lost_between_them() {
        let (mut watch, last) = watch(5000, 1);
        watch.verdict();
        assert!(watch.deadline() > last + Duration::from_secs(10));
        watch.came(last + Duration::from_secs(5));
        assert_eq!(watch.deadline(), last + Duration::from_secs(30));
    }

    #[test]
    fn a_picture_after_silence_starts_the_watch_anew() {
        let (mut watch, last) = watch(33, 100);
        watch.verdict();
        let late = last + Duration::from_millis(2500);
        watch.came(late);
        assert!(watch.deadline() < late + Duration::from_secs(2));
        assert_eq!(watch.verdict(), Verdict::Silent);
    }

    #[test]
    fn a_camera_that_never_sends_is_lost_after_four_seconds() {
        let start = Instant::now();
        let mut watch = SilenceWatch::new(start);
        assert_eq!(
            (watch.deadline(), watch.verdict()),
            (start + Duration::from_secs(4), Verdict::Lost)
        );
    }

    #[test]
    fn waits_double_from_100_ms_to_2_s_and_begin_anew_after_success() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..7).map(|_| backoff.wait().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000]);
        backoff.succeeded();
        assert_eq!(backoff.wait().as_millis(), 100);
    }
}
