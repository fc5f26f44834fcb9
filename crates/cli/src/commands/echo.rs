//! `bushbaby echo STREAM`: the frames of a stream as they come.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Frame, Instance, ReadOptions, RecvError};
use serde_json::{Value, json};

use crate::instance;

/// Arguments of `echo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The stream, as in `front/image`; a node's name alone means its first output.
    stream: String,

    /// End after this many frames.
    #[arg(short = 'n', long = "frames", value_name = "N")]
    frames: Option<u64>,

    /// Print one JSON object a frame.
    #[arg(long)]
    json: bool,

    /// Give up when no frame comes for this long, as in `10s`; without it, waits for ever.
    #[arg(long, value_name = "TIME")]
    timeout: Option<bushbaby_node::settings::Time>,
}

/// Prints them until there were enough, or the reader of stdout has gone.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    match echo(&args, instance) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn echo(args: &Args, instance: &Instance) -> Result<(), String> {
    let status = instance::status(instance).ok();
    let bus = Bus::open(instance).map_err(|error| error.to_string())?;
    let stream = match status {
        Some(_) => instance::stream_named(&args.stream, status.as_ref())?,
        // Two programs on one bus need no supervisor.
        None => instance::stream_on_bus(&args.stream, &bus)?,
    };
    if let Some(status) = &status
        && !status.streams.contains_key(&stream)
        && !stream.node().starts_with('_')
    {
        let known: Vec<&str> = status.streams.keys().map(|name| name.as_str()).collect();
        return Err(format!(
            "no node writes `{stream}`; the streams are {}",
            known.join(", ")
        ));
    }
    let subscriber = bus
        .subscriber(
            &stream,
            ReadOptions {
                replay_last: true,
                ..ReadOptions::default()
            },
        )
        .map_err(|error| error.to_string())?;
    let mut left = args.frames.unwrap_or(u64::MAX);
    let mut last = Instant::now();
    while left > 0 {
        match subscriber.recv(Duration::from_millis(500)) {
            Ok(Some(frame)) => {
                last = Instant::now();
                left -= 1;
                if print(&frame, args.json).is_err() {
                    return Ok(());
                }
            }
            Ok(None) => {
                if status.is_some() && instance::status(instance).is_err() {
                    return Err(format!("instance `{}` has ended", instance.name()));
                }
                if let Some(limit) = args.timeout
                    && last.elapsed() > limit.0
                {
                    return Err(format!("no frame came on `{stream}` for {limit}"));
                }
            }
            Err(error @ RecvError::Damaged { .. }) => eprintln!("warning: {error}"),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

fn origin_of(frame: &Frame) -> Value {
    let origin = frame.origin();
    json!({"stream": origin.stream, "generation": origin.generation, "seq": origin.seq})
}

fn print(frame: &Frame, as_json: bool) -> io::Result<()> {
    let body: Value = if frame.body().is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(frame.body()).unwrap_or(Value::Null)
    };
    let captured_at = jiff::Timestamp::from_nanosecond(i128::from(frame.captured().wall.as_ns()))
        .unwrap_or_default()
        .to_string();
    let age_ms = frame.age().as_secs_f64() * 1e3;
    let mut out = io::stdout().lock();
    if as_json {
        let arrays: Vec<Value> = frame
            .arrays()
            .iter()
            .map(|array| json!({"name": array.name, "dtype": array.dtype.name(), "shape": array.shape}))
            .collect();
        let line = json!({
            "stream": frame.stream(), "seq": frame.seq(), "captured_at": captured_at, "clock": frame.captured().known_by.as_str(),
            "age_ms": (age_ms * 1e3).round() / 1e3, "origin": origin_of(frame), "arrays": arrays, "body": body,
        });
        writeln!(out, "{line}")?;
    } else {
        write!(
            out,
            "{} #{} {captured_at} {age_ms:.1} ms old",
            frame.stream(),
            frame.seq()
        )?;
        for array in frame.arrays() {
            let shape: Vec<String> = array.shape.iter().map(usize::to_string).collect();
            write!(out, "  {} {} ({})", array.name, array.dtype.name(), shape.join(", "))?;
        }
        match &body {
            Value::Null => writeln!(out)?,
            body => writeln!(out, "  {body}")?,
        }
    }
    out.flush()
}
