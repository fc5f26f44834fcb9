//! One encoder for all viewers of a camera, busy only while somebody looks.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{CameraOptions, Mood, Shared};
use crate::h264::{EncodedPicture, MovingPictures, film, parameter_sets, units};
use crate::picture::monotonic_ns;

/// A viewer that is further behind loses pictures.
const LONGEST_QUEUE: usize = 60;

/// Hands encoded pictures to viewers.
#[derive(Debug)]
pub(super) struct Live {
    viewers: Mutex<Viewers>,
    /// `[sps, pps]`, as the description and the stream carry them.
    pub(super) parameter_sets: [Vec<u8>; 2],
}

#[derive(Debug, Default)]
struct Viewers {
    queues: Vec<SyncSender<Arc<EncodedPicture>>>,
    /// Somebody new wants a picture that needs no other.
    is_keyframe_due: bool,
}

impl Live {
    pub(super) fn new(options: &CameraOptions) -> Self {
        let [sps, pps] = parameter_sets(&film(
            options.width,
            options.height,
            options.fps,
            options.keyframe_every,
            1,
        ));
        let sps = options.sequence_parameter_set.clone().unwrap_or(sps);
        Self {
            viewers: Mutex::default(),
            parameter_sets: [sps, pps],
        }
    }

    fn viewers(&self) -> MutexGuard<'_, Viewers> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pictures from now on.
    pub(super) fn watch(&self, options: &CameraOptions) -> Receiver<Arc<EncodedPicture>> {
        let (queue, pictures) = sync_channel(LONGEST_QUEUE);
        let mut viewers = self.viewers();
        viewers.queues.push(queue);
        viewers.is_keyframe_due |= options.keyframe_on_play;
        pictures
    }

    /// Draws, encodes and hands out until the camera ends.
    pub(super) fn run(&self, shared: &Shared) {
        let options = &shared.options;
        let mut pictures = MovingPictures::new(
            options.width,
            options.height,
            options.fps as f32,
            options.keyframe_every,
        );
        let frame_time = Duration::from_secs(1) / options.fps;
        let mut due = Instant::now();
        while !shared.is_ending.load(Ordering::SeqCst) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            // A process that was stopped does not make up for the pictures that it missed.
            due = (due + frame_time).max(Instant::now());
            let is_keyframe_due = {
                let mut viewers = self.viewers();
                if viewers.queues.is_empty() || shared.mood() == Mood::Frozen {
                    continue;
                }
                std::mem::take(&mut viewers.is_keyframe_due)
            };
            if is_keyframe_due {
                pictures.begin_anew();
            }
            let mut picture = pictures.next_at(monotonic_ns());
            if let Some(sps) = &options.sequence_parameter_set {
                picture.annex_b = with_other_sps(&picture.annex_b, sps);
            }
            let picture = Arc::new(picture);
            self.viewers()
                .queues
                .retain(|queue| !matches!(queue.try_send(picture.clone()), Err(TrySendError::Disconnected(_))));
        }
    }
}

fn with_other_sps(annex_b: &[u8], sps: &[u8]) -> Vec<u8> {
    let replaced = units(annex_b).map(|unit| if unit[0] & 0x1f == 7 { sps } else { unit });
    replaced.flat_map(|unit| [&[0, 0, 0, 1], unit].concat()).collect()
}
