//! MP4: one file for each camera.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Instant;

use bushbaby_recording::mp4::Mp4Writer;

use super::appender::Appender;
use super::disk::Disk;
use super::files::{Endings, Files, Limits, WrittenFile};
use super::item::{Item, VideoPicture};

/// The videos of all cameras.
#[derive(Debug)]
pub(super) struct VideoFiles {
    limits: Limits,
    /// By topic.
    videos: BTreeMap<String, Video>,
    endings: Endings,
}

/// One camera's.
#[derive(Debug, Default)]
struct Video {
    current: Option<One>,
    /// What waits for a file, its first picture a keyframe.
    waiting: VecDeque<(VideoPicture, Instant)>,
}

#[derive(Debug)]
struct One {
    appender: Appender,
    writer: Mp4Writer,
    begun: Instant,
}

impl VideoFiles {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            videos: BTreeMap::new(),
            endings: Endings::default(),
        }
    }

    /// Puts what waits into files, and begins those where a keyframe says so.
    fn place(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        for (topic, video) in &mut self.videos {
            while let Some((picture, now)) = video.waiting.front() {
                let captured_ns = picture.mono_ns;
                let ends = |one: &mut One| {
                    let age = now.saturating_duration_since(one.begun);
                    let is_full = picture.picture.is_keyframe && self.limits.is_reached(age, one.writer.bytes());
                    is_full || !one.writer.fits(&picture.picture)
                };
                if let Some(one) = video.current.take_if(ends) {
                    let pictures = one.writer.pictures();
                    self.endings.add(one.appender, one.writer.finish(), pictures);
                }
                match &mut video.current {
                    Some(one) => one.appender.add(one.writer.add(&picture.picture, captured_ns)),
                    empty => {
                        // Without a keyframe nothing can begin: it is passed over.
                        if let Some((writer, head)) = Mp4Writer::begin(&picture.picture, captured_ns, picture.wall_ns) {
                            *empty = Some(One {
                                appender: Appender::create(disk, Some(&camera(topic)), "mp4", head)?,
                                writer,
                                begun: *now,
                            });
                        }
                    }
                }
                video.waiting.pop_front();
            }
        }
        Ok(())
    }
}

/// A topic as a part of a file's name: the camera's, and what of it when it is not its first output.
fn camera(topic: &str) -> String {
    let name = topic.strip_suffix("/image").unwrap_or(topic);
    name.replace('/', "-")
}

impl Files for VideoFiles {
    fn begin(&mut self, _disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        Ok(())
    }

    fn take(&mut self, item: Item, now: Instant) {
        if let Item::Video(picture) = item {
            let video = self.videos.entry(picture.topic.clone()).or_default();
            video.waiting.push_back((picture, now));
        }
    }

    fn write(&mut self, disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        self.place(disk)?;
        let now_ns = bushbaby_bus::MonoTime::now().as_ns();
        for one in self.videos.values_mut().filter_map(|video| video.current.as_mut()) {
            one.appender.add(one.writer.take_due(now_ns));
            one.appender.write()?;
        }
        self.endings.write()
    }

    fn begin_anew(&mut self, disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        for video in self.videos.values_mut() {
            if let Some(left) = video.current.take() {
                self.endings.leave(&left.appender, left.writer.pictures());
            }
        }
        self.place(disk)
    }

    fn finish(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.place(disk)?;
        for video in self.videos.values_mut() {
            if let Some(one) = video.current.take() {
                let pictures = one.writer.pictures();
                self.endings.add(one.appender, one.writer.finish(), pictures);
            }
        }
        self.endings.write()
    }

    fn open(&self) -> Vec<String> {
        let current = self.videos.values().filter_map(|video| video.current.as_ref());
        let open = current.map(|one| one.appender.name().to_owned());
        open.chain(self.endings.names()).collect()
    }

    fn written(&self) -> Vec<WrittenFile> {
        self.endings.written()
    }
}
