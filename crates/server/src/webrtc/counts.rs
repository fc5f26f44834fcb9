//! How many connections there are, and what came to nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::Serialize;

/// Connections at the same time, of all pages.
const MOST_CONNECTIONS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Counts {
    connections: AtomicUsize,
    answered: AtomicU64,
    refused: AtomicU64,
    foreign: AtomicU64,
    pictures: AtomicU64,
}

/// For people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct WebrtcCounts {
    /// The UDP port.
    port: u16,
    /// Connections now.
    connections: usize,
    /// Offers that were answered, and those that were refused.
    answered: u64,
    refused: u64,
    /// Packets that no connection expected.
    foreign_packets: u64,
    /// Pictures that were sent.
    pictures: u64,
}

impl Counts {
    pub(super) fn offered(&self, is_answered: bool) {
        let count = if is_answered { &self.answered } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn foreign_packet(&self) {
        self.foreign.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn picture(&self) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self, port: u16) -> WebrtcCounts {
        WebrtcCounts {
            port,
            connections: self.connections.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            foreign_packets: self.foreign.load(Ordering::Relaxed),
            pictures: self.pictures.load(Ordering::Relaxed),
        }
    }
}

/// One of the connections that there may be; given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Counts>);

impl Place {
    pub(super) fn take(counts: &Arc<Counts>) -> Option<Self> {
        let place = Self(counts.clone());
        (counts.connections.fetch_add(1, Ordering::Relaxed) < MOST_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
