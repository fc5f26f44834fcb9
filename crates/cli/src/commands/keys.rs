//! Keys and signals: what goes on, what ends.

use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use bushbaby_node::Stop;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// Listens to the keyboard and to signals; gives the terminal back as it was when it is dropped.
pub(crate) struct Keys {
    stop: Stop,
    /// One for each capture that may go.
    steps: Option<Receiver<()>>,
    terminal: Option<Termios>,
}

impl Keys {
    /// Begins to listen. Without a terminal keys are what comes in on stdin, and that only when they are waited for.
    pub(crate) fn listen(is_stepped: bool) -> io::Result<Self> {
        let stop = Stop::default();
        stop_on_signals(stop.clone())?;
        let terminal = each_key();
        let (go_on, steps) = channel();
        if is_stepped || terminal.is_some() {
            let stop = stop.clone();
            let listen = move || {
                for key in io::stdin().lock().bytes() {
                    match key {
                        Ok(b' ' | b'\n' | b'\r') if is_stepped => {
                            let _ = go_on.send(());
                        }
                        Ok(b'q' | 0x1b) | Err(_) => break,
                        Ok(_) => {}
                    }
                }
                stop.set();
            };
            std::thread::Builder::new().name("keys".into()).spawn(listen)?;
        }
        if terminal.is_some() {
            eprintln!(
                "bushbaby: {}q or Ctrl-C ends it",
                if is_stepped { "space goes on, " } else { "" }
            );
        }
        Ok(Self {
            stop,
            steps: is_stepped.then_some(steps),
            terminal,
        })
    }

    /// Set when it is to end.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Whether each capture waits for a key.
    pub(crate) fn is_stepped(&self) -> bool {
        self.steps.is_some()
    }

    /// Waits until the next capture may go; returns whether it may. At once where nobody steps.
    pub(crate) fn next(&self) -> bool {
        let Some(steps) = &self.steps else {
            return !self.stop.is_set();
        };
        loop {
            match steps.recv_timeout(Duration::from_millis(100)) {
                Ok(()) => return true,
                Err(RecvTimeoutError::Timeout) if self.stop.is_set() => return false,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.terminal {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Lets the terminal hand on each key at once; `None` when no person is there: no terminal, or in the background.
fn each_key() -> Option<Termios> {
    let stdin = io::stdin();
    let in_front = tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp());
    if !stdin.is_terminal() || !in_front {
        return None;
    }
    let before = tcgetattr(&stdin).ok()?;
    let mut each_key = before.clone();
    each_key.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &each_key).ok()?;
    Some(before)
}

fn stop_on_signals(stop: Stop) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let listen = move || {
        for _ in signals.forever() {
            stop.set();
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(listen)
        .map(drop)
}
