//! `bushbaby alert list`: the last alerts, and what waits; from the disk, so that it works while nothing runs, too.

use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::alerts::{self, DeliveryState, RaisedAlert};
use bushbaby_sinks::alert::{OUTBOX, outbox};

/// Arguments of `alert list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many at most.
    #[arg(short = 'n', long = "lines", default_value_t = 50, value_name = "N")]
    lines: usize,

    /// Only what still waits for a destination.
    #[arg(long)]
    waiting: bool,

    /// Print one JSON object an alert.
    #[arg(long)]
    json: bool,
}

/// Prints them, oldest first.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let path = alerts::folder(instance).join(OUTBOX);
    let kept = match outbox::read(&path) {
        Ok(kept) => kept,
        Err(error) => {
            eprintln!("error: {} cannot be read: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    let waits = |raised: &RaisedAlert| raised.deliveries.iter().any(|one| one.state == DeliveryState::Waiting);
    let all = kept.entries.iter().map(outbox::Entry::shown);
    let wanted: Vec<RaisedAlert> = all.filter(|raised| !args.waiting || waits(raised)).collect();
    for raised in &wanted[wanted.len().saturating_sub(args.lines)..] {
        if args.json {
            println!("{}", serde_json::to_string(raised).unwrap_or_default());
        } else {
            print!("{}", in_words(raised));
        }
    }
    if wanted.is_empty() && !args.json {
        let what = if args.waiting {
            "nothing waits"
        } else {
            "nothing was raised"
        };
        eprintln!("instance `{}`: {what}", instance.name());
    }
    ExitCode::SUCCESS
}

fn in_words(raised: &RaisedAlert) -> String {
    let RaisedAlert {
        alert,
        message,
        raised_at,
        ..
    } = raised;
    let muted = if raised.muted { "  (muted)" } else { "" };
    let mut text = format!("{raised_at}  {alert}  {message}{muted}\n");
    for delivery in &raised.deliveries {
        let state = match delivery.state {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
        };
        let error = delivery
            .error
            .as_ref()
            .map(|error| format!(": {error}"))
            .unwrap_or_default();
        let attempts = match delivery.attempts {
            0 | 1 => String::new(),
            attempts => format!(" after {attempts} attempts"),
        };
        text += &format!("    {}  {state}{attempts}{error}\n", delivery.destination);
    }
    text
}
