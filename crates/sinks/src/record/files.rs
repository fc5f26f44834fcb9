//! The files of a recording: which item goes into which, when one ends and the next begins.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use bushbaby_recording::{McapWriter, Message};

use super::appender::Appender;
use super::disk::Disk;
use super::item::Item;

/// How a recording of either format takes items.
///
/// What was taken is kept until it is written: a disk that is full loses nothing that was handed in before.
pub(super) trait Files: Send {
    /// Begins the first file, where there is one before the first item.
    fn begin(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()>;
    /// Takes an item into memory.
    fn take(&mut self, item: Item, now: Instant);
    /// Writes what is due; ends and begins files.
    fn write(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()>;
    /// Leaves files behind that cannot be written any more, as they are, and begins others.
    fn begin_anew(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()>;
    /// Ends all files. May be called again when it failed.
    fn finish(&mut self, disk: &mut dyn Disk) -> io::Result<()>;
    /// Names of the files that are being written.
    fn open(&self) -> Vec<String>;
    /// Every file so far.
    fn written(&self) -> Vec<WrittenFile>;
}

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenFile {
    /// Its name in the recording's folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Messages or pictures in it.
    pub messages: u64,
}

/// When a file ends and the next begins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) time: Option<Duration>,
    pub(super) bytes: Option<u64>,
}

impl Limits {
    pub(super) fn is_reached(&self, age: Duration, bytes: u64) -> bool {
        self.time.is_some_and(|time| age >= time) || self.bytes.is_some_and(|limit| bytes >= limit)
    }
}

/// A video whose keyframe does not come does not keep its old file open longer than this.
const LONGEST_CLOSING: Duration = Duration::from_secs(3);

/// One MCAP file for all streams.
#[derive(Debug)]
pub(super) struct McapFiles {
    metadata: BTreeMap<String, String>,
    limits: Limits,
    clock: Instant,
    current: Option<One>,
    /// Files before it, while videos go on in them until their next keyframe. Each video is at home in one file.
    closing: Vec<Closing>,
    /// By topic: what stands at the start of each file.
    beginnings: BTreeMap<String, Message>,
    endings: Endings,
}

/// Files that only wait for their last block to be written, and those that have it.
#[derive(Debug, Default)]
pub(super) struct Endings {
    waiting: VecDeque<(Appender, u64)>,
    written: Vec<WrittenFile>,
}

impl Endings {
    /// Ends a file with its last block.
    pub(super) fn add(&mut self, mut appender: Appender, last: Vec<u8>, messages: u64) {
        appender.add(last);
        self.waiting.push_back((appender, messages));
    }

    /// Writes the last blocks. A file without its own is mended by the next start.
    pub(super) fn write(&mut self) -> io::Result<()> {
        while let Some((appender, messages)) = self.waiting.front_mut() {
            appender.write()?;
            appender.sync()?;
            self.written.push(written(appender, *messages));
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Leaves a file as it is.
    pub(super) fn leave(&mut self, appender: &Appender, messages: u64) {
        self.written.push(written(appender, messages));
    }

    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.waiting.iter().map(|(appender, _)| appender.name().to_owned())
    }

    pub(super) fn written(&self) -> Vec<WrittenFile> {
        self.written.clone()
    }
}

fn written(appender: &Appender, messages: u64) -> WrittenFile {
    WrittenFile {
        name: appender.name().to_owned(),
        bytes: appender.bytes(),
        messages,
    }
}

#[derive(Debug)]
struct One {
    appender: Appender,
    writer: McapWriter,
    begun: Instant,
    /// Topics with video in it.
    videos: BTreeSet<String>,
}

#[derive(Debug)]
struct Closing {
    one: One,
    until: Instant,
}

impl McapFiles {
    pub(super) fn new(metadata: BTreeMap<String, String>, limits: Limits, now: Instant) -> Self {
        Self {
            metadata,
            limits,
            clock: now,
            current: None,
            closing: Vec::new(),
            beginnings: BTreeMap::new(),
            endings: Endings::default(),
        }
    }

    fn clock_ns(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.clock).as_nanos() as u64
    }

    fn create(&self, disk: &mut dyn Disk, now: Instant) -> io::Result<One> {
        let (writer, head) = McapWriter::begin(&self.metadata);
        let appender = Appender::create(disk, None, "mcap", head)?;
        let mut one = One {
            appender,
            writer,
            begun: now,
            videos: BTreeSet::new(),
        };
        let now_ns = self.clock_ns(now);
        let wall_ns = u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0);
        for message in self.beginnings.values() {
            let message = Message {
                log_time_ns: wall_ns,
                ..message.clone()
            };
            one.writer.add(&message, now_ns);
        }
        Ok(one)
    }

    /// Ends files that came before, once their videos have gone over.
    fn close(&mut self, now: Instant) -> io::Result<()> {
        let is_over = |closing: &mut Closing| closing.one.videos.is_empty() || now >= closing.until;
        let over: Vec<Closing> = self.closing.extract_if(.., is_over).collect();
        for closing in over {
            self.end(closing.one);
        }
        self.endings.write()
    }

    fn end(&mut self, one: One) {
        let messages = one.writer.messages();
        self.endings.add(one.appender, one.writer.finish(), messages);
    }
}

impl Files for McapFiles {
    fn begin(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()> {
        if self.current.is_none() {
            self.current = Some(self.create(disk, now)?);
        }
        Ok(())
    }

    fn take(&mut self, item: Item, now: Instant) {
        let now_ns = self.clock_ns(now);
        if let Item::Video(video) = &item
            && video.picture.is_keyframe
        {
            for closing in &mut self.closing {
                closing.one.videos.remove(&video.topic);
            }
        }
        let is_video = matches!(item, Item::Video(_));
        let home = self
            .closing
            .iter_mut()
            .find(|closing| is_video && closing.one.videos.contains(item.topic()))
            .map(|closing| &mut closing.one);
        let Some(one) = home.or(self.current.as_mut()) else {
            return;
        };
        if is_video && !one.videos.contains(item.topic()) {
            one.videos.insert(item.topic().to_owned());
        }
        let begins_each_file = item.begins_each_file();
        let Some(message) = item.into_message() else { return };
        one.writer.add(&message, now_ns);
        if begins_each_file {
            self.beginnings.insert(message.topic.clone(), message);
        }
    }

    fn write(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()> {
        let now_ns = self.clock_ns(now);
        let closing = self.closing.iter_mut().map(|closing| &mut closing.one);
        for one in closing.chain(self.current.as_mut()) {
            one.appender.add(one.writer.take_due(now_ns));
            one.appender.write()?;
        }
        self.close(now)?;
        let is_full = |one: &One| {
            let age = now.saturating_duration_since(one.begun);
            self.limits.is_reached(age, one.writer.bytes())
        };
        if self.current.as_ref().is_some_and(is_full) {
            let next = self.create(disk, now)?;
            self.closing.extend(self.current.replace(next).map(|one| Closing {
                one,
                until: now + LONGEST_CLOSING,
            }));
            self.close(now)?;
        }
        Ok(())
    }

    fn begin_anew(&mut self, disk: &mut dyn Disk, now: Instant) -> io::Result<()> {
        let next = self.create(disk, now)?;
        let left = self.closing.drain(..).map(|closing| closing.one);
        for left in left.chain(self.current.replace(next)) {
            self.endings.leave(&left.appender, left.writer.messages());
        }
        Ok(())
    }

    fn finish(&mut self, _disk: &mut dyn Disk) -> io::Result<()> {
        let closing: Vec<One> = self.closing.drain(..).map(|closing| closing.one).collect();
        for one in closing.into_iter().chain(self.current.take()) {
            self.end(one);
        }
        self.endings.write()
    }

    fn open(&self) -> Vec<String> {
        let closing = self.closing.iter().map(|closing| &closing.one);
        let open = closing.chain(self.current.as_ref());
        open.map(|one| one.appender.name().to_owned())
            .chain(self.endings.names())
            .collect()
    }

    fn written(&self) -> Vec<WrittenFile> {
        self.endings.written()
    }
}
