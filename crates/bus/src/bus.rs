//! The way in: one bus for each process and instance.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use iceoryx2::prelude::Config;
use serde::Serialize;

use crate::error::BusError;
use crate::instance::Instance;
use crate::names::StreamName;
use crate::options::{PublisherOptions, ReadOptions};
use crate::publisher::Publisher;
use crate::subscriber::Subscriber;
use crate::transport::{self, Node};

/// The bus of an instance, as this process sees it. Cloning it, or opening it again, gives the same one.
#[derive(Debug, Clone)]
pub struct Bus(Arc<Shared>);

/// What all handles, publishers and readers of a process share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) node: Node,
    pub(crate) config: Config,
    pub(crate) instance: Instance,
    pub(crate) root: PathBuf,
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

/// Two nodes of one process would each see the other as a process of its own: one a process and instance is enough.
static OPEN: Mutex<Option<HashMap<Instance, Weak<Shared>>>> = Mutex::new(None);

impl Bus {
    /// Joins the bus of an instance.
    ///
    /// # Errors
    /// [`BusError::Folder`], when the instance's folder is not ours alone; [`BusError::ShmFull`], when not even the bus's own small files fit.
    pub fn open(instance: &Instance) -> Result<Self, BusError> {
        let mut open = locked(&OPEN);
        let open = open.get_or_insert_default();
        if let Some(shared) = open.get(instance).and_then(Weak::upgrade) {
            return Ok(Self(shared));
        }
        let root = instance.create_runtime_dir()?.join("bus");
        crate::instance::private_dir(&root)?;
        let config = transport::config(instance, &root)?;
        let node = transport::create_node(&config)?;
        let shared = Arc::new(Shared {
            node,
            config,
            instance: instance.clone(),
            root,
        });
        open.insert(instance.clone(), Arc::downgrade(&shared));
        Ok(Self(shared))
    }

    /// Returns the instance that it belongs to.
    pub fn instance(&self) -> &Instance {
        &self.0.instance
    }

    /// Begins to write a stream.
    ///
    /// # Errors
    /// [`BusError::SecondPublisher`], when somebody writes it now; [`BusError::ShmFull`], when the expected frames do not fit.
    pub fn publisher(
        &self,
        stream: &StreamName,
        options: PublisherOptions,
    ) -> Result<Publisher, BusError> {
        Publisher::open(&self.0, stream, options)
    }

    /// Begins to read a stream, which need not be written yet.
    ///
    /// # Errors
    /// [`BusError::TooManyReaders`], when all places are taken; [`BusError::Option`], for a queue or pin budget that cannot be.
    pub fn subscriber(
        &self,
        stream: &StreamName,
        options: ReadOptions,
    ) -> Result<Subscriber, BusError> {
        Subscriber::open(&self.0, stream, options)
    }

    /// Returns every stream that somebody writes or reads now, by name.
    ///
    /// # Errors
    /// [`BusError::Transport`], when the list cannot be read.
    pub fn streams(&self) -> Result<Vec<StreamInfo>, BusError> {
        crate::streams::list(&self.0)
    }

    /// Removes what dead processes left behind.
    ///
    /// # Errors
    /// [`BusError::Transport`] or [`BusError::System`], when something that should go cannot be removed.
    pub fn clean(&self) -> Result<Cleaned, BusError> {
        crate::clean::clean(&self.0.instance)
    }
}

impl Shared {
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

/// A panic in another thread is no reason to stop: what the locks guard is never left half-changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
