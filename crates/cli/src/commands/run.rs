//! `bushbaby run FILE`: check it, keep it running, end it in order.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::settings::Time;
use bushbaby_node::status::Status;
use bushbaby_supervisor::file::{self, Checker, Replay};
use bushbaby_supervisor::run::{Changes, Keeper, RunOptions, SettingsCheck, StopHandle, Terminal};

use crate::commands::terminal::on_signals;
use crate::{kinds, table};

mod keys;
mod recording;
mod reload;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file, YAML or JSON.
    file: PathBuf,

    /// Play cameras from this recording: each of the file's that it holds, by name. The others stay as they are.
    #[arg(long, value_name = "RECORDING")]
    replay: Option<PathBuf>,

    /// How fast the recording is played: `1` as it was recorded, `0.5` half as fast, `max` as fast as its readers go.
    #[arg(long, requires = "replay", value_parser = recording::speed)]
    speed: Option<String>,

    /// Take over what is saved while it runs: the file, and the code of Python nodes. Only the nodes concerned start again.
    #[arg(long)]
    reload: bool,

    #[command(flatten)]
    run: RunArgs,
}

/// What every command that runs a pipeline takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RunArgs {
    /// Stop after this long, as in `10s` or `5min`, and print what was measured.
    #[arg(long = "for", value_name = "TIME")]
    for_duration: Option<Time>,

    /// Print what was measured as one JSON object on one line of stdout.
    #[arg(long)]
    json: bool,
}

/// A pipeline file that was read.
pub(crate) struct Pipeline {
    /// Its text.
    pub(crate) text: String,
    /// Where it lies: paths in it are relative to its folder.
    pub(crate) path: PathBuf,
    /// Whether it is somebody's file: `demo` and `cry` make theirs up.
    pub(crate) is_file: bool,
    /// The recording that its cameras are played from.
    pub(crate) replay: Option<Replay>,
    /// Whether it is read again when it is saved.
    pub(crate) reload: bool,
}

/// Runs the file.
pub(crate) fn run(args: Args, instance: Instance) -> ExitCode {
    let text = match file::read_text(&args.file) {
        Ok(text) => text,
        Err(problem) => return refuse(&[problem]),
    };
    let replay = match args
        .replay
        .map(|recording| recording::open(recording, args.speed))
        .transpose()
    {
        Ok(replay) => replay,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let pipeline = Pipeline {
        text,
        path: args.file,
        is_file: true,
        replay,
        reload: args.reload,
    };
    run_pipeline(&pipeline, &args.run, instance, || {})
}

/// Checks a pipeline and keeps it running until it is told to stop.
pub(crate) fn run_pipeline(
    pipeline: &Pipeline,
    args: &RunArgs,
    instance: Instance,
    started: impl FnOnce(),
) -> ExitCode {
    let kinds = kinds::all();
    let checker = Checker {
        replay: pipeline.replay.as_ref(),
        ..Checker::new(&kinds, &environment)
    };
    let checked = checker.check(&pipeline.text, &pipeline.path);
    let checked = match checked.and_then(|checked| file::probe_ports(&checked).map(|()| checked)) {
        Ok(checked) => checked,
        Err(problems) => return refuse(&problems),
    };
    match pipeline
        .replay
        .as_ref()
        .map(|replay| recording::in_words(replay, &checked.plan))
    {
        Some(Ok(words)) => eprintln!("bushbaby: {words}"),
        Some(Err(message)) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
        None => {}
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("error: this program does not find itself: {error}");
            return ExitCode::FAILURE;
        }
    };
    log_to_stderr();
    let stop = StopHandle::default();
    // The first ends all in order, each further one hurries.
    let on_signal = stop.clone();
    if let Err(error) = on_signals(move || on_signal.press()) {
        eprintln!("error: signals cannot be listened to: {error}");
        return ExitCode::FAILURE;
    }
    let keys = keys::listen(stop.clone());
    let changes = Changes::default();
    if pipeline.reload {
        match reload::watch(pipeline, &checked, changes.clone()) {
            Ok(words) => eprintln!("bushbaby: {words}"),
            Err(error) => {
                eprintln!("error: files cannot be watched: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if let Some(web) = &checked.plan.web {
        eprintln!("bushbaby: the page is at {web}");
    }
    if keys.is_some() && args.for_duration.is_none() {
        eprintln!("bushbaby: Esc, q or Ctrl-C ends it in order; once more hurries");
    }
    started();
    let mut options = RunOptions::new(instance, program);
    options.for_duration = args.for_duration.map(|time| time.0);
    options.stop = stop;
    options.changes = changes;
    options.file = std::fs::canonicalize(&pipeline.path).ok();
    options.keeper = keeper(pipeline);
    options.settings_check = Some(SettingsCheck::new(|stage, settings| {
        Checker::new(&kinds::all(), &environment).check_settings(stage, settings)
    }));
    options.terminal = Some(Terminal {
        writer: Box::new(io::stderr()),
        color: io::stderr().is_terminal(),
    });
    let result = bushbaby_supervisor::run::run(checked.plan, options);
    drop(keys);
    match result {
        Ok(summary) => {
            report(&summary, args);
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

/// Writes what is tuned while it runs into the pipeline's file, where it has one.
fn keeper(pipeline: &Pipeline) -> Option<Keeper> {
    let (path, replay) = (pipeline.path.clone(), pipeline.replay.clone());
    let keep = Keeper::new(move |stage, named, settings, until| {
        let kinds = kinds::all();
        let checker = Checker {
            replay: replay.as_ref(),
            ..Checker::new(&kinds, &environment)
        };
        checker.save(&path, stage, named, settings, until)?;
        Ok(std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone()))
    });
    pipeline.is_file.then_some(keep)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn refuse(problems: &[file::FileProblem]) -> ExitCode {
    for problem in problems {
        eprintln!("{problem}");
    }
    ExitCode::from(2)
}

/// Prints the summary. A reader that has gone away is no failure of the run.
fn report(summary: &Status, args: &RunArgs) {
    let text = if args.json {
        serde_json::to_string(summary).unwrap_or_default() + "\n"
    } else if args.for_duration.is_some() {
        table::status(summary)
    } else {
        return;
    };
    let _ = io::stdout().write_all(text.as_bytes());
}

/// What a command itself has to say while it runs.
pub(super) fn log_to_stderr() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("BUSHBABY_LOG").unwrap_or_else(|_| "info,iceoryx2=warn".into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // Fails only where a log is set up already, and then that one stays.
    let _ = log
        .without_time()
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
}
