//! `bushbaby-microphone`: lists microphones, and writes the sound of one to standard output.
//!
//! ```text
//! microphone → ALSA → this program → a pipe → node `microphone` of bushbaby → bus
//! ```
//!
//! It stands beside `bushbaby`, which starts it as a child, so that `bushbaby` itself links no libasound and a driver that hangs
//! takes nothing with it. What it writes is told in `frame`. What is wrong it says on standard error, in lines that begin with
//! `error:` and `hint:`. Exit codes: 0 the reader has gone, 1 the microphone has, 2 wrong use.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a program that prints

mod capture;
mod devices;
mod failure;
mod format;
mod frame;
mod usb;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
Lists microphones, and writes the sound of one to standard output; `bushbaby` starts it.

Usage: bushbaby-microphone list [--json]
       bushbaby-microphone read NAME [--rate HZ] [--channels N]
       bushbaby-microphone --version

NAME: `default`, or what `list` shows; `usb:NAME` looks among microphones on USB alone.";

/// What it was asked to do.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    List { json: bool },
    Read(Wanted),
    Version,
    Help,
}

/// Which microphone, and how it is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    rate_hz: Option<u32>,
    channels: Option<u16>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let Some(order) = understood(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let result = match order {
        Order::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Order::Version => {
            println!("bushbaby-microphone {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Order::List { json } => devices::list().map(|microphones| print!("{}", devices::told(&microphones, json))),
        Order::Read(wanted) => capture::run(&wanted),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, hint }) => {
            eprintln!("error: {message}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn understood(arguments: &[String]) -> Option<Order> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--help" | "-h"] => Some(Order::Help),
        ["--version" | "-V"] => Some(Order::Version),
        ["list"] => Some(Order::List { json: false }),
        ["list", "--json"] => Some(Order::List { json: true }),
        ["read", name, options @ ..] => {
            let mut wanted = Wanted {
                name: (*name).to_owned(),
                rate_hz: None,
                channels: None,
            };
            for option in options.chunks(2) {
                match option {
                    ["--rate", rate] => wanted.rate_hz = Some(rate.parse().ok()?),
                    ["--channels", channels] => wanted.channels = Some(channels.parse().ok()?),
                    _ => return None,
                }
            }
            Some(Order::Read(wanted))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Option<Order> {
        understood(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_that_is_not_understood_is_no_order() {
        let wanted = |rate_hz, channels| {
            let name = "usb:C920".to_owned();
            Some(Order::Read(Wanted {
                name,
                rate_hz,
                channels,
            }))
        };
        assert_eq!(order("read usb:C920"), wanted(None, None));
        assert_eq!(
            order("read usb:C920 --channels 2 --rate 16000"),
            wanted(Some(16_000), Some(2))
        );
        assert_eq!(order("list --json"), Some(Order::List { json: true }));
        for line in [
            "",
            "read",
            "read x --rate",
            "read x --rate fast",
            "read x --volume 3",
            "list all",
            "listen",
        ] {
            assert_eq!(order(line), None, "{line}");
        }
    }
}
