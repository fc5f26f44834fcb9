//! The thread that writes: takes what waits, pauses while the disk refuses, keeps to the budget.

use std::io;
use std::time::{Duration, Instant};

use bushbaby_node::Stop;
use bushbaby_node::reporter::Reporter;

use super::disk::Disk;
use super::files::{Files, WrittenFile};
use super::lanes::{Lanes, Popped};
use super::names;

/// How often files that are due are looked for, and a disk that refused is tried again.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often the folder's size is compared with the budget.
const BUDGET_EVERY: Duration = Duration::from_secs(2);
/// How long after the stop what still waits is written; the supervisor waits five seconds in all.
const LAST_WRITES: Duration = Duration::from_millis(2500);
/// A file that could not be written for this long, for another reason than a full disk, is left for a new one.
const HOPELESS: Duration = Duration::from_secs(3);

/// All that writing needs.
pub(super) struct Writing<'a> {
    pub(super) disk: Box<dyn Disk>,
    pub(super) files: Box<dyn Files>,
    pub(super) budget_bytes: Option<u64>,
    pub(super) reporter: Reporter,
    pub(super) stop: Stop,
    pub(super) lanes: &'a Lanes,
}

impl Writing<'_> {
    /// Begins the first file: waits for it, and says why, until there is room.
    pub(super) fn begin(&mut self) -> bool {
        loop {
            self.keep_to_budget();
            match self.files.begin(self.disk.as_mut(), Instant::now()) {
                Ok(()) => return true,
                Err(error) => self.pause(&error),
            }
            if self.stop.wait(LOOK_EVERY) {
                return false;
            }
        }
    }

    /// Writes until every stream has ended and all was written, or until it takes too long after the stop.
    ///
    /// # Errors
    /// When the end of a file could not be written.
    pub(super) fn run(mut self) -> Result<Vec<WrittenFile>, io::Error> {
        let mut refused_since: Option<Instant> = None;
        let mut budget_kept = Instant::now();
        let mut stopped_at: Option<Instant> = None;
        loop {
            if stopped_at.is_none() && self.stop.is_set() {
                stopped_at = Some(Instant::now());
            }
            if stopped_at.is_some_and(|at| at.elapsed() > LAST_WRITES) {
                self.lanes.give_up();
                break;
            }
            if refused_since.is_none() {
                match self.lanes.pop(LOOK_EVERY) {
                    Popped::Item(item) => self.files.take(item, Instant::now()),
                    Popped::Nothing => {}
                    Popped::End => break,
                }
            } else if stopped_at.is_some() {
                std::thread::park_timeout(LOOK_EVERY / 5);
            } else {
                self.stop.wait(LOOK_EVERY);
            }
            let now = Instant::now();
            if self.budget_bytes.is_some() && (budget_kept.elapsed() >= BUDGET_EVERY || refused_since.is_some()) {
                self.keep_to_budget();
                budget_kept = now;
            }
            match self.files.write(self.disk.as_mut(), now) {
                Ok(()) if refused_since.is_some() => {
                    tracing::info!("recording goes on");
                    self.reporter.running();
                    refused_since = None;
                }
                Ok(()) => {}
                Err(error) => {
                    self.pause(&error);
                    let since = *refused_since.get_or_insert(now);
                    if !is_full(&error) && since.elapsed() > HOPELESS {
                        refused_since = match self.files.begin_anew(self.disk.as_mut(), now) {
                            Ok(()) => None,
                            Err(_) => Some(now),
                        };
                        if refused_since.is_none() {
                            self.reporter.running();
                        }
                    }
                }
            }
        }
        let finished = self.files.finish(self.disk.as_mut());
        if let Err(error) = &finished {
            let [reason, _] = self.words(error);
            self.reporter.warn(&format!(
                "the end of a recording could not be written ({reason}): the next start mends it"
            ));
        }
        self.keep_to_budget();
        finished.map(|()| self.files.written())
    }

    fn pause(&self, error: &io::Error) {
        let [reason, hint] = self.words(error);
        tracing::warn!("recording pauses: {reason}");
        self.reporter
            .stalled(&format!("recording pauses: {reason}"), Some(&hint));
    }

    fn words(&self, error: &io::Error) -> [String; 2] {
        let path = self.disk.path();
        if is_full(error) {
            return [
                format!("the disk with `{path}` is full"),
                "make room there, or write `budget:` so that the oldest recordings go; it goes on by itself".to_owned(),
            ];
        }
        [
            format!("`{path}` cannot be written: {error}"),
            "it goes on by itself once the folder can be written again".to_owned(),
        ]
    }

    fn keep_to_budget(&mut self) {
        let Some(budget_bytes) = self.budget_bytes else { return };
        let Ok(ours) = self.disk.ours() else { return };
        for name in names::to_remove(ours, &self.files.open(), budget_bytes) {
            match self.disk.remove(&name) {
                Ok(()) => tracing::info!("removed `{name}`: the budget is used up"),
                Err(error) => self.reporter.warn(&format!("`{name}` cannot be removed: {error}")),
            }
        }
    }
}

/// Whether it is only room that is missing.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
