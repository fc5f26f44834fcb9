//! What nodes and supervisor say, kept and shown: the last lines in memory, a file for each node, the terminal.
//!
//! Every line is kept with its local time and its level. A full disk or a terminal that does not take lines stops nobody.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bushbaby_bus::Instance;
use jiff::Zoned;

use super::options::Terminal;

mod file;
mod level;
mod terminal;
mod throttle;

pub use file::{log_path, tail};

pub(super) use level::Level;
pub(super) use throttle::Throttle;

use file::RotatingFile;
use terminal::Screen;

/// The name under which the supervisor itself writes.
pub(super) const OWN: &str = "bushbaby";
/// Lines of each node that are kept in memory.
const KEPT_LINES: usize = 1000;

/// Takes every line. Cheap to clone; all clones write to the same places.
#[derive(Debug, Clone)]
pub(super) struct LogBook {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    instance: Instance,
    logs: RwLock<BTreeMap<String, Mutex<NodeLog>>>,
    screen: Option<Screen>,
}

#[derive(Debug)]
struct NodeLog {
    kept: VecDeque<String>,
    file: RotatingFile,
}

impl LogBook {
    /// A log for each of these nodes and one for the supervisor.
    pub(super) fn open<'a>(
        instance: &Instance,
        nodes: impl Iterator<Item = &'a str>,
        terminal: Option<Terminal>,
    ) -> Self {
        let names: Vec<&str> = std::iter::once(OWN).chain(nodes).collect();
        let screen = terminal.and_then(|terminal| Screen::start(terminal, &names));
        let book = Self {
            inner: Arc::new(Inner {
                instance: instance.clone(),
                logs: RwLock::default(),
                screen,
            }),
        };
        names.iter().for_each(|name| book.add(name));
        book
    }

    /// A log for one more node.
    pub(super) fn add(&self, node: &str) {
        let log = || {
            Mutex::new(NodeLog {
                kept: VecDeque::new(),
                file: RotatingFile::new(log_path(&self.inner.instance, node)),
            })
        };
        let mut logs = self.inner.logs.write().unwrap_or_else(PoisonError::into_inner);
        logs.entry(node.to_owned()).or_insert_with(log);
    }

    /// Keeps and shows a text, each of its lines as one; those behind the first are indented. `node` is one of those that it has
    /// logs for; others are not kept.
    pub(super) fn line(&self, node: &str, level: Level, text: &str) {
        let mut lines = text.lines();
        self.one_line(node, level, lines.next().unwrap_or_default());
        lines.for_each(|line| self.one_line(node, level, &format!("    {line}")));
    }

    fn one_line(&self, node: &str, level: Level, text: &str) {
        let logs = self.inner.logs.read().unwrap_or_else(PoisonError::into_inner);
        let Some(log) = logs.get(node) else { return };
        let now = Zoned::now();
        let line = format!("{} {level:<5} {text}", now.strftime("%Y-%m-%d %H:%M:%S%.3f%:z"));
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.file.write(&line);
        if log.kept.len() == KEPT_LINES {
            log.kept.pop_front();
        }
        log.kept.push_back(line);
        drop(log);
        drop(logs);
        if let Some(screen) = &self.inner.screen {
            screen.show(&now, node, level, text);
        }
    }

    /// Keeps and shows a line of the supervisor's own.
    pub(super) fn own(&self, level: Level, text: &str) {
        self.line(OWN, level, text);
    }

    /// The last lines of a node, oldest first; `None`: there is no such node.
    pub(super) fn last(&self, node: &str, lines: usize) -> Option<Vec<String>> {
        let logs = self.inner.logs.read().unwrap_or_else(PoisonError::into_inner);
        let log = logs.get(node)?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(
            log.kept
                .iter()
                .skip(log.kept.len().saturating_sub(lines))
                .cloned()
                .collect(),
        )
    }

    /// Waits until the terminal has shown all, but not for long.
    pub(super) fn flush(&self, limit: Duration) {
        if let Some(screen) = &self.inner.screen {
            screen.flush(limit);
        }
    }
}

/// The folder of an instance's log files.
fn folder(instance: &Instance) -> PathBuf {
    instance.state_dir().join("logs")
}

fn old(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
