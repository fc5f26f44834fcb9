//! The videos of one camera: one encoder a rendition, which all who watch it share.
//!
//! How large and how rich a rendition is follows from how a watcher shows it, from what all pictures may take together, and from what
//! the watcher's own connection carries.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bushbaby_bus::Frame;
use bushbaby_node::image;
use bushbaby_pixels::{Image, Resizer};
use bushbaby_video::{FIRST_GUESS_HZ, FrameRateMeter, VideoEncoder, VideoError, live_bits_per_second};

use super::budget::Step;
use super::picture::{Content, Picture, VideoPicture};
use super::view::{RangeFollower, Seen, View};
use super::worker::is_time;
use super::{Watcher, lock};

/// In how many renditions one camera is encoded at most; who wants another is given the one that is most like it.
const MOST_VIDEOS: usize = 4;
/// Keyframes are large: whoever asks for more of them waits.
const KEYFRAME_EVERY: Duration = Duration::from_millis(400);
/// RTP's clock for video.
const TICKS_HZ: u128 = 90_000;

#[derive(Debug, Default)]
pub(super) struct Videos {
    videos: HashMap<Rendition, Video>,
    rate: FrameRateMeter,
    resizer: Resizer,
    resized: Image,
}

/// As what a video is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Rendition {
    size_px: [u32; 2],
    step: Step,
}

#[derive(Debug)]
struct Video {
    encoder: VideoEncoder,
    /// When the last frame that was looked at was sent: no frame is encoded twice.
    sent_ns: u64,
    last_made: Option<Instant>,
    last_keyframe: Option<Instant>,
    ticks: u64,
}

/// What became of a frame in one rendition.
enum Made {
    Picture(Arc<Picture>),
    /// To keep to the bit rate.
    LeftOut,
    /// It was looked at before, or fewer pictures a second are wanted.
    NotDue,
}

impl Videos {
    /// Nobody watches any.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Gives every watcher the frame in its rendition, if it is due. Returns how many pictures were made and how many were
    /// left out.
    ///
    /// # Errors
    /// In words, when the frame cannot become a video.
    pub(super) fn serve(
        &mut self,
        frame: &Frame,
        watchers: &[Arc<Watcher>],
        step: Step,
        now: Instant,
    ) -> Result<[u64; 2], String> {
        let seen = Seen::new(frame, View::Picture, &mut RangeFollower::default())?;
        let captured_ns = frame.captured().mono.as_ns();
        let hz = self.rate.measure(captured_ns).unwrap_or(FIRST_GUESS_HZ);
        let wanted: Vec<_> = watchers
            .iter()
            .map(|watcher| wanted(watcher, seen.size_px(), hz, step, now))
            .collect();
        let all: HashSet<_> = wanted.iter().collect();
        self.videos.retain(|rendition, _| all.contains(rendition));
        let mut by_rendition: HashMap<Rendition, Vec<&Watcher>> = HashMap::new();
        for (watcher, wanted) in watchers.iter().zip(&wanted) {
            let rendition = self.place(*wanted);
            lock(&watcher.state).turn_to(rendition);
            by_rendition.entry(rendition).or_default().push(watcher);
        }
        let mut counts = [0, 0];
        for (rendition, watchers) in by_rendition {
            let picture = match self.picture(frame, &seen, rendition, &watchers, now)? {
                Made::Picture(picture) => picture,
                Made::LeftOut => {
                    counts[1] += 1;
                    continue;
                }
                Made::NotDue => continue,
            };
            counts[0] += 1;
            let is_keyframe = picture.video().is_some_and(|video| video.is_keyframe);
            for watcher in watchers {
                lock(&watcher.state).give(picture.clone(), is_keyframe);
                watcher.bell.notify_one();
            }
        }
        Ok(counts)
    }

    /// The rendition that whoever wants this one is given; there is an encoder for it.
    fn place(&mut self, wanted: Rendition) -> Rendition {
        let rendition = if self.videos.len() < MOST_VIDEOS || self.videos.contains_key(&wanted) {
            wanted
        } else {
            // Rather poorer than richer: that arrives.
            let distance = |other: &&Rendition| {
                let width = other.size_px[0].abs_diff(wanted.size_px[0]);
                (other.step < wanted.step, width, other.step)
            };
            self.videos.keys().min_by_key(distance).copied().unwrap_or(wanted)
        };
        self.videos.entry(rendition).or_insert_with(|| Video {
            encoder: VideoEncoder::live(),
            sent_ns: 0,
            last_made: None,
            last_keyframe: None,
            ticks: 0,
        });
        rendition
    }

    fn picture(
        &mut self,
        frame: &Frame,
        seen: &Seen<'_>,
        rendition: Rendition,
        watchers: &[&Watcher],
        now: Instant,
    ) -> Result<Made, String> {
        let Rendition { size_px, step } = rendition;
        let Some(video) = self.videos.get_mut(&rendition) else {
            return Ok(Made::NotDue);
        };
        let sent_ns = frame.published_at().as_ns();
        if video.sent_ns == sent_ns || !is_time(step.max_fps(None), video.last_made, now) {
            return Ok(Made::NotDue);
        }
        video.sent_ns = sent_ns;
        let lacks_keyframe = watchers.iter().any(|watcher| lock(&watcher.state).lacks_keyframe);
        if lacks_keyframe && video.last_keyframe.is_none_or(|last| now - last >= KEYFRAME_EVERY) {
            video.encoder.begin_anew();
        }
        video.encoder.set_percent(step.quality(100));
        // Whoever sends a frame twice, or an older one after a newer one, does not turn the video's time back.
        let captured_ns = frame.captured().mono.as_ns();
        let ticks = (u128::from(captured_ns) * TICKS_HZ / 1_000_000_000) as u64;
        video.ticks = ticks.max(video.ticks + 1);
        let sized = seen.sized(size_px, false, &mut self.resizer, &mut self.resized)?;
        let encoded = match video.encoder.encode(&sized, captured_ns) {
            Ok(encoded) => encoded,
            Err(VideoError::Refused) => return Ok(Made::LeftOut),
            Err(error) => return Err(error.to_string()),
        };
        video.last_made = Some(now);
        if encoded.is_keyframe {
            video.last_keyframe = Some(now);
        }
        let content = Content {
            source_px: seen.source_px,
            calibration: image::calibration(frame),
            view: View::Picture,
            views: View::of(frame),
            legend: None,
        };
        let coded = VideoPicture {
            annex_b: encoded.annex_b.into(),
            is_keyframe: encoded.is_keyframe,
            ticks: video.ticks,
        };
        Ok(Made::Picture(Arc::new(Picture::of_video(
            frame, coded, size_px, &content,
        ))))
    }
}

/// What a watcher wants of a camera with so many pictures a second, of the size that its frames have. `step`: how pictures are made for
/// everybody.
fn wanted(watcher: &Watcher, seen_px: [u32; 2], hz: f64, step: Step, now: Instant) -> Rendition {
    let asked_px = watcher.wish.size.of(seen_px);
    let takes = |step: Step| {
        let hz = step.max_fps(Some(hz)).unwrap_or(hz);
        f64::from(live_bits_per_second(step.size_px(asked_px), hz, step.quality(100)))
    };
    let carries = match watcher.line_bits.load(Ordering::Relaxed) {
        0 => f64::INFINITY,
        bits => bits as f64,
    };
    let step = step.max(lock(&watcher.state).level.follow(carries, takes, now));
    Rendition {
        size_px: step.size_px(asked_px),
        step,
    }
}
