//! Which results belong to which picture, and how long a picture waits for them. Pure: time comes in as an argument.
//!
//! Results are joined to pictures by their origin. An input whose last results came from the same camera as the picture is waited for,
//! at most as long as it is told; then the picture goes with the newest there are. Results of another camera are never waited for: of
//! those the newest is taken. Nothing older than `max_age` is taken, and who gave nothing for so long is not waited for.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use bushbaby_bus::{MonoTime, Origin};

/// Pictures that may wait at once; the next pushes out the first.
const MOST_WAITING: usize = 4;
/// Results of one input that are kept: they may come before their picture is looked at.
const MOST_RESULTS: usize = 8;

/// Pictures and results, until they have met.
#[derive(Debug)]
pub(super) struct Join<P, R> {
    hold: Duration,
    max_age: Duration,
    waiting: VecDeque<Waiting<P>>,
    /// By input, the newest last.
    results: Vec<VecDeque<(Origin, Rc<R>)>>,
}

#[derive(Debug)]
struct Waiting<P> {
    picture: P,
    origin: Origin,
    until: MonoTime,
}

/// A picture, and what there is to be drawn on it.
#[derive(Debug)]
pub(super) struct Ready<P, R> {
    pub(super) picture: P,
    /// By input.
    pub(super) results: Vec<Option<Joined<R>>>,
}

/// A result, and how it belongs to the picture.
#[derive(Debug)]
pub(super) struct Joined<R> {
    pub(super) result: Rc<R>,
    /// Whether it is about pictures of the same camera: then it has places in the picture.
    pub(super) is_same_camera: bool,
}

impl<P, R> Join<P, R> {
    /// Joins pictures to the results of so many inputs.
    pub(super) fn new(inputs: usize, hold: Duration, max_age: Duration) -> Self {
        Self {
            hold,
            max_age,
            waiting: VecDeque::new(),
            results: (0..inputs).map(|_| VecDeque::new()).collect(),
        }
    }

    /// Takes a picture that came now.
    pub(super) fn picture(&mut self, picture: P, origin: Origin, now: MonoTime) {
        self.waiting.push_back(Waiting {
            picture,
            origin,
            until: now + self.hold,
        });
    }

    /// Takes a result of an input.
    pub(super) fn result(&mut self, input: usize, origin: Origin, result: R) {
        if let Some(results) = self.results.get_mut(input) {
            if results.len() == MOST_RESULTS {
                results.pop_front();
            }
            results.push_back((origin, Rc::new(result)));
        }
    }

    /// Lets go of the pictures that wait.
    pub(super) fn forget_pictures(&mut self) {
        self.waiting.clear();
    }

    /// In how long the first picture has waited long enough.
    pub(super) fn due_in(&self, now: MonoTime) -> Option<Duration> {
        self.waiting.front().map(|first| first.until.since(now))
    }

    /// Returns the next picture that has its results, or has waited long enough.
    pub(super) fn next(&mut self, now: MonoTime) -> Option<Ready<P, R>> {
        let first = self.waiting.front()?;
        // Results come in the order of their pictures: once a later picture has its own, those before it get none any more.
        let is_ready = first.until <= now
            || self.waiting.len() > MOST_WAITING
            || self.waiting.iter().any(|waiting| self.has_all(&waiting.origin));
        if !is_ready {
            return None;
        }
        let Waiting { picture, origin, .. } = self.waiting.pop_front()?;
        let results = self.results.iter().map(|results| self.of(results, &origin)).collect();
        Some(Ready { picture, results })
    }

    /// Whether no input has to be waited for.
    fn has_all(&self, picture: &Origin) -> bool {
        self.results.iter().all(|results| match results.back() {
            Some((newest, _)) if newest.stream == picture.stream && self.is_fresh(newest, picture) => {
                results.iter().any(|(origin, _)| is_same(origin, picture))
            }
            _ => true,
        })
    }

    /// The picture's own result, else the newest.
    fn of(&self, results: &VecDeque<(Origin, Rc<R>)>, picture: &Origin) -> Option<Joined<R>> {
        let own = results.iter().find(|(origin, _)| is_same(origin, picture));
        let newest = || results.back().filter(|(origin, _)| self.is_fresh(origin, picture));
        own.or_else(newest).map(|(origin, result)| Joined {
            result: Rc::clone(result),
            is_same_camera: origin.stream == picture.stream,
        })
    }

    fn is_fresh(&self, result: &Origin, picture: &Origin) -> bool {
        picture.captured.mono.since(result.captured.mono) <= self.max_age
    }
}

fn is_same(result: &Origin, picture: &Origin) -> bool {
    (result.seq, result.generation) == (picture.seq, picture.generation) && result.stream == picture.stream
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{CaptureClock, CaptureTime};

    const HOLD: Duration = Duration::from_millis(30);
    const MAX_AGE: Duration = Duration::from_millis(500);

    fn ms(ms: u64) -> MonoTime {
        MonoTime::from_ns(1_000_000_000 + ms * 1_000_000)
    }

    /// Picture `seq` of a camera, one every 33 ms.
    fn origin(camera: &str, seq: u64) -> Origin {
        Origin {
            stream: format!("{camera}/image").parse().unwrap(),
            generation: 1,
            seq,
            captured: CaptureTime::at(ms(33 * seq), CaptureClock::Received),
        }
    }

    type Numbers = Join<u64, &'static str>;
    /// A picture, and by input its result and whether that is of its camera.
    type Sent = (u64, Vec<Option<(&'static str, bool)>>);

    /// The pictures that are ready.
    fn ready(join: &mut Numbers, now: MonoTime) -> Vec<Sent> {
        let next = || join.next(now);
        std::iter::from_fn(next)
            .map(|ready| {
                let results = ready.results.iter();
                let results = results.map(|joined| joined.as_ref().map(|j| (*j.result, j.is_same_camera)));
                (ready.picture, results.collect())
            })
            .collect()
    }

    #[test]
    fn a_picture_waits_for_its_own_results_and_no_longer_than_it_is_told() {
        let mut join = Numbers::new(1, HOLD, MAX_AGE);
        join.result(0, origin("left", 0), "first");
        join.picture(1, origin("left", 1), ms(40));
        assert!(ready(&mut join, ms(41)).is_empty());
        assert_eq!(join.due_in(ms(41)), Some(Duration::from_millis(29)));
        join.result(0, origin("left", 1), "own");
        assert_eq!(ready(&mut join, ms(45)), [(1, vec![Some(("own", true))])]);
        join.picture(2, origin("left", 2), ms(70));
        assert!(ready(&mut join, ms(99)).is_empty());
        // The newest there is: it was found in the picture before.
        assert_eq!(ready(&mut join, ms(100)), [(2, vec![Some(("own", true))])]);
        assert_eq!(join.due_in(ms(100)), None);
    }

    #[test]
    fn results_that_came_before_their_picture_are_found() {
        let mut join = Numbers::new(1, HOLD, MAX_AGE);
        join.result(0, origin("left", 3), "three");
        join.result(0, origin("left", 4), "four");
        join.picture(3, origin("left", 3), ms(140));
        assert_eq!(ready(&mut join, ms(140)), [(3, vec![Some(("three", true))])]);
    }

    #[test]
    fn a_picture_whose_successor_has_its_results_gets_none_of_its_own_any_more() {
        let mut join = Numbers::new(1, HOLD, MAX_AGE);
        join.result(0, origin("left", 0), "zero");
        join.picture(1, origin("left", 1), ms(34));
        join.picture(2, origin("left", 2), ms(40));
        join.result(0, origin("left", 2), "two");
        let all = ready(&mut join, ms(41));
        assert_eq!(all.iter().map(|(picture, _)| *picture).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(all[1].1, [Some(("two", true))]);
    }

    #[test]
    fn another_cameras_results_are_values_of_which_the_newest_counts_at_once() {
        let mut join = Numbers::new(2, HOLD, MAX_AGE);
        join.picture(1, origin("left", 1), ms(34));
        assert_eq!(
            ready(&mut join, ms(34)),
            [(1, vec![None, None])],
            "who never said anything is not waited for"
        );
        join.result(1, origin("ip", 7), "seen elsewhere");
        join.picture(8, origin("left", 8), ms(270));
        assert_eq!(
            ready(&mut join, ms(270)),
            [(8, vec![None, Some(("seen elsewhere", false))])]
        );
    }

    #[test]
    fn what_is_too_old_is_neither_drawn_nor_waited_for() {
        let mut join = Numbers::new(1, HOLD, MAX_AGE);
        join.result(0, origin("left", 0), "zero");
        join.picture(20, origin("left", 20), ms(660));
        assert_eq!(ready(&mut join, ms(660)), [(20, vec![None])]);
    }

    #[test]
    fn the_same_number_of_another_life_of_the_camera_is_another_picture() {
        let mut join = Numbers::new(1, HOLD, MAX_AGE);
        let mut other = origin("left", 1);
        other.generation = 2;
        join.result(0, other, "other life");
        join.picture(1, origin("left", 1), ms(34));
        assert!(ready(&mut join, ms(35)).is_empty());
    }

    #[test]
    fn pictures_that_wait_are_few_and_can_be_let_go() {
        let mut join = Numbers::new(1, Duration::from_secs(5), MAX_AGE);
        join.result(0, origin("left", 0), "zero");
        for seq in 1..=6 {
            join.picture(seq, origin("left", seq), ms(33 * seq));
        }
        let pushed_out = ready(&mut join, ms(200));
        assert_eq!(
            pushed_out.iter().map(|(picture, _)| *picture).collect::<Vec<_>>(),
            [1, 2]
        );
        join.forget_pictures();
        assert_eq!(join.due_in(ms(201)), None);
        assert!(ready(&mut join, ms(9000)).is_empty());
    }
}
