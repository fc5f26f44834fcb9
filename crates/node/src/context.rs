//! What a node is handed: who it is, its bus, when to stop, whom to tell.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use bushbaby_bus::Bus;

use crate::children::Spawner;
use crate::control::NodeSpec;
use crate::pipelines::Wished;
use crate::reporter::Reporter;

/// All that a node needs from its surroundings.
#[derive(Debug, Clone)]
pub struct NodeContext {
    /// Who it is and what it was told.
    pub spec: Arc<NodeSpec>,
    /// Its end of the bus.
    pub bus: Bus,
    /// Set when it is asked to end.
    pub stop: Stop,
    /// Tells the supervisor how it goes.
    pub reporter: Reporter,
    /// Starts programs that die with this process.
    pub spawner: Spawner,
    /// Which of its pipelines the supervisor wants in force, and what it wants changed.
    pub wished: Wished,
}

impl NodeContext {
    /// Its name in the file.
    pub fn name(&self) -> &str {
        &self.spec.node
    }

    /// Makes a path of the file absolute: it is relative to the pipeline file.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.spec.base_dir.join(path)
    }
}

/// Says that it is time to end; shared by all threads of a node.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    inner: Arc<(Mutex<StopState>, Condvar)>,
}

type OnStop = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct StopState {
    is_set: bool,
    on_stop: Vec<OnStop>,
}

impl std::fmt::Debug for StopState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StopState")
            .field("is_set", &self.is_set)
            .finish_non_exhaustive()
    }
}

impl Stop {
    /// Sets it, for good; wakes whoever waits.
    pub fn set(&self) {
        let (state, changed) = &*self.inner;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_set = true;
        let waiting = std::mem::take(&mut state.on_stop);
        drop(state);
        changed.notify_all();
        for wake in waiting {
            wake();
        }
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner).is_set
    }

    /// Waits until it is set or the time is over; returns whether it is set.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (state, changed) = &*self.inner;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = changed
            .wait_timeout_while(state, timeout, |state| !state.is_set)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_set
    }

    /// Calls `wake` once it is set; at once if it is already.
    pub fn on_set(&self, wake: impl FnOnce() + Send + 'static) {
        let mut state = self.inner.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_set {
            drop(state);
            wake();
        } else {
            state.on_stop.push(Box::new(wake));
        }
    }
}
