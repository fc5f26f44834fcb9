//! Keys and signals: what goes on, what ends.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use bushbaby_node::Stop;

use crate::commands::terminal::{EachKey, on_signals};

/// Listens to the keyboard and to signals; gives the terminal back as it was when it is dropped.
pub(crate) struct Keys {
    stop: Stop,
    /// One for each capture that may go.
    steps: Option<Receiver<()>>,
    /// Dropped with this, it is as it was.
    _terminal: Option<EachKey>,
}

impl Keys {
    /// Begins to listen. Without a terminal keys are what comes in on stdin, and that only when they are waited for.
    pub(crate) fn listen(is_stepped: bool) -> io::Result<Self> {
        let stop = Stop::default();
        let on_signal = stop.clone();
        on_signals(move || on_signal.set())?;
        let terminal = EachKey::begin();
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
            _terminal: terminal,
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
