//! `bushbaby streams`: what can be read, how fast and how old it is.

use std::process::ExitCode;

use bushbaby_bus::{Bus, Instance};
use serde_json::json;

use crate::{instance, table};

/// Arguments of `streams`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a stream.
    #[arg(long)]
    json: bool,
}

/// Prints the streams of a supervised instance with their figures; of scripts without a supervisor, their names.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    match instance::status(instance) {
        Ok(status) => {
            if args.json {
                for (name, stream) in &status.streams {
                    println!(
                        "{}",
                        json!({"stream": name, "carries": stream.carries, "frames": stream.frames, "fps": stream.fps,
                        "age_ms": stream.age_ms, "readers": stream.readers, "shape": stream.shape, "clock": stream.clock})
                    );
                }
            } else {
                print!("{}", table::streams(&status));
            }
            ExitCode::SUCCESS
        }
        Err(_) => without_supervisor(&args, instance),
    }
}

fn without_supervisor(args: &Args, instance: &Instance) -> ExitCode {
    let streams = match Bus::open(instance).and_then(|bus| bus.streams()) {
        Ok(streams) => streams,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    if streams.is_empty() && !args.json {
        eprintln!(
            "instance `{}` has no streams: nothing of it is running",
            instance.name()
        );
    }
    for stream in streams {
        if args.json {
            println!(
                "{}",
                json!({"stream": stream.name, "publisher_pid": stream.publisher_pid, "readers": stream.readers})
            );
        } else {
            println!("{}  {} readers", stream.name, stream.readers);
        }
    }
    ExitCode::SUCCESS
}
