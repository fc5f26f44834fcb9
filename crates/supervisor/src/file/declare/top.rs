//! The nouns at the top of a file.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::settings::{Entry, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::{
    Declared, Noun, Reading, alerts, cameras, evidence, networktables, not_yet, record, stages, web,
};
use crate::file::problem::{Findings, Spot, did_you_mean};

/// What may stand at the top.
pub(crate) const NOUNS: [&str; 10] = [
    "cameras",
    "mics",
    "stages",
    "record",
    "alerts",
    "mqtt",
    "evidence",
    "networktables",
    "web",
    "defaults",
];

const FIRST_FILE: &str = "a first file: `cameras: {front: scene}`";

/// All that the file declares.
pub(crate) struct Declarations<'a> {
    /// In the order of starting a list: cameras, microphones, stages, the recorder, the alerts, the evidence, the robot, the page.
    pub(crate) nodes: Vec<Declared<'a>>,
    pub(crate) defaults: Defaults,
}

/// Reads the whole file.
pub(crate) fn read<'a>(tree: &Tree, file: &Arc<Path>, reading: &mut Reading<'a>) -> Declarations<'a> {
    let none = Defaults::none(file);
    let spot = Spot::new(file, tree.place);
    let entries = match &tree.value {
        Value::Map(entries) => entries,
        Value::List(items) => {
            let mut nodes = cameras::list(Noun::Camera, items, &spot, &none, reading);
            nodes.extend(web::by_default(file, reading));
            return Declarations { nodes, defaults: none };
        }
        Value::Null => {
            reading.findings.push(
                FileProblem::at(&spot, "the file is empty, wanted `cameras:` or `mics:`").hint(FIRST_FILE.to_owned()),
            );
            return Declarations {
                nodes: Vec::new(),
                defaults: none,
            };
        }
        Value::Scalar(_) => {
            let message = format!(
                "the file holds {}, wanted `cameras:` or `mics:` and what to do with them",
                tree.describe()
            );
            reading
                .findings
                .push(FileProblem::at(&spot, message).hint(FIRST_FILE.to_owned()));
            return Declarations {
                nodes: Vec::new(),
                defaults: none,
            };
        }
    };
    refuse_unknown(entries, file, &mut reading.findings);
    let defaults = tree
        .get("defaults")
        .map_or(none, |defaults| Defaults::read(defaults, file, reading));
    let mut nodes = Vec::new();
    for noun in [Noun::Camera, Noun::Mic] {
        if let Some(tree) = tree.get(noun.key()) {
            nodes.extend(cameras::read(noun, tree, file, &defaults, reading));
        }
    }
    if tree.get("cameras").is_none() && tree.get("mics").is_none() {
        reading.lost_cameras = true;
        reading
            .findings
            .push(FileProblem::at(&spot, "the file names no `cameras:` and no `mics:`").hint(FIRST_FILE.to_owned()));
    }
    if let Some(tree) = tree.get("stages") {
        nodes.extend(stages::read_all(tree, file, &defaults, reading));
    }
    if let Some(tree) = tree.get("record") {
        nodes.extend(record::read(tree, file, &defaults, reading));
    }
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key);
    if entry("alerts").is_some() || entry("mqtt").is_some() {
        nodes.extend(alerts::read(entry("alerts"), entry("mqtt"), file, &defaults, reading));
    }
    if let Some(tree) = tree.get("evidence") {
        nodes.extend(evidence::read(tree, file, &defaults, reading));
    }
    if let Some(tree) = tree.get("networktables") {
        nodes.extend(networktables::read(tree, file, &defaults, reading));
    }
    if let Some(tree) = tree.get("web") {
        nodes.extend(web::read(tree, file, &defaults, reading));
    }
    Declarations { nodes, defaults }
}

fn refuse_unknown(entries: &[Entry], file: &Arc<Path>, findings: &mut Findings) {
    for entry in entries {
        let key = entry.key.as_str();
        let at = |message: String| FileProblem::at(&Spot::new(file, entry.key_place), message);
        if not_yet::NOUNS.contains(&key) {
            findings.push(at(not_yet::message(&format!("{key}:"))));
        } else if !NOUNS.contains(&key) {
            findings.push(at(format!("unknown key `{key}`")).hint(did_you_mean(key, NOUNS)));
        }
    }
}
