//! How far it is: one line on a terminal, rewritten.

use std::io::{self, IsTerminal, Write};

use bushbaby_sources::replay::Playback;

pub(super) struct Progress {
    range_ns: (u64, u64),
    percent: Option<u64>,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(range_ns: (u64, u64)) -> Self {
        Self {
            range_ns,
            percent: None,
            is_shown: io::stderr().is_terminal(),
        }
    }

    /// Tells that what was captured until then is done.
    pub(super) fn at(&mut self, what: &str, ns: u64) {
        if !self.is_shown {
            return;
        }
        let (from, to) = self.range_ns;
        let length = to.saturating_sub(from).max(1);
        let percent = u64::try_from(u128::from(ns.saturating_sub(from)) * 100 / u128::from(length)).unwrap_or(100);
        if self.percent.replace(percent) != Some(percent) {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\x1b[K{what} {percent} %");
            let _ = err.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.percent.is_some() {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

/// Tells something that stops nothing.
pub(super) fn warn(words: &str) {
    let clear = if io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
    eprintln!("{clear}warning: {words}");
}

/// Tells what could not be exported, once all was played.
pub(super) fn tell_rest(playback: &mut Playback) {
    playback.take_complaints().iter().for_each(|complaint| warn(complaint));
    for (index, stream) in playback.streams().enumerate() {
        let (name, left_out) = (stream.name(), playback.left_out(index));
        if left_out > 0 {
            warn(&format!(
                "`{name}`: messages left out because they could not be read: {left_out}"
            ));
        }
    }
}
