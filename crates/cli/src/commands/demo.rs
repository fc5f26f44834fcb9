//! `bushbaby demo`: a made camera, tags with their poses, and the page, without any hardware.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use bushbaby_bus::Instance;

use super::run::{self, Pipeline};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    run: run::RunArgs,

    /// Port of the page; if it is taken, the next free one is used.
    #[arg(long, default_value_t = 5800)]
    port: u16,

    /// Do not open a browser.
    #[arg(long)]
    no_browser: bool,
}

/// What the demo runs: what a newcomer would write.
const PIPELINE: &str = include_str!("../../../../examples/demo.yaml");

/// Runs it.
pub(crate) fn run(args: Args, instance: Instance) -> ExitCode {
    let Some(port) = free_port(args.port) else {
        eprintln!(
            "error: no port from {} to {} is free",
            args.port,
            args.port.saturating_add(20)
        );
        eprintln!("hint: name another with --port");
        return ExitCode::FAILURE;
    };
    let text = PIPELINE.replace("web: 5800", &format!("web: 127.0.0.1:{port}"));
    let pipeline = Pipeline {
        text,
        path: Path::new("demo.yaml").to_owned(),
        replay: None,
        is_file: false,
        reload: false,
    };
    let address = format!("http://127.0.0.1:{port}");
    let opened = move || {
        if !args.no_browser {
            open_in_browser(&address);
        }
    };
    run::run_pipeline(&pipeline, &args.run, instance, opened)
}

fn free_port(first: u16) -> Option<u16> {
    (first..=first.saturating_add(20)).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

/// Opens the page where there is a desktop; the address has been printed in any case.
fn open_in_browser(address: &str) {
    let has_desktop = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if !has_desktop {
        return;
    }
    let started = Command::new("xdg-open")
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = started {
        // It ends as soon as the browser has the address; nobody needs its answer.
        std::thread::spawn(move || child.wait());
    }
}
