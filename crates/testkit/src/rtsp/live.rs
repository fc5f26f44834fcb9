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
        let [sps, pps] = match &options.film {
            Some(film) => parameter_sets(film),
            None => {
                let (fps, keyframe_every) = (options.fps, options.keyframe_every);
                parameter_sets(&film(options.width, options.height, fps, keyframe_every, 1))
            }
        };
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
        let mut pictures = Pictures::new(options);
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
            let mut picture = pictures.next(is_keyframe_due);
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

/// Where pictures come from.
enum Pictures {
    Live(Box<MovingPictures>),
    Film {
        film: Arc<Vec<EncodedPicture>>,
        next: usize,
        begun_ns: u64,
        length_ns: u64,
    },
}

impl Pictures {
    fn new(options: &CameraOptions) -> Self {
        match &options.film {
            Some(film) => Self::Film {
                film: film.clone(),
                next: 0,
                begun_ns: monotonic_ns(),
                length_ns: film.len() as u64 * 1_000_000_000 / u64::from(options.fps),
            },
            None => {
                let fps = options.fps as f32;
                Self::Live(Box::new(MovingPictures::new(
                    options.width,
                    options.height,
                    fps,
                    options.keyframe_every,
                )))
            }
        }
    }

    fn next(&mut self, is_keyframe_due: bool) -> EncodedPicture {
        match self {
            Self::Live(pictures) => {
                if is_keyframe_due {
                    pictures.begin_anew();
                }
                pictures.next_at(monotonic_ns())
            }
            Self::Film {
                film,
                next,
                begun_ns,
                length_ns,
            } => {
                let mut picture = film[*next].clone();
                picture.stamp.drawn_ns += *begun_ns;
                *next += 1;
                if *next == film.len() {
                    *next = 0;
                    *begun_ns += *length_ns;
                }
                picture
            }
        }
    }
}

fn with_other_sps(annex_b: &[u8], sps: &[u8]) -> Vec<u8> {
    let replaced = units(annex_b).map(|unit| if unit[0] & 0x1f == 7 { sps } else { unit });
    replaced.flat_map(|unit| [&[0, 0, 0, 1], unit].concat()).collect()
}
