//! The lines that people read along, as in `12:00:01.123 front    WARN  no camera`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use jiff::Zoned;

use super::{Level, OWN};
use crate::run::options::Terminal;

/// Lines that wait for a slow terminal; more are left out and counted.
const WAITING_LINES: usize = 1024;
/// The nodes' colours, one after the other.
const COLORS: [&str; 8] = [
    "\x1b[36m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[92m", "\x1b[95m", "\x1b[94m",
];
const PLAIN: &str = "\x1b[0m";

/// Writes from a thread of its own, so that a terminal that is held (Ctrl-S) holds nobody else.
#[derive(Debug)]
pub(super) struct Screen {
    lines: SyncSender<Line>,
    left_out: Arc<AtomicU64>,
    width: usize,
    colors: Option<BTreeMap<String, &'static str>>,
}

#[derive(Debug)]
enum Line {
    Text(String),
    /// Says when everything before was written.
    Flush(Sender<()>),
}

impl Screen {
    /// Starts the thread; `None` when the system has none left, then nothing is shown.
    pub(super) fn start(terminal: Terminal, names: &[&str]) -> Option<Self> {
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let colors = terminal.color.then(|| colors(names));
        let (lines, incoming) = sync_channel(WAITING_LINES);
        let left_out = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&left_out);
        thread::Builder::new()
            .name("terminal".into())
            .spawn(move || write(terminal, &incoming, &counter))
            .ok()?;
        Some(Self {
            lines,
            left_out,
            width,
            colors,
        })
    }

    pub(super) fn show(&self, now: &Zoned, node: &str, level: Level, text: &str) {
        let time = now.strftime("%H:%M:%S%.3f");
        let width = self.width;
        let line = match &self.colors {
            None => format!("{time} {node:<width$} {level:<5} {text}\n"),
            Some(colors) => {
                let color = colors.get(node).copied().unwrap_or("");
                let loud = level.color();
                format!("\x1b[2m{time}{PLAIN} {color}{node:<width$}{PLAIN} {loud}{level:<5}{PLAIN} {text}\n")
            }
        };
        if self.lines.try_send(Line::Text(line)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn flush(&self, limit: Duration) {
        let (done, is_done) = channel();
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            // Over the limit the terminal is held; what waits is lost with the process.
            let _ = is_done.recv_timeout(limit);
        }
    }
}

fn colors(names: &[&str]) -> BTreeMap<String, &'static str> {
    let nodes = names.iter().filter(|name| **name != OWN);
    nodes
        .zip(COLORS.iter().cycle())
        .map(|(name, color)| ((*name).to_owned(), *color))
        .collect()
}

fn write(mut terminal: Terminal, incoming: &Receiver<Line>, left_out: &AtomicU64) {
    for line in incoming {
        let written = match line {
            Line::Text(text) => terminal.writer.write_all(text.as_bytes()),
            Line::Flush(done) => {
                let written = terminal.writer.flush();
                // Whoever asked has stopped waiting: nothing to do.
                let _ = done.send(());
                written
            }
        };
        let missed = left_out.swap(0, Ordering::Relaxed);
        if missed > 0 && written.is_ok() {
            // A terminal that is gone is noticed, and ignored, with every line.
            let _ = writeln!(
                terminal.writer,
                "… {missed} lines are not shown here, they are in the log files"
            );
        }
    }
}
