//! NumPy arrays: of each camera one array a file, all frames one after the other, with their times and numbers.
//!
//! Pictures become RGB, `(n, height, width, 3)` of uint8 (grey ones `(n, height, width)`); other arrays stay what they are. Sound is one
//! array of all samples, `(n, channels)` of int16; of each piece stands beside it where it begins there, and when.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use bushbaby_bus::DType;
use bushbaby_pixels::jpeg::Decoder;
use bushbaby_pixels::{Image, PixelFormat, to_rgb8};
use bushbaby_recording::read::{Carried, RecordedStream};
use bushbaby_sources::replay::{Playback, PlayedFrame};

use super::npy::NpyWriter;
use super::progress::{tell_rest, warn};
use super::{Failure, Job, Written, folder, new_file, results};

/// Arrays whose shape changes more often than this are no arrays for NumPy.
const MOST_PARTS: u32 = 100;

type Npy = NpyWriter<BufWriter<File>>;

pub(super) fn export(job: &mut Job) -> Result<(), Failure> {
    let (from, to) = job.range_ns;
    let streams = job.streams.clone();
    let mut lines = results::Lines::new(&job.out, &streams);
    let mut arrays: Vec<StreamArrays> = streams.iter().map(|stream| StreamArrays::new(job, stream)).collect();
    let mut playback = Playback::new(&job.recording, streams.clone(), from, to);
    while let Some(frame) = playback.next() {
        playback.take_complaints().iter().for_each(|complaint| warn(complaint));
        if streams[frame.stream].carries == Carried::Results {
            lines.add(&frame)?;
            continue;
        }
        arrays[frame.stream].add(&frame)?;
        job.progress.at("arrays", frame.captured_ns);
    }
    tell_rest(&mut playback);
    for arrays in arrays {
        arrays.finish(&mut job.written)?;
    }
    lines.finish(&mut job.written)
}

/// The arrays of one stream.
struct StreamArrays {
    out: PathBuf,
    stream: RecordedStream,
    open: Vec<OpenArray>,
    written: Vec<Written>,
    jpeg: Option<Decoder>,
}

/// What one frame adds to an array.
struct Row {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

struct OpenArray {
    name: String,
    part: u32,
    path: PathBuf,
    npy: Npy,
}

impl StreamArrays {
    fn new(job: &Job, stream: &RecordedStream) -> Self {
        Self {
            out: job.out.clone(),
            stream: stream.clone(),
            open: Vec::new(),
            written: Vec::new(),
            jpeg: None,
        }
    }

    fn add(&mut self, frame: &PlayedFrame) -> Result<(), Failure> {
        if self.stream.carries == Carried::Image {
            let Some(row) = self.picture(frame)? else {
                return Ok(());
            };
            self.row("", "|u1", &row.shape, &row.bytes)?;
        } else if self.stream.carries == Carried::Sound {
            self.sound(frame)?;
        } else {
            for array in &frame.arrays {
                self.row(
                    &array.layout.name,
                    descr(array.layout.dtype),
                    &array.layout.shape,
                    &array.bytes,
                )?;
            }
        }
        if self.is_first()
            && let Some(calibration) = frame.body.get("calibration")
        {
            let path = self
                .out
                .join(&self.stream.node)
                .join(format!("{}_calibration.json", self.stream.output));
            let written = writeln!(new_file(&path)?, "{calibration:#}");
            written.map_err(|error| Failure::writing(&path, &error))?;
        }
        self.row("times_ns", "<i8", &[], &(frame.captured_ns as i64).to_le_bytes())?;
        self.row("seq", "<u8", &[], &frame.seq.to_le_bytes())
    }

    fn is_first(&self) -> bool {
        !self.open.iter().any(|array| array.name == "seq")
    }

    /// A picture as an array; `None` for a damaged one, which is told.
    fn picture(&mut self, frame: &PlayedFrame) -> Result<Option<Row>, Failure> {
        let Some(picture) = frame.picture() else {
            return Ok(None);
        };
        let tell = |error: &dyn std::fmt::Display| {
            warn(&format!("`{}`: a picture is left out: {error}", self.stream.name()));
            Ok(None)
        };
        if let Some(jpeg) = picture.jpeg_bytes() {
            let decoder = match &mut self.jpeg {
                Some(decoder) => decoder,
                none => match Decoder::new() {
                    Ok(decoder) => none.insert(decoder),
                    Err(error) => return tell(&error),
                },
            };
            let mut rgb = Image::default();
            return match decoder.rgb8(jpeg, &mut rgb) {
                Ok(()) => {
                    let shape = vec![rgb.view().height() as usize, rgb.view().width() as usize, 3];
                    let bytes = rgb.bytes().to_vec();
                    Ok(Some(Row { shape, bytes }))
                }
                Err(error) => tell(&error),
            };
        }
        let mut shape = vec![picture.height() as usize, picture.width() as usize];
        if picture.format() == PixelFormat::Gray8 {
            let bytes = frame.arrays[0].bytes.to_vec();
            return Ok(Some(Row { shape, bytes }));
        }
        shape.push(3);
        match to_rgb8(&picture) {
            Ok(rgb) => Ok(Some(Row {
                shape,
                bytes: rgb.bytes().to_vec(),
            })),
            Err(error) => tell(&error),
        }
    }

    /// Adds the samples of a piece, where it begins in the array, its place in the stream, and its rate.
    fn sound(&mut self, frame: &PlayedFrame) -> Result<(), Failure> {
        let Some(audio) = frame.array("audio") else {
            return Ok(());
        };
        let [samples, channels @ ..] = &audio.layout.shape[..] else {
            return Ok(());
        };
        let number = |key: &str| frame.body.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let begins = self.rows("", "<i2", channels, *samples as u64, &audio.bytes)?;
        self.row("begins", "<u8", &[], &begins.to_le_bytes())?;
        self.row("position", "<u8", &[], &number("position").to_le_bytes())?;
        self.row("sample_rate_hz", "<u8", &[], &number("sample_rate_hz").to_le_bytes())
    }

    /// Adds a row to an array; one of another shape begins another file.
    fn row(&mut self, name: &str, descr: &str, shape: &[usize], bytes: &[u8]) -> Result<(), Failure> {
        self.rows(name, descr, shape, 1, bytes).map(drop)
    }

    /// Adds rows, and tells how many there were before in the file.
    fn rows(&mut self, name: &str, descr: &str, shape: &[usize], rows: u64, bytes: &[u8]) -> Result<u64, Failure> {
        let known = self.open.iter().position(|array| array.name == name);
        let at = match known {
            Some(at) if self.open[at].npy.fits(descr, shape) => at,
            Some(at) => {
                let old = self.open.remove(at);
                let part = old.part + 1;
                self.close(old)?;
                if part > MOST_PARTS {
                    let message = format!("`{}`: its arrays change their shape all the time", self.stream.name());
                    return Err(Failure {
                        code: 1,
                        ..Failure::misuse(message)
                    });
                }
                self.begin(name, part, descr, shape)?
            }
            None => self.begin(name, 1, descr, shape)?,
        };
        let array = &mut self.open[at];
        let before = array.npy.rows();
        let added = array.npy.add(rows, bytes);
        added.map_err(|error| Failure::writing(&array.path, &error))?;
        Ok(before)
    }

    fn begin(&mut self, name: &str, part: u32, descr: &str, shape: &[usize]) -> Result<usize, Failure> {
        let node = PathBuf::from(&self.stream.node);
        folder(&self.out.join(&node))?;
        let mut file = self.stream.output.clone();
        if !name.is_empty() {
            file = format!("{file}_{name}");
        }
        if part > 1 {
            file = format!("{file}_{part}");
        }
        let path = node.join(file + ".npy");
        let whole = self.out.join(&path);
        let npy = NpyWriter::begin(BufWriter::new(new_file(&whole)?), descr, shape);
        self.open.push(OpenArray {
            name: name.to_owned(),
            part,
            npy: npy.map_err(|error| Failure::writing(&whole, &error))?,
            path,
        });
        Ok(self.open.len() - 1)
    }

    fn close(&mut self, array: OpenArray) -> Result<(), Failure> {
        let frames = array
            .npy
            .finish()
            .map_err(|error| Failure::writing(&array.path, &error))?;
        self.written.push(Written {
            path: array.path,
            stream: self.stream.name(),
            frames,
        });
        Ok(())
    }

    fn finish(mut self, written: &mut Vec<Written>) -> Result<(), Failure> {
        for array in std::mem::take(&mut self.open) {
            self.close(array)?;
        }
        written.append(&mut self.written);
        Ok(())
    }
}

/// A type as NumPy writes it, little-endian.
fn descr(dtype: DType) -> &'static str {
    match dtype {
        DType::U8 => "|u1",
        DType::I8 => "|i1",
        DType::Bool => "|b1",
        DType::U16 => "<u2",
        DType::I16 => "<i2",
        DType::U32 => "<u4",
        DType::I32 => "<i4",
        DType::U64 => "<u8",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    }
}
