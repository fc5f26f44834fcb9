//! The person before a command that goes on until it is told to end: single keys, and the signals that ask for an end.

use std::io::{self, IsTerminal};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// A terminal that hands on each key at once; dropped, it is as it was.
#[derive(Debug)]
pub(crate) struct EachKey {
    before: Termios,
}

impl EachKey {
    /// `None` when no person is there: no terminal, or in the background.
    pub(crate) fn begin() -> Option<Self> {
        let stdin = io::stdin();
        let in_front = tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp());
        if !stdin.is_terminal() || !in_front {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut each_key = before.clone();
        // Only the line editing goes: Ctrl-C stays a signal, and lines of the log stay lines.
        each_key.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &each_key).ok()?;
        Some(Self { before })
    }
}

impl Drop for EachKey {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Calls `each` for every Ctrl-C, SIGTERM and SIGHUP, on a thread of its own, until the program ends.
pub(crate) fn on_signals(each: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let listen = move || signals.forever().for_each(|_| each());
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(listen)
        .map(drop)
}
