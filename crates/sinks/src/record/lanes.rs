//! What waits to be written: two lanes, one for what is small and must not be lost, one for pictures and sound.
//!
//! Both are bounded. Whoever brings a picture waits while the picture lane is full; meanwhile the bus drops that stream's oldest
//! frames and counts them, and nobody else is slowed. Results never wait.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::item::Item;

/// Bytes of pictures that may wait: two seconds of depth from a 2K camera, minutes of video.
const PICTURE_BYTES: usize = 64 << 20;
/// Bytes of results that may wait, for when the disk is full.
const SMALL_BYTES: usize = 8 << 20;

/// Between the streams' threads and the one that writes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    small: Lane,
    pictures: Lane,
    /// Streams that may still bring something.
    open: usize,
    is_given_up: bool,
}

#[derive(Debug, Default)]
struct Lane {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Lane {
    fn push(&mut self, item: Item) {
        self.bytes += item.bytes();
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.bytes -= item.bytes();
        Some(item)
    }

    fn has_room(&self, limit: usize, bytes: usize) -> bool {
        self.items.is_empty() || self.bytes + bytes <= limit
    }
}

/// What came of waiting.
#[derive(Debug)]
pub(super) enum Popped {
    /// The next to write.
    Item(Item),
    /// Nothing came in time.
    Nothing,
    /// Every stream has ended, and all was taken.
    End,
}

impl Lanes {
    /// As many streams bring something.
    pub(super) fn new(streams: usize) -> Self {
        Self {
            state: Mutex::new(State {
                open: streams,
                ..State::default()
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings an item. Returns whether it was taken: not a result for which there is no room, and nothing after [`Lanes::give_up`].
    pub(super) fn push(&self, item: Item) -> bool {
        let mut state = self.lock();
        if item.is_picture() {
            let bytes = item.bytes();
            state = self
                .changed
                .wait_while(state, |state| {
                    !state.is_given_up && !state.pictures.has_room(PICTURE_BYTES, bytes)
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.is_given_up {
                return false;
            }
            state.pictures.push(item);
        } else {
            if state.is_given_up || !state.small.has_room(SMALL_BYTES, item.bytes()) {
                return false;
            }
            state.small.push(item);
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Takes the next item, small ones first.
    pub(super) fn pop(&self, timeout: Duration) -> Popped {
        let until = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            let next = state.small.pop();
            if let Some(item) = next.or_else(|| state.pictures.pop()) {
                drop(state);
                self.changed.notify_all();
                return Popped::Item(item);
            }
            if state.open == 0 {
                return Popped::End;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Popped::Nothing;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// A stream has ended.
    pub(super) fn leave(&self) {
        self.lock().open -= 1;
        self.changed.notify_all();
    }

    /// Nothing more is taken; nobody waits any longer.
    pub(super) fn give_up(&self) {
        self.lock().is_given_up = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_recording::{Contents, Message};
    use std::sync::Arc;

    fn item(contents: Contents, bytes: usize) -> Item {
        Item::Message(Message {
            topic: "a/b".into(),
            contents,
            sequence: 0,
            log_time_ns: 0,
            data: vec![0; bytes],
        })
    }

    #[test]
    fn results_overtake_pictures_and_never_wait() {
        let lanes = Lanes::new(1);
        assert!(lanes.push(item(Contents::RawImage, PICTURE_BYTES)));
        assert!(lanes.push(item(Contents::Result, 100)));
        assert!(lanes.push(item(Contents::Result, SMALL_BYTES - 10_000)));
        assert!(!lanes.push(item(Contents::Result, 20_000)), "there is no room");
        let Popped::Item(first) = lanes.pop(Duration::ZERO) else {
            panic!("nothing waited")
        };
        assert!(!first.is_picture());
    }

    #[test]
    fn whoever_brings_a_picture_waits_for_room_until_it_is_given_up() {
        let lanes = Arc::new(Lanes::new(1));
        assert!(lanes.push(item(Contents::RawImage, PICTURE_BYTES)));
        let pushing = {
            let lanes = lanes.clone();
            std::thread::spawn(move || {
                (
                    lanes.push(item(Contents::Video, 1000)),
                    lanes.push(item(Contents::Video, PICTURE_BYTES)),
                )
            })
        };
        assert!(
            matches!(lanes.pop(Duration::from_secs(20)), Popped::Item(_)),
            "the large one"
        );
        while lanes.lock().pictures.items.is_empty() {
            std::thread::yield_now();
        }
        lanes.give_up();
        assert_eq!(pushing.join().unwrap(), (true, false));
    }

    #[test]
    fn the_end_comes_when_all_streams_have_left_and_all_was_taken() {
        let lanes = Lanes::new(2);
        lanes.push(item(Contents::Result, 1));
        lanes.leave();
        lanes.leave();
        assert!(matches!(lanes.pop(Duration::ZERO), Popped::Item(_)));
        assert!(matches!(lanes.pop(Duration::ZERO), Popped::End));
    }
}
