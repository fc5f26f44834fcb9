//! What the pictures of all watchers may take together, on every port: `budget: 4Mbit/s`.
//!
//! Two things keep to it. A purse that fills at the budget's rate pays for each picture or refuses it, so that the limit holds from
//! the first second on. And so that few are refused, it is looked once a second at what all wanted, and all pictures become a
//! [`Step`] poorer or richer. Cameras and whatever looks at their frames know nothing of it.

mod level;
mod step;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use level::Level;
pub(super) use step::Step;

/// How much may be saved up, in seconds: a burst after silence.
const PURSE_S: f64 = 0.5;

/// A limit that all watchers share.
#[derive(Debug)]
pub(crate) struct Budget {
    bits_per_second: f64,
    state: Mutex<State>,
}

/// What became of it, for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Spent {
    /// The limit.
    bits_per_second: f64,
    /// Bits that pictures took in the last second that was counted, and those that all would have taken.
    sent_bits_per_second: f64,
    wanted_bits_per_second: f64,
    /// How pictures are made now: `as asked`, `quality 50 %`.
    pictures: String,
    /// Pictures that were not sent because there was nothing left for them.
    refused: u64,
}

#[derive(Debug)]
struct State {
    purse_bits: f64,
    filled_at: Instant,
    second: Second,
    last: Second,
    level: Level,
    refused: u64,
}

/// What was counted since it began.
#[derive(Debug, Clone, Copy)]
struct Second {
    began: Instant,
    wanted_bits: f64,
    sent_bits: f64,
    /// How long it was, once it is over.
    seconds: f64,
}

impl Budget {
    pub(crate) fn new(bits_per_second: u32, now: Instant) -> Self {
        let bits_per_second = f64::from(bits_per_second);
        let second = Second {
            began: now,
            wanted_bits: 0.0,
            sent_bits: 0.0,
            seconds: 1.0,
        };
        let state = State {
            purse_bits: bits_per_second * PURSE_S,
            filled_at: now,
            second,
            last: second,
            level: Level::default(),
            refused: 0,
        };
        Self {
            bits_per_second,
            state: Mutex::new(state),
        }
    }

    /// How pictures are made now.
    pub(super) fn step(&self) -> Step {
        self.lock().level.step()
    }

    /// Whether a picture of so many bytes may be sent now; if so, it is paid for.
    pub(super) fn pays(&self, bytes: usize, now: Instant) -> bool {
        let mut state = self.lock();
        state.turn(self.bits_per_second, now);
        let bits = bytes as f64 * 8.0;
        state.second.wanted_bits += bits;
        // It may go into debt with one picture: else one that is larger than the purse would never be sent.
        let pays = state.purse_bits > 0.0;
        if pays {
            state.purse_bits -= bits;
            state.second.sent_bits += bits;
        } else {
            state.refused += 1;
        }
        pays
    }

    pub(crate) fn spent(&self, now: Instant) -> Spent {
        let mut state = self.lock();
        state.turn(self.bits_per_second, now);
        let a_second = |bits: f64| (bits / state.last.seconds).round();
        Spent {
            bits_per_second: self.bits_per_second,
            sent_bits_per_second: a_second(state.last.sent_bits),
            wanted_bits_per_second: a_second(state.last.wanted_bits),
            pictures: state.level.step().to_string(),
            refused: state.refused,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Fills the purse, and looks back when a second is over.
    fn turn(&mut self, bits_per_second: f64, now: Instant) {
        let filled = now.saturating_duration_since(self.filled_at).as_secs_f64() * bits_per_second;
        self.purse_bits = (self.purse_bits + filled).min(bits_per_second * PURSE_S);
        self.filled_at = now;
        let seconds = now.saturating_duration_since(self.second.began).as_secs_f64();
        if seconds < 1.0 {
            return;
        }
        self.last = Second { seconds, ..self.second };
        self.second = Second {
            began: now,
            wanted_bits: 0.0,
            sent_bits: 0.0,
            seconds: 1.0,
        };
        self.level
            .second(self.last.wanted_bits / seconds, bits_per_second, seconds);
    }
}

#[cfg(test)]
mod tests;
