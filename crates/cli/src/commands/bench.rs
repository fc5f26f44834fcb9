//! `bushbaby bench`: this machine's own figures, measured now.

mod bus;
mod floor;
mod payload;
mod peer;
mod python;
mod report;
mod sound;

use std::process::ExitCode;

/// What to measure.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum BenchCommand {
    /// Throughput and latency of the bus between two processes, beside this machine's own memcpy.
    Bus(bus::BenchArgs),
    /// Streams of sound that one core can listen to, beside what the model alone takes.
    Sound(sound::SoundArgs),
    /// The writing process of `bench bus`, as it starts it.
    #[command(hide = true)]
    BusPeer(peer::PeerArgs),
}

/// Measures, and prints a table or one JSON object.
pub(crate) fn run(command: BenchCommand) -> ExitCode {
    let done = match command {
        BenchCommand::Bus(args) => bus::run(&args),
        BenchCommand::Sound(args) => sound::run(&args),
        BenchCommand::BusPeer(args) => peer::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why a measurement came to nothing.
type BenchResult<T> = Result<T, Box<dyn std::error::Error>>;
