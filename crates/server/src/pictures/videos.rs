//! The videos of one camera: one encoder a size, which all who watch it share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bushbaby_bus::Frame;
use bushbaby_node::image;
use bushbaby_pixels::{Image, Resizer};
use bushbaby_video::{VideoEncoder, VideoError};

use super::budget::Step;
use super::picture::{Content, Picture, VideoPicture};
use super::view::{RangeFollower, Seen, View};
use super::worker::is_time;
use super::{Watcher, lock};

/// In how many sizes one camera is encoded at most; who wants another is given the one that is most like it.
const MOST_VIDEOS: usize = 4;
/// A size that nobody wanted for so long is forgotten.
const KEEP: Duration = Duration::from_secs(2);
/// Keyframes are large: whoever asks for more of them waits.
const KEYFRAME_EVERY: Duration = Duration::from_millis(400);
/// RTP's clock for video.
const TICKS_HZ: u128 = 90_000;

/// By their width and height.
#[derive(Debug, Default)]
pub(super) struct Videos {
    videos: HashMap<[u32; 2], Video>,
    resizer: Resizer,
    resized: Image,
}

#[derive(Debug)]
struct Video {
    encoder: VideoEncoder,
    /// When the last frame that was looked at was sent: no frame is encoded twice.
    sent_ns: u64,
    last_wanted: Instant,
    last_made: Option<Instant>,
    last_keyframe: Option<Instant>,
    ticks: u64,
}

/// What became of a frame in one size.
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
        self.videos.clear();
    }

    /// Gives every watcher the frame in its size, if it is due. Returns how many pictures were made and how many were
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
        let mut by_size: HashMap<[u32; 2], Vec<&Watcher>> = HashMap::new();
        self.videos.retain(|_, video| now - video.last_wanted < KEEP);
        for watcher in watchers {
            let size = self.size(step.size_px(watcher.wish.size.of(seen.size_px())), now);
            by_size.entry(size).or_default().push(watcher);
        }
        let mut counts = [0, 0];
        for (size, watchers) in by_size {
            let picture = match self.picture(frame, &seen, size, &watchers, step, now)? {
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

    /// The size that whoever wants this one is given, encoder and all.
    fn size(&mut self, wanted: [u32; 2], now: Instant) -> [u32; 2] {
        let size = if self.videos.len() < MOST_VIDEOS || self.videos.contains_key(&wanted) {
            wanted
        } else {
            let nearest = self.videos.keys().min_by_key(|size| size[0].abs_diff(wanted[0]));
            nearest.copied().unwrap_or(wanted)
        };
        let video = self.videos.entry(size).or_insert_with(|| Video {
            encoder: VideoEncoder::live(),
            sent_ns: 0,
            last_wanted: now,
            last_made: None,
            last_keyframe: None,
            ticks: 0,
        });
        video.last_wanted = now;
        size
    }

    fn picture(
        &mut self,
        frame: &Frame,
        seen: &Seen<'_>,
        size: [u32; 2],
        watchers: &[&Watcher],
        step: Step,
        now: Instant,
    ) -> Result<Made, String> {
        let Some(video) = self.videos.get_mut(&size) else {
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
        let sized = seen.sized(size, false, &mut self.resizer, &mut self.resized)?;
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
        Ok(Made::Picture(Arc::new(Picture::of_video(frame, coded, size, &content))))
    }
}
