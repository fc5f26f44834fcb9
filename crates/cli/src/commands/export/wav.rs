//! WAV files: one for each camera and microphone that was heard, with silence in the place of what is missing, and `sound.csv`:
//! which file begins when.
//!
//! Sound of another form, and sound after a long pause, begins another file: `door_2.wav`.
//!
//! # Source
//! IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991: the form WAVE.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use bushbaby_node::audio::AudioMeta;
use bushbaby_recording::read::{Carried, RecordedStream};
use bushbaby_sources::replay::{Playback, PlayedFrame};

use super::progress::{tell_rest, warn};
use super::{Failure, Job, Written, new_file, rfc3339};

/// A pause up to this long is filled with silence.
const LONGEST_SILENCE_S: u64 = 60;
/// More than this does not fit into a WAV file.
const MOST_BYTES: u64 = u32::MAX as u64 - HEAD_BYTES;
const HEAD_BYTES: u64 = 44;

pub(super) fn export(job: &mut Job) -> Result<(), Failure> {
    let (from, to) = job.range_ns;
    let is_sound = |stream: &&RecordedStream| stream.carries == Carried::Sound;
    let streams: Vec<RecordedStream> = job.streams.iter().filter(is_sound).cloned().collect();
    let mut sounds: Vec<Sound> = streams.iter().map(|stream| Sound::new(job, stream)).collect();
    let mut playback = Playback::new(&job.recording, streams, from, to);
    while let Some(frame) = playback.next() {
        playback.take_complaints().iter().for_each(|complaint| warn(complaint));
        sounds[frame.stream].add(&frame)?;
        job.progress.at("sound", frame.captured_ns);
    }
    tell_rest(&mut playback);
    let mut lines = Vec::new();
    for mut sound in sounds {
        sound.end()?;
        job.written.append(&mut sound.written);
        lines.append(&mut sound.lines);
    }
    if lines.is_empty() {
        return Ok(());
    }
    let path = job.out.join("sound.csv");
    let head = "file,captured_at_ns,captured_at,sample_rate_hz,channels,samples,missing";
    let written = writeln!(new_file(&path)?, "{head}\n{}", lines.join("\n"));
    written.map_err(|error| Failure::writing(&path, &error))
}

/// The sound of one stream.
struct Sound {
    out: PathBuf,
    stream: RecordedStream,
    open: Option<Wav>,
    parts: u32,
    written: Vec<Written>,
    /// Of `sound.csv`.
    lines: Vec<String>,
}

struct Wav {
    path: PathBuf,
    file: BufWriter<File>,
    form: Form,
    began_ns: u64,
    /// Which position in the stream comes next.
    next: u64,
    pieces: u64,
    samples: u64,
    missing: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    sample_rate_hz: u32,
    channels: u16,
}

impl Form {
    /// Bytes of one sample of all channels.
    const fn block_bytes(self) -> u64 {
        self.channels as u64 * 2
    }
}

impl Sound {
    fn new(job: &Job, stream: &RecordedStream) -> Self {
        Self {
            out: job.out.clone(),
            stream: stream.clone(),
            open: None,
            parts: 0,
            written: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn add(&mut self, frame: &PlayedFrame) -> Result<(), Failure> {
        let meta = serde_json::from_value::<AudioMeta>(frame.body.clone()).ok();
        let array = frame
            .array("audio")
            .map(|array| (&array.layout.shape[..], &array.bytes));
        let (Some(meta), Some((&[samples, channels], bytes))) = (meta, array) else {
            return Ok(());
        };
        let form = Form {
            sample_rate_hz: meta.sample_rate_hz,
            channels: u16::try_from(channels).unwrap_or(u16::MAX),
        };
        let goes_on = self.open.as_ref().is_some_and(|wav| {
            let missing = meta.position.saturating_sub(wav.next);
            let is_short = missing <= LONGEST_SILENCE_S * u64::from(form.sample_rate_hz);
            let all = (wav.samples + missing).saturating_add(samples as u64);
            wav.form == form && is_short && all.saturating_mul(form.block_bytes()) <= MOST_BYTES
        });
        if !goes_on {
            self.end()?;
            self.begin(form, frame.captured_ns, meta.position)?;
        }
        let Some(wav) = &mut self.open else { return Ok(()) };
        wav.add(meta.position, samples as u64, bytes)
            .map_err(|error| Failure::writing(&self.out.join(&wav.path), &error))
    }

    fn begin(&mut self, form: Form, began_ns: u64, position: u64) -> Result<(), Failure> {
        self.parts += 1;
        let mut name = match self.stream.output.as_str() {
            "audio" => self.stream.node.clone(),
            output => format!("{}_{output}", self.stream.node),
        };
        if self.parts > 1 {
            name = format!("{name}_{}", self.parts);
        }
        let path = PathBuf::from(name + ".wav");
        let whole = self.out.join(&path);
        let mut file = BufWriter::new(new_file(&whole)?);
        file.write_all(&head(form, 0))
            .map_err(|error| Failure::writing(&whole, &error))?;
        self.open = Some(Wav {
            path,
            file,
            form,
            began_ns,
            next: position,
            pieces: 0,
            samples: 0,
            missing: 0,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some(mut wav) = self.open.take() else { return Ok(()) };
        wav.finish()
            .map_err(|error| Failure::writing(&self.out.join(&wav.path), &error))?;
        let (form, began_ns, path) = (wav.form, wav.began_ns, wav.path.display());
        self.lines.push(format!(
            "{path},{began_ns},{},{},{},{},{}",
            rfc3339(began_ns),
            form.sample_rate_hz,
            form.channels,
            wav.samples,
            wav.missing
        ));
        self.written.push(Written {
            path: wav.path,
            stream: self.stream.name(),
            frames: wav.pieces,
        });
        Ok(())
    }
}

impl Wav {
    fn add(&mut self, position: u64, samples: u64, bytes: &[u8]) -> io::Result<()> {
        let missing = position.saturating_sub(self.next);
        io::copy(
            &mut io::Read::take(io::repeat(0), missing * self.form.block_bytes()),
            &mut self.file,
        )?;
        self.file.write_all(bytes)?;
        self.pieces += 1;
        self.missing += missing;
        self.samples += missing + samples;
        self.next = position + samples;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file
            .write_all(&head(self.form, self.samples * self.form.block_bytes()))?;
        self.file.flush()
    }
}

/// What stands before the samples.
fn head(form: Form, data_bytes: u64) -> Vec<u8> {
    let (block, rate) = (form.block_bytes() as u32, form.sample_rate_hz);
    // Never more: it is looked at before it is written.
    let data_bytes = u32::try_from(data_bytes.min(MOST_BYTES)).unwrap_or(u32::MAX);
    let mut head = Vec::with_capacity(HEAD_BYTES as usize);
    head.extend(b"RIFF");
    head.extend((data_bytes + HEAD_BYTES as u32 - 8).to_le_bytes());
    head.extend(b"WAVEfmt ");
    head.extend(16_u32.to_le_bytes());
    head.extend(1_u16.to_le_bytes());
    head.extend(form.channels.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend(rate.saturating_mul(block).to_le_bytes());
    head.extend((block as u16).to_le_bytes());
    head.extend(16_u16.to_le_bytes());
    head.extend(b"data");
    head.extend(data_bytes.to_le_bytes());
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_what_the_samples_are() {
        let form = Form {
            sample_rate_hz: 16_000,
            channels: 2,
        };
        let head = head(form, 400);
        assert_eq!(head.len() as u64, HEAD_BYTES);
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        assert_eq!(
            (number(4), number(24), number(28), number(40)),
            (436, 16_000, 64_000, 400)
        );
        assert_eq!(head[20..24], [1, 0, 2, 0]);
        assert_eq!(head[32..36], [4, 0, 16, 0]);
    }
}
