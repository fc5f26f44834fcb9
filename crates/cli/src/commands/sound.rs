//! `bushbaby sound`: what is heard in recordings.
//!
//! In: files (WAV, FLAC, MP3, AAC, MP4). Out: a timeline of each, or with `--json` one line a file. The code that listens is the live
//! stage's, in the file's own time. A file that cannot be read gets a line of its own; the rest goes on, and the exit code is 1.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_node::settings::{Time, nearest};
use bushbaby_sound::classes::Classes;
use bushbaby_sound::file::SoundFile;
use bushbaby_sound::gate::GateSettings;
use bushbaby_sound::listener::{ListenerSettings, Sound};
use bushbaby_sound::recording::{self, RecordingError};
use bushbaby_sound::tagger::Tagger;

mod heard;
mod report;

use heard::Heard;

/// Arguments of `sound`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings: WAV, FLAC, MP3, AAC, or the sound of MP4.
    #[arg(value_name = "FILE", required_unless_present = "list")]
    files: Vec<PathBuf>,

    /// A file with one recording's path a line.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,

    /// Print one JSON object a recording.
    #[arg(long)]
    json: bool,

    /// What to listen for: `baby_cry`, `smoke_alarm`, `glass`, `dog_bark`, `siren`, `speech` … or a class of AudioSet, each with a
    /// threshold of its own if need be: `glass=0.3`.
    #[arg(long, value_name = "NAME[=SCORE]", value_delimiter = ',', default_value = "baby_cry")]
    listen_for: Vec<String>,

    /// From which score on a sound counts as heard; without it, what is usual for that sound.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    threshold: Option<f32>,

    /// From one look to the next.
    #[arg(long, default_value = "500ms", value_name = "TIME")]
    hop: Time,

    /// Let the model look at every window, also when nothing rises above the room's noise.
    #[arg(long)]
    no_gate: bool,

    /// A model of your own, as in the stage's settings; needs --classes.
    #[arg(long, value_name = "FILE", requires = "classes")]
    model: Option<PathBuf>,

    /// What the scores of --model are of: a file with one name a line.
    #[arg(long, value_name = "FILE", requires = "model")]
    classes: Option<PathBuf>,
}

/// Listens to every recording and prints what is heard, until the reader of stdout has gone.
pub(crate) fn run(args: &Args) -> ExitCode {
    let prepared = files(args).and_then(|files| {
        let tagger = tagger(args)?;
        let settings = settings(args, &tagger)?;
        Ok((files, tagger, settings))
    });
    let (files, mut tagger, settings) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return complain(&message, 2),
    };
    match listen(args, &files, &settings, &mut tagger) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format!("stdout: {error}"), 1),
    }
}

/// Returns whether every file could be listened to.
fn listen(args: &Args, files: &[PathBuf], settings: &ListenerSettings, tagger: &mut Tagger) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let mut all_good = true;
    for path in files {
        match heard(path, settings, tagger) {
            Ok(heard) if args.json => writeln!(out, "{}", report::line(path, &heard, settings))?,
            Ok(heard) => write!(out, "{}", report::timeline(path, &heard, settings))?,
            Err(error) => {
                all_good = false;
                if args.json {
                    writeln!(out, "{}", report::error(path, &error))?;
                } else {
                    complain(&error.to_string(), 1);
                }
            }
        }
        out.flush()?;
    }
    Ok(all_good)
}

fn heard(path: &Path, settings: &ListenerSettings, tagger: &mut Tagger) -> Result<Heard, RecordingError> {
    let mut file = SoundFile::open(path)?;
    let mut heard = Heard::new(settings.sounds.len());
    heard.seconds = recording::listen(&mut file, settings, tagger, |what| heard.take(what))?;
    heard.filled_s = file.filled() as f64 / f64::from(file.sample_rate_hz());
    Ok(heard)
}

fn tagger(args: &Args) -> Result<Tagger, String> {
    let opened = match (&args.model, &args.classes) {
        (Some(model), Some(classes)) => {
            let text = std::fs::read_to_string(classes).map_err(|error| format!("{}: {error}", classes.display()))?;
            let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Tagger::open(model, Classes::own(names.map(str::to_owned).collect()))
        }
        _ => Tagger::ced_tiny(),
    };
    opened.map_err(|error| error.to_string())
}

fn settings(args: &Args, tagger: &Tagger) -> Result<ListenerSettings, String> {
    let hop_s = args.hop.0.as_secs_f64();
    if !(0.1..=5.0).contains(&hop_s) {
        return Err(format!("--hop: got `{}`, wanted 100ms to 5s", args.hop));
    }
    let sounds = args
        .listen_for
        .iter()
        .map(|asked| sound(asked, args.threshold, tagger.classes()));
    Ok(ListenerSettings {
        sounds: sounds.collect::<Result<_, _>>()?,
        hop: args.hop.0,
        gate: GateSettings {
            is_on: !args.no_gate,
            ..GateSettings::default()
        },
    })
}

/// `glass` or `glass=0.3`.
fn sound(asked: &str, threshold: Option<f32>, classes: &Classes) -> Result<Sound, String> {
    let (name, own) = match asked.rsplit_once('=') {
        Some((name, text)) => (name.trim(), Some(score(text.trim())?)),
        None => (asked.trim(), None),
    };
    Sound::new(name, own.or(threshold), classes).map_err(|error| {
        let known = classes.known();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("{error}; did you mean `{meant}`?"),
            None => format!("{error}; for example `baby_cry`, `smoke_alarm`, `glass`, `dog_bark`, `siren` or `speech`"),
        }
    })
}

fn score(text: &str) -> Result<f32, String> {
    let score = text.parse().ok().filter(|score| *score > 0.0 && *score <= 1.0);
    score.ok_or_else(|| format!("got `{text}`, wanted a score above 0, up to 1"))
}

/// The files of the command line, then those of the list.
fn files(args: &Args) -> Result<Vec<PathBuf>, String> {
    let mut files = args.files.clone();
    if let Some(list) = &args.list {
        let text = std::fs::read_to_string(list).map_err(|error| format!("--list {}: {error}", list.display()))?;
        let paths = text.lines().filter(|line| !line.trim().is_empty());
        files.extend(paths.map(|line| Path::new(line).to_owned()));
    }
    Ok(files)
}

fn complain(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(code)
}
