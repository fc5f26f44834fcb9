//! An instance of fake nodes: started in a thread of the test, watched through its log and its control socket.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;
use bushbaby_node::control::{InputSpec, NodeSpec};
use bushbaby_node::pipelines::Pipelines;
use bushbaby_node::status::{NodeStatus, Reply, Request, Status, ask};
use bushbaby_node::{Carries, OutputSpec, Role};
use bushbaby_supervisor::Plan;
use bushbaby_supervisor::plan::{Limits, PlannedNode, ProcessSettings, Program, RestartPolicy};
use bushbaby_supervisor::run::{RunError, RunOptions, StopHandle, Terminal, Timing, run};

use crate::fake_node::Behaviour;

/// No event takes this long, however busy the machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Returns an instance that no other test uses.
pub(crate) fn instance(test: &str) -> Instance {
    Instance::new(format!("sv-{test}-{}", std::process::id()).parse().unwrap())
}

/// Short times, so that no test takes long; limits that a busy machine could break are long.
pub(crate) fn quick() -> Timing {
    Timing {
        quick_restart: Duration::from_millis(20),
        healthy_after: Duration::ZERO,
        stop_asked: Duration::from_secs(3),
        stop_terminated: Duration::from_millis(500),
        restart_asked: Duration::from_secs(1),
        ..Timing::default()
    }
}

/// Returns a node that behaves so and reads these streams.
pub(crate) fn node(name: &str, role: Role, reads: &[&str], does: Behaviour) -> PlannedNode {
    const OUTPUTS: &[OutputSpec] = &[OutputSpec {
        name: "image",
        carries: Carries::Image,
        owes_frames: true,
    }];
    let wire = |stream: &&str| InputSpec {
        stream: stream.parse().unwrap(),
        queue: None,
        every: None,
        max_fps: None,
        window: None,
    };
    let binary = std::env::current_exe().unwrap().display().to_string();
    PlannedNode {
        spec: NodeSpec {
            instance: "unused".parse().unwrap(),
            node: name.to_owned(),
            kind: "fake".to_owned(),
            settings: serde_json::to_value(&does).unwrap(),
            inputs: reads.iter().map(wire).collect(),
            base_dir: PathBuf::from("/"),
            stalled_ms: 1000,
            late_ms: 1000,
            sync_within_ns: None,
            frozen_frames: None,
            pipelines: Pipelines::default(),
        },
        role,
        outputs: if role == Role::Sink {
            Vec::new()
        } else {
            OUTPUTS.to_vec()
        },
        keys: None,
        program: Program::Bushbaby,
        shown_settings: serde_json::json!({"password": "$PW"}),
        shown_pipelines: Vec::new(),
        limits: Limits {
            heartbeat: Duration::from_secs(2),
            ..Limits::default()
        },
        restart: RestartPolicy {
            first: Duration::from_millis(20),
            max: Duration::from_millis(50),
            give_up: 5,
        },
        process: ProcessSettings {
            environment: BTreeMap::from([("FAKE_NODE_BINARY".to_owned(), binary)]),
            ..ProcessSettings::default()
        },
    }
}

/// A source named `front`.
pub(crate) fn front(does: Behaviour) -> PlannedNode {
    node("front", Role::Source, &[], does)
}

pub(crate) fn options(instance: &Instance) -> RunOptions {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run/fake_node.sh");
    RunOptions {
        timing: quick(),
        ..RunOptions::new(instance.clone(), program)
    }
}

/// A running instance; ends with the test, whatever becomes of it.
pub(crate) struct Rig {
    pub(crate) instance: Instance,
    pub(crate) stop: StopHandle,
    lines: Receiver<String>,
    seen: Vec<String>,
    found: BTreeSet<usize>,
    last_found: usize,
    runs: Option<JoinHandle<Result<Status, RunError>>>,
}

impl Rig {
    pub(crate) fn start(test: &str, nodes: Vec<PlannedNode>) -> Self {
        Self::start_with(options(&instance(test)), nodes)
    }

    pub(crate) fn start_with(mut options: RunOptions, nodes: Vec<PlannedNode>) -> Self {
        let (sender, lines) = mpsc::channel();
        options.terminal = Some(Terminal {
            writer: Box::new(Lines(sender)),
            color: false,
        });
        let (instance, stop) = (options.instance.clone(), options.stop.clone());
        let runs = thread::spawn(move || run(Plan { nodes, web: None }, options));
        Self {
            instance,
            stop,
            lines,
            seen: Vec::new(),
            found: BTreeSet::new(),
            last_found: 0,
            runs: Some(runs),
        }
    }

    /// Waits for a line of this node that contains these words, wherever it stands between the others: what a node prints
    /// and what is told of it come on two ways. Each line is found once.
    pub(crate) fn line(&mut self, node: &str, words: &str) -> String {
        self.line_from(0, node, words)
    }

    /// Waits for a line of the supervisor's about this node, behind the line that was found last.
    pub(crate) fn then(&mut self, node: &str, words: &str) -> String {
        self.line_from(self.last_found, node, words)
    }

    fn line_from(&mut self, mut place: usize, node: &str, words: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            while let Some(line) = self.seen.get(place) {
                let fits = line.split_whitespace().nth(1) == Some(node) && line.contains(words);
                if fits && self.found.insert(place) {
                    self.last_found = place;
                    return line.clone();
                }
                place += 1;
            }
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!(
                    "no line of `{node}` with `{words}` came; these did:\n{}",
                    self.seen.concat()
                ),
            }
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self.ask(&Request::Status) {
            Reply::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ask(&self, request: &Request) -> Reply {
        ask(&self.instance, request).unwrap()
    }

    pub(crate) fn node(&self, name: &str) -> NodeStatus {
        self.status().nodes[name].clone()
    }

    /// Waits until the status is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Status {
        let until = Instant::now() + LIMIT;
        loop {
            let reply = ask(&self.instance, &Request::Status);
            match reply {
                Ok(Reply::Status(status)) if is_so(&status) => return *status,
                // It may not listen yet.
                other => assert!(Instant::now() < until, "{what} never came: {other:#?}"),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the instance and returns its summary.
    pub(crate) fn end(&mut self) -> Status {
        self.stop.press();
        self.wait().unwrap()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<Status, RunError> {
        self.runs.take().unwrap().join().unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        (0..3).for_each(|_| self.stop.press());
        if let Some(runs) = self.runs.take() {
            let _ = runs.join();
        }
        remove_files(&self.instance);
    }
}

pub(crate) fn remove_files(instance: &Instance) {
    let _ = std::fs::remove_dir_all(instance.state_dir());
    let _ = std::fs::remove_dir_all(instance.runtime_dir());
}

struct Lines(mpsc::Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until a process is gone, or is a zombie that only its new parent can reap.
pub(crate) fn until_gone(pid: u32) {
    let until = Instant::now() + LIMIT;
    while is_alive(pid) {
        assert!(Instant::now() < until, "process {pid} lives on");
        thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Sends a signal to a process of a test.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
