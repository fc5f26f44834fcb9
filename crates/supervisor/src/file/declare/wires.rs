//! `in:` and `each:`: what a stage reads, as the file says it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bushbaby_bus::MAX_QUEUE;
use bushbaby_node::settings::{Entry, Place, Problem, Settings, Time, Tree, Value, read};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::FileProblem;
use crate::file::declare::Reading;
use crate::file::declare::alerts::Watches;
use crate::file::problem::Spot;
use crate::file::settings::keys;
use crate::file::settings::secrets::Environment;
use crate::file::settings::settle::{fill_and_check, read_checked};

/// What a node reads.
#[derive(Debug)]
pub(crate) enum Reads {
    /// It is no reader.
    Nothing,
    /// The file does not say which stream, only how.
    Unsaid(Pace),
    /// These streams.
    In(Vec<Wire>),
    /// One node for every stream that fits the pattern.
    Each(Wire),
    /// Frames of these streams that belong together.
    Sync(Vec<Wire>, Time, Spot),
    /// Whatever the alerts are about.
    Watches(Watches),
    /// What is wrong was reported.
    Broken,
}

impl Reads {
    /// How far apart frames may be that belong together, where it reads such.
    pub(crate) fn within(&self) -> Option<Time> {
        match self {
            Self::Sync(_, within, _) => Some(*within),
            _ => None,
        }
    }
}

/// One wire: a node or a stream (or a pattern), and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) text: String,
    pub(crate) spot: Spot,
    pub(crate) pace: Pace,
    /// Sound is handed over in these, not in the pieces that it comes in.
    pub(crate) windows: Option<WindowsOf>,
}

/// Windows of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WindowsOf {
    pub(crate) window: Time,
    pub(crate) hop: Time,
}

/// How many frames of a stream a stage takes. Stands beside `in:` for all wires, or in one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pace {
    /// Number of frames that may wait for the stage, oldest dropped. Absent: only the newest waits.
    pub(crate) queue: Option<usize>,
    /// Takes only each n-th frame.
    pub(crate) every: Option<u32>,
    /// Takes at most this many frames a second.
    pub(crate) max_fps: Option<f64>,
}

/// A wire in long form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LongWire {
    /// A stream such as `front/image`, or a node such as `front`, which means its first output.
    pub(crate) stream: String,
    #[serde(default)]
    queue: Option<usize>,
    #[serde(default)]
    every: Option<u32>,
    #[serde(default)]
    max_fps: Option<f64>,
    /// Hands sound over in windows of this length, 20 ms to 1 min, in one channel. For stages of your own.
    #[serde(default)]
    window: Option<Time>,
    /// How much later than the one before each window begins. Absent: as long as a window.
    #[serde(default)]
    hop: Option<Time>,
}

/// Streams whose frames belong together.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Synced {
    /// The streams or nodes, in the order of the stage's arguments.
    sync: Vec<String>,
    /// How far apart their frames may have been captured.
    within: Time,
}

impl Pace {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(queue) = self.queue.filter(|queue| !(1..=MAX_QUEUE).contains(queue)) {
            problems.push(Problem::new(
                "queue",
                format!("got `{queue}`, wanted 1 to {MAX_QUEUE} frames"),
            ));
        }
        if self.every == Some(0) {
            problems.push(Problem::new("every", "got `0`, wanted 1 or more: each n-th frame"));
        }
        if let Some(fps) = self.max_fps.filter(|fps| *fps <= 0.0) {
            problems.push(Problem::new(
                "max_fps",
                format!("got `{fps}`, wanted more than 0 frames a second"),
            ));
        }
        problems
    }
}

impl Settings for Pace {
    fn check(&self, _: &Path) -> Vec<Problem> {
        self.problems()
    }
}

impl Settings for LongWire {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let Self {
            queue,
            every,
            max_fps,
            window,
            hop,
            ..
        } = *self;
        let mut problems = Pace { queue, every, max_fps }.problems();
        problems.extend(problems_of_windows(window, hop));
        problems
    }
}

fn problems_of_windows(window: Option<Time>, hop: Option<Time>) -> Vec<Problem> {
    const SHORTEST: Time = Time(Duration::from_millis(20));
    const LONGEST: Time = Time(Duration::from_secs(60));
    const SHORTEST_HOP: Time = Time(Duration::from_millis(10));
    let mut problems = Vec::new();
    match (window, hop) {
        (None, Some(_)) => {
            problems.push(Problem::new(
                "hop",
                "how far apart windows begin, and no `window` says how long they are",
            ));
        }
        (Some(window), _) if !(SHORTEST..=LONGEST).contains(&window) => {
            problems.push(Problem::new(
                "window",
                format!("got `{window}`, wanted {SHORTEST} to {LONGEST}"),
            ));
        }
        (Some(window), Some(hop)) if !(SHORTEST_HOP..=window).contains(&hop) => {
            let message = format!("got `{hop}`, wanted {SHORTEST_HOP} to the `{window}` of a window");
            problems.push(Problem::new("hop", message));
        }
        _ => {}
    }
    problems
}

impl Settings for Synced {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.sync.len() < 2 {
            problems.push(Problem::new("sync", "wanted at least two streams"));
        }
        if self.within.0.is_zero() {
            problems.push(Problem::new("within", "wanted a time above 0"));
        }
        problems
    }
}

/// Keys of [`Pace`].
pub(crate) const PACE: [&str; 3] = ["queue", "every", "max_fps"];

/// Reads `in:`, `each:` and the pace beside them, taking them out of a stage's entries. Problems do not name the stage yet.
pub(crate) fn take(
    entries: &mut Vec<Entry>,
    file: &Arc<Path>,
    environment: Environment<'_>,
) -> (Reads, Vec<FileProblem>) {
    let mut reader = WireReader {
        file,
        environment,
        problems: Vec::new(),
    };
    let (inputs, each) = (keys::take_one(entries, "in"), keys::take_one(entries, "each"));
    let beside = keys::take(entries, &PACE);
    let beside: Pace = reader
        .read(&keys::map(Place::default(), beside), read_checked)
        .unwrap_or_default();
    let reads = match (inputs, each) {
        (Some(_), Some(each)) => {
            reader.problem(
                each.key_place,
                "`in` and `each` both say what it reads, wanted one of them",
            );
            Reads::Broken
        }
        (Some(inputs), None) if inputs.value.get("sync").is_some() => {
            reader.synced(&inputs.value, beside).unwrap_or(Reads::Broken)
        }
        (Some(inputs), None) => reader.wires(&inputs.value, beside).map_or(Reads::Broken, Reads::In),
        (None, Some(each)) => reader.wire(&each.value, beside).map_or(Reads::Broken, Reads::Each),
        (None, None) => Reads::Unsaid(beside),
    };
    (reads, reader.problems)
}

/// The same for a sink of which there is one, and which `each` cannot multiply. Problems are told; `who` is it, `as_there_is` why.
pub(crate) fn take_of_one(
    entries: &mut Vec<Entry>,
    file: &Arc<Path>,
    who: &str,
    as_there_is: &str,
    reading: &mut Reading<'_>,
) -> Reads {
    let (reads, problems) = take(entries, file, reading.environment);
    reading.findings.extend(problems.into_iter().map(|problem| FileProblem {
        message: format!("{who}: {}", problem.message),
        ..problem
    }));
    if let Reads::Each(wire) = &reads {
        let message = format!("{who}: `each` starts one node a stream, and {as_there_is}");
        let hint = format!("write `in: \"{}\"`", wire.text);
        reading.findings.push(FileProblem::at(&wire.spot, message).hint(hint));
    }
    reads
}

struct WireReader<'a> {
    file: &'a Arc<Path>,
    environment: Environment<'a>,
    problems: Vec<FileProblem>,
}

impl WireReader<'_> {
    fn problem(&mut self, place: Place, message: impl AsRef<str>) {
        self.problems
            .push(FileProblem::at(&Spot::new(self.file, place), message));
    }

    fn wires(&mut self, tree: &Tree, beside: Pace) -> Option<Vec<Wire>> {
        match &tree.value {
            Value::List(items) if items.is_empty() => {
                self.problem(tree.place, "`in` is an empty list, wanted at least one stream");
                None
            }
            Value::List(items) => {
                let wires: Vec<Option<Wire>> = items.iter().map(|item| self.wire(item, beside)).collect();
                wires.into_iter().collect()
            }
            _ => self.wire(tree, beside).map(|wire| vec![wire]),
        }
    }

    fn wire(&mut self, tree: &Tree, beside: Pace) -> Option<Wire> {
        match &tree.value {
            Value::Scalar(_) => self
                .read(tree, read)
                .map(|text| self.made(tree.place, text, beside, None)),
            Value::Map(_) => {
                let LongWire {
                    stream,
                    queue,
                    every,
                    max_fps,
                    window,
                    hop,
                } = self.read(tree, read_checked)?;
                let pace = Pace {
                    queue: queue.or(beside.queue),
                    every: every.or(beside.every),
                    max_fps: max_fps.or(beside.max_fps),
                };
                let windows = window.map(|window| WindowsOf {
                    window,
                    hop: hop.unwrap_or(window),
                });
                if windows.is_some() && (pace.every.is_some() || pace.max_fps.is_some()) {
                    let message = "`every` and `max_fps` leave out pieces of sound, and `window` needs them all: wanted one of them";
                    self.problem(tree.place_of("window"), message);
                    return None;
                }
                Some(self.made(tree.place_of("stream"), stream, pace, windows))
            }
            _ => {
                self.problem(
                    tree.place,
                    format!("got {}, wanted the name of a stream or of a node", tree.describe()),
                );
                None
            }
        }
    }

    fn made(&self, place: Place, text: String, pace: Pace, windows: Option<WindowsOf>) -> Wire {
        Wire {
            text,
            spot: Spot::new(self.file, place),
            pace,
            windows,
        }
    }

    /// `queue` beside `in:` is for each of the streams; the other two would leave out frames whose partners then come alone.
    fn synced(&mut self, tree: &Tree, beside: Pace) -> Option<Reads> {
        let synced: Synced = self.read(tree, read_checked)?;
        if beside.every.is_some() || beside.max_fps.is_some() {
            let message = "`every` and `max_fps` leave out frames, and `sync` needs those that belong together: wanted one of them";
            self.problem(tree.place, message);
            return None;
        }
        let place = |index: usize| tree.place_of(&format!("sync.{index}"));
        let named = synced.sync.into_iter().enumerate();
        let wires = named
            .map(|(index, text)| self.made(place(index), text, beside, None))
            .collect();
        Some(Reads::Sync(wires, synced.within, Spot::new(self.file, tree.place)))
    }

    /// Reads any of these with its variables filled in.
    fn read<T>(&mut self, tree: &Tree, check: impl Fn(&Tree) -> Result<T, Vec<Problem>>) -> Option<T> {
        let problems = match fill_and_check(tree, self.environment, check) {
            Ok((value, _)) => return Some(value),
            Err(problems) => problems,
        };
        for Problem {
            path,
            place,
            message,
            hint,
        } in problems
        {
            let spot = Spot::new(self.file, place.unwrap_or(tree.place));
            self.problems
                .push(FileProblem::at(&spot, keys::at_path(&path, &message)).hint(hint));
        }
        None
    }
}
