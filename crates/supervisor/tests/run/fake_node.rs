//! A node that does what its settings say: mostly what no node should.

use std::io::Write;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::control::{self, CONTROL_FD, FromNode, NodeSpec, OutputReport, Receiver, Report, Sender, ToNode};
use serde::{Deserialize, Serialize};

/// How it behaves; nothing said: as a good source of one stream `image`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Behaviour {
    /// Ends with this code before it is ready.
    pub(crate) exits_at_start: Option<i32>,
    /// Says that it failed for good before it is ready.
    pub(crate) fails_for_good: bool,
    /// Says that it failed, with these words, once it runs.
    pub(crate) fails_with: Option<String>,
    /// Says nothing at all.
    pub(crate) is_silent: bool,
    /// Hears no word.
    pub(crate) ignores_stop: bool,
    /// And no SIGTERM.
    pub(crate) ignores_sigterm: bool,
    /// Has one child in its own group and one in a group of its own.
    pub(crate) has_children: bool,
    /// Writes lines as fast as it can.
    pub(crate) floods_its_log: bool,
    /// Sends messages as fast as it can.
    pub(crate) floods_its_socket: bool,
    /// Sends what is no message.
    pub(crate) sends_garbage: bool,
    /// Closes its control socket and lives on.
    pub(crate) closes_its_socket: bool,
    /// Says that a call lasts this long.
    pub(crate) in_call_ms: Option<u64>,
    /// Takes this much memory.
    pub(crate) memory_bytes: usize,
    /// Prints these variables of its environment.
    pub(crate) prints: Vec<String>,
}

#[test]
fn plays_a_node_when_started_as_one() {
    if let Some(socket) = inherited_socket() {
        play(socket);
    }
}

#[allow(unsafe_code)] // a number in the environment is made the owner of a descriptor
fn inherited_socket() -> Option<OwnedFd> {
    let number = std::env::var(CONTROL_FD).ok()?.parse().ok()?;
    // SAFETY: the supervisor opened this descriptor for this process alone, and this function runs once.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

fn play(socket: OwnedFd) {
    // Behind what the test harness has begun to write.
    tell("");
    let (sender, mut receiver) = control::halves(socket).unwrap();
    let Ok(Some(ToNode::Start(spec))) = receiver.recv() else {
        exit(9)
    };
    let NodeSpec { settings, .. } = *spec;
    let does: Behaviour = serde_json::from_value(settings).unwrap();
    let sender = Arc::new(Mutex::new(sender));
    let say = |words: &FromNode| drop(sender.lock().unwrap().send(words));

    let ignored = Arc::new(AtomicBool::new(false));
    if does.ignores_sigterm {
        signal_hook::flag::register(signal_hook::consts::SIGTERM, ignored).unwrap();
    }
    if let Some(code) = does.exits_at_start {
        tell("no camera today");
        exit(code);
    }
    if does.fails_for_good {
        let message = "no such model".to_owned();
        say(&FromNode::Failed {
            message,
            hint: Some("download it".to_owned()),
            is_final: true,
        });
        exit(1);
    }
    if does.is_silent {
        stay();
    }
    if does.has_children {
        let mut far = Command::new("sleep");
        far.process_group(0);
        let (near, far) = (child(Command::new("sleep")), child(far));
        tell(&format!("children {near} {far}"));
    }
    for name in &does.prints {
        tell(&format!("{name}={}", std::env::var(name).unwrap_or_default()));
    }
    let mut memory = vec![1_u8; does.memory_bytes];
    memory.fill(2);
    say(&FromNode::Ready);
    say(&FromNode::Running);
    if let Some(message) = does.fails_with.clone() {
        say(&FromNode::Failed {
            message,
            hint: None,
            is_final: false,
        });
        exit(1);
    }
    beat(&does, &sender);
    misbehave(&does, &sender);
    if does.closes_its_socket {
        close(&sender);
        drop(receiver);
        stay();
    }
    obey(&does, &mut receiver, &sender);
}

fn stay() -> ! {
    loop {
        thread::park();
    }
}

/// Starts a child that nobody here will wait for.
fn child(mut command: Command) -> u32 {
    let mut child = command.arg("1000").spawn().unwrap();
    let pid = child.id();
    thread::spawn(move || child.wait());
    pid
}

fn close(sender: &Mutex<Sender>) {
    // A sender gives its socket up when another takes its place.
    let (other, _) = std::os::unix::net::UnixStream::pair().unwrap();
    let (replacement, _) = control::halves(OwnedFd::from(other)).unwrap();
    *sender.lock().unwrap() = replacement;
}

fn beat(does: &Behaviour, sender: &Arc<Mutex<Sender>>) {
    let (sender, in_call_ms) = (Arc::clone(sender), does.in_call_ms);
    let first_ns = MonoTime::now().as_ns();
    let frames = AtomicU64::new(0);
    thread::spawn(move || {
        loop {
            let frames = frames.fetch_add(1, Ordering::Relaxed) + 1;
            let output = OutputReport {
                frames,
                first_ns,
                last_ns: MonoTime::now().as_ns(),
                ..OutputReport::default()
            };
            let report = Report {
                in_call_ms,
                outputs: [("image".to_owned(), output)].into(),
                ..Report::default()
            };
            let _ = sender.lock().unwrap().send(&FromNode::Report(report));
            thread::sleep(Duration::from_millis(100));
        }
    });
}

fn misbehave(does: &Behaviour, sender: &Arc<Mutex<Sender>>) {
    if does.floods_its_log {
        thread::spawn(|| {
            loop {
                tell("flood flood flood flood flood flood flood flood");
            }
        });
    }
    if does.floods_its_socket {
        let sender = Arc::clone(sender);
        thread::spawn(move || {
            loop {
                let _ = sender.lock().unwrap().send(&FromNode::Warning {
                    message: "flood".to_owned(),
                });
            }
        });
    }
    if does.sends_garbage {
        for garbage in [
            serde_json::json!(null),
            serde_json::json!({"report": 7}),
            serde_json::json!("x".repeat(100_000)),
        ] {
            let _ = sender.lock().unwrap().send(&garbage);
        }
    }
}

fn obey(does: &Behaviour, receiver: &mut Receiver, sender: &Mutex<Sender>) {
    loop {
        match receiver.recv::<ToNode>() {
            Ok(Some(ToNode::Stop)) if !does.ignores_stop => {
                tell("asked to end");
                let _ = sender.lock().unwrap().send(&FromNode::Stopped);
                exit(0);
            }
            Ok(Some(_)) => tell("asked to end, but no"),
            Ok(None) | Err(_) => exit(0),
        }
    }
}

fn tell(line: &str) {
    // Nobody reads any more: the supervisor is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
