//! What every kind of node must stand, tried on the real program: start, ready, deliver, stop, die with the supervisor, come back
//! after `kill -9`, refuse unknown settings.
//!
//! A crate of nodes hands in one [`Case`] for each of its kinds; a kind without a case fails the suite.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::product::{Product, descendants, frames_of, is_alive, left_in_shared_memory, signal, wait_until_gone};
use crate::status::NodeState;

/// How one kind is put to the test.
#[derive(Debug, Clone)]
pub struct Case {
    /// The kind.
    pub kind: &'static str,
    /// The node of that kind in the pipeline.
    pub node: &'static str,
    /// A pipeline that has it.
    pub pipeline: String,
    /// The stream on which it delivers; `None` for a kind that writes none.
    pub delivers: Option<&'static str>,
    /// Whether what it reads from is there at all: a kind whose hardware is not on the machine must say `stalled` in words instead.
    pub has_hardware: bool,
    /// A line to put under the node that no kind knows, with its indentation.
    pub unknown_setting: (&'static str, &'static str),
}

/// Puts one kind to the test.
///
/// # Panics
/// With what did not hold.
pub fn check(program: &Path, case: &Case) {
    refuses_unknown_settings(program, case);
    let folder = tempfile_folder(case.kind);
    let instance = super::instance(case.kind);
    let mut product = Product::run(program, instance.clone(), &folder, &case.pipeline);
    delivers(&product, case, 3);
    comes_back_after_kill(&product, case);
    let asked = Instant::now();
    assert_eq!(
        product.stop(),
        Some(0),
        "{}: the run's exit code; its log:\n{}",
        case.kind,
        product.log()
    );
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{}: it took {:?} to stop",
        case.kind,
        asked.elapsed()
    );
    let log = product.log();
    assert!(
        !log.contains("did not end when asked"),
        "{}: it did not stop when asked:\n{log}",
        case.kind
    );
    assert_eq!(
        left_in_shared_memory(&instance).unwrap_or_default(),
        [""; 0],
        "{}: left behind",
        case.kind
    );
    dies_with_its_supervisor(program, case, &folder);
    let _ = std::fs::remove_dir_all(&folder);
}

fn refuses_unknown_settings(program: &Path, case: &Case) {
    let folder = tempfile_folder(case.kind);
    let (before, line) = case.unknown_setting;
    assert!(
        case.pipeline.contains(before),
        "{}: the pipeline has no `{before}`",
        case.kind
    );
    let file = folder.join("wrong.yaml");
    let wrong = case.pipeline.replacen(before, &format!("{before}{line}"), 1);
    std::fs::write(&file, wrong).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let output = Command::new(program).arg("check").arg(&file).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{}: {told}", case.kind);
    assert!(told.contains("unknown key"), "{}: {told}", case.kind);
    let _ = std::fs::remove_dir_all(&folder);
}

fn delivers(product: &Product, case: &Case, frames: u64) {
    if !case.has_hardware {
        let node = product.wait_for_state(case.node, NodeState::Stalled);
        assert!(
            node.error.is_some(),
            "{}: it is stalled without a word: {node:?}",
            case.kind
        );
        return;
    }
    product.wait_for_state(case.node, NodeState::Running);
    if let Some(stream) = case.delivers {
        let before = product.status().map_or(0, |status| frames_of(&status, stream));
        product.wait_for_frames(stream, before + frames);
    }
}

fn comes_back_after_kill(product: &Product, case: &Case) {
    let status = product.wait_until("a process", |status| status.nodes[case.node].pid.is_some());
    let pid = status.nodes[case.node]
        .pid
        .unwrap_or_else(|| panic!("{}: no process", case.kind));
    let children = descendants(pid);
    signal(pid, Signal::KILL);
    wait_until_gone(pid);
    children.into_iter().for_each(wait_until_gone);
    product.wait_until("the node's return", |status| {
        let node = &status.nodes[case.node];
        node.restarts >= 1 && node.pid.is_some_and(|now| now != pid)
    });
    delivers(product, case, 3);
}

fn dies_with_its_supervisor(program: &Path, case: &Case, folder: &Path) {
    let instance = super::instance(case.kind);
    let product = Product::run(program, instance.clone(), folder, &case.pipeline);
    delivers(&product, case, 1);
    let family = descendants(product.pid());
    assert!(!family.is_empty(), "{}: no process was started", case.kind);
    signal(product.pid(), Signal::KILL);
    family.iter().copied().for_each(wait_until_gone);
    assert!(!family.iter().any(|pid| is_alive(*pid)));
    drop(product);
    let cleaned = bushbaby_bus::clean(&instance);
    assert!(cleaned.is_ok(), "{}: {cleaned:?}", case.kind);
    assert_eq!(
        left_in_shared_memory(&instance).unwrap_or_default(),
        [""; 0],
        "{}: left behind",
        case.kind
    );
}

/// A folder of this test's own.
fn tempfile_folder(kind: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!(
        "bushbaby-{}-{kind}-{}",
        std::process::id(),
        super::next_number()
    ));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}
