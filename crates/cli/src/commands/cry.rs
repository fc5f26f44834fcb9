//! `bushbaby cry cameras.json --send URL`: who hears a baby cry tells you. The pipeline is made here, and run as `run` runs a file.

mod pipeline;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_supervisor::file;

use super::run::{self, Pipeline};
use pipeline::Wanted;

/// Arguments of `cry`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The list of cameras: JSON (or YAML) objects with `name` and `url`.
    cameras: PathBuf,

    /// Where alerts go, as in `send:` of a pipeline file: `https://…`, `mqtt:TOPIC`, `ntfy:TOPIC`. May be said several times.
    /// None: the page alone shows what was heard.
    #[arg(long, value_name = "URL")]
    send: Vec<String>,

    /// What to listen for instead: `smoke_alarm`, `glass`, `dog_bark` … Several with commas between them.
    #[arg(long, value_name = "SOUND", value_delimiter = ',', default_value = "baby_cry")]
    listen_for: Vec<String>,

    /// From which score on it counts as heard, 0 to 1. Absent: what was found best for each sound.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    threshold: Option<f64>,

    /// Port or address of the page; `0.0.0.0:5800` opens it to others.
    #[arg(long, value_name = "ADDRESS", default_value = "5800")]
    web: String,

    /// One process listens to all cameras instead of one to each: less memory, and less that can fall alone.
    #[arg(long)]
    one_process: bool,

    /// Print the pipeline file that would be run, and run nothing: a file of your own to go on with.
    #[arg(long, conflicts_with_all = ["for_duration", "json"])]
    print: bool,

    #[command(flatten)]
    run: run::RunArgs,
}

/// Runs it, or prints it.
pub(crate) fn run(args: Args, instance: Instance) -> ExitCode {
    if let Err(problem) = file::read_text(&args.cameras) {
        eprintln!("{problem}");
        return ExitCode::from(2);
    }
    let folder = args.cameras.parent().unwrap_or(Path::new(""));
    let name = args.cameras.file_name().unwrap_or_default().to_string_lossy();
    let wanted = Wanted {
        cameras: &name,
        listen_for: &args.listen_for,
        threshold: args.threshold,
        send: &args.send,
        web: &args.web,
        one_process: args.one_process,
    };
    let text = wanted.in_yaml();
    if args.print {
        // A reader that has gone away is no failure.
        let _ = io::stdout().write_all(text.as_bytes());
        return ExitCode::SUCCESS;
    }
    // What stands in the list is relative to the list, as it is to a pipeline file beside it.
    let pipeline = Pipeline {
        text,
        path: folder.join("cry.yaml"),
        replay: None,
        is_file: false,
        reload: false,
    };
    if args.send.is_empty() {
        eprintln!("bushbaby: nobody is told of what is heard; `--send URL` tells somebody");
    }
    let code = run::run_pipeline(&pipeline, &args.run, instance, || {});
    if code == ExitCode::from(2) {
        eprintln!("bushbaby: `cry.yaml` is made of what you asked for; the same with `--print` shows it");
    }
    code
}

fn score(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("wanted 0 to 1".to_owned()),
    }
}
