//! The line between the thread that takes in a camera's pictures and the source that sends them: the newest picture, and why there
//! is none.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bushbaby_bus::CaptureTime;

use super::trouble::Trouble;

/// A whole JPEG.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) captured: CaptureTime,
}

/// Both ends of the line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    picture: Option<Picture>,
    trouble: Option<Trouble>,
}

impl Line {
    /// Sends a picture on, in place of one that nobody took; with it all trouble is over.
    pub(super) fn send(&self, picture: Picture) {
        let mut waiting = self.lock();
        waiting.picture = Some(picture);
        waiting.trouble = None;
        self.shared.changed.notify_one();
    }

    /// Says why nothing comes; returns whether that is news.
    pub(super) fn tell(&self, trouble: &Trouble) -> bool {
        let mut waiting = self.lock();
        waiting.trouble.replace(trouble.clone()).as_ref() != Some(trouble)
    }

    /// Says that nothing is wrong, though nothing comes.
    pub(super) fn well(&self) {
        self.lock().trouble = None;
    }

    /// Waits for the next picture; without one, why there is none, if that is known.
    pub(super) fn next(&self, wait: Duration) -> Result<Picture, Option<Trouble>> {
        let (mut waiting, _) = self
            .shared
            .changed
            .wait_timeout_while(self.lock(), wait, |waiting| waiting.picture.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.picture.take().ok_or_else(|| waiting.trouble.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
