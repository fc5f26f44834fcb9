//! The way in: one bus for each process and instance.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use iceoryx2::prelude::Config;
use serde::Serialize;

use crate::clean;
use crate::error::BusError;
use crate::instance::Instance;
use crate::janitor::Janitor;
use crate::liveness;
use crate::names::StreamName;
use crate::options::{PublisherOptions, ReadOptions};
use crate::publisher::Publisher;
use crate::room::{self, CONTROL_BYTES};
use crate::root::{self, RootLock};
use crate::stillborn;
use crate::streams;
use crate::subscriber::Subscriber;
use crate::transport::{self, Node};

/// The bus of an instance, as this process sees it. Cloning it, or opening it again, gives the same one.
#[derive(Debug, Clone)]
pub struct Bus(Arc<Shared>);

/// What all handles, publishers and readers of a process share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Taken out when the bus is left.
    node: Option<Node>,
    janitor: Option<Janitor>,
    pub(crate) config: Config,
    instance: Instance,
    root: PathBuf,
}

/// One stream, as the list of streams shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamInfo {
    /// Its name.
    pub name: StreamName,
    /// The process that writes it now, if any does.
    pub publisher_pid: Option<u32>,
    /// How many read it now.
    pub readers: usize,
}

/// What a clean-up removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// Dead processes that had been on the bus.
    pub nodes: usize,
    /// Their files.
    pub files: usize,
    /// Bytes of these in shared memory.
    pub bytes: u64,
}

/// Two nodes of one process would each see the other as a process of its own: one a process and instance is enough. A child
/// that was forked off inherits the table, but not its parent's place on the bus: hence the process's number.
static OPEN: Mutex<Option<HashMap<Joined, Weak<Shared>>>> = Mutex::new(None);

/// A process, by its number, and an instance.
type Joined = (u32, Instance);

impl Bus {
    /// Joins the bus of an instance.
    ///
    /// # Errors
    /// [`BusError::Folder`], when the instance's folder is not ours alone; [`BusError::ShmFull`], when not even the
    /// bus's own small files fit.
    pub fn open(instance: &Instance) -> Result<Self, BusError> {
        let mut open = locked(&OPEN);
        let open = open.get_or_insert_default();
        let key = (std::process::id(), instance.clone());
        if let Some(shared) = open.get(&key).and_then(Weak::upgrade) {
            return Ok(Self(shared));
        }
        let shared = Arc::new(Shared::join(instance)?);
        open.insert(key, Arc::downgrade(&shared));
        Ok(Self(shared))
    }

    /// Returns the instance that it belongs to.
    pub fn instance(&self) -> &Instance {
        &self.0.instance
    }

    /// Begins to write a stream.
    ///
    /// # Errors
    /// [`BusError::SecondPublisher`], when somebody writes it now; [`BusError::ShmFull`], when the expected frames do
    /// not fit.
    pub fn publisher(&self, stream: &StreamName, options: PublisherOptions) -> Result<Publisher, BusError> {
        Publisher::open(&self.0, stream, &options)
    }

    /// Begins to read a stream, which need not be written yet.
    ///
    /// # Errors
    /// [`BusError::TooManyReaders`], when all places are taken; [`BusError::Option`], for a queue or pin budget that
    /// cannot be.
    pub fn subscriber(&self, stream: &StreamName, options: ReadOptions) -> Result<Subscriber, BusError> {
        Subscriber::open(&self.0, stream, options)
    }

    /// Returns every stream that somebody writes or reads now, by name.
    ///
    /// # Errors
    /// [`BusError::Transport`], when the list cannot be read.
    pub fn streams(&self) -> Result<Vec<StreamInfo>, BusError> {
        streams::list(&self.0)
    }

    /// Removes what dead processes left behind.
    ///
    /// # Errors
    /// [`BusError::Transport`] or [`BusError::System`], when something that should go cannot be removed.
    pub fn clean(&self) -> Result<Cleaned, BusError> {
        clean::clean(&self.0.instance)
    }
}

impl Shared {
    fn join(instance: &Instance) -> Result<Self, BusError> {
        let (mut root, mut lock) = root::create_and_lock(instance)?;
        let config = transport::config(instance, &root)?;
        if liveness::live_nodes(&config)?.is_empty() {
            // The first one begins on clean ground, whatever those before it left.
            clean::clean_locked(instance, &root)?;
            drop(lock);
            (root, lock) = root::create_and_lock(instance)?;
        }
        room::require(CONTROL_BYTES).map_err(|no_room| no_room.into_error(None))?;
        let node = transport::create_node(&config)?;
        drop(lock);
        let janitor = Janitor::start(config.clone(), root.clone())?;
        Ok(Self {
            node: Some(node),
            janitor: Some(janitor),
            config,
            instance: instance.clone(),
            root,
        })
    }

    /// It is there until the bus is left, which nobody who can ask has done.
    pub(crate) fn node(&self) -> &Node {
        self.node.as_ref().expect("the node is taken out on drop only")
    }

    pub(crate) fn janitor(&self) -> &Janitor {
        self.janitor.as_ref().expect("the janitor is taken out on drop only")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Waits for the instance's lock, and checks that there is room for the small files by which a stream's ends find
    /// each other.
    pub(crate) fn lock_for(&self, stream: &StreamName) -> Result<RootLock, BusError> {
        let lock = RootLock::take(&self.root)?;
        stillborn::remove(&self.instance.shm_prefix());
        room::require(CONTROL_BYTES).map_err(|no_room| no_room.into_error(Some(stream)))?;
        Ok(lock)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.janitor.take());
        drop(self.node.take());
        // The last one wipes the board. If that fails, the next start or `bushbaby clean` will.
        if let Err(error) = clean::clean(&self.instance) {
            tracing::debug!(%error, "what was left of the bus stays for the next start");
        }
    }
}

/// A panic in another thread is no reason to stop: what the locks guard is never left half-changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
