//! A full `/dev/shm` is an error before the write, never SIGBUS.
//!
//! Each test runs in a process that has a `/dev/shm` of its own, 8 MB small: in a mount namespace, and in a user
//! namespace where we are not root.

mod support;

use std::io::Write;
use std::process::Command;

use support::instance;
use support::peer::{self, Peer};
use tempfile::TempDir;

/// Not a test: the process with the small memory that the others start, which is this program once more.
#[test]
fn the_other_process_does_as_it_is_told() {
    peer::serve();
}

/// Returns a command that runs this program with a `/dev/shm` of 8 MB; `None`, where the system allows no such thing.
fn small() -> Option<Command> {
    let flags = if rustix::process::geteuid().is_root() {
        "-m"
    } else {
        "-rm"
    };
    let in_there = |script: &str| {
        let mut command = Command::new("unshare");
        command.args([
            flags,
            "sh",
            "-c",
            &format!("mount -t tmpfs -o size=8m tmpfs /dev/shm && {script}"),
            "sh",
        ]);
        command
    };
    let allowed = in_there("true").output().is_ok_and(|output| output.status.success());
    if allowed {
        let mut command = in_there("exec \"$@\"");
        command.args([std::env::current_exe().unwrap()]);
        Some(command)
    } else {
        // Past the test harness, which would swallow it.
        let loud = "\n!!! NOT TESTED: a full /dev/shm. This system allows no mount namespace, neither as root nor with `unshare -rm`.\n";
        let _ = std::io::stderr().write_all(loud.as_bytes());
        None
    }
}

/// A process with a small memory, and the folder that it keeps its sockets in: root's own one would be a stranger's in
/// a user namespace.
struct There {
    peer: Peer,
    _runtime: TempDir,
}

impl There {
    fn start(name: &str) -> Option<Self> {
        let mut command = small()?;
        let runtime = tempfile::tempdir().unwrap();
        command.env("XDG_RUNTIME_DIR", runtime.path());
        Some(Self {
            peer: Peer::start_by(command, instance(name).name()),
            _runtime: runtime,
        })
    }

    fn ask(&mut self, what: &str) -> String {
        self.peer.ask(what)
    }

    fn end(self) {
        self.peer.end();
    }
}

fn is_full(answer: &str) -> bool {
    answer.starts_with("error stream `front/image`: shared memory is full: ") && answer.contains("/dev/shm")
}

#[test]
fn a_publisher_whose_frames_cannot_fit_is_refused() {
    let Some(mut there) = There::start("refused") else {
        return;
    };
    let answer = there.ask("publish front/image 60000000");
    assert!(is_full(&answer), "{answer}");
    let answer = there.ask("publish front/image 1000000");
    assert!(answer.starts_with("generation"), "smaller ones fit: {answer}");
    there.end();
}

#[test]
fn a_frame_that_does_not_fit_is_refused_and_smaller_ones_go_on() {
    let Some(mut there) = There::start("grow") else { return };
    there.ask("publish front/image 0");
    there.ask("read front/image 0");
    for (bytes, fits) in [
        (1_000, true),
        (20_000_000, false),
        (1_000, true),
        (1_500_000, true),
        (9_000_000, false),
        (1_500_000, true),
    ] {
        let answer = there.ask(&format!("send {bytes} 3"));
        assert_eq!(answer == "sent", fits, "{bytes} bytes: {answer}");
        assert!(fits || is_full(&answer), "{answer}");
        if fits {
            there.ask("try-keep");
        }
    }
    assert_eq!(there.ask("whole"), "true");
    there.end();
}

#[test]
fn slots_that_were_never_touched_are_refused_when_nothing_is_left_for_them() {
    let Some(mut there) = There::start("pins") else { return };
    there.ask("publish front/image 0");
    there.ask("read front/image 64");
    let sent = (0..20)
        .map_while(|_| Some(there.ask("send 1000000 1")).filter(|answer| answer == "sent"))
        .count();
    assert!((2..8).contains(&sent), "{sent} frames of 1 MB in 8 MB");
    let answer = there.ask("send 1000000 1");
    assert!(is_full(&answer), "{answer}");
    assert_eq!(there.ask(&format!("keep {sent}")), format!("kept {sent}"));
    assert_eq!(there.ask("whole"), "true");
    there.end();
}

#[test]
fn when_others_fill_the_memory_nothing_new_begins_and_what_runs_goes_on() {
    let Some(mut there) = There::start("others") else {
        return;
    };
    there.ask("publish front/image 100000");
    there.ask("read front/image 0");
    there.ask("send 100000 10");
    there.ask("keep 1");
    for left in [0, 4096, 50_000] {
        there.ask(&format!("fill {left}"));
        let answer = there.ask("send 100000 3");
        assert_eq!(answer, "sent", "{left} bytes left");
        assert_eq!(there.ask("take 1"), "whole");
        let answer = there.ask("send 2000000 1");
        assert!(is_full(&answer), "{left} bytes left: {answer}");
        for beginning in ["publish other/image 0", "read other/image 0", "read front/image 0"] {
            let answer = there.ask(beginning);
            assert!(
                answer.contains("shared memory is full"),
                "{left} bytes left, {beginning}: {answer}"
            );
        }
        there.ask("free");
    }
    assert_eq!(there.ask("whole"), "true");
    assert_eq!(there.ask("read other/image 0"), "reading");
    there.end();
}

#[test]
fn a_bus_in_a_full_memory_is_refused() {
    let Some(mut there) = There::start("bus") else { return };
    there.ask("fill 0");
    let answer = there.ask("publish front/image 0");
    assert!(answer.contains("shared memory is full"), "{answer}");
    there.ask("free");
    assert!(there.ask("publish front/image 0").starts_with("generation"));
    there.end();
}
