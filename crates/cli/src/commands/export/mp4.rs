//! Films: one for each camera's pictures. H.264 goes into them as it was recorded; all else is encoded.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use bushbaby_recording::mp4::Mp4Writer;
use bushbaby_recording::read::{Carried, Content, RecordedStream, Selection};
use bushbaby_sources::replay::{Playback, is_keyframe, keyframes_before, video_size};
use bushbaby_video::{EncodedPicture, VideoEncoder};

use super::progress::warn;
use super::{Failure, Job, Written, file_name, new_file};

pub(super) fn export(job: &mut Job) -> Result<(), Failure> {
    if job.has(Carried::Sound) {
        warn("sound is left out of films; `--to wav` has it");
    }
    let has_pictures = |stream: &&RecordedStream| matches!(stream.carries, Carried::Image | Carried::Rgbd);
    let pictures: Vec<RecordedStream> = job.streams.iter().filter(has_pictures).cloned().collect();
    for stream in pictures {
        match video_topic(job, &stream) {
            Some(topic) => remux(job, &stream, &topic)?,
            None => encode(job, stream)?,
        }
    }
    Ok(())
}

/// The topic of a stream's pictures, when all of them are H.264.
fn video_topic(job: &Job, stream: &RecordedStream) -> Option<String> {
    let wanted = (stream.carries == Carried::Rgbd).then_some("rgb");
    let (name, _) = stream.topics.iter().find(|(_, part)| part.as_deref() == wanted)?;
    let mut forms = job.recording.topics().iter().filter(|topic| topic.name == *name);
    forms
        .all(|topic| topic.schema == "foxglove.CompressedVideo")
        .then(|| name.clone())
}

fn remux(job: &mut Job, stream: &RecordedStream, topic: &str) -> Result<(), Failure> {
    // A film begins with a keyframe: the one before, so that nothing is missing.
    let (from, to) = job.range_ns;
    let begin = keyframes_before(&job.recording, |name| name == topic, from);
    let selection = Selection::all()
        .of(job.recording.topics(), |known| known.name == topic)
        .from_ns(begin)
        .to_ns(to);
    let mut film = Film::new(job, stream);
    let mut size = None;
    let mut complained = BTreeSet::new();
    let mut messages = job.recording.messages(&selection);
    for message in messages.by_ref() {
        let data = match message.content() {
            Ok(Content::Video { format, data }) if format == "h264" => data,
            Ok(Content::Video { format, .. }) => {
                let name = stream.name();
                return Err(Failure {
                    code: 1,
                    ..Failure::misuse(format!("`{name}` is {format}, which does not go into a film here"))
                });
            }
            other => {
                if let Err(error) = other
                    && complained.insert(error.to_string())
                {
                    warn(&error.to_string());
                }
                continue;
            }
        };
        size = video_size(&data).or(size);
        let Some([width, height]) = size else { continue };
        let picture = EncodedPicture {
            is_keyframe: is_keyframe(&data),
            annex_b: data.to_vec(),
            width,
            height,
        };
        film.add(&picture, message.log_time_ns)?;
        job.progress.at(&stream.name(), message.log_time_ns);
    }
    for damage in messages.take_damage() {
        warn(&damage.to_string());
    }
    film.finish(&mut job.written)
}

fn encode(job: &mut Job, stream: RecordedStream) -> Result<(), Failure> {
    let (from, to) = job.range_ns;
    let name = stream.name();
    let mut film = Film::new(job, &stream);
    let mut encoder = VideoEncoder::new(None);
    let mut playback = Playback::new(&job.recording, vec![stream], from, to);
    while let Some(frame) = playback.next() {
        playback.take_complaints().iter().for_each(|complaint| warn(complaint));
        let Some(picture) = frame.picture() else { continue };
        match encoder.encode(&picture, frame.captured_ns) {
            Ok(encoded) => {
                if !film.fits(&encoded) && !encoded.is_keyframe {
                    encoder.begin_anew();
                    continue;
                }
                film.add(&encoded, frame.captured_ns)?;
            }
            Err(error) => warn(&format!("`{name}`: {error}")),
        }
        job.progress.at(&name, frame.captured_ns);
    }
    playback.take_complaints().iter().for_each(|complaint| warn(complaint));
    film.finish(&mut job.written)
}

/// One camera's film: several files when the pictures change their size.
struct Film {
    out: PathBuf,
    name: String,
    stream: String,
    part: u32,
    open: Option<(Mp4Writer, File, PathBuf)>,
    done: Vec<Written>,
}

impl Film {
    fn new(job: &Job, stream: &RecordedStream) -> Self {
        Self {
            out: job.out.clone(),
            name: file_name(stream),
            stream: stream.name(),
            part: 0,
            open: None,
            done: Vec::new(),
        }
    }

    fn fits(&self, picture: &EncodedPicture) -> bool {
        self.open.as_ref().is_none_or(|(writer, _, _)| writer.fits(picture))
    }

    fn add(&mut self, picture: &EncodedPicture, captured_ns: u64) -> Result<(), Failure> {
        if !self.fits(picture) {
            self.close()?;
        }
        match &mut self.open {
            Some((writer, file, path)) => {
                let bytes = writer.add(picture, captured_ns);
                file.write_all(&bytes).map_err(|error| Failure::writing(path, &error))
            }
            // Nothing can be shown before a keyframe.
            None if !picture.is_keyframe => Ok(()),
            None => self.begin(picture, captured_ns),
        }
    }

    fn begin(&mut self, picture: &EncodedPicture, captured_ns: u64) -> Result<(), Failure> {
        let Some((writer, head)) = Mp4Writer::begin(picture, captured_ns, captured_ns) else {
            return Ok(());
        };
        self.part += 1;
        let path = match self.part {
            1 => PathBuf::from(format!("{}.mp4", self.name)),
            part => PathBuf::from(format!("{}_{part}.mp4", self.name)),
        };
        let whole = self.out.join(&path);
        let mut file = new_file(&whole)?;
        file.write_all(&head)
            .map_err(|error| Failure::writing(&whole, &error))?;
        self.open = Some((writer, file, path));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        if let Some((writer, mut file, path)) = self.open.take() {
            let frames = writer.pictures();
            file.write_all(&writer.finish())
                .map_err(|error| Failure::writing(&path, &error))?;
            self.done.push(Written {
                path,
                stream: self.stream.clone(),
                frames,
            });
        }
        Ok(())
    }

    fn finish(mut self, written: &mut Vec<Written>) -> Result<(), Failure> {
        self.close()?;
        written.append(&mut self.done);
        Ok(())
    }
}
