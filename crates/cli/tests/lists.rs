//! Lists of cameras as people have them: run as they are, named by a pipeline file, listened to by `cry`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn bushbaby(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bushbaby"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// As programs write it: with tabs, escaped slashes, a mark at the beginning, lines that end as on Windows.
const LIST: &str = "\u{feff}[\r\n\t{\"name\": \"front\", \"url\": \"scene\", \"size\": \"320x240\"},\r\n\t{\"url\":\"rtsp:\\/\\/10.0.0.7\\/s1\",\"name\":\"door\"}\r\n]\r\n";

#[test]
fn a_bare_list_is_cameras_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cameras.json"), LIST).unwrap();
    let long = stdout(&bushbaby(folder.path(), &["expand", "cameras.json"]));
    for line in [
        "cameras:\n  front:\n    scene: tags\n",
        "  door:\n    url: rtsp://10.0.0.7/s1\n",
        "\nweb:\n",
    ] {
        assert!(long.contains(line), "{line} is not in {long}");
    }
}

#[test]
fn a_pipeline_in_json_and_one_that_names_a_list_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let list = LIST.trim_start_matches('\u{feff}');
    let stages = "{\"tags\": {\"kind\": \"apriltag\", \"each\": \"*/image\"}}";
    write("cameras.json", LIST);
    write("pipeline.yaml", &format!("cameras: cameras.json\nstages: {stages}\n"));
    write(
        "pipeline.json",
        &format!("{{\"cameras\": {list}, \"stages\": {stages}}}"),
    );
    let [yaml, json] =
        ["pipeline.yaml", "pipeline.json"].map(|file| stdout(&bushbaby(folder.path(), &["expand", file])));
    assert_eq!(yaml, json);
    assert!(yaml.contains("starts tags@front, tags@door"), "{yaml}");
}

#[test]
fn cry_prints_the_file_that_it_would_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cameras.json"), LIST).unwrap();
    let arguments = ["cry", "cameras.json", "--send", "https://example.org/hook", "--print"];
    insta::assert_snapshot!(stdout(&bushbaby(folder.path(), &arguments)), @r#"
    cameras: cameras.json

    stages:
      cry:
        kind: sound_events
        each: "*/audio"                 # one process for every camera with sound
        listen_for: [baby_cry]

    alerts:
      baby_cry:
        when: cry finds baby_cry
        quiet: 2min
        send:
          - https://example.org/hook

    web: 5800
    "#);
}

#[test]
fn cry_says_what_is_wrong_with_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("cameras.json"),
        "[{\"name\": \"door\", \"url\": \"rstp://10.0.0.7/s1\"}]",
    )
    .unwrap();
    let told = |arguments: &[&str]| refused(&bushbaby(folder.path(), arguments));
    insta::assert_snapshot!(told(&["cry", "camera.json", "--send", "https://example.org/hook"]), @r"
    error: there is no such file
      --> camera.json
    hint: did you mean `cameras.json`?
    ");
    let list = told(&["cry", "cameras.json"]);
    assert!(
        list.contains(
            "error: entry 1 (`door`): no source plays addresses that start with `rstp://`\n  --> cameras.json:1:26\n"
        ),
        "{list}"
    );
    assert!(list.contains("`--print` shows it"), "{list}");
    let score = told(&["cry", "cameras.json", "--threshold", "2"]);
    assert!(
        score.contains("invalid value '2' for '--threshold <SCORE>': wanted 0 to 1"),
        "{score}"
    );
}
