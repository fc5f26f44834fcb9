//! One encoder for all viewers of a camera, busy only while somebody looks; and one sound for all.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sound::{Encoded, SoundMood};
use super::{CameraOptions, Mood, Shared};
use crate::h264::{EncodedPicture, MovingPictures, film, parameter_sets, units};
use crate::picture::monotonic_ns;

/// A viewer that is further behind loses pictures and sound.
const LONGEST_QUEUE: usize = 120;

/// Hands encoded pictures and sound to viewers.
#[derive(Debug)]
pub(super) struct Live {
    viewers: Mutex<Viewers>,
    /// `[sps, pps]`, as the description and the stream carry them.
    pub(super) parameter_sets: [Vec<u8>; 2],
    pub(super) sound: Option<Encoded>,
    pub(super) sound_began_ns: u64,
}

/// Sound that is later than that was missed.
const LONGEST_DELAY_NS: u64 = 500_000_000;

/// One of the two things that a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Pictures,
    Sound,
}

/// What a viewer is sent.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Picture(Arc<EncodedPicture>),
    /// The number of a packet since the sound began.
    Sound(u64),
}

#[derive(Debug, Default)]
struct Viewers {
    queues: Vec<SyncSender<Item>>,
    /// Somebody new wants a picture that needs no other.
    is_keyframe_due: bool,
}

impl Live {
    pub(super) fn new(options: &CameraOptions) -> io::Result<Self> {
        let [sps, pps] = match &options.film {
            Some(film) => parameter_sets(film),
            None => {
                let (fps, keyframe_every) = (options.fps, options.keyframe_every);
                parameter_sets(&film(options.width, options.height, fps, keyframe_every, 1))
            }
        };
        let sps = options.sequence_parameter_set.clone().unwrap_or(sps);
        Ok(Self {
            viewers: Mutex::default(),
            parameter_sets: [sps, pps],
            sound: options.sound.as_ref().map(Encoded::of).transpose()?,
            sound_began_ns: monotonic_ns(),
        })
    }

    fn viewers(&self) -> MutexGuard<'_, Viewers> {
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pictures and sound from now on.
    pub(super) fn watch(&self, options: &CameraOptions) -> Receiver<Item> {
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
                if viewers.queues.is_empty() || matches!(shared.mood(), Mood::Frozen | Mood::Blind) {
                    continue;
                }
                std::mem::take(&mut viewers.is_keyframe_due)
            };
            let mut picture = pictures.next(is_keyframe_due);
            if let Some(sps) = &options.sequence_parameter_set {
                picture.annex_b = with_other_sps(&picture.annex_b, sps);
            }
            self.hand_out(&Item::Picture(Arc::new(picture)));
        }
    }

    /// Hands out packets of sound, each when its last sample is over, until the camera ends.
    pub(super) fn run_sound(&self, shared: &Shared) {
        let Some(sound) = &self.sound else { return };
        let packet_time_ns = sound.packet_time_ns();
        let mut number = 0;
        while !shared.is_ending.load(Ordering::SeqCst) {
            let due_ns = self.sound_began_ns + (number + 1) * packet_time_ns;
            let now_ns = monotonic_ns();
            if due_ns > now_ns {
                std::thread::sleep(Duration::from_nanos(due_ns - now_ns));
                continue;
            }
            // A process that was stopped does not make up for the sound that it missed.
            if now_ns - due_ns < LONGEST_DELAY_NS
                && !matches!(shared.mood(), Mood::Frozen)
                && shared.sound_mood() != SoundMood::Frozen
            {
                self.hand_out(&Item::Sound(number));
            }
            number += 1;
        }
    }

    fn hand_out(&self, item: &Item) {
        self.viewers()
            .queues
            .retain(|queue| !matches!(queue.try_send(item.clone()), Err(TrySendError::Disconnected(_))));
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
