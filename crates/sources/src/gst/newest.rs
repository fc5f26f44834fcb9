//! Where the pipe's thread leaves the newest picture, and the node fetches it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::caps::{Caps, CapsError};
use super::parts::RawFrame;

/// The newest picture, what it is, and whether more can come. Shared by the threads around one child.
#[derive(Debug)]
pub(super) struct Newest {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    frame: Option<RawFrame>,
    caps: Option<Result<Caps, CapsError>>,
    /// Threads that may still have something to say: about pictures, about caps, about errors.
    threads: usize,
    failure: Option<String>,
    /// Memory of pictures that were sent or superseded.
    spare: Vec<Vec<u8>>,
}

/// What there is to fetch.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A picture, and what it is.
    Frame(RawFrame, Caps),
    /// The pipeline announced pictures that cannot be.
    Absurd(CapsError),
    /// No picture in that time.
    Nothing,
    /// Nothing more will come: all threads have ended, or one failed for the reason told.
    Ended(Option<String>),
}

impl Newest {
    /// Nothing yet; `threads` of them will call [`Newest::end`].
    pub(super) fn new(threads: usize) -> Self {
        Self {
            state: Mutex::new(State {
                threads,
                ..State::default()
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what the pictures are from here on.
    pub(super) fn announce(&self, caps: Result<Caps, CapsError>) {
        self.state().caps = Some(caps);
        self.changed.notify_all();
    }

    /// Leaves a picture, in place of an older one that nobody fetched.
    pub(super) fn put(&self, frame: RawFrame) {
        let mut state = self.state();
        if let Some(superseded) = state.frame.replace(frame) {
            keep(&mut state.spare, superseded.bytes);
        }
        self.changed.notify_all();
    }

    /// Says that the calling thread has nothing more to say.
    pub(super) fn end(&self, failure: Option<String>) {
        let mut state = self.state();
        state.threads = state.threads.saturating_sub(1);
        state.failure = failure.or(state.failure.take());
        self.changed.notify_all();
    }

    /// Returns memory for the next picture.
    pub(super) fn memory(&self) -> Vec<u8> {
        self.state().spare.pop().unwrap_or_default()
    }

    /// Takes back the memory of a picture that was sent.
    pub(super) fn give_back(&self, bytes: Vec<u8>) {
        keep(&mut self.state().spare, bytes);
    }

    /// Waits for the next picture whose caps are known.
    pub(super) fn fetch(&self, timeout: Duration) -> Fetched {
        let until = Instant::now() + timeout;
        let mut state = self.state();
        loop {
            match &state.caps {
                Some(Err(error)) => return Fetched::Absurd(error.clone()),
                Some(Ok(caps)) => {
                    let caps = caps.clone();
                    if let Some(frame) = state.frame.take() {
                        return Fetched::Frame(frame, caps);
                    }
                }
                None => {}
            }
            if state.threads == 0 || state.failure.is_some() {
                return Fetched::Ended(state.failure.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Fetched::Nothing;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Two pictures are under way at most: one is filled, one is sent.
fn keep(spare: &mut Vec<Vec<u8>>, bytes: Vec<u8>) {
    if spare.len() < 2 {
        spare.push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{CaptureClock, CaptureTime};
    use bushbaby_pixels::{ColorSpace, PixelFormat};

    fn frame(value: u8) -> RawFrame {
        RawFrame {
            bytes: vec![value],
            captured: CaptureTime::now(CaptureClock::Received),
        }
    }

    fn caps() -> Caps {
        Caps {
            format: PixelFormat::Gray8,
            size_px: [1, 1],
            color: ColorSpace::JPEG,
            frame_time: None,
        }
    }

    #[test]
    fn only_the_newest_picture_is_fetched_and_the_last_before_the_end_too() {
        let newest = Newest::new(1);
        newest.announce(Ok(caps()));
        (1..=3).for_each(|value| newest.put(frame(value)));
        newest.end(None);
        assert!(matches!(newest.fetch(Duration::ZERO), Fetched::Frame(frame, _) if frame.bytes == [3]));
        assert!(matches!(newest.fetch(Duration::ZERO), Fetched::Ended(None)));
    }

    #[test]
    fn a_picture_waits_for_its_caps() {
        let newest = Newest::new(1);
        newest.put(frame(1));
        assert!(matches!(newest.fetch(Duration::ZERO), Fetched::Nothing));
        newest.announce(Ok(caps()));
        assert!(matches!(newest.fetch(Duration::ZERO), Fetched::Frame(..)));
    }

    #[test]
    fn a_picture_that_comes_later_ends_the_wait() {
        let newest = Newest::new(1);
        newest.announce(Ok(caps()));
        std::thread::scope(|scope| {
            scope.spawn(|| newest.put(frame(9)));
            assert!(matches!(newest.fetch(Duration::from_secs(60)), Fetched::Frame(..)));
        });
    }
}
