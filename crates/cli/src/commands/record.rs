//! `bushbaby record`: streams of a running instance into files, from outside its supervisor; and mending files.

mod mend;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bushbaby_bus::{Bus, Instance, StreamName};
use bushbaby_node::children::Spawner;
use bushbaby_node::control::{InputSpec, NodeSpec};
use bushbaby_node::pipelines::{Pipelines, Wished};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::settings::{Bitrate, ByteSize, Settings as _, Time};
use bushbaby_node::status::Status;
use bushbaby_node::{Carries, NodeContext, NodeError, Sink, Stop};
use bushbaby_sinks::record::{Array, Color, Depth, Format, Recorder, Settings, Split, Written};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::commands::terminal::on_signals;
use crate::instance;

/// How often it is looked whether the instance still runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to record, as in `front/image`; a node's name alone means its first output. None: every camera and microphone with its
    /// sound, all results, and how each node was; with `--format wav`, all sound.
    streams: Vec<String>,

    /// The folder for the files.
    #[arg(long, value_name = "FOLDER", default_value = "recordings")]
    to: PathBuf,

    /// `mcap`, `mp4`, or `wav` for the sound alone.
    #[arg(long, value_parser = word::<Format>, default_value = "mcap")]
    format: Format,

    /// What pictures become: `h264`, `jpeg` or `raw`.
    #[arg(long, value_parser = word::<Color>, default_value = "h264")]
    color: Color,

    /// Bit rate of each video, as in `4Mbit`.
    #[arg(long, value_name = "RATE")]
    bitrate: Option<Bitrate>,

    /// Quality of JPEG pictures, 1 to 100.
    #[arg(long, default_value_t = 85)]
    quality: u8,

    /// What is kept of RGB-D captures beside `rgb`: `rgb_right`, `depth`, `confidence`, with commas between them.
    #[arg(long, value_parser = word::<Array>, value_delimiter = ',')]
    arrays: Vec<Array>,

    /// How depth is kept: `uint16` (millimetres) or `float32` (metres).
    #[arg(long, value_parser = word::<Depth>, default_value = "uint16")]
    depth: Depth,

    /// Begin a new file after this time or size: `10min`, `2GB`, `10min or 2GB`.
    #[arg(long, value_name = "WHEN")]
    split: Option<Split>,

    /// What all recordings in the folder may take; above it the oldest go.
    #[arg(long, value_name = "SIZE")]
    budget: Option<ByteSize>,

    /// Stop after this long; without it, at Ctrl-C or when the instance ends.
    #[arg(long = "for", value_name = "TIME")]
    for_duration: Option<Time>,

    /// Write the end of these files, which a killed recorder could not, and pass over what is damaged in them.
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = ["streams", "to", "format", "for_duration"])]
    mend: Vec<PathBuf>,

    /// Print one JSON object at the end; with `--mend` one for each file.
    #[arg(long)]
    json: bool,
}

/// A word of a setting, as in the pipeline file.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}

/// Records until it is told to stop, or mends.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    if !args.mend.is_empty() {
        return mend::run(&args.mend, args.json);
    }
    let problems = settings(&args).check(&PathBuf::from("."));
    if !problems.is_empty() {
        for problem in problems {
            eprintln!("error: --{}: {}", problem.path, problem.message);
            if let Some(hint) = problem.hint {
                eprintln!("hint: {hint}");
            }
        }
        return ExitCode::from(2);
    }
    super::run::log_to_stderr();
    match record(&args, instance) {
        Ok(written) => {
            report(&written, args.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn settings(args: &Args) -> Settings {
    Settings {
        to: args.to.clone(),
        format: args.format,
        color: args.color,
        bitrate: args.bitrate,
        quality: args.quality,
        arrays: args.arrays.clone(),
        depth: args.depth,
        split: args.split,
        budget: args.budget,
    }
}

fn record(args: &Args, instance: &Instance) -> Result<Written, NodeError> {
    let status = instance::status(instance).ok();
    let bus = Bus::open(instance)?;
    let streams = streams(args, status.as_ref(), &bus)?;
    if streams.is_empty() {
        let name = instance.name();
        return Err(NodeError::new(format!("instance `{name}` has no streams to record"))
            .with_hint("start it first: `bushbaby run FILE`; or name the streams"));
    }
    let os = |error: io::Error| NodeError::new(format!("a thread cannot be started: {error}"));
    let input = |stream: &StreamName| InputSpec {
        stream: stream.clone(),
        queue: None,
        every: None,
        max_fps: None,
        window: None,
    };
    let spec = NodeSpec {
        instance: instance.name().clone(),
        node: "record".to_owned(),
        kind: "record".to_owned(),
        settings: Value::Null,
        inputs: streams.iter().map(input).collect(),
        sync_within_ns: None,
        base_dir: std::env::current_dir().map_err(os)?,
        stalled_ms: 1000,
        late_ms: 1000,
        frozen_frames: None,
        pipelines: Pipelines::default(),
    };
    let context = NodeContext {
        spec: Arc::new(spec),
        bus,
        stop: Stop::default(),
        reporter: Reporter::new(None),
        spawner: Spawner::start().map_err(os)?,
        wished: Wished::default(),
    };
    let recorder = Recorder::open(settings(args), &context)?;
    let stop = context.stop.clone();
    on_signals(move || stop.set()).map_err(os)?;
    watch(
        context.stop.clone(),
        args.for_duration,
        status.is_some().then(|| instance.clone()),
    )
    .map_err(os)?;
    if io::stderr().is_terminal() {
        let names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
        eprintln!("bushbaby: recording {}; Ctrl-C ends it", names.join(", "));
    }
    recorder.record(&context)
}

/// What was named, or all that one would miss.
fn streams(args: &Args, status: Option<&Status>, bus: &Bus) -> Result<Vec<StreamName>, NodeError> {
    let mut streams = Vec::new();
    for text in &args.streams {
        streams.push(instance::stream_named(text, status).map_err(NodeError::new)?);
    }
    if streams.is_empty() {
        streams = match status {
            Some(status) => worth_recording(status, args.format),
            None => bus
                .streams()?
                .into_iter()
                .filter(|stream| stream.publisher_pid.is_some() && stream.name.output() != "decoded")
                .filter(|stream| args.format != Format::Wav || stream.name.output() == "audio")
                .map(|stream| stream.name)
                .collect(),
        };
    }
    streams.sort();
    streams.dedup();
    Ok(streams)
}

fn worth_recording(status: &Status, format: Format) -> Vec<StreamName> {
    let is_sound = |name: &StreamName| {
        let stream = status.streams.get(name);
        stream.is_some_and(|stream| stream.carries == Some(Carries::Audio))
    };
    if format == Format::Wav {
        return status.streams.keys().filter(|name| is_sound(name)).cloned().collect();
    }
    let sources = status.nodes.values().filter(|node| node.role == "source");
    let of_source = |(place, name): (usize, &StreamName)| (place == 0 || is_sound(name)).then(|| name.clone());
    let cameras = sources.flat_map(|node| node.outputs.iter().enumerate().filter_map(&of_source));
    let is_result =
        |stream: &bushbaby_node::status::StreamStatus| stream.carries.is_some_and(|carries| carries.is_result());
    let results = status
        .streams
        .iter()
        .filter(|(_, stream)| is_result(stream))
        .map(|(name, _)| name.clone());
    let health = status
        .nodes
        .keys()
        .filter_map(|node| StreamName::new("_health", node).ok());
    cameras.chain(results).chain(health).collect()
}

/// Sets `stop` after a time, and when the instance has ended.
fn watch(stop: Stop, limit: Option<Time>, instance: Option<Instance>) -> io::Result<()> {
    let began = std::time::Instant::now();
    let watch = move || {
        loop {
            let left = limit.map_or(LOOK_EVERY, |limit| {
                limit.0.saturating_sub(began.elapsed()).min(LOOK_EVERY)
            });
            if stop.wait(left) {
                return;
            }
            let is_over = limit.is_some_and(|limit| began.elapsed() >= limit.0);
            let has_ended = instance
                .as_ref()
                .is_some_and(|instance| instance::status(instance).is_err());
            if is_over || has_ended {
                stop.set();
            }
        }
    };
    std::thread::Builder::new().name("watch".into()).spawn(watch).map(drop)
}

/// Prints what was written. A reader of stdout that has gone is no failure of the recording.
fn report(written: &Written, as_json: bool) {
    let mut out = String::new();
    if as_json {
        out = serde_json::to_string(written).unwrap_or_default() + "\n";
    } else {
        for file in &written.files {
            let path = written.folder.join(&file.name);
            let size = ByteSize { bytes: file.bytes };
            out += &format!("{}  {size}  {} messages\n", path.display(), file.messages);
        }
        for (stream, counted) in &written.streams {
            let lost = match counted.dropped {
                0 => String::new(),
                dropped => format!(", {dropped} lost"),
            };
            out += &format!("  {stream}  {} frames{lost}\n", counted.frames);
        }
    }
    let _ = io::stdout().write_all(out.as_bytes());
}
