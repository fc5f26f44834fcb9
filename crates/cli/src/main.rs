//! The `bushbaby` command: the one place where all parts meet.
//!
//! Results go to stdout, logs and questions to stderr. Exit codes: 0 good, 1 it failed, 2 wrong use or a bad file.

#![allow(clippy::print_stdout, clippy::print_stderr)] // this is the part that prints

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod broken_pipe;
mod commands;
mod instance;
mod kinds;
mod table;

/// Eyes and ears for robots, labs and homes: one file names cameras and what looks at them.
#[derive(Debug, Parser)]
#[command(name = "bushbaby", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    /// Which instance, when several run on this machine.
    #[arg(
        long,
        global = true,
        env = "BUSHBABY_INSTANCE",
        default_value = "default",
        value_name = "NAME"
    )]
    instance: bushbaby_bus::InstanceName,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it all with a made camera: tags, their poses and the page.
    Demo(commands::demo::Args),
    /// Run a pipeline file.
    Run(commands::run::Args),
    /// Listen to a list of cameras for a baby that cries, and tell.
    Cry(commands::cry::Args),
    /// Find every mistake in a pipeline file.
    Check(commands::check::Args),
    /// Print a pipeline file in its long form, with every default.
    Expand(commands::expand::Args),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema(commands::schema::Args),
    /// How the running nodes, streams and wires are.
    Status(commands::status::Args),
    /// The same, live.
    Top(commands::top::Args),
    /// List the streams of a running instance.
    Streams(commands::streams::Args),
    /// Print the frames of a stream as they come.
    Echo(commands::echo::Args),
    /// Record streams of a running instance, or mend a recording.
    Record(commands::record::Args),
    /// Try, list and mute alerts.
    #[command(subcommand)]
    Alert(commands::alert::AlertCommand),
    /// Print the last lines of a node's log.
    Log(commands::log::Args),
    /// Start a node again.
    Restart(commands::restart::Args),
    /// Change a stage to other settings while it runs, or list those it has.
    Pipeline(commands::pipeline::Args),
    /// End a running instance in order.
    Stop(commands::stop::Args),
    /// Have systemd start a pipeline file with the machine, and keep it running.
    InstallService(commands::install_service::Args),
    /// Remove what killed processes left in shared memory.
    Clean(commands::clean::Args),
    /// List the cameras that are plugged in.
    Cameras(commands::cameras::Args),
    /// What is installed, what is missing, and what to do about it.
    Doctor(commands::doctor::Args),
    /// Play a recording on the bus, without a supervisor.
    Replay(commands::replay::Args),
    /// Turn a recording into films, pictures or NumPy arrays.
    Export(commands::export::Args),
    /// Find AprilTags in pictures.
    Detect(commands::detect::Args),
    /// Hear what is in recordings: a baby's cry, a smoke alarm, any of 527 sounds.
    Sound(commands::sound::Args),
    /// Stand in for a robot: a NetworkTables server that shows what arrives.
    RobotSim(commands::robot_sim::Args),
    /// Measure this machine.
    #[command(subcommand)]
    Bench(commands::bench::BenchCommand),
    /// Print the completions of a shell.
    Completions(commands::completions::Args),
    /// Write the reference pages of all kinds.
    #[command(hide = true)]
    Reference(commands::reference::Args),
    /// One node, as `run` starts it.
    #[command(hide = true)]
    Node,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    broken_pipe::tolerate(|| run(cli))
}

fn run(cli: Cli) -> ExitCode {
    let instance = bushbaby_bus::Instance::new(cli.instance);
    match cli.command {
        Command::Demo(args) => commands::demo::run(args, instance),
        Command::Run(args) => commands::run::run(args, instance),
        Command::Cry(args) => commands::cry::run(args, instance),
        Command::Check(args) => commands::check::run(args, &kinds::all()),
        Command::Expand(args) => commands::expand::run(args, &kinds::all()),
        Command::Schema(args) => commands::schema::run(args, &kinds::all()),
        Command::Status(args) => commands::status::run(args, &instance),
        Command::Top(args) => commands::top::run(args, &instance),
        Command::Streams(args) => commands::streams::run(args, &instance),
        Command::Echo(args) => commands::echo::run(args, &instance),
        Command::Record(args) => commands::record::run(args, &instance),
        Command::Alert(command) => commands::alert::run(command, &instance, &kinds::all()),
        Command::Log(args) => commands::log::run(args, &instance),
        Command::Restart(args) => commands::restart::run(args, &instance),
        Command::Pipeline(args) => commands::pipeline::run(args, &instance),
        Command::Stop(args) => commands::stop::run(args, &instance),
        Command::InstallService(args) => commands::install_service::run(&args, &instance, &kinds::all()),
        Command::Clean(args) => commands::clean::run(args, &instance),
        Command::Cameras(args) => commands::cameras::run(args),
        Command::Doctor(args) => commands::doctor::run(args, &instance),
        Command::Replay(args) => commands::replay::run(args, &instance),
        Command::Export(args) => commands::export::run(&args),
        Command::Detect(args) => commands::detect::run(&args),
        Command::Sound(args) => commands::sound::run(&args),
        Command::RobotSim(args) => commands::robot_sim::run(&args),
        Command::Bench(command) => commands::bench::run(command),
        Command::Completions(args) => commands::completions::run(args),
        Command::Reference(args) => commands::reference::run(args, &kinds::all()),
        Command::Node => commands::node::run(),
    }
}
