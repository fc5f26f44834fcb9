//! Alerts as people use them: a file with mistakes, a node that is killed before it delivered, a test by hand.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use bushbaby_node::status::NodeState;
use bushbaby_node::testing::instance;
use bushbaby_node::testing::product::{PATIENCE, Product, signal, wait_until_gone};
use bushbaby_testkit::http::{Behaviour, Receiver};
use rustix::process::Signal;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bushbaby"))
}

fn bushbaby(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(arguments)
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("HOOK_KEY", "hunter2hunter2")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn told(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), text).unwrap();
    words(&bushbaby(folder.path(), &["check", "pipeline.yaml"]))
}

const NODES: &str = "cameras: {front: scene}\nstages: {tags: {kind: apriltag, in: front}}\n";

#[test]
fn every_mistake_of_alerts_is_told_with_its_place_and_what_was_meant() {
    let text = format!(
        "{NODES}alerts:
  verb: {{when: tags find 36h11, send: \"https://h/x\"}}
  node: {{when: tagz finds 36h11, send: \"https://h/x\"}}
  state: {{when: front is stoled, send: \"https://h/x\"}}
  who: {{when: frnt is stalled, send: \"https://h/x\"}}
  pictures: {{when: front finds person, send: \"https://h/x\"}}
  age: {{when: tags older than 5, send: \"https://h/x\"}}
  stream: {{when: front/audio older than 5s, send: \"https://h/x\"}}
  Big: {{when: any stalled, send: \"https://h/x\"}}
  empty: {{when: any stalled, send: []}}
  two: {{when: any stalled, send: {{webhook: \"https://h/x\", run: x}}}}
  none: {{when: any stalled, send: {{timeout: 5s}}}}
  foreign: {{when: any stalled, send: {{run: x, retain: true}}}}
  field: {{when: any stalled, send: {{webhook: \"https://h/x\", body: \"{{{{sorce}}}}\"}}}}
  broker: {{when: any stalled, send: [\"mqtt:home/x\", \"mailto:nobody\", \"ntfy:a b\", \"https:///x\"]}}
"
    );
    insta::assert_snapshot!(told(&text));
}

#[test]
fn keys_and_values_that_are_none_are_told_with_what_was_meant() {
    let text = format!(
        "{NODES}alerts:
  key: {{wen: any stalled, send: \"https://h/x\", quite: 5min}}
  scheme: {{when: any stalled, send: [\"htps://h/x\", hook, 7]}}
  long: {{when: any stalled, send: [{{webhok: \"https://h/x\"}}]}}
  time: {{when: any stalled, quiet: 5, send: \"https://h/x\"}}
  list: []
  via: {{when: any stalled, send: \"mqtt:home/x\"}}
  secret: {{when: any stalled, send: {{webhook: \"https://h/$NOBODY\", secret: $HOOK_KEY}}}}
mqtt: {{brocker: h, prefix: a/}}
"
    );
    insta::assert_snapshot!(told(&text));
}

#[test]
fn a_long_form_keeps_secrets_as_they_were_written_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{NODES}alerts:
  seen: {{when: tags finds 36h11 above 0, for: 2s, quiet: 5min, send: [\"https://h/$HOOK_KEY\", {{run: date}}]}}
  lost: {{when: front older than 10s, send: \"mqtt:home/lost\"}}
mqtt: 10.0.0.2
defaults: {{nice: 3}}
"
    );
    std::fs::write(folder.path().join("pipeline.yaml"), text).unwrap();
    let long = bushbaby(folder.path(), &["expand", "pipeline.yaml"]);
    let long = words(&long);
    let from = long.find("alerts:").unwrap_or_default();
    insta::assert_snapshot!(&long[from..]);
    std::fs::write(folder.path().join("long.yaml"), &long).unwrap();
    let again = bushbaby(folder.path(), &["expand", "long.yaml"]);
    assert_eq!(words(&again), long);
}

#[test]
fn a_sender_that_is_killed_before_it_delivered_delivers_when_it_is_back_with_the_same_id() {
    let receiver = Receiver::start().unwrap();
    receiver.behave(Behaviour::Hang);
    let folder = tempfile::tempdir().unwrap();
    let instance = instance("killed");
    let name = instance.name().to_string();
    let pipeline = format!(
        "cameras: {{front: {{scene: tags, size: 640x360}}}}\nstages: {{tags: {{kind: apriltag, in: front}}}}\nalerts:\n  seen: {{when: tags finds 36h11, quiet: 1h, send: \"{}\"}}\n",
        receiver.url("hook")
    );
    let mut product = Product::run(program(), instance, folder.path(), &pipeline);
    let first = receiver.wait_for(1, PATIENCE);
    let id = first[0].header("x-bushbaby-id").unwrap().to_owned();
    let status = product.wait_for_state("alerts", NodeState::Running);
    let pid = status.pid.unwrap();
    signal(pid, Signal::KILL);
    wait_until_gone(pid);
    receiver.behave(Behaviour::Answer(200));
    let good = receiver.wait_for_good(1, PATIENCE);
    assert_eq!(good[0].header("x-bushbaby-id"), Some(id.as_str()));
    let status = product.wait_until("the delivery in the status", |status| {
        let alerts = status.alerts.as_ref();
        alerts.is_some_and(|alerts| alerts.destinations.iter().all(|one| one.waiting == 0) && !alerts.recent.is_empty())
    });
    assert_eq!(status.alerts.unwrap().recent.len(), 1, "one tag, one alert");
    let list = bushbaby(folder.path(), &["--instance", &name, "alert", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(
        (listed["id"].as_str(), listed["deliveries"][0]["state"].as_str()),
        (Some(id.as_str()), Some("delivered"))
    );
    // Its own file is known, and an alert that is not there is told.
    let test = bushbaby(folder.path(), &["--instance", &name, "alert", "test", "seen"]);
    assert_eq!(test.status.code(), Some(0), "{}", words(&test));
    let wrong = bushbaby(folder.path(), &["--instance", &name, "alert", "mute", "sen", "1h"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(words(&wrong).contains("did you mean `seen`?"), "{}", words(&wrong));
    let mute = bushbaby(folder.path(), &["--instance", &name, "alert", "mute", "seen", "1h"]);
    assert_eq!(mute.status.code(), Some(0), "{}", words(&mute));
    product.wait_until("the mute in the status", |status| {
        let alerts = status.alerts.as_ref();
        alerts.is_some_and(|alerts| alerts.alerts[0].muted_until.is_some())
    });
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn a_test_by_hand_says_what_each_destination_said_and_no_secret() {
    let receiver = Receiver::start().unwrap();
    receiver.behave(Behaviour::Answer(403));
    let folder = tempfile::tempdir().unwrap();
    let address = receiver.address();
    let pipeline = format!(
        "{NODES}alerts:\n  seen: {{when: tags finds 36h11, send: [\"http://{address}/$HOOK_KEY\", {{run: \"true\"}}]}}\n"
    );
    std::fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
    let test = bushbaby(
        folder.path(),
        &["alert", "test", "seen", "--file", "pipeline.yaml", "--json"],
    );
    assert_eq!(test.status.code(), Some(1), "{}", words(&test));
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&test.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["destination"], format!("webhook {address}"));
    assert_eq!(
        (&lines[0]["state"], &lines[1]["state"]),
        (&"refused".into(), &"delivered".into())
    );
    assert!(!words(&test).contains("hunter2"), "{}", words(&test));
    let requests = receiver.wait_for(1, Duration::from_secs(1));
    assert_eq!(requests[0].line, "POST /hunter2hunter2 HTTP/1.1");
    assert_eq!(requests[0].json()["test"], true);
}
