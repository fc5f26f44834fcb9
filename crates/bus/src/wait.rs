//! Waiting: on events of several streams, and on a call from another thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::RecvError;
use crate::subscriber::Subscriber;
use crate::time::MonoTime;

/// Ends a wait early, from another thread of this process.
#[derive(Debug, Clone)]
pub struct Waker(Arc<Bell>);

#[derive(Debug)]
struct Bell {
    eventfd: OwnedFd,
    closed: AtomicBool,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(Bell {
            eventfd,
            closed: AtomicBool::new(false),
        })))
    }

    /// Ends the wait that its subscriber is in, or else the next one.
    pub fn wake(&self) {
        // It only fails when so many wakes are pending that one more does not matter.
        let _ = rustix::io::write(&self.0.eventfd, &1u64.to_ne_bytes());
    }

    /// Wakes, for the last time.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// Takes all wakes up to now; returns whether there was one.
    pub(crate) fn clear(&self) -> bool {
        rustix::io::read(&self.0.eventfd, &mut [0u8; 8]).is_ok()
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.eventfd.as_fd()
    }
}

/// Waits until one of the subscribers has something, a publisher of theirs came or went, or one of their wakers was
/// called; at most so long.
///
/// # Errors
/// [`RecvError::System`], when the system cannot wait; [`RecvError::ShmFull`], when there is no room to connect to a
/// publisher.
pub fn wait_any(subscribers: &[&Subscriber], timeout: Duration) -> Result<(), RecvError> {
    let deadline = MonoTime::now() + timeout;
    loop {
        for subscriber in subscribers {
            if subscriber.has_some()? {
                return Ok(());
            }
        }
        if !poll_all(subscribers, deadline.since(MonoTime::now()))? {
            return Ok(());
        }
        let mut turned = false;
        for subscriber in subscribers {
            let news = subscriber.take_news()?;
            turned |= news.woken || news.publishers_changed;
        }
        if turned {
            return Ok(());
        }
    }
}

/// Waits for an event or a wake of any; returns whether there was one in time.
pub(crate) fn poll_all(subscribers: &[&Subscriber], timeout: Duration) -> Result<bool, RecvError> {
    let mut fds: Vec<PollFd<'_>> = subscribers
        .iter()
        .flat_map(|subscriber| subscriber.fds())
        .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
        .collect();
    // Whoever waits longer than the clock can tell, waits for ever.
    let timeout = Timespec::try_from(timeout).ok();
    match poll(&mut fds, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(RecvError::System { source: error.into() }),
    }
}
