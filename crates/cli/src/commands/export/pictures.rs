//! A folder of pictures for each camera, with `frames.csv`: which file was captured when.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bushbaby_pixels::{PixelFormat, to_rgb8};
use bushbaby_recording::read::{Carried, RecordedStream};
use bushbaby_sources::replay::{Playback, PlayedArray, PlayedFrame};

use super::progress::{tell_rest, warn};
use super::{Failure, Job, Written, file_name, folder, new_file, results, rfc3339};

pub(super) fn export(job: &mut Job) -> Result<(), Failure> {
    let (from, to) = job.range_ns;
    let streams: Vec<RecordedStream> = job
        .streams
        .iter()
        .filter(|stream| !matches!(stream.carries, Carried::Points | Carried::Sound))
        .cloned()
        .collect();
    if job.has(Carried::Sound) {
        warn("sound is no picture and is left out; `--to wav` has it");
    }
    if job.has(Carried::Points) {
        warn("points are no pictures and are left out; `--to numpy` has them");
    }
    let mut folders: Vec<Option<Folder>> = streams.iter().map(|_| None).collect();
    let mut lines = results::Lines::new(&job.out, &streams);
    let mut playback = Playback::new(&job.recording, streams.clone(), from, to);
    while let Some(frame) = playback.next() {
        playback.take_complaints().iter().for_each(|complaint| warn(complaint));
        if streams[frame.stream].carries == Carried::Results {
            lines.add(&frame)?;
            continue;
        }
        let open = match &mut folders[frame.stream] {
            Some(open) => open,
            none => none.insert(Folder::new(&job.out, &streams[frame.stream], &frame)?),
        };
        open.add(&frame)?;
        job.progress.at("pictures", frame.captured_ns);
    }
    tell_rest(&mut playback);
    for (folder, stream) in folders.into_iter().zip(&streams) {
        if let Some(folder) = folder {
            job.written.push(folder.finish(stream)?);
        }
    }
    lines.finish(&mut job.written)
}

struct Folder {
    path: PathBuf,
    name: PathBuf,
    frames: u64,
    times: BufWriter<File>,
}

impl Folder {
    fn new(out: &Path, stream: &RecordedStream, first: &PlayedFrame) -> Result<Self, Failure> {
        let name = PathBuf::from(file_name(stream));
        let path = out.join(&name);
        folder(&path)?;
        let mut times = BufWriter::new(new_file(&path.join("frames.csv"))?);
        writeln!(times, "file,seq,captured_at_ns,captured_at").map_err(|error| Failure::writing(&path, &error))?;
        if let Some(calibration) = first.body.get("calibration") {
            let path = path.join("calibration.json");
            let written = writeln!(new_file(&path)?, "{calibration:#}");
            written.map_err(|error| Failure::writing(&path, &error))?;
        }
        Ok(Self {
            path,
            name,
            frames: 0,
            times,
        })
    }

    fn add(&mut self, frame: &PlayedFrame) -> Result<(), Failure> {
        let number = format!("{:06}", self.frames);
        let file = match frame.array("jpeg") {
            Some(jpeg) => {
                let file = format!("{number}.jpg");
                let path = self.path.join(&file);
                fs::write(&path, &jpeg.bytes).map_err(|error| Failure::writing(&path, &error))?;
                file
            }
            None => {
                let file = format!("{number}.png");
                png(&self.path.join(&file), frame)?;
                file
            }
        };
        if let Some(depth) = frame.array("depth") {
            depth_png(&self.path.join(format!("{number}_depth.png")), depth)?;
        }
        let (seq, ns) = (frame.seq, frame.captured_ns);
        let line = writeln!(self.times, "{file},{seq},{ns},{}", rfc3339(ns));
        line.map_err(|error| Failure::writing(&self.path, &error))?;
        self.frames += 1;
        Ok(())
    }

    fn finish(mut self, stream: &RecordedStream) -> Result<Written, Failure> {
        self.times
            .flush()
            .map_err(|error| Failure::writing(&self.path, &error))?;
        Ok(Written {
            path: self.name,
            stream: stream.name(),
            frames: self.frames,
        })
    }
}

fn png(path: &Path, frame: &PlayedFrame) -> Result<(), Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::writing(path, error);
    let Some(picture) = frame.picture() else {
        return Err(fail(&"its arrays are no picture"));
    };
    let (width, height) = (picture.width(), picture.height());
    if picture.format() == PixelFormat::Gray8 {
        let rows = &frame.arrays[0].bytes;
        return image::save_buffer(path, rows, width, height, image::ColorType::L8).map_err(|error| fail(&error));
    }
    let rgb = to_rgb8(&picture).map_err(|error| fail(&error))?;
    image::save_buffer(path, rgb.bytes(), width, height, image::ColorType::Rgb8).map_err(|error| fail(&error))
}

/// Depth as most programs read it: whole millimetres in 16 bits, 0 where it is not known.
fn depth_png(path: &Path, depth: &PlayedArray) -> Result<(), Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::writing(path, error);
    let [height, width] = depth.layout.shape[..] else {
        return Err(fail(&"its depth has no rows"));
    };
    let millimetres = |bytes: &[u8; 4]| (f32::from_le_bytes(*bytes) * 1000.0).round() as u16;
    // A number beyond 16 bits, or none, is not known.
    let known = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes) < 65.5;
    let pixels = depth
        .bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| if known(bytes) { millimetres(bytes) } else { 0 });
    let pixels: Vec<u16> = pixels.collect();
    let image = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(width as u32, height as u32, pixels);
    let image = image.ok_or_else(|| fail(&"its depth is not all there"))?;
    image.save(path).map_err(|error| fail(&error))
}
