//! The threads that serve one process.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::control::{self, FromNode, ToNode};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{LastLine, strays};
use crate::run::event::{Event, Launch};
use crate::run::log::{Level, LogBook, Throttle};
use crate::run::words::{clip, plain};

/// A longer line of output is cut into pieces.
const LONGEST_LINE: usize = 8 << 10;
/// How long a dead process's last words may take to be read, when somebody else holds its pipe open.
const LAST_WORDS: Duration = Duration::from_millis(200);

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(256 << 10)
        .spawn(run)
        .map(drop)
}

/// Writes a process's output into its node's log until nobody writes any more.
pub(super) fn output(
    node: String,
    pipe: OwnedFd,
    log: LogBook,
    last_line: LastLine,
    open: Sender<()>,
) -> io::Result<()> {
    spawn("output", move || {
        let mut throttle = Throttle::new(2000, 500, MonoTime::now());
        let mut left_out = 0_u64;
        read_lines(File::from(pipe), |line| {
            if !throttle.allows(MonoTime::now()) {
                left_out += 1;
                return;
            }
            if left_out > 0 {
                log.line(
                    &node,
                    Level::Warn,
                    &format!("… {left_out} lines left out: too many in a second"),
                );
                left_out = 0;
            }
            let line = plain(line);
            let (level, text) = Level::split(&line);
            log.line(&node, level, text);
            // Rust's advice after a panic says nothing about it.
            if !text.trim().is_empty() && !text.starts_with("note: ") {
                *last_line.lock().unwrap_or_else(PoisonError::into_inner) = Some(clip(text, 300));
            }
        });
        if left_out > 0 {
            log.line(
                &node,
                Level::Warn,
                &format!("… {left_out} lines left out: too many in a second"),
            );
        }
        drop(open);
    })
}

/// Hands on each line without its end, in pieces where it is too long.
fn read_lines(mut from: impl Read, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; LONGEST_LINE];
    let mut filled = 0;
    loop {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        let mut start = 0;
        while let Some(length) = buffer[start..filled].iter().position(|byte| *byte == b'\n') {
            take(&buffer[start..start + length]);
            start += length + 1;
        }
        if start == 0 && filled == buffer.len() {
            take(&buffer);
            start = filled;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
    if filled > 0 {
        take(&buffer[..filled]);
    }
}

/// Tells the process who it is, then hands on what it says.
pub(super) fn words(
    launch: Launch,
    start: ToNode,
    (mut sender, mut receiver): (control::Sender, control::Receiver),
    events: SyncSender<Event>,
    open: Sender<()>,
) -> io::Result<()> {
    spawn("words", move || {
        // A process that died first is seen by its end.
        let _ = sender.send(&start);
        let mut throttle = Throttle::new(500, 200, MonoTime::now());
        loop {
            while !throttle.allows(MonoTime::now()) {
                // It says too much: let it wait, the others are heard.
                thread::sleep(Duration::from_millis(5));
            }
            let event = match receiver.recv::<FromNode>() {
                Ok(Some(words)) => Event::Said(launch, words),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Event::Garbage(launch, clip(&error.to_string(), 200))
                }
                Ok(None) | Err(_) => break,
            };
            if events.send(event).is_err() {
                return;
            }
        }
        let _ = events.send(Event::ControlEnded(launch));
        drop(open);
    })
}

/// Waits for the process's end, kills what is left of it, lets its last words be read, and tells.
pub(super) fn end(
    launch: Launch,
    pid: Pid,
    mark: String,
    all_read: Receiver<()>,
    events: SyncSender<Event>,
) -> io::Result<()> {
    spawn("end", move || {
        // It stays in the system's table, so that its number, which is its group's too, belongs to nobody else.
        while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
        let _ = kill_process_group(pid, Signal::KILL);
        strays::sweep(mark);
        let _ = all_read.recv_timeout(LAST_WORDS);
        let _ = events.send(Event::Ended(launch));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        read_lines(input, |line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn output_is_cut_into_lines_and_the_last_needs_no_end() {
        assert_eq!(lines(b"one\n\ntwo\nthree"), [&b"one"[..], b"", b"two", b"three"]);
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_its_limit() {
        let pieces = lines(&vec![b'x'; 3 * LONGEST_LINE + 5]);
        assert_eq!(
            pieces.iter().map(Vec::len).collect::<Vec<_>>(),
            [LONGEST_LINE, LONGEST_LINE, LONGEST_LINE, 5]
        );
    }
}
