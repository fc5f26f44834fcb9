//! `bushbaby run --reload`: what is saved while it runs is taken over.
//!
//! In: the system's word that something in the folders of the watched files has changed. Out: another plan for the run, or what is
//! wrong with the file, while the run goes on as it was. Only contents count: an editor may write in place, or write beside and
//! rename; and a file that is touched or saved as it was changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_supervisor::file::{Checked, Checker, FileProblem, Replay};
use bushbaby_supervisor::run::Changes;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Pipeline, environment};
use crate::kinds;

/// A file is read when nothing more has happened for so long: editors take several steps.
const QUIET: Duration = Duration::from_millis(100);
/// Then it is read in any case.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches a pipeline's files until the program ends; returns what it does, in words.
///
/// # Errors
/// When the system does not let folders be watched.
pub(super) fn watch(pipeline: &Pipeline, checked: &Checked, changes: Changes) -> notify::Result<String> {
    let (events, incoming) = channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // What cannot be told of is looked for as well.
        if event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_))) {
            let _ = events.send(());
        }
    })?;
    let mut watched = Watched {
        path: pipeline.path.clone(),
        replay: pipeline.replay.clone(),
        files: Files::default(),
        folders: BTreeSet::new(),
        watcher,
        told: None,
    };
    watched.follow(checked)?;
    let names: Vec<String> = watched.files.names().collect();
    thread::Builder::new()
        .name("reload".into())
        .spawn(move || serve(&mut watched, &incoming, &changes))?;
    Ok(format!("what is saved is taken over: {}", names.join(", ")))
}

fn serve(watched: &mut Watched, incoming: &Receiver<()>, changes: &Changes) {
    while incoming.recv().is_ok() {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && incoming.recv_timeout(QUIET).is_ok() {}
        watched.look(changes);
    }
}

/// What is watched, and how.
struct Watched {
    path: PathBuf,
    replay: Option<Replay>,
    files: Files,
    /// The folders of the files: whoever watches a file itself loses it when it is replaced.
    folders: BTreeSet<PathBuf>,
    watcher: RecommendedWatcher,
    /// What is wrong with the file as it is now, as it was told.
    told: Option<String>,
}

impl Watched {
    /// Takes the files over that a good pipeline consists of.
    fn follow(&mut self, checked: &Checked) -> notify::Result<()> {
        self.files.follow(checked);
        for file in self.files.seen.keys() {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).to_owned();
            if !self.folders.contains(&folder) {
                self.watcher.watch(&folder, RecursiveMode::NonRecursive)?;
                self.folders.insert(folder);
            }
        }
        Ok(())
    }

    fn look(&mut self, changes: &Changes) {
        let saved = self.files.saved();
        // A bad pipeline may wait for a file that was not there.
        if saved.is_empty() && self.told.is_none() {
            return;
        }
        let kinds = kinds::all();
        let checker = Checker {
            replay: self.replay.as_ref(),
            ..Checker::new(&kinds, &environment)
        };
        match checker.check_file(&self.path) {
            Ok(checked) => {
                let again = Files::nodes_of(&saved, &checked);
                self.told = None;
                if let Err(error) = self.follow(&checked) {
                    changes.tell(format!("a folder cannot be watched: {error}"));
                }
                changes.replan(checked.plan, again);
            }
            Err(problems) => {
                let words = in_words(&problems);
                if self.told.as_ref() != Some(&words) {
                    changes.tell(words.clone());
                    self.told = Some(words);
                }
            }
        }
    }
}

fn in_words(problems: &[FileProblem]) -> String {
    let problems: Vec<String> = problems.iter().map(FileProblem::to_string).collect();
    format!(
        "what was saved is not taken over, all runs on as it was\n{}",
        problems.join("\n")
    )
}

/// Files by their contents.
#[derive(Debug, Default)]
struct Files {
    /// What each held when it was looked at last; `None`: it was not there.
    seen: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Files {
    fn follow(&mut self, checked: &Checked) {
        let now = checked.files().iter().chain(checked.code().keys());
        let now: BTreeSet<PathBuf> = now.cloned().collect();
        self.seen.retain(|file, _| now.contains(file));
        for file in now {
            self.seen
                .entry(file)
                .or_insert_with_key(|file| std::fs::read(file).ok());
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.seen.keys().map(name)
    }

    /// Looks at all; returns those that hold something else than before.
    fn saved(&mut self) -> BTreeSet<PathBuf> {
        let mut saved = BTreeSet::new();
        for (file, before) in &mut self.seen {
            let now = std::fs::read(file).ok();
            if now != *before {
                *before = now;
                saved.insert(file.clone());
            }
        }
        saved
    }

    /// The nodes whose code is among these files.
    fn nodes_of(saved: &BTreeSet<PathBuf>, checked: &Checked) -> BTreeSet<String> {
        let code = checked.code().iter().filter(|(file, _)| saved.contains(*file));
        code.flat_map(|(_, nodes)| nodes.iter().cloned()).collect()
    }
}
