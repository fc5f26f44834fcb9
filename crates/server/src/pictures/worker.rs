//! The thread of one watched camera: newest frame in, one JPEG for each size that is wished for out. Ends with the last watcher.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bushbaby_bus::{Frame, ReadOptions, RecvError, StreamName, Subscriber};
use bushbaby_node::control::Dropped;
use bushbaby_node::{image, rgbd};
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{Image, Resizer};

use super::budget::Step;
use super::picture::{Content, Picture};
use super::videos::Videos;
use super::view::{RangeFollower, Seen, View};
use super::{Budget, CameraCounts, Form, Shared, Watcher, lock};

/// How long the thread waits at most before it looks round.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// In how many views, sizes and qualities one frame is made at most.
const MOST_WAYS: usize = 8;
/// How long it leaves the bus alone after the bus failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(super) fn start(shared: Arc<Shared>, camera: StreamName, thread: u64) -> std::io::Result<()> {
    let name = format!("pic {}", camera.node());
    let run = move || Worker::new(shared, camera, thread).run();
    std::thread::Builder::new().name(name).spawn(run).map(drop)
}

struct Worker {
    shared: Arc<Shared>,
    camera: StreamName,
    thread: u64,
    encoder: Option<Encoder>,
    resizer: Resizer,
    resized: Image,
    range: RangeFollower,
    /// What was made of the last frame.
    made: HashMap<Way, Arc<Picture>>,
    videos: Videos,
    last: Option<Frame>,
    /// What earlier subscriptions of this stream lost.
    dropped_before: Dropped,
}

/// In which way a picture is made of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Way {
    view: View,
    size_px: [u32; 2],
    quality: u8,
    /// Whether a JPEG of the camera is handed on as it is.
    as_it_is: bool,
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            view,
            size_px: [width, height],
            quality,
            ..
        } = self;
        write!(f, "{width}x{height} q{quality}")?;
        if *view != View::Picture {
            write!(f, " {}", view.name())?;
        }
        Ok(())
    }
}

impl Worker {
    fn new(shared: Arc<Shared>, camera: StreamName, thread: u64) -> Self {
        let dropped_before = lock(&shared.counts).entry(camera.clone()).or_default().dropped;
        Self {
            shared,
            camera,
            thread,
            encoder: None,
            resizer: Resizer::new(),
            resized: Image::default(),
            range: RangeFollower::default(),
            made: HashMap::new(),
            videos: Videos::default(),
            last: None,
            dropped_before,
        }
    }

    fn run(mut self) {
        while self.is_wanted() {
            let failure = match self.read() {
                Ok(()) => continue,
                Err(failure) => failure,
            };
            self.shared
                .reporter
                .warn(&format!("the pictures of `{}` cannot be read: {failure}", self.camera));
            for watcher in self.watchers() {
                lock(&watcher.state).trouble = Some(failure.clone());
                watcher.bell.notify_one();
            }
            std::thread::sleep(AFTER_FAILURE);
        }
    }

    /// Reads until nobody watches.
    fn read(&mut self) -> Result<(), String> {
        let options = ReadOptions {
            replay_last: true,
            ..ReadOptions::default()
        };
        let subscriber = self
            .shared
            .bus
            .subscriber(&self.camera, options)
            .map_err(|error| error.to_string())?;
        if let Some(camera) = lock(&self.shared.cameras)
            .get_mut(&self.camera)
            .filter(|camera| camera.thread == self.thread)
        {
            camera.waker = Some(subscriber.waker());
        }
        while self.is_wanted() {
            match subscriber.recv(LONGEST_WAIT) {
                Ok(Some(frame)) => self.received(frame),
                Ok(None) => {}
                Err(RecvError::Damaged { .. }) => self
                    .shared
                    .reporter
                    .warn(&format!("a frame of `{}` was damaged", self.camera)),
                Err(error) => return Err(error.to_string()),
            }
            self.count_dropped(&subscriber);
            self.serve();
        }
        Ok(())
    }

    /// Whether somebody watches. When nobody does, the camera is taken from the list under the same lock, so that whoever comes
    /// next starts another thread.
    fn is_wanted(&self) -> bool {
        let mut cameras = lock(&self.shared.cameras);
        match cameras.get(&self.camera) {
            Some(camera) if camera.thread != self.thread => false,
            Some(camera) if camera.watchers.is_empty() => {
                cameras.remove(&self.camera);
                false
            }
            camera => camera.is_some(),
        }
    }

    fn watchers(&self) -> Vec<Arc<Watcher>> {
        let cameras = lock(&self.shared.cameras);
        let own = cameras.get(&self.camera).filter(|camera| camera.thread == self.thread);
        own.map(|camera| camera.watchers.clone()).unwrap_or_default()
    }

    fn received(&mut self, frame: Frame) {
        self.shared
            .reporter
            .received(&self.camera, frame.received_at().since(frame.captured().mono));
        self.count(|counts| counts.frames += 1);
        let with_depth = frame.array(rgbd::DEPTH).is_some().then(|| frame.clone());
        if let Some(camera) = lock(&self.shared.cameras)
            .get_mut(&self.camera)
            .filter(|camera| camera.thread == self.thread)
        {
            camera.with_depth = with_depth;
        }
        self.last = Some(frame);
        self.made.clear();
    }

    /// Gives every watcher that lacks the last frame a picture of it.
    fn serve(&mut self) {
        let Some(frame) = self.last.clone() else { return };
        let now = Instant::now();
        let step = self.shared.budget.as_ref().map(Budget::step).unwrap_or_default();
        let (videos, pictures) = self
            .watchers()
            .into_iter()
            .partition::<Vec<_>, _>(|watcher| watcher.wish.form == Form::H264);
        self.serve_videos(&frame, &videos, step, now);
        for watcher in pictures {
            let sent_ns = frame.published_at().as_ns();
            let is_new = watcher.last_sent_ns.swap(sent_ns, Ordering::Relaxed) != sent_ns;
            if !is_new || !is_due(&watcher, step, now) {
                continue;
            }
            let made = self.picture(&frame, &watcher, step);
            let mut state = lock(&watcher.state);
            match made {
                Ok(picture) => {
                    state.newest = Some(picture);
                    state.last_given = Some(now);
                    state.trouble = None;
                }
                Err(reason) => {
                    self.warn(&reason);
                    state.trouble = Some(reason);
                }
            }
            drop(state);
            watcher.bell.notify_one();
        }
    }

    fn serve_videos(&mut self, frame: &Frame, watchers: &[Arc<Watcher>], step: Step, now: Instant) {
        if watchers.is_empty() {
            self.videos.end();
            return;
        }
        let sent_ns = frame.published_at().as_ns();
        for watcher in watchers {
            watcher.last_sent_ns.store(sent_ns, Ordering::Relaxed);
        }
        let trouble = match self.videos.serve(frame, watchers, step, now) {
            Ok([made, left_out]) => {
                self.count(|counts| {
                    counts.videos += made;
                    counts.left_out += left_out;
                });
                None
            }
            Err(reason) => {
                self.warn(&reason);
                Some(reason)
            }
        };
        for watcher in watchers {
            let mut state = lock(&watcher.state);
            if state.trouble != trouble {
                state.trouble.clone_from(&trouble);
                watcher.bell.notify_one();
            }
        }
    }

    fn warn(&self, reason: &str) {
        let told = format!("a picture of `{}` cannot be shown: {reason}", self.camera);
        self.shared.reporter.warn(&told);
    }

    fn picture(&mut self, frame: &Frame, watcher: &Watcher, step: Step) -> Result<Arc<Picture>, String> {
        let wish = watcher.wish;
        let seen = Seen::new(frame, wish.view, &mut self.range)?;
        let way = Way {
            view: wish.view,
            size_px: step.size_px(wish.size.of(seen.size_px())),
            quality: step.quality(wish.quality),
            as_it_is: step.is_as_asked(),
        };
        if let Some(picture) = self.made.get(&way).or_else(|| self.nearest_when_full(way)) {
            return Ok(picture.clone());
        }
        let passes = way.as_it_is && seen.is_jpeg_of(way.size_px);
        let jpeg = self.encode(&seen, way)?;
        let content = Content {
            source_px: seen.source_px,
            calibration: image::calibration(frame).filter(|_| wish.view != View::Right),
            view: wish.view,
            views: View::of(frame),
            legend: seen.legend,
        };
        let picture = Arc::new(Picture::new(frame, &jpeg, way.size_px, &content));
        self.made.insert(way, picture.clone());
        self.count(|counts| {
            if passes {
                counts.passed_on += 1;
            } else {
                counts.encodes += 1;
                *counts.encodes_by_size.entry(way.to_string()).or_insert(0) += 1;
            }
        });
        Ok(picture)
    }

    /// Once a frame was made in as many ways as one frame is, the next watcher gets the one that is most like its wish: strange
    /// wishes of a few cost the others nothing. A view of which nothing was made yet is made all the same: there are few.
    fn nearest_when_full(&self, wanted: Way) -> Option<&Arc<Picture>> {
        let full = self.made.len() >= MOST_WAYS;
        self.made
            .iter()
            .filter(|(way, _)| full && way.view == wanted.view)
            .min_by_key(|(way, _)| way.size_px[0].abs_diff(wanted.size_px[0]))
            .map(|(_, picture)| picture)
    }

    fn encode(&mut self, seen: &Seen<'_>, way: Way) -> Result<Vec<u8>, String> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            empty => empty.insert(Encoder::new(way.quality).map_err(|error| error.to_string())?),
        };
        encoder.set_quality(way.quality).map_err(|error| error.to_string())?;
        let sized = seen.sized(way.size_px, way.as_it_is, &mut self.resizer, &mut self.resized)?;
        let jpeg = encoder.encode(&sized);
        jpeg.map(std::borrow::Cow::into_owned)
            .map_err(|error| error.to_string())
    }

    fn count(&self, change: impl FnOnce(&mut CameraCounts)) {
        change(lock(&self.shared.counts).entry(self.camera.clone()).or_default());
    }

    fn count_dropped(&self, subscriber: &Subscriber) {
        let counts = subscriber.counts();
        let before = self.dropped_before;
        let dropped = Dropped {
            superseded: before.superseded + counts.superseded,
            overflow: before.overflow + counts.overflow,
            damaged: before.damaged + counts.damaged,
            skipped: before.skipped + counts.skipped,
        };
        self.count(|counts| counts.dropped = dropped);
        self.shared.reporter.dropped(&self.camera, dropped);
    }
}

/// Whether a watcher that wants few pictures a second is due for one; a little early is in time.
fn is_due(watcher: &Watcher, step: Step, now: Instant) -> bool {
    is_time(step.max_fps(watcher.wish.max_fps), lock(&watcher.state).last_given, now)
}

/// Whether it is time for the next of so many pictures a second.
pub(super) fn is_time(max_fps: Option<f64>, last: Option<Instant>, now: Instant) -> bool {
    let (Some(max_fps), Some(last)) = (max_fps, last) else {
        return true;
    };
    now.duration_since(last).as_secs_f64() * max_fps > 0.9
}
