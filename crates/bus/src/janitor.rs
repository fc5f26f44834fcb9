//! The bus's own thread, one a process: it hears what readers say to the publishers here, and cleans up after dead
//! processes.
//!
//! It lives as long as the bus is open. Of all processes of an instance, one at a time cleans: whoever gets the
//! janitor's lock.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use iceoryx2::prelude::Config;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};

use crate::bus::locked;
use crate::clean;
use crate::control::{Ear, Message};
use crate::error::BusError;
use crate::time::MonoTime;
use crate::wait::Waker;

/// How often dead processes are looked for.
pub(crate) const ROUND: Duration = Duration::from_secs(2);
const LOCK_FILE: &str = "janitor";

/// Who wants to hear what readers say.
pub(crate) trait Hearer: Send + Sync {
    fn hear(&self, message: Message);
}

type Post = (Arc<Ear>, Weak<dyn Hearer>);

/// The thread, which ends when this is dropped.
pub(crate) struct Janitor {
    posts: Arc<Mutex<Vec<Post>>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Janitor {
    pub(crate) fn start(config: Config, root: PathBuf) -> Result<Self, BusError> {
        let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
        let waker = Waker::new().map_err(|source| BusError::system("making an eventfd", source))?;
        let rounds = Rounds {
            posts: posts.clone(),
            waker: waker.clone(),
            config,
            root,
            lock: None,
        };
        let thread = thread::Builder::new()
            .name("bushbaby-bus".to_owned())
            .spawn(move || rounds.run())
            .map_err(|source| BusError::system("starting the bus's thread", source))?;
        Ok(Self {
            posts,
            waker,
            thread: Some(thread),
        })
    }

    /// From now on the hearer hears what comes in at this ear, until one of the two is gone.
    pub(crate) fn attend(&self, ear: Arc<Ear>, hearer: Weak<dyn Hearer>) {
        locked(&self.posts).push((ear, hearer));
        self.waker.wake();
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.waker.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // It panicked, or it did not: it is over.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Janitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Janitor")
            .field("posts", &locked(&self.posts).len())
            .finish_non_exhaustive()
    }
}

struct Rounds {
    posts: Arc<Mutex<Vec<Post>>>,
    waker: Waker,
    config: Config,
    root: PathBuf,
    /// Held by the process whose turn it is; the next one takes over when it ends.
    lock: Option<File>,
}

impl Rounds {
    fn run(mut self) {
        let mut next_round = MonoTime::now() + ROUND;
        while !self.waker.is_closed() {
            let posts = locked(&self.posts).clone();
            if wait(&self.waker, &posts, next_round.since(MonoTime::now())).is_err() {
                // Without poll there is nothing left to do but the rounds.
                thread::sleep(Duration::from_millis(100));
            }
            self.waker.clear();
            for (ear, hearer) in &posts {
                hear(ear, hearer);
            }
            drop(posts);
            locked(&self.posts).retain(|(_, hearer)| hearer.strong_count() > 0);
            if MonoTime::now() >= next_round {
                self.clean();
                next_round = MonoTime::now() + ROUND;
            }
        }
    }

    fn clean(&mut self) {
        if self.lock.is_none() {
            self.lock = self.try_lock();
        }
        if self.lock.is_some() {
            clean::remove_dead_nodes(&self.config);
        }
    }

    fn try_lock(&self) -> Option<File> {
        let path = self.root.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .is_ok()
            .then_some(file)
    }
}

fn hear(ear: &Ear, hearer: &Weak<dyn Hearer>) {
    while let Some(message) = ear.next() {
        let Some(hearer) = hearer.upgrade() else { return };
        hearer.hear(message);
    }
}

fn wait(waker: &Waker, posts: &[Post], timeout: Duration) -> std::io::Result<()> {
    let mut fds = Vec::with_capacity(posts.len() + 1);
    fds.push(PollFd::from_borrowed_fd(waker.fd(), PollFlags::IN));
    fds.extend(posts.iter().map(|(ear, _)| PollFd::new(ear.socket(), PollFlags::IN)));
    let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
