//! The readers of a publisher: who they are, what they have received, and how it waits for them.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use iceoryx2::port::update_connections::UpdateConnections;
use iceoryx2::prelude::{CallbackProgression, PortFactory};

use super::writer::Writer;
use crate::bus::locked;
use crate::control::Message;
use crate::janitor::Hearer;
use crate::options::Pacing;
use crate::pacing::{Pacer, ReaderId};
use crate::time::MonoTime;
use crate::transport::EVENT_FRAME;

/// A reader that dies sends no message: its absence is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a publisher that ends waits for readers that have not looked yet since it began.
const PARTING: Duration = Duration::from_millis(500);

/// What is known of the readers.
#[derive(Debug, Default)]
pub(super) struct Audience {
    known: Mutex<Known>,
    heard: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    pacer: Pacer,
    /// Readers that have mapped the slots of the port of now: what waits for them there outlives this publisher.
    connected: HashSet<ReaderId>,
}

impl Audience {
    /// A frame of a paced publisher goes to these readers now.
    pub(super) fn sent(&self, seq: u64, readers: &[ReaderId], now: MonoTime) {
        locked(&self.known).pacer.sent(seq, readers, now);
    }

    /// From now on frames lie in another port's slots.
    pub(super) fn port_changed(&self) {
        locked(&self.known).connected.clear();
    }

    fn hear(&self, message: Message, generation: u64) {
        let mut known = locked(&self.known);
        match message {
            Message::Joined { reader } | Message::Connected { reader } => {
                known.connected.insert(reader);
            }
            Message::Received {
                reader,
                generation: of,
                seq,
            } if of == generation => {
                known.pacer.acknowledged(reader, seq, MonoTime::now());
            }
            Message::Received { .. } => {}
            Message::Left { reader } => {
                known.pacer.left(reader);
                known.connected.insert(reader);
            }
        }
        self.heard.notify_all();
    }

    /// Waits until what is known satisfies, at most until the deadline; returns whether it does. `check` also says when
    /// to look again at the latest.
    fn wait(&self, deadline: MonoTime, mut check: impl FnMut(&mut Known, MonoTime) -> Result<(), MonoTime>) -> bool {
        let mut known = locked(&self.known);
        loop {
            let now = MonoTime::now();
            let Err(look_again) = check(&mut known, now) else {
                return true;
            };
            if now >= deadline {
                return false;
            }
            let pause = look_again.min(deadline).since(now).min(LOOK_AGAIN);
            known = self
                .heard
                .wait_timeout(known, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Writer {
    pub(super) fn readers(&self) -> usize {
        self.service.frames.dynamic_config().number_of_subscribers()
    }

    pub(super) fn reader_ids(&self) -> Vec<ReaderId> {
        let mut ids = Vec::new();
        self.service.frames.dynamic_config().list_subscribers(|reader| {
            ids.push(reader.subscriber_id.value());
            CallbackProgression::Continue
        });
        ids
    }

    pub(super) fn wait_for_readers(&self, timeout: Duration) -> bool {
        let Pacing::WaitForReaders { outstanding } = self.pacing else {
            return true;
        };
        let deadline = MonoTime::now() + timeout;
        self.audience.wait(deadline, |known, now| {
            known.pacer.seen(&self.reader_ids(), now);
            if known.pacer.outstanding(now) < u64::from(outstanding.max(1)) {
                return Ok(());
            }
            Err(known.pacer.next_silence(now).unwrap_or(deadline))
        })
    }

    /// Waits a moment for readers that have not looked since this publisher began: what lies in slots that they have
    /// not mapped goes with it.
    pub(super) fn let_readers_connect(&self) {
        if locked(&self.state).next_seq == 0 {
            return;
        }
        let deadline = MonoTime::now() + PARTING;
        self.audience.wait(deadline, |known, _| {
            let all = self.reader_ids().iter().all(|reader| known.connected.contains(reader));
            if all { Ok(()) } else { Err(deadline) }
        });
    }

    /// Connects to a reader that came while nothing is sent, and gives it the last frame if it asked for that.
    fn greet(&self) {
        let mut state = locked(&self.state);
        if self.check_room(&state).is_err() {
            return;
        }
        state.connected = self.readers();
        if let Some(slots) = &state.slots
            && let Err(cause) = slots.port.update_connections()
        {
            tracing::debug!(stream = %self.stream, ?cause, "cannot connect to a new reader yet");
        }
        drop(state);
        self.notify(EVENT_FRAME);
    }
}

/// Hears what readers say to a writer, without holding it: a publisher that is dropped is gone at once.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) audience: Arc<Audience>,
    pub(super) generation: u64,
    pub(super) writer: Weak<Writer>,
}

impl Hearer for Hearing {
    fn hear(&self, message: Message) {
        // First, and let go: what is heard may be what the end of the publisher waits for.
        if matches!(message, Message::Joined { .. })
            && let Some(writer) = self.writer.upgrade()
        {
            writer.greet();
        }
        self.audience.hear(message, self.generation);
    }
}
