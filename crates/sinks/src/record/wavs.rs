//! WAV: one file after the other for each stream of sound.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use bushbaby_node::audio::follow::{Follower, Joint, PieceInfo};
use bushbaby_recording::wav::{self, WavFormat};

use super::appender::Appender;
use super::disk::Disk;
use super::files::{Endings, Files, Limits, WrittenFile};
use super::item::{Item, Sound};
use super::names;

/// Where nothing else is said, files are as long as one would listen to.
const USUAL: Duration = Duration::from_secs(600);
/// A longer gap is no silence in a file but the end of it: a camera that is off for a night fills no disk.
const LONGEST_SILENCE_S: u64 = 60;

/// The sound of all streams.
#[derive(Debug)]
pub(super) struct WavFiles {
    limits: Limits,
    /// By topic.
    sounds: BTreeMap<String, Line>,
    endings: Endings,
}

/// One stream's.
#[derive(Debug, Default)]
struct Line {
    follower: Follower,
    current: Option<One>,
    /// What waits for a file, and how it goes on from what was before it.
    waiting: VecDeque<(Sound, Joint)>,
}

#[derive(Debug)]
struct One {
    appender: Appender,
    format: WavFormat,
    begun_wall_ns: u64,
    data_bytes: u64,
    pieces: u64,
}

impl WavFiles {
    pub(super) fn new(limits: Limits) -> Self {
        let time = limits.time.unwrap_or(USUAL);
        Self {
            limits: Limits {
                time: Some(time),
                ..limits
            },
            sounds: BTreeMap::new(),
            endings: Endings::default(),
        }
    }

    /// Puts what waits into files; begins and ends those.
    fn place(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        for (topic, line) in &mut self.sounds {
            while let Some((sound, joint)) = line.waiting.front() {
                let silence = silence(sound, *joint);
                let adds = silence.unwrap_or(0) + sound.samples.len() as u64;
                let is_over = |one: &mut One| {
                    silence.is_none()
                        || one.format != sound.format
                        || one.data_bytes + adds > wav::MOST_DATA_BYTES
                        || self
                            .limits
                            .is_reached(Duration::from_nanos(one.lasts_ns()), one.bytes())
                };
                if let Some(one) = line.current.take_if(is_over) {
                    self.endings.add(one.appender, Vec::new(), one.pieces);
                }
                let sound = match &mut line.current {
                    Some(one) => {
                        one.add_silence(silence.unwrap_or(0));
                        one
                    }
                    empty => empty.insert(One::begin(disk, topic, sound)?),
                };
                if let Some((next, joint)) = line.waiting.pop_front() {
                    sound.add(next, joint);
                }
            }
        }
        Ok(())
    }
}

/// Bytes of silence between what was before a piece and the piece; `None` where they do not belong into one file.
fn silence(sound: &Sound, joint: Joint) -> Option<u64> {
    match joint {
        Joint::Anew => None,
        Joint::Again { .. } => Some(0),
        Joint::After { missing } => {
            let most = LONGEST_SILENCE_S * u64::from(sound.format.sample_rate_hz);
            (missing <= most).then(|| missing * sound.format.block_bytes())
        }
    }
}

impl One {
    fn begin(disk: &mut dyn Disk, topic: &str, sound: &Sound) -> io::Result<Self> {
        let head = wav::head(sound.format, 0, sound.wall_ns).to_vec();
        let name = |attempt| names::utc_file_name(sound.wall_ns, &source(topic), attempt, "wav");
        Ok(Self {
            appender: Appender::create_named(disk, head, name)?,
            format: sound.format,
            begun_wall_ns: sound.wall_ns,
            data_bytes: 0,
            pieces: 0,
        })
    }

    fn add_silence(&mut self, bytes: u64) {
        const BLOCK: u64 = 1 << 20;
        let mut left = bytes;
        while left > 0 {
            let block = left.min(BLOCK);
            self.appender.add(vec![0; block as usize]);
            left -= block;
        }
        self.data_bytes += bytes;
    }

    fn add(&mut self, sound: Sound, joint: Joint) {
        let mut samples = sound.samples;
        if let Joint::Again { samples: again } = joint {
            let bytes = again as u64 * sound.format.block_bytes();
            samples.drain(..samples.len().min(bytes as usize));
        }
        self.data_bytes += samples.len() as u64;
        self.pieces += 1;
        self.appender.add(samples);
        // Whoever opens the file now, or after this process was killed, finds all that is there by then.
        self.appender
            .amend(wav::head(self.format, self.data_bytes, self.begun_wall_ns).to_vec());
    }

    fn lasts_ns(&self) -> u64 {
        self.format.lasts_ns(self.data_bytes)
    }

    fn bytes(&self) -> u64 {
        self.data_bytes + wav::HEAD_BYTES as u64
    }
}

/// A topic as a part of a file's name: the source's, and what of it when it is not `audio`.
fn source(topic: &str) -> String {
    topic.strip_suffix("/audio").unwrap_or(topic).replace('/', "-")
}

impl Files for WavFiles {
    fn begin(&mut self, _disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        Ok(())
    }

    fn take(&mut self, item: Item, _now: Instant) {
        if let Item::Sound(sound) = item {
            let line = self.sounds.entry(sound.topic.clone()).or_default();
            let joint = line.follower.next(PieceInfo {
                generation: sound.generation,
                position: sound.position,
                samples: sound.samples.len() / (sound.format.block_bytes().max(1) as usize),
                captured_ns: sound.mono_ns,
                sample_rate_hz: sound.format.sample_rate_hz,
                channels: usize::from(sound.format.channels),
            });
            line.waiting.push_back((sound, joint));
        }
    }

    fn write(&mut self, disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        self.place(disk)?;
        for one in self.sounds.values_mut().filter_map(|line| line.current.as_mut()) {
            one.appender.write()?;
        }
        self.endings.write()
    }

    fn begin_anew(&mut self, disk: &mut dyn Disk, _now: Instant) -> io::Result<()> {
        for line in self.sounds.values_mut() {
            if let Some(left) = line.current.take() {
                self.endings.leave(&left.appender, left.pieces);
            }
        }
        self.place(disk)
    }

    fn finish(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.place(disk)?;
        for line in self.sounds.values_mut() {
            if let Some(one) = line.current.take() {
                self.endings.add(one.appender, Vec::new(), one.pieces);
            }
        }
        self.endings.write()
    }

    fn open(&self) -> Vec<String> {
        let current = self.sounds.values().filter_map(|line| line.current.as_ref());
        let open = current.map(|one| one.appender.name().to_owned());
        open.chain(self.endings.names()).collect()
    }

    fn written(&self) -> Vec<WrittenFile> {
        self.endings.written()
    }
}
