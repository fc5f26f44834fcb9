//! Pictures for whoever watches: one thread, one subscription and one encode a camera, view and size, only while somebody does.
//!
//! As JPEG each stands alone, and a watcher is given the newest. As H.264 each is built on the one before: a watcher is
//! given all of them, in a short queue, and where one is missing it goes on at the next keyframe.

mod budget;
mod counts;
mod line;
mod picture;
mod size;
mod videos;
mod view;
mod worker;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, MonoTime, StreamName, Waker};
use bushbaby_node::reporter::Reporter;
use tokio::sync::Notify;

pub(crate) use budget::{Budget, Spent};
pub(crate) use counts::CameraCounts;
use line::LineLevel;
pub(crate) use picture::{Picture, VideoPicture, origin_key};
pub(crate) use size::WantedSize;
use videos::Rendition;
pub(crate) use view::View;

/// How a watcher wants its pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wish {
    pub(crate) view: View,
    pub(crate) form: Form,
    pub(crate) size: WantedSize,
    /// JPEG quality, 1 to 100.
    pub(crate) quality: u8,
    /// Pictures a second at most; absent: as they come.
    pub(crate) max_fps: Option<f64>,
}

/// As what pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    #[default]
    Jpeg,
    H264,
}

/// So many pictures of a video wait for a watcher: a quarter of a second. One that is further behind goes on at a keyframe.
const MOST_WAITING: usize = 8;

/// The cameras that are watched now.
#[derive(Debug, Clone)]
pub(crate) struct Pictures {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bus: Bus,
    reporter: Reporter,
    budget: Option<Budget>,
    cameras: Mutex<HashMap<StreamName, Camera>>,
    counts: Mutex<HashMap<StreamName, CameraCounts>>,
    threads_started: AtomicU64,
}

#[derive(Debug)]
struct Camera {
    /// Which thread serves it: one that is about to end must not take over what its successor does.
    thread: u64,
    watchers: Vec<Arc<Watcher>>,
    /// Wakes the thread; absent until it subscribed.
    waker: Option<Waker>,
    /// The newest frame, if there is depth in it.
    with_depth: Option<Frame>,
}

/// One who watches, as the camera's thread sees it.
#[derive(Debug)]
struct Watcher {
    wish: Wish,
    state: Mutex<WatcherState>,
    bell: Arc<Notify>,
    /// When the newest frame was sent, monotonic ns, whether or not this watcher was given a picture of it; 0: none yet.
    last_sent_ns: AtomicU64,
    /// Of a video: bits a second that its connection carries; 0: nobody knows.
    line_bits: AtomicU64,
}

#[derive(Debug, Default)]
struct WatcherState {
    newest: Option<Arc<Picture>>,
    /// Of a video: pictures that were not taken yet.
    waiting: VecDeque<Arc<Picture>>,
    /// Of a video: what comes next must be a keyframe, as a picture before it is missing.
    lacks_keyframe: bool,
    /// Of a video: how rich its pictures may be on its connection, and as which rendition they come.
    level: LineLevel,
    rendition: Option<Rendition>,
    last_given: Option<Instant>,
    /// Why there is no picture, in words.
    trouble: Option<String>,
}

/// A place at a camera: holds its newest picture, and keeps the camera's thread running.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    camera: StreamName,
    watcher: Arc<Watcher>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pictures {
    /// `budget`: what all of them may take together; absent: as much as they like.
    pub(crate) fn new(bus: Bus, reporter: Reporter, budget: Option<Budget>) -> Self {
        let shared = Shared {
            bus,
            reporter,
            budget,
            cameras: Mutex::default(),
            counts: Mutex::default(),
            threads_started: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Begins to watch a camera. `bell` rings with every new picture.
    ///
    /// # Errors
    /// When the camera's thread cannot be started.
    pub(crate) fn watch(&self, camera: &StreamName, wish: Wish, bell: Arc<Notify>) -> std::io::Result<Watch> {
        let mut cameras = lock(&self.shared.cameras);
        let entry = match cameras.entry(camera.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let thread = self.shared.threads_started.fetch_add(1, Ordering::Relaxed);
                worker::start(self.shared.clone(), camera.clone(), thread)?;
                entry.insert(Camera {
                    thread,
                    watchers: Vec::new(),
                    waker: None,
                    with_depth: None,
                })
            }
        };
        let state = WatcherState {
            lacks_keyframe: wish.form == Form::H264,
            ..WatcherState::default()
        };
        let watcher = Arc::new(Watcher {
            wish,
            state: Mutex::new(state),
            bell,
            last_sent_ns: AtomicU64::new(0),
            line_bits: AtomicU64::new(0),
        });
        entry.watchers.push(watcher.clone());
        if let Some(waker) = &entry.waker {
            waker.wake();
        }
        Ok(Watch {
            shared: self.shared.clone(),
            camera: camera.clone(),
            watcher,
        })
    }

    /// The depth in metres at a pixel of the newest picture, `None` where it is not known. The outer `None`: nobody watches this
    /// camera, or there is no depth in its frames.
    pub(crate) fn depth_at(&self, camera: &StreamName, at_px: [f64; 2]) -> Option<Option<f32>> {
        let frame = lock(&self.shared.cameras).get(camera)?.with_depth.clone()?;
        Some(view::depth_at(&frame, at_px))
    }

    /// What became of the budget, where there is one.
    pub(crate) fn spent(&self) -> Option<Spent> {
        self.shared.budget.as_ref().map(|budget| budget.spent(Instant::now()))
    }

    /// What was encoded so far, by camera.
    pub(crate) fn counts(&self) -> Vec<(StreamName, CameraCounts, usize)> {
        let cameras = lock(&self.shared.cameras);
        let watchers = |name| cameras.get(name).map_or(0, |camera| camera.watchers.len());
        let mut counts: Vec<_> = lock(&self.shared.counts)
            .iter()
            .map(|(name, counts)| (name.clone(), counts.clone(), watchers(name)))
            .collect();
        counts.sort_by(|a, b| a.0.cmp(&b.0));
        counts
    }
}

impl Watch {
    pub(crate) fn wish(&self) -> Wish {
        self.watcher.wish
    }

    /// Takes the newest picture, of a video the next one, if it was not taken before, and there is something left of
    /// the budget for it.
    pub(crate) fn take(&self) -> Option<Arc<Picture>> {
        let mut state = lock(&self.watcher.state);
        let picture = state.newest.take().or_else(|| state.waiting.pop_front())?;
        let pays = |budget: &Budget| budget.pays(picture.bytes(), Instant::now());
        if self.shared.budget.as_ref().is_none_or(pays) {
            return Some(picture);
        }
        if self.watcher.wish.form == Form::H264 {
            state.begin_anew();
        }
        None
    }

    /// Of a video: who watches cannot go on but at a keyframe.
    pub(crate) fn begin_anew(&self) {
        lock(&self.watcher.state).begin_anew();
    }

    /// Of a video: how many bits a second its connection carries, as far as known. Its pictures become as rich as fits.
    pub(crate) fn line_carries(&self, bits_per_second: u64) {
        self.watcher.line_bits.store(bits_per_second, Ordering::Relaxed);
    }

    /// How long ago the camera sent its newest frame; `None` when it sent none that could be had.
    pub(crate) fn silence(&self) -> Option<Duration> {
        match self.watcher.last_sent_ns.load(Ordering::Relaxed) {
            0 => None,
            ns => Some(MonoTime::now().since(MonoTime::from_ns(ns))),
        }
    }

    /// Why there is no picture, where that is known here.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.watcher.state).trouble.clone()
    }
}

impl WatcherState {
    fn begin_anew(&mut self) {
        self.waiting.clear();
        self.lacks_keyframe = true;
    }

    /// From now on its pictures are of this rendition: another one than before begins with a keyframe.
    fn turn_to(&mut self, rendition: Rendition) {
        if self.rendition.replace(rendition) != Some(rendition) {
            self.lacks_keyframe = true;
        }
    }

    /// Hands over the next picture of a video.
    fn give(&mut self, picture: Arc<Picture>, is_keyframe: bool) {
        if is_keyframe {
            self.lacks_keyframe = false;
        } else if self.waiting.len() >= MOST_WAITING {
            self.begin_anew();
        }
        if !self.lacks_keyframe {
            self.waiting.push_back(picture);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut cameras = lock(&self.shared.cameras);
        let Some(camera) = cameras.get_mut(&self.camera) else {
            return;
        };
        camera.watchers.retain(|watcher| !Arc::ptr_eq(watcher, &self.watcher));
        if camera.watchers.is_empty()
            && let Some(waker) = &camera.waker
        {
            waker.wake();
        }
    }
}
