//! `bushbaby alert test NAME`: the whole way to each destination, now.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use bushbaby_bus::Instance;
use bushbaby_node::Kind;
use bushbaby_node::children::Spawner;
use bushbaby_sinks::alert::outbox::Outcome;
use bushbaby_sinks::alert::send::{Destination, Destinations};
use bushbaby_sinks::alert::{Alert, Settings};
use bushbaby_supervisor::plan::ALERT;
use serde_json::json;

use crate::commands::check::{check, complain};
use crate::instance;

/// Arguments of `alert test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The alert's name in the file.
    name: String,

    /// The pipeline file. Absent: that of the running instance.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Print one JSON object for each destination.
    #[arg(long)]
    json: bool,
}

/// Sends one alert that says that it is a test. 1 when a destination does not take it.
pub(crate) fn run(args: Args, instance: &Instance, kinds: &[Kind]) -> ExitCode {
    let Some(file) = args.file.clone().or_else(|| running(instance)) else {
        eprintln!(
            "error: no instance `{}` is running, and no file is named",
            instance.name()
        );
        eprintln!("hint: `bushbaby alert test {} --file pipeline.yaml`", args.name);
        return ExitCode::from(2);
    };
    let checked = match check(&file, kinds) {
        Ok(checked) => checked,
        Err(problems) => {
            complain(&problems);
            return ExitCode::from(2);
        }
    };
    let node = checked.plan.nodes.iter().find(|node| node.spec.kind == ALERT);
    let settings: Settings = match node.map(|node| serde_json::from_value(node.spec.settings.clone())) {
        Some(Ok(settings)) => settings,
        Some(Err(error)) => {
            eprintln!("error: the alerts of {} cannot be read: {error}", file.display());
            return ExitCode::FAILURE;
        }
        None => Settings::default(),
    };
    let Some(rule) = settings.alerts.get(&args.name) else {
        let known: Vec<&str> = settings.alerts.keys().map(String::as_str).collect();
        return super::no_such(&args.name, &known);
    };
    let spawner = match Spawner::start() {
        Ok(spawner) => spawner,
        Err(error) => {
            eprintln!("error: a thread cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let alert = Alert::test(&args.name, &rule.when, instance.name().as_str(), jiff::Timestamp::now());
    let destinations = Destinations::of(&settings, &spawner);
    let names = destinations.of_alert.get(&args.name).cloned().unwrap_or_default();
    let own = destinations
        .all
        .iter()
        .filter(|destination| names.contains(&destination.name));
    let all_taken = own.fold(true, |all, destination| all & send(destination, &alert, args.json));
    if all_taken {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The file that an instance runs.
fn running(instance: &Instance) -> Option<PathBuf> {
    instance::status(instance).ok()?.file
}

/// Sends, and prints what became of it; whether it was taken.
fn send(destination: &Destination, alert: &Alert, as_json: bool) -> bool {
    let begun = Instant::now();
    let outcome = destination.send(alert);
    let ms = begun.elapsed().as_secs_f64() * 1e3;
    let (state, error) = match &outcome {
        Outcome::Delivered => ("delivered", None),
        Outcome::Refused(why) => ("refused", Some(why)),
        Outcome::Failed(why) => ("failed", Some(why)),
    };
    let name = &destination.name;
    if as_json {
        let line = json!({"destination": name, "state": state, "error": error, "ms": ms.round(), "id": alert.id});
        println!("{line}");
    } else {
        let why = error.map(|why| format!(": {why}")).unwrap_or_default();
        println!("{name}  {state}{why}  ({ms:.0} ms)");
    }
    outcome == Outcome::Delivered
}
