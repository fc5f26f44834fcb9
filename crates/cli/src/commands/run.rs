//! `bushbaby run FILE`: check it, keep it running, end it in order.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::settings::Time;
use bushbaby_node::status::Status;
use bushbaby_supervisor::file;
use bushbaby_supervisor::run::{RunOptions, StopHandle, Terminal};

use crate::{kinds, table};

mod keys;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file, YAML or JSON.
    file: PathBuf,

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
}

/// Runs the file.
pub(crate) fn run(args: Args, instance: Instance) -> ExitCode {
    match file::read_text(&args.file) {
        Ok(text) => run_pipeline(&Pipeline { text, path: args.file }, &args.run, instance, || {}),
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

/// Checks a pipeline and keeps it running until it is told to stop.
pub(crate) fn run_pipeline(
    pipeline: &Pipeline,
    args: &RunArgs,
    instance: Instance,
    started: impl FnOnce(),
) -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let plan = match file::check(&pipeline.text, &pipeline.path, &kinds::all(), &environment) {
        Ok(checked) => match file::probe_ports(&checked) {
            Ok(()) => checked.plan,
            Err(problems) => return refuse(&problems),
        },
        Err(problems) => return refuse(&problems),
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            eprintln!("error: this program does not find itself: {error}");
            return ExitCode::FAILURE;
        }
    };
    log_to_stderr();
    let stop = StopHandle::default();
    if let Err(error) = press_on_signals(stop.clone()) {
        eprintln!("error: signals cannot be listened to: {error}");
        return ExitCode::FAILURE;
    }
    let keys = keys::listen(stop.clone());
    if let Some(web) = &plan.web {
        eprintln!("bushbaby: the page is at {web}");
    }
    if keys.is_some() && args.for_duration.is_none() {
        eprintln!("bushbaby: Esc, q or Ctrl-C ends it in order; once more hurries");
    }
    started();
    let mut options = RunOptions::new(instance, program);
    options.for_duration = args.for_duration.map(|time| time.0);
    options.stop = stop;
    options.terminal = Some(Terminal {
        writer: Box::new(io::stderr()),
        color: io::stderr().is_terminal(),
    });
    let result = bushbaby_supervisor::run::run(plan, options);
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

/// What the supervisor itself has to say.
fn log_to_stderr() {
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

/// Ctrl-C and SIGTERM: the first ends all in order, each further one hurries.
fn press_on_signals(stop: StopHandle) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let listen = move || {
        for _ in signals.forever() {
            stop.press();
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(listen)
        .map(drop)
}
