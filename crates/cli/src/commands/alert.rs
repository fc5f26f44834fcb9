//! `bushbaby alert`: try where an alert is sent to, see what was raised and what waits, mute one.

mod list;
mod mute;
mod test;

use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::Kind;
use bushbaby_node::settings::nearest;

/// What to do about alerts.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AlertCommand {
    /// Send one now, and print what each destination said.
    Test(test::Args),
    /// The last alerts, and what waits to be delivered.
    List(list::Args),
    /// Send an alert nowhere, for a time or until it is unmuted.
    Mute(mute::Args),
    /// Send an alert again.
    Unmute(mute::UnmuteArgs),
}

/// Does it.
pub(crate) fn run(command: AlertCommand, instance: &Instance, kinds: &[Kind]) -> ExitCode {
    match command {
        AlertCommand::Test(args) => test::run(args, instance, kinds),
        AlertCommand::List(args) => list::run(args, instance),
        AlertCommand::Mute(args) => mute::run(args, instance),
        AlertCommand::Unmute(args) => mute::unmute(args, instance),
    }
}

/// Says that there is no such alert, and what there is.
fn no_such(name: &str, known: &[&str]) -> ExitCode {
    eprintln!("error: there is no alert `{name}`");
    match nearest(name, known.iter().copied()) {
        Some(meant) => eprintln!("hint: did you mean `{meant}`?"),
        None if known.is_empty() => eprintln!("hint: the file has no `alerts:`"),
        None => eprintln!("hint: the alerts are: {}", known.join(", ")),
    }
    ExitCode::from(2)
}
