//! A node's voice: states when they change, and a report twice a second from a thread of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureTime, MonoTime, StreamName};

use crate::Stop;
use crate::alerts::AlertsStatus;
use crate::control::{Dropped, FromNode, Report, Sender};

/// How often a node reports; the supervisor allows several to be missed.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// Tells the supervisor how the node goes. Cheap to clone; all clones speak for the same node.
#[derive(Debug, Clone)]
pub struct Reporter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sender: Mutex<Option<Sender>>,
    said: Mutex<Said>,
    report: Mutex<Report>,
    call_started: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Said {
    is_ready: bool,
    state: Option<FromNode>,
    warnings: BTreeMap<String, Instant>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reporter {
    /// Speaks through `sender`; without one (in tests, in tools) it only keeps the figures.
    pub fn new(sender: Option<Sender>) -> Self {
        Self {
            inner: Arc::new(Inner {
                sender: Mutex::new(sender),
                said: Mutex::default(),
                report: Mutex::default(),
                call_started: Mutex::default(),
            }),
        }
    }

    /// Says once that set-up is done.
    pub fn ready(&self) {
        let mut said = lock(&self.inner.said);
        if !said.is_ready {
            said.is_ready = true;
            self.send(&FromNode::Ready);
        }
    }

    /// Says that all is well, when it was not said last.
    pub fn running(&self) {
        self.say(FromNode::Running);
    }

    /// Says that it waits for something outside; the reason is told again only when its words change.
    pub fn stalled(&self, reason: &str, hint: Option<&str>) {
        self.say(FromNode::Stalled {
            reason: reason.to_owned(),
            hint: hint.map(str::to_owned),
        });
    }

    fn say(&self, state: FromNode) {
        let mut said = lock(&self.inner.said);
        if said.state.as_ref() != Some(&state) {
            self.send(&state);
            said.state = Some(state);
        }
    }

    /// Says which pipeline is in force now.
    pub(crate) fn pipeline(&self, number: usize) {
        self.send(&FromNode::Pipeline(number));
    }

    /// Tells something that stops nothing; the same words at most every ten seconds.
    pub fn warn(&self, message: &str) {
        let mut said = lock(&self.inner.said);
        let now = Instant::now();
        said.warnings.retain(|_, told| now - *told < Duration::from_secs(10));
        if !said.warnings.contains_key(message) {
            tracing::warn!("{message}");
            self.send(&FromNode::Warning {
                message: message.to_owned(),
            });
            said.warnings.insert(message.to_owned(), now);
        }
    }

    /// Runs one call of the node's own code, so that a call that never returns is seen.
    pub fn during_call<T>(&self, call: impl FnOnce() -> T) -> T {
        *lock(&self.inner.call_started) = Some(Instant::now());
        let result = call();
        *lock(&self.inner.call_started) = None;
        result
    }

    /// Counts a frame that was sent.
    pub(crate) fn sent(&self, output: &str, bytes: u64, captured: CaptureTime, readers: u64, shape: &str) {
        let now = MonoTime::now();
        let mut report = lock(&self.inner.report);
        if !report.outputs.contains_key(output) {
            report.outputs.insert(output.to_owned(), Default::default());
        }
        let Some(counts) = report.outputs.get_mut(output) else {
            return;
        };
        counts.frames += 1;
        counts.bytes += bytes;
        counts.last_ns = now.as_ns();
        if counts.first_ns == 0 {
            counts.first_ns = now.as_ns();
        }
        counts.readers = readers;
        counts.ages.record(now.since(captured.mono));
        if counts.shape != shape {
            shape.clone_into(&mut counts.shape);
        }
        if counts.clock != captured.known_by.as_str() {
            captured.known_by.as_str().clone_into(&mut counts.clock);
        }
    }

    /// Says how many read an output, also while nothing is sent.
    pub(crate) fn readers(&self, output: &str, readers: u64) {
        lock(&self.inner.report)
            .outputs
            .entry(output.to_owned())
            .or_default()
            .readers = readers;
    }

    /// Counts a frame that was received; for nodes that read the bus with their own [`Subscriber`](bushbaby_bus::Subscriber).
    pub fn received(&self, stream: &StreamName, age: Duration) {
        let mut report = lock(&self.inner.report);
        let counts = report.inputs.entry(stream.clone()).or_default();
        counts.delivered += 1;
        counts.ages.record(age);
    }

    /// Sets what a wire lost so far, summed over this process's subscribers of the stream.
    pub fn dropped(&self, stream: &StreamName, dropped: Dropped) {
        lock(&self.inner.report)
            .inputs
            .entry(stream.clone())
            .or_default()
            .dropped = dropped;
    }

    /// Says how it goes with alerts, from the next report on.
    pub fn alerts(&self, alerts: AlertsStatus) {
        lock(&self.inner.report).alerts = Some(alerts);
    }

    /// Says why the node ends.
    pub(crate) fn failed(&self, message: &str, hint: Option<&str>, is_final: bool) {
        self.send(&FromNode::Failed {
            message: message.to_owned(),
            hint: hint.map(str::to_owned),
            is_final,
        });
    }

    /// Says that it ended as asked, with the last figures before.
    pub(crate) fn stopped(&self) {
        self.report_now();
        self.send(&FromNode::Stopped);
    }

    fn report_now(&self) {
        let in_call_ms = lock(&self.inner.call_started).map(|started| started.elapsed().as_millis() as u64);
        let report = {
            let mut report = lock(&self.inner.report);
            report.in_call_ms = in_call_ms;
            let told = report.clone();
            report.outputs.values_mut().for_each(|counts| drop(counts.ages.take()));
            report.inputs.values_mut().for_each(|counts| drop(counts.ages.take()));
            told
        };
        self.send(&FromNode::Report(report));
    }

    /// Sends; a supervisor that is gone is noticed by whoever reads the socket.
    fn send(&self, message: &FromNode) {
        if let Some(sender) = lock(&self.inner.sender).as_mut()
            && sender.send(message).is_err()
        {
            tracing::debug!("the supervisor is gone");
        }
    }

    /// Reports until `stop` is set, on a thread of its own.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start_heartbeat(&self, stop: Stop) -> std::io::Result<()> {
        let reporter = self.clone();
        let beat = move || {
            while !stop.wait(REPORT_EVERY) {
                reporter.report_now();
            }
        };
        std::thread::Builder::new()
            .name("heartbeat".into())
            .spawn(beat)
            .map(drop)
    }
}
