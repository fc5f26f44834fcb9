//! `bushbaby replay FILE`: all that was recorded, on the bus again, without a supervisor.
//!
//! In: a recording, or a film. Out: its streams under their recorded names, each frame when it is due.

use std::path::PathBuf;
use std::process::ExitCode;

use bushbaby_bus::{Bus, Instance};
use bushbaby_recording::read::{ReadError, RecordedStream, Recording, left_out, streams};
use bushbaby_sources::replay::{At, Speed, Times, range_ns};
use serde_json::json;

mod film;
mod player;

use super::keys::Keys;
use player::{Player, Told};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recording (MCAP), or a film (MP4), which plays as one camera.
    file: PathBuf,

    /// How fast: `1` as it was recorded, `0.5` half as fast, `max` as fast as readers go.
    #[arg(long, default_value_t, value_name = "N")]
    speed: Speed,

    /// Begin anew at the end.
    #[arg(long = "loop")]
    is_loop: bool,

    /// Capture times: `new`, those of now, or `recorded`, those of then.
    #[arg(long, default_value = "new", value_name = "WHICH", value_parser = times)]
    times: Times,

    /// Begin there: `90s` after the beginning, or a time of then, as `2026-02-28T14:30:00Z`.
    #[arg(long, value_name = "TIME")]
    from: Option<At>,

    /// End there, likewise.
    #[arg(long, value_name = "TIME")]
    to: Option<At>,

    /// Only streams with such a name, as in `front/*`; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// Wait for a key before each capture: space or enter goes on, q ends.
    #[arg(long)]
    step: bool,

    /// Print what was played as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Why nothing is played.
struct Refusal {
    message: String,
    hint: Option<String>,
    code: u8,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: 1,
        }
    }

    fn misuse(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::new(message)
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// Plays to the end, or until it is told to stop.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    match play(&args, instance) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("error: {}", refusal.message);
            if let Some(hint) = refusal.hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(refusal.code)
        }
    }
}

fn play(args: &Args, instance: &Instance) -> Result<(), Refusal> {
    let recording = match Recording::open(&args.file) {
        Ok(recording) => recording,
        Err(error) if film::is_film(&args.file, &error) => return film::play(args, instance),
        Err(error @ ReadError::Unreadable { .. }) => return Err(Refusal::misuse(error.to_string())),
        Err(error) => {
            return Err(Refusal::misuse(error.to_string()).hint("`bushbaby record` and `record:` write recordings"));
        }
    };
    let wanted = wanted(&recording, &args.only)?;
    let times = recording.times_ns().unwrap_or_default();
    let range = range_ns(times, args.from, args.to).map_err(Refusal::misuse)?;
    let bus = Bus::open(instance).map_err(|error| Refusal::new(error.to_string()))?;
    let names: Vec<String> = wanted.iter().map(RecordedStream::name).collect();
    refuse_taken(&bus, &names, instance)?;
    tell(&recording, &wanted);
    let keys = Keys::listen(args.step)
        .map_err(|error| Refusal::new(format!("keys and signals cannot be listened to: {error}")))?;
    let mut player = Player::open(&bus, &recording, wanted, range, args)?;
    let told = player.play(&keys)?;
    drop(keys);
    report(&told, args);
    Ok(())
}

/// The streams of the recording that the patterns name; all without any.
fn wanted(recording: &Recording, only: &[String]) -> Result<Vec<RecordedStream>, Refusal> {
    let all = streams(recording);
    if all.is_empty() {
        let message = format!("nothing in `{}` can be played", recording.path().display());
        let others = left_out(recording);
        return Err(match others.is_empty() {
            true => Refusal::new(message).hint("it holds no messages"),
            false => Refusal::new(message).hint(format!("it holds {}", others.join(", "))),
        });
    }
    if let Some(pattern) = only
        .iter()
        .find(|pattern| !all.iter().any(|stream| matches(pattern, stream)))
    {
        let names: Vec<String> = all.iter().map(RecordedStream::name).collect();
        let message = format!("`--only {pattern}` names no stream of the recording");
        return Err(Refusal::misuse(message).hint(format!("it has {}", names.join(", "))));
    }
    let is_wanted = |stream: &RecordedStream| only.is_empty() || only.iter().any(|pattern| matches(pattern, stream));
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// Whether a pattern with `*` names a stream, or its node.
fn matches(pattern: &str, stream: &RecordedStream) -> bool {
    glob(pattern.as_bytes(), stream.name().as_bytes()) || glob(pattern.as_bytes(), stream.node.as_bytes())
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text)),
        (Some((wanted, pattern)), Some((there, text))) => wanted == there && glob(pattern, text),
        _ => false,
    }
}

/// Refuses to write what somebody else writes.
fn refuse_taken(bus: &Bus, names: &[String], instance: &Instance) -> Result<(), Refusal> {
    let there = bus.streams().map_err(|error| Refusal::new(error.to_string()))?;
    let taken = there
        .iter()
        .filter_map(|stream| Some((stream, stream.publisher_pid?)))
        .find(|(stream, _)| names.iter().any(|name| name == stream.name.as_str()));
    let Some((stream, pid)) = taken else { return Ok(()) };
    let (stream, instance) = (&stream.name, instance.name());
    let message = format!("stream `{stream}` of instance `{instance}` is written by process {pid}");
    let hint = "end it, leave the stream out with `--only`, or play to another instance with `--instance NAME`";
    Err(Refusal::new(message).hint(hint))
}

fn tell(recording: &Recording, wanted: &[RecordedStream]) {
    for damage in recording.damage() {
        eprintln!("warning: {damage}");
    }
    for other in left_out(recording) {
        eprintln!("warning: {other} is not played");
    }
    let names: Vec<String> = wanted.iter().map(RecordedStream::name).collect();
    eprintln!("bushbaby: plays {}", names.join(", "));
}

fn report(told: &[Told], args: &Args) {
    if args.json {
        let streams: serde_json::Map<String, serde_json::Value> = told
            .iter()
            .map(|told| (told.stream.clone(), json!({"frames": told.frames})))
            .collect();
        println!("{}", json!({"recording": args.file, "streams": streams}));
        return;
    }
    let frames: Vec<String> = told
        .iter()
        .map(|told| format!("{} of {}", told.frames, told.stream))
        .collect();
    eprintln!("bushbaby: played {}", frames.join(", "));
}

fn times(text: &str) -> Result<Times, String> {
    match text {
        "new" => Ok(Times::New),
        "recorded" => Ok(Times::Recorded),
        _ => Err("wanted `new` or `recorded`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_streams_with_anything_for_its_stars() {
        let is = |pattern: &str, text: &str| glob(pattern.as_bytes(), text.as_bytes());
        assert!(is("front/*", "front/image") && is("*/image", "front/image") && is("*", "front/image"));
        assert!(is("front/image", "front/image") && is("f*t/i*", "front/image"));
        assert!(!is("front", "front/image") && !is("front/image2", "front/image") && !is("", "front/image"));
    }
}
