//! `bushbaby export FILE`: what was recorded, as files that other programs read.
//!
//! In: a recording. Out: films, folders of pictures, WAV files, or NumPy arrays, each frame with its capture time and its number.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_recording::read::{Carried, RecordedStream, Recording, of_cameras, streams};
use bushbaby_sources::replay::{At, range_ns};
use clap::ValueEnum;
use serde::Serialize;

mod mp4;
mod npy;
mod numpy;
mod pictures;
mod progress;
mod results;
mod wav;

use progress::Progress;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recording (MCAP).
    file: PathBuf,

    /// As what.
    #[arg(long, value_name = "WHAT")]
    to: To,

    /// The folder to write to. It is made; what is in it stays.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Only this camera or microphone; without it all that was recorded.
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,

    /// Begin there: `90s` after the beginning, or a time of then, as `2026-02-28T14:30:00Z`.
    #[arg(long, value_name = "TIME")]
    from: Option<At>,

    /// End there, likewise.
    #[arg(long, value_name = "TIME")]
    to_time: Option<At>,

    /// Print what was written as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a recording becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// A film of each camera. What was recorded as H.264 is not encoded again.
    Mp4,
    /// A folder of pictures of each camera (PNG, or JPEG where that was recorded), with their times in `frames.csv`.
    Pictures,
    /// The sound of each camera and microphone, with the time at which it begins in `sound.csv`.
    Wav,
    /// Arrays of each camera (`.npy`), with their times and numbers beside them.
    Numpy,
}

/// What is exported, and where to.
struct Job {
    recording: Recording,
    streams: Vec<RecordedStream>,
    range_ns: (u64, u64),
    out: PathBuf,
    progress: Progress,
    written: Vec<Written>,
}

impl Job {
    /// Whether one of the streams carries that.
    fn has(&self, carries: Carried) -> bool {
        self.streams.iter().any(|stream| stream.carries == carries)
    }
}

/// One file or folder that was written.
#[derive(Debug, Serialize)]
struct Written {
    /// Relative to the folder of the export.
    path: PathBuf,
    stream: String,
    frames: u64,
}

/// Why nothing, or not all, was exported.
struct Failure {
    message: String,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    fn misuse(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: 2,
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    fn writing(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self {
            message: format!("`{}` cannot be written: {error}", path.display()),
            hint: None,
            code: 1,
        }
    }
}

/// Exports; prints what was written.
pub(crate) fn run(args: &Args) -> ExitCode {
    match export(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            if let Some(hint) = failure.hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(failure.code)
        }
    }
}

fn export(args: &Args) -> Result<(), Failure> {
    let recording = Recording::open(&args.file).map_err(|error| Failure::misuse(error.to_string()))?;
    let streams = wanted(&recording, args)?;
    let range_ns =
        range_ns(recording.times_ns().unwrap_or_default(), args.from, args.to_time).map_err(Failure::misuse)?;
    for damage in recording.damage() {
        eprintln!("warning: {damage}");
    }
    let mut job = Job {
        progress: Progress::new(range_ns),
        recording,
        streams,
        range_ns,
        out: args.out.clone(),
        written: Vec::new(),
    };
    folder(&job.out)?;
    match args.to {
        To::Mp4 => mp4::export(&mut job)?,
        To::Pictures => pictures::export(&mut job)?,
        To::Wav => wav::export(&mut job)?,
        To::Numpy => numpy::export(&mut job)?,
    }
    report(&job, args)
}

/// The streams to export: of one camera, or all of them with what was found in their pictures.
fn wanted(recording: &Recording, args: &Args) -> Result<Vec<RecordedStream>, Failure> {
    let cameras = of_cameras(recording);
    let names: Vec<&str> = cameras.iter().map(|camera| camera.name.as_str()).collect();
    let path = args.file.display();
    if cameras.is_empty() {
        return Err(Failure::misuse(format!("no camera was recorded in `{path}`")));
    }
    let Some(wanted) = &args.camera else {
        return Ok(streams(recording));
    };
    match cameras.iter().find(|camera| camera.name == *wanted) {
        Some(camera) => Ok(camera.streams.clone()),
        None => Err(Failure::misuse(format!("there is no camera `{wanted}` in `{path}`"))
            .hint(format!("it has {}", names.join(", ")))),
    }
}

fn report(job: &Job, args: &Args) -> Result<(), Failure> {
    if job.written.is_empty() {
        let message = format!("nothing in `{}` can be exported to that", args.file.display());
        return Err(Failure {
            code: 1,
            ..Failure::misuse(message)
        });
    }
    if args.json {
        let report = serde_json::json!({"recording": args.file, "out": args.out, "written": job.written});
        println!("{report}");
        return Ok(());
    }
    for Written { path, stream, frames } in &job.written {
        println!("{}  {frames} of {stream}", args.out.join(path).display());
    }
    Ok(())
}

/// Makes a folder, with those that it is in.
fn folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::writing(path, &error))
}

/// Makes a file that is not there yet.
fn new_file(path: &Path) -> Result<fs::File, Failure> {
    fs::File::create_new(path).map_err(|error| {
        let failure = Failure::writing(path, &error);
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.hint("nothing is overwritten: name another folder with `--out`")
            }
            _ => failure,
        }
    })
}

/// What a stream is called in names of files: its camera, and its output where that is not the picture.
fn file_name(stream: &RecordedStream) -> String {
    match stream.output.as_str() {
        "image" => stream.node.clone(),
        output => format!("{}_{output}", stream.node),
    }
}

/// A time as people write it.
fn rfc3339(ns: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns))
        .unwrap_or_default()
        .to_string()
}
