//! `bushbaby alert mute NAME [TIME]` and `unmute NAME`.

use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::alerts::{self, Muted};
use bushbaby_node::settings::Time;
use jiff::Timestamp;

use crate::instance;

/// Arguments of `alert mute`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The alert's name in the file.
    name: String,

    /// For how long, such as `1h`. Absent: until it is unmuted.
    time: Option<Time>,
}

/// Arguments of `alert unmute`.
#[derive(Debug, clap::Args)]
pub(crate) struct UnmuteArgs {
    /// The alert's name in the file.
    name: String,
}

/// Mutes it.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    if let Err(code) = known(&args.name, instance) {
        return code;
    }
    let muted = match args.time {
        None => Muted::Forever,
        Some(Time(time)) => match Timestamp::now().checked_add(time) {
            Ok(until) => Muted::Until(until),
            Err(_) => Muted::Forever,
        },
    };
    let done = alerts::mute(&alerts::folder(instance), &args.name, muted);
    let until = match muted {
        Muted::Until(until) => format!("until {until}"),
        Muted::Forever => "until it is unmuted".to_owned(),
    };
    told(done, &format!("alert `{}` is muted {until}", args.name))
}

/// Unmutes it.
pub(crate) fn unmute(args: UnmuteArgs, instance: &Instance) -> ExitCode {
    if let Err(code) = known(&args.name, instance) {
        return code;
    }
    let done = alerts::unmute(&alerts::folder(instance), &args.name);
    told(done, &format!("alert `{}` is sent again", args.name))
}

/// Whether a running instance has this alert. One that does not run may have any.
fn known(name: &str, instance: &Instance) -> Result<(), ExitCode> {
    let Ok(status) = instance::status(instance) else {
        return Ok(());
    };
    let alerts = status.alerts.unwrap_or_default().alerts;
    if alerts.iter().any(|alert| alert.name == name) {
        return Ok(());
    }
    let known: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    Err(super::no_such(name, &known))
}

fn told(done: std::io::Result<()>, taken: &str) -> ExitCode {
    match done {
        Ok(()) => {
            eprintln!("{taken}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: it cannot be muted or unmuted: {error}");
            ExitCode::FAILURE
        }
    }
}
